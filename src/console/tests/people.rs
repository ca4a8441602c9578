//! Who is told to have done what: the one at this terminal, who began the drain, or a visitor.

use crate::console::fixture::ImaginedWorld;
use crate::console::{Key, result_text, standing};
use crate::core::outlook::Outlooks;
use crate::core::session::{Kind, SessionInput};

#[test]
fn a_hold_names_who_holds() {
    let said = |world: &ImaginedWorld| {
        let targets = world.console.targets(&world.session);
        let outlooks = Outlooks::new(world.session.situation(world.now), &targets);
        standing(&world.session, &outlooks)
    };
    let visitor = "alice on util1, tty1";
    for (driver, here, kind, holder) in [
        (None, "root", Kind::Live, "you"),
        (None, visitor, Kind::Watching, "root"),
        (None, "root", Kind::Replay, "root"),
        (Some(visitor), "root", Kind::Live, visitor),
        (Some(visitor), visitor, Kind::Live, "you"),
        (Some(visitor), "bob on util1, tty2", Kind::Watching, visitor),
        (Some(""), "root", Kind::Live, "another operator"),
    ] {
        let mut world = ImaginedWorld::draining();
        let driver = driver.map(str::to_owned);
        drop(world.session.apply(SessionInput::Driven(driver), world.now));
        world.press(Key::Char(' '));
        // Whoever has the controls later, it is who pressed the key.
        drop(world.session.apply(SessionInput::Driven(None), world.now));
        world.session.setting.operator.who = here.into();
        world.session.setting.kind = kind;
        let text = said(&world);
        let told = format!("on hold by {holder} since ");
        assert!(text.starts_with(&told), "{text}");
        let records = world.session.journal.iter();
        let held = records.last().unwrap().to_string();
        let by = if holder == visitor || here == visitor && kind == Kind::Live {
            visitor
        } else if holder == "another operator" {
            ""
        } else {
            "the operator"
        };
        assert!(held.ends_with(&format!("held: by {by}")), "{held}");
    }
}

#[test]
fn whoever_only_watches_has_killed_nothing() {
    for (kind, by) in [
        (Kind::Live, "you"),
        (Kind::Watching, "the operator"),
        (Kind::Replay, "the operator"),
    ] {
        let mut world = ImaginedWorld::lost();
        world.session.setting.kind = kind;
        let text = result_text(&world.session);
        assert!(
            text.contains(&format!("util1:4242: killed by {by} at")),
            "{text}"
        );
    }
}
