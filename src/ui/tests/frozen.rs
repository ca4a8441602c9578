//! Frozen screens, each with the answers that it must give: what happens if nothing is done, and
//! what to press.

use super::gallery::{killed_from_outside, rehearsal};
use super::screens::SIZES;
use super::text;
use crate::console::Key;
use crate::console::fixture::ImaginedWorld;

fn held() -> ImaginedWorld {
    let mut world = ImaginedWorld::draining();
    world.press(Key::Char(' '));
    world
}

/// The screens that each tell a stranger what happens and what to press.
const TEN: [&str; 10] = [
    "before",
    "quiet",
    "held",
    "KILL due",
    "hung",
    "Redis gone",
    "killed from outside",
    "rehearsal",
    "result with losses",
    "after a hang-up",
];

/// A name, a world, the answers that its screen gives, and those of the smallest screen: what
/// happens, and the keys.
type FrozenScreen = (
    &'static str,
    ImaginedWorld,
    &'static [&'static str],
    &'static [&'static str],
);

fn before_a_drain() -> Vec<FrozenScreen> {
    vec![
        (
            "before",
            ImaginedWorld::new(),
            &[
                "nothing is sent; if drained now: at most 23 min of work again: 1 pushed back, 0 lost",
                "a auto",
            ],
            &[
                "nothing is sent; if drained now: at most 23 min of work again: 1 pushed back, 0 lost",
                "a auto",
                "n next step",
            ],
        ),
        (
            "hung",
            ImaginedWorld::hung(),
            &[
                "HANGS",
                "no heartbeat for 40 s, pid",
                "nothing is sent; if drained now",
                "3 may be lost",
                "a auto",
                "K KILL",
            ],
            &[
                "HANGS",
                "nothing is sent; if drained now",
                "3 may be lost",
                "a auto",
            ],
        ),
        (
            "rehearsal",
            rehearsal(),
            &[
                "REHEARSAL: Start automatic drain?",
                "Nothing is sent",
                "y: yes",
            ],
            &[
                "REHEARSAL: Start automatic drain?",
                "Nothing is sent",
                "y: yes",
            ],
        ),
        (
            "dead before a drain",
            ImaginedWorld::dead(),
            &[
                "util1:4242 is DEAD: 3 jobs died with it",
                "s on its row saves their payloads while Redis still shows them",
                "pid 4242 is gone",
                "nothing is sent",
            ],
            &[
                "util1:4242 is DEAD: 3 jobs died with it",
                "nothing is sent",
                "a auto",
            ],
        ),
        (
            "after a hang-up",
            ImaginedWorld::hung_up(),
            &[
                "a drain of 12:04:33 was cut off after TSTP, 75 s before TERM",
                "r resumes it",
                "nothing sent from here yet",
                "nothing is sent; if drained now",
                "r resume it",
                "quiet",
            ],
            &[
                "a drain of 12:04:33 was cut off",
                "nothing is sent; if drained now",
                "r resume it",
            ],
        ),
    ]
}

fn in_a_drain() -> Vec<FrozenScreen> {
    vec![
        (
            "quiet",
            ImaginedWorld::draining(),
            &[
                "2 pushed back, 0 lost, 2 at risk",
                "at most 23 min of work again",
                "12:06:58, KILL 12:07:03",
                ". now",
            ],
            &[
                "2 pushed back, 0 lost, 2 at risk",
                "at most 23 min of work again",
                ". now",
                "x stop",
            ],
        ),
        (
            "held",
            held(),
            &[
                "on hold by you since",
                "nothing is sent; resumed now",
                "space resume",
            ],
            &[
                "on hold by you since",
                "nothing is sent; resumed now",
                "space resume",
            ],
        ),
        (
            "KILL due",
            ImaginedWorld::questioned(),
            &[
                "KILL waits for your answer",
                "n: KILL anyway",
                "x: stop, no KILL",
            ],
            &[
                "KILL waits for your answer",
                "nothing is sent; 1 pushed back, 2 unknown",
                "space wait",
                "n next step",
                "x stop",
            ],
        ),
        (
            "Redis gone",
            ImaginedWorld::cut_off(),
            &[
                "if you do nothing: 0 lost, 4 run on; TERM waits until Redis answers or you decide",
                "DENIED",
                ". now",
                "space hold",
            ],
            &[
                "0 lost, 4 run on; TERM waits until Redis answers or you decide",
                "DENIED",
                ". now",
                "space hold",
            ],
        ),
    ]
}

