//! A drain that was cut off or stopped, and is gone on with.

use crate::console::fixture::ImaginedWorld;
use crate::console::{Key, Request, result_text};
use crate::core::session::Kind;

/// Nothing is sent by the answer itself, and the dialog says what then comes by itself, and when.
#[test]
fn a_drain_that_was_cut_off_is_gone_on_with_by_a_key() {
    let mut world = ImaginedWorld::hung_up();
    let mut said = |later| {
        world.pass(later);
        world.press(Key::Char('r'));
        let dialog = world.console.dialog.clone().unwrap();
        world.press(Key::Esc);
        (dialog.title.clone(), dialog.lines.join(" "))
    };
    let (title, lines) = said(1);
    assert_eq!(title, "Resume the drain of 12:04:33?");
    assert!(
        lines.contains("Nothing that was done is repeated."),
        "{lines}"
    );
    assert!(
        lines.contains("TERM goes by itself at 12:06:33, in 7"),
        "{lines}"
    );
    let (_, lines) = said(90);
    assert!(
        lines.contains("TERM was due at 12:06:33: it goes by itself at once."),
        "{lines}"
    );
    world.press(Key::Char('r'));
    world.pass(1);
    assert_eq!(world.press(Key::Char('y')), [Request::TakeUp]);
    // Where nothing may be sent, or nothing was cut off, there is nothing to resume.
    world.session.setting.kind = Kind::ReadOnly;
    assert!(world.press(Key::Char('r')).is_empty() && world.console.dialog.is_none());
    let mut new = ImaginedWorld::new();
    assert!(new.press(Key::Char('r')).is_empty() && new.console.dialog.is_none());
}

/// A drain that was stopped is offered like one that was cut off: nothing is sent twice, nothing
/// waits anew.
#[test]
fn a_stopped_drain_can_be_gone_on_with() {
    let mut world = ImaginedWorld::stopped();
    let page = crate::console::lines(&world.session, &world.console, world.now);
    let offered = "r: goes on with this drain and repeats nothing";
    assert!(
        page.iter().any(|line| line.text.contains(offered)),
        "{page:?}"
    );
    let text = result_text(&world.session);
    assert!(
        text.contains("drainboard resume 20261121-120431: goes on"),
        "{text}"
    );
    world.press(Key::Esc);
    let left = world.console.memory.left.clone().unwrap();
    let words = "a drain of 12:04:33 was cut off after TSTP, 75 s before TERM; r resumes it";
    assert_eq!(left.says(&world.session), Some(words));
    // A drain that is begun anew says so.
    world.type_slowly("a");
    let lines = world.console.dialog.as_ref().unwrap().lines.join(" ");
    assert!(
        lines.contains(&format!("This begins anew. Before it, {words}.")),
        "{lines}"
    );
    world.press(Key::Esc);
    world.type_slowly("r");
    assert_eq!(
        world.console.dialog.as_ref().unwrap().title,
        "Resume the drain of 12:04:33?"
    );
    world.pass(1);
    assert_eq!(world.press(Key::Char('y')), [Request::TakeUp]);
    // Where nothing is real there is nothing to go on with.
    world.session.setting.kind = Kind::Demo;
    assert_eq!(left.says(&world.session), None);
    // A drain that ended by itself leaves nothing to go on with.
    let mut ended = ImaginedWorld::requeued();
    ended.press(Key::Esc);
    assert!(ended.press(Key::Char('r')).is_empty() && ended.console.dialog.is_none());
    let left = ended.console.memory.left.as_ref();
    assert!(left.is_none_or(|left| left.says(&ended.session).is_none()));
}
