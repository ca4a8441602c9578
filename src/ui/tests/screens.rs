//! Every screen and dialog at four sizes.

use std::time::Duration;

use super::gallery::{self, Scene, after, pressed};
use super::{drawn, text};
use crate::console::fixture::{ImaginedWorld, job};
use crate::console::{BINDINGS, Key, Screen};
use crate::core::fleet::{Link, LinkFault, Observation};
use crate::core::session::Kind;
use crate::ui::{Colours, Glyphs, Theme};

/// Terminals by width and height: every screen is looked at in each.
pub(super) const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (40, 15), (200, 60)];

fn shot(name: &str, world: &ImaginedWorld) {
    let frames: Vec<String> = SIZES
        .iter()
        .map(|size| format!("{}x{}\n{}", size.0, size.1, text(world, *size)))
        .collect();
    insta::assert_snapshot!(name, frames.join("\n"));
}

fn shots(scenes: Vec<Scene>) {
    for (name, world) in scenes {
        shot(name, &world);
    }
}

#[test]
fn before_a_drain() {
    shots(gallery::before_a_drain());
}

#[test]
fn while_a_drain_runs() {
    shots(gallery::while_a_drain_runs());
}

#[test]
fn what_goes_wrong() {
    shots(gallery::what_goes_wrong());
}

#[test]
fn after_a_drain() {
    shots(gallery::after_a_drain());
}

#[test]
fn questions_before_a_drain() {
    shots(gallery::questions_before_a_drain());
}

#[test]
fn questions_in_a_drain() {
    shots(gallery::questions_in_a_drain());
}

#[test]
fn pages() {
    shots(gallery::pages());
}

#[test]
fn finding_ones_way() {
    shots(gallery::finding_ones_way());
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
    let worlds = vec![
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
        after(ImaginedWorld::new(), "b"),
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

/// Nothing of what lies behind a question stands beside its box.
#[test]
fn a_question_clears_the_rows_behind_it() {
    for (name, world) in gallery::all() {
        if world.console.dialog.is_none() {
            continue;
        }
        for size in SIZES {
            let frame = text(&world, size);
            let rows: Vec<&str> = frame.lines().map(|row| row.trim_matches('"')).collect();
            let title = format!("┌ {}", fit_title(&world, size));
            let top = rows.iter().position(|row| row.contains(&title));
            let top = top.unwrap_or_else(|| panic!("{name}: no {title} in\n{frame}"));
            let below = rows.iter().skip(top).position(|row| row.contains('└'));
            for row in &rows[top..=top + below.unwrap()] {
                let bare = row.trim();
                let edges = bare.starts_with(['┌', '│', '└']) && bare.ends_with(['┐', '│', '┘']);
                assert!(edges, "{name} at {size:?}: {row}");
                let inside = &bare[3..bare.len() - 3];
                assert!(
                    !inside.contains(['┌', '└', '┐', '┘']),
                    "{name} at {size:?}: {row}"
                );
            }
        }
    }
}

/// The beginning of a title that fits on every screen.
fn fit_title(world: &ImaginedWorld, (width, _): (u16, u16)) -> String {
    let title = &world.console.dialog.as_ref().unwrap().title;
    title.chars().take(usize::from(width).min(20) - 1).collect()
}

/// A message has a row of its own: on no page does it stand on a border.
#[test]
fn a_message_covers_no_border() {
    for (name, world) in gallery::finding_ones_way() {
        let Some(notice) = &world.console.memory.notice else {
            continue;
        };
        for size in SIZES {
            let frame = text(&world, size);
            let words: String = notice.chars().take(20).collect();
            let row = frame.lines().find(|row| row.contains(&words));
            let row = row.unwrap_or_else(|| panic!("{name}: no {words} in\n{frame}"));
            assert!(!row.contains(['─', '└', '┘', '│']), "{name}: {row}");
        }
    }
}

#[test]
fn jobs_that_ended_alike_stand_in_one_line_of_the_result() {
    let mut world = ImaginedWorld::altered(|world| {
        let alike = |jid| job("SleepJob", "low", jid, 30);
        world.imagined[0].jobs = vec![alike("aaaabbbbcccc"), alike("ddddeeeeffff")];
    });
    world.drained();
    let frame = text(&world, (120, 40));
    assert!(frame.contains("2 × SleepJob"), "{frame}");
    assert!(
        frame.contains("low on util1:4242: aaaabbbb ddddeeee"),
        "{frame}"
    );
    world.press(Key::Enter);
    let frame = text(&world, (120, 40));
    assert!(frame.contains("aaaabbbbcccc"), "{frame}");
}