fn what_goes_wrong() -> Vec<FrozenScreen> {
    vec![
        (
            "TERM due without Redis",
            ImaginedWorld::asked_for_redis(),
            &[
                "TERM waits for your answer since 12:06:34: Redis does not answer",
                "4 jobs need it to be pushed back",
                "WAIT: TERM goes by itself once Redis answers",
                "space: wait 30 s, then ask again",
                "n: TERM anyway",
                "if you do nothing: nothing is sent until Redis answers, then TERM; 0 lost, 4 run on",
            ],
            &[
                "TERM waits for your answer since 12:06:34: Redis does not answer",
                "4 jobs need it to be pushed back",
                "nothing is sent until Redis answers, then TERM; 0 lost, 4 run on",
                "space wait",
                "n next step",
            ],
        ),
        (
            "killed from outside",
            killed_from_outside(),
            &[
                "3 may be lost (its process is gone)",
                "DIED, not by us: util1:4242 at 12:05:1",
                "x stop",
            ],
            &[
                "3 may be lost (its process is gone)",
                "DIED, not by us: util1:4242 at 12:05:1",
                "x stop",
            ],
        ),
        (
            "by hand",
            ImaginedWorld::by_hand(),
            &[
                "by hand: n sends TERM",
                "TERM sent now: 25 s later 4 pushed back, 0 lost",
            ],
            &[
                "by hand: n sends TERM",
                "TERM sent now: 25 s later 4 pushed back, 0 lost",
            ],
        ),
    ]
}

fn after_a_drain() -> Vec<FrozenScreen> {
    vec![(
        "result with losses",
        ImaginedWorld::lost(),
        &[
            "Work is lost",
            "util1:4242: killed by you at",
            "R: look again whether 3 lost jobs can be pushed back",
            "R push back",
        ],
        &["Work is lost", "R push back"],
    )]
}

#[test]
fn each_screen_says_what_happens_and_what_to_press() {
    let screens = before_a_drain().into_iter();
    let screens = screens.chain(in_a_drain()).chain(what_goes_wrong());
    let screens = screens.chain(after_a_drain());
    let screens: Vec<FrozenScreen> = screens.collect();
    let has = |name: &&str| screens.iter().any(|screen| screen.0 == *name);
    assert!(TEN.iter().all(has), "one of the ten is missing");
    for (name, world, answers, short) in screens {
        for size in SIZES {
            let words = words(&text(&world, size));
            let expected = if size.0 < 60 { short } else { answers };
            for answer in expected {
                assert!(
                    words.contains(answer),
                    "{name} {size:?}: no `{answer}` in\n{words}"
                );
            }
        }
    }
}

/// What a screen says, without its lines and borders.
fn words(frame: &str) -> String {
    let bare = frame.replace(['│', '┌', '─', '┐', '└', '┘', '"'], " ");
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// After a stop nobody counts any more who becomes quiet; what was moved by hand stands beside the budget.
#[test]
fn what_is_shown_of_a_drain_is_followed_or_left_out() {
    let mut world = ImaginedWorld::new();
    world.type_slowly("ay");
    world.press(Key::Char('x'));
    world.pass(1);
    world.press(Key::Esc);
    let frame = text(&world, (120, 40));
    assert!(!frame.contains("quiet 0/3"), "{frame}");
    let mut world = ImaginedWorld::draining();
    world.press(Key::Char('+'));
    let frame = text(&world, (120, 40));
    assert!(frame.contains("budget 145 s + 30 s by hand"), "{frame}");
}
