//! Frozen screens, each with the answers that it must give: what happens if nothing is done, and
//! what to press.

use super::text;
use crate::console::Key;
use crate::console::fixture::ImaginedWorld;
use crate::core::session::Kind;

fn held() -> ImaginedWorld {
    let mut world = ImaginedWorld::draining();
    world.press(Key::Char(' '));
    world
}

fn hung() -> ImaginedWorld {
    let mut world = ImaginedWorld::new();
    world.imagined[0].beat_age = 40;
    world.forget();
    world.look();
    world
}

fn killed_from_outside() -> ImaginedWorld {
    let mut world = ImaginedWorld::draining();
    world.imagined[0].died = Some(world.now);
    world.pass(8);
    world
}

fn rehearsal() -> ImaginedWorld {
    let mut world = ImaginedWorld::new();
    world.session.setting.kind = Kind::Rehearsal;
    world.type_slowly("a");
    world
}

#[test]
fn each_screen_says_what_happens_and_what_to_press() {
    let screens: Vec<(&str, ImaginedWorld, &[&str])> = vec![
        (
            "before",
            ImaginedWorld::new(),
            &[
                "nothing is sent; drained now: 1 pushed back, 0 lost",
                "a auto",
            ],
        ),
        (
            "quiet",
            ImaginedWorld::draining(),
            &[
                "2 pushed back, 0 lost, 2 at risk",
                "push-back 12:06:58",
                ". now",
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
        ),
        (
            "KILL due",
            ImaginedWorld::questioned(),
            &[
                "KILL waits for your answer",
                "n: KILL anyway",
                "x: stop, no KILL",
            ],
        ),
        (
            "hung",
            hung(),
            &["HANGS", "no heartbeat for 40 s", "3 may be lost"],
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
        ),
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
        ),
        (
            "killed from outside",
            killed_from_outside(),
            &["3 may be lost (its process is gone)", "DIED"],
        ),
        (
            "rehearsal",
            rehearsal(),
            &[
                "REHEARSAL: Start automatic drain?",
                "Nothing is sent",
                "y: yes",
            ],
        ),
        (
            "result with losses",
            ImaginedWorld::lost(),
            &["Work is lost", "was killed by you"],
        ),
        (
            "by hand",
            ImaginedWorld::by_hand(),
            &[
                "by hand: n sends TERM",
                "TERM sent now: 25 s later 4 pushed back, 0 lost",
            ],
        ),
    ];
    for (name, world, answers) in screens {
        let frame = text(&world, (120, 40));
        for answer in answers {
            assert!(frame.contains(answer), "{name}: no `{answer}` in\n{frame}");
        }
    }
}
