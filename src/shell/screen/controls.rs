//! The controls of a drain on a screen: the operator there has them, or a visitor does.

use super::ScreenFront;
use crate::console::{Key, Request};
use crate::core::moment::Moment;
use crate::core::session::Session;

/// The reasons for which the operator was called.
#[derive(Clone, Debug, Default)]
pub(super) struct Attention {
    pub(super) called: Option<String>,
    pub(super) controls: Controls,
}

/// The holder of the controls of the drain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Controls {
    /// Whoever sits here.
    #[default]
    Here,
    /// The same, and a visitor has asked for them.
    Asked,
    /// They are being given, or taken back.
    Turning,
    /// A visitor.
    Given(String),
}

impl ScreenFront {
    /// Takes a key; while a visitor drives, what moves the drain is left out.
    pub(super) fn press(&mut self, key: Key, session: &Session, now: Moment) -> Vec<Request> {
        let asked = matches!(
            self.attention.controls,
            Controls::Asked | Controls::Given(_)
        );
        if key == Key::Char('Y') && asked && self.console.dialog.is_none() {
            self.attention.controls = Controls::Turning;
            return Vec::new();
        }
        let mut requests = self.console.press(key, session, now);
        if let Controls::Given(who) = &self.attention.controls {
            let before = requests.len();
            requests
                .retain(|wish| matches!(wish, Request::Quit | Request::Redraw | Request::Suspend));
            if requests.len() < before {
                self.console
                    .say(format!("{who} drives: Y takes the controls back"));
            }
        }
        requests
    }
}
