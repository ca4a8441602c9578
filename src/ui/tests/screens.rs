//! Every screen and dialog at four sizes.

use std::time::Duration;

use super::{drawn, text};
use crate::console::fixture::{ImaginedWorld, job};
use crate::console::{BINDINGS, Key, Screen};
use crate::core::fleet::{Link, LinkFault, Observation};
use crate::core::session::Kind;
use crate::ui::{Colours, Glyphs, Theme};

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (40, 15), (200, 60)];

pub(super) fn shot(name: &str, world: &ImaginedWorld) {
    let frames: Vec<String> = SIZES
        .iter()
        .map(|size| format!("{}x{}\n{}", size.0, size.1, text(world, *size)))
        .collect();
    insta::assert_snapshot!(name, frames.join("\n"));
}

pub(super) fn after(mut world: ImaginedWorld, keys: &str) -> ImaginedWorld {
    world.type_slowly(keys);
    world
}

pub(super) fn pressed(mut world: ImaginedWorld, keys: &[Key]) -> ImaginedWorld {
    for key in keys {
        world.press(*key);
    }
    world
}

#[test]
fn before_a_drain() {
    shot("empty", &ImaginedWorld::empty());
    shot("before", &ImaginedWorld::new());
    let mut connecting = ImaginedWorld::empty();
    let link = Link::Connecting {
        since: connecting.now.before(Duration::from_secs(3)),
    };
    let _ = connecting
        .session
        .observe(Observation::Link(link), connecting.now);
    shot("connecting", &connecting);
    let mut read_only = ImaginedWorld::new();
    read_only.session.setting.kind = Kind::ReadOnly;
    shot("read-only", &read_only);
    shot("hasty", &ImaginedWorld::hasty());
    shot("contradicting", &ImaginedWorld::contradicting());
    shot("marked", &after(ImaginedWorld::new(), "jv"));
    let mut nobody = ImaginedWorld::new();
    nobody.imagined.clear();
    nobody.pass(90);
    shot("nobody", &nobody);
}

#[test]
fn while_a_drain_runs() {
    shot("draining", &ImaginedWorld::draining());
    shot(
        "held",
        &pressed(ImaginedWorld::draining(), &[Key::Char(' ')]),
    );
    shot("by-hand", &ImaginedWorld::by_hand());
    shot("stopping", &ImaginedWorld::stopping());
    shot("question", &ImaginedWorld::questioned());
    shot("failed", &ImaginedWorld::failed());
    shot("cut-off", &ImaginedWorld::cut_off());
}

#[test]
fn after_a_drain() {
    shot("result-requeued", &ImaginedWorld::requeued());
    shot("result-lost", &ImaginedWorld::lost());
    shot("result-stopped", &ImaginedWorld::stopped());
    shot("result-stopped-late", &ImaginedWorld::stopped_late());
    shot("result-salvaged", &ImaginedWorld::salvaged());
    shot(
        "after-the-result",
        &pressed(ImaginedWorld::stopped(), &[Key::Esc]),
    );
}

#[test]
fn dialogs() {
    shot("dialog-automatic", &after(ImaginedWorld::new(), "a"));
    shot("dialog-despite", &after(ImaginedWorld::hasty(), "aD02\n"));
    let mut asking = ImaginedWorld::new();
    asking.console.memory.ask_reason = true;
    shot("dialog-reason", &after(asking, "arelease 4711"));
    shot("dialog-by-hand", &after(ImaginedWorld::new(), "n"));
    shot("dialog-next-step", &after(ImaginedWorld::by_hand(), "n"));
    shot("dialog-go-automatic", &after(ImaginedWorld::by_hand(), "a"));
    shot("dialog-end-wait", &after(ImaginedWorld::draining(), "."));
    shot(
        "dialog-kill-question",
        &after(ImaginedWorld::questioned(), "n4\n"),
    );
    shot("dialog-force-kill", &after(ImaginedWorld::draining(), "K3"));
    shot("dialog-quit", &after(ImaginedWorld::draining(), "q"));
}

#[test]
fn pages() {
    shot("help", &after(ImaginedWorld::draining(), "?"));
    shot(
        "job",
        &pressed(ImaginedWorld::draining(), &[Key::Tab, Key::Enter]),
    );
    let shown = pressed(
        ImaginedWorld::draining(),
        &[Key::Tab, Key::Enter, Key::Char('A')],
    );
    shot("job-arguments", &shown);
    shot("check", &after(ImaginedWorld::hasty(), "c"));
    let stated = pressed(ImaginedWorld::contradicting(), &[Key::Enter]);
    shot("process-contradicting", &stated);
    shot(
        "process",
        &pressed(ImaginedWorld::draining(), &[Key::Enter]),
    );
}

#[test]
fn finding_ones_way() {
    shot("filter", &after(ImaginedWorld::new(), "/edi"));
    shot("filtered", &after(ImaginedWorld::new(), "/edi\n"));
    shot("filtered-hung", &after(ImaginedWorld::hung(), "/4244\n"));
    shot(
        "filter-fits-nothing",
        &after(ImaginedWorld::new(), "/util2\n"),
    );
    shot("sorted", &after(ImaginedWorld::new(), "SS"));
    let mut crowd = ImaginedWorld::crowded(10_000);
    crowd.press(Key::Tab);
    for _ in 0..7 {
        crowd.press(Key::PageDown);
    }
    shot("crowd", &crowd);
}

#[test]
fn a_filter_changes_nothing_above_the_tables() {
    for mut world in [ImaginedWorld::draining(), ImaginedWorld::questioned()] {
        for size in SIZES {
            world.console.listing.filter.clear();
            let plain = text(&world, size);
            world.console.listing.filter = "report".into();
            let narrowed = text(&world, size);
            let strip = plain.lines().position(|line| line.contains('└'));
            let above = strip.unwrap_or(5);
            let top = |frame: &str| {
                frame
                    .lines()
                    .take(above)
                    .map(String::from)
                    .collect::<Vec<_>>()
            };
            assert_eq!(top(&plain), top(&narrowed));
            assert!(narrowed.contains("/report"), "{narrowed}");
        }
    }
}

#[test]
fn a_stranger_is_named_with_its_redis() {
    let mut world = ImaginedWorld::new();
    world.imagined[1].in_redis = false;
    world.forget();
    world.look();
    shot("stranger", &world);
}

#[test]
fn old_readings_are_marked() {
    let mut world = ImaginedWorld::new();
    for (index, age) in [14, 25, 38, 150].into_iter().enumerate() {
        world.imagined[index].beat_age = age;
    }
    world.forget();
    world.look();
    shot("old-readings", &world);
}

#[test]
fn wide_and_combining_letters_keep_the_columns() {
    let mut world = ImaginedWorld::new();
    world.imagined[0].jobs = vec![
        job("報告作成処理報告作成処理報告作成処理", "既定", "w1", 31),
        job("Re\u{301}sume\u{301}Job", "défaut", "w2", 32),
    ];
    world.forget();
    world.look();
    shot("wide-letters", &world);
}

#[test]
fn ascii_and_no_colour() {
    let ascii = Theme {
        colours: Colours::Monochrome,
        glyphs: Glyphs::Ascii,
    };
    let mut frames = Vec::new();
    for world in [
        ImaginedWorld::draining(),
        after(ImaginedWorld::questioned(), "n"),
    ] {
        let terminal = drawn(&world, (80, 24), ascii);
        let text = terminal.backend().to_string();
        assert!(text.is_ascii(), "{text}");
        frames.push(text);
    }
    insta::assert_snapshot!("ascii", frames.join("\n"));
}

#[test]
fn too_small_says_so() {
    let world = ImaginedWorld::draining();
    for size in [(39, 15), (40, 14), (20, 5), (1, 1)] {
        let text = text(&world, size);
        assert!(size.0 < 20 || text.contains("too small"), "{text}");
    }
    insta::assert_snapshot!("too-small", text(&world, (39, 5)));
}

#[test]
fn nothing_panics_at_any_size() {
    let worlds = [
        ImaginedWorld::empty(),
        ImaginedWorld::draining(),
        after(ImaginedWorld::questioned(), "n"),
        after(ImaginedWorld::draining(), "?"),
        ImaginedWorld::lost(),
    ];
    for world in &worlds {
        for width in (1..130).step_by(9) {
            for height in (1..45).step_by(2) {
                let _ = text(world, (width, height));
            }
        }
    }
}

#[test]
fn each_kind_of_session_stands_on_every_screen() {
    for kind in [Kind::Live, Kind::ReadOnly, Kind::Rehearsal, Kind::Demo] {
        for screen in [Screen::Main, Screen::Help, Screen::Result] {
            let mut world = ImaginedWorld::new();
            world.session.setting.kind = kind;
            world.console.screen = screen;
            for size in SIZES {
                assert!(text(&world, size).contains(kind.word()));
            }
        }
    }
}

#[test]
fn footer_and_help_name_every_key_that_does_something() {
    let worlds = vec![
        ImaginedWorld::new(),
        ImaginedWorld::draining(),
        ImaginedWorld::by_hand(),
        ImaginedWorld::questioned(),
        ImaginedWorld::failed(),
        ImaginedWorld::hung_up(),
        pressed(ImaginedWorld::draining(), &[Key::Char(' ')]),
        pressed(ImaginedWorld::stopped(), &[Key::Esc]),
        ImaginedWorld::lost(),
        after(ImaginedWorld::new(), "/edi\n"),
        pressed(ImaginedWorld::new(), &[Key::Tab, Key::Enter]),
        pressed(ImaginedWorld::iterating(), &[Key::Tab, Key::Enter]),
        after(ImaginedWorld::new(), "ty"),
    ];
    let mut named = vec![false; BINDINGS.len()];
    for world in &worlds {
        let frame = text(world, (200, 60));
        let footer: String = frame.lines().rev().take(2).collect();
        for (index, binding) in BINDINGS.iter().enumerate() {
            let Some(label) = binding.label else {
                named[index] = true;
                continue;
            };
            let shown = footer.contains(&format!("{} {label}", binding.keys[0]));
            let possible = (binding.possible)(&world.session, &world.console);
            assert_eq!(shown, possible, "{label} in\n{frame}");
            named[index] |= shown;
        }
        let mut help = pressed_help(world);
        let page = text(&help, (200, 100));
        for binding in BINDINGS {
            assert!(page.contains(binding.help), "{} in\n{page}", binding.help);
        }
        help.console.scroll = 0;
    }
    assert!(named.iter().all(|named| *named));
}

fn pressed_help(world: &ImaginedWorld) -> ImaginedWorld {
    let mut help = ImaginedWorld::empty();
    help.session = world.session.clone();
    help.console = world.console.clone();
    help.now = world.now;
    help.press(Key::Char('?'));
    help
}

#[test]
fn every_fault_of_the_link_has_its_words() {
    for (why, word) in [
        (LinkFault::Unreachable("refused".into()), "OFFLINE 8 s"),
        (LinkFault::Silent, "NO ANSWER 8 s"),
        (LinkFault::Denied("WRONGPASS".into()), "DENIED 8 s"),
        (LinkFault::NotRedis("HTTP".into()), "NOT A REDIS 8 s"),
        (LinkFault::Loading, "LOADING 8 s"),
    ] {
        let mut world = ImaginedWorld::new();
        let lost = Link::Lost {
            since: world.now.before(Duration::from_secs(8)),
            retry_at: world.now.after(Duration::from_secs(2)),
            why,
        };
        let _ = world.session.observe(Observation::Link(lost), world.now);
        for size in SIZES {
            assert!(text(&world, size).contains(word), "{word}");
        }
        assert!(text(&world, (120, 40)).contains("next try in 2 s"));
    }
}
