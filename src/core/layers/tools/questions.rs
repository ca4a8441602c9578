//! Questions to the row of a layer: its words, its files, its waits.

use super::super::layer::Layer;
use super::super::paths::{is_for_development, is_for_tests};
use super::super::tool::Tool;
use super::super::value::Reading;
use super::TOOLS;

impl Layer {
    /// Its row.
    pub fn tool(self) -> &'static Tool {
        &TOOLS[self as usize]
    }

    /// The layer that a file belongs to; `None` if no reader is for it.
    pub fn of(path: &str, text: &str) -> Option<Self> {
        Tool::of(path, text).map(|tool| tool.layer)
    }

    /// Reads a file of this layer.
    pub fn read(self, path: &str, text: &str) -> Reading {
        (self.tool().read)(path, text)
    }

    /// Whether a file of this layer is left out because its name says that no deploy uses it.
    pub fn leaves_out(self, path: &str) -> bool {
        if self == Self::Steps {
            return is_for_tests(path);
        }
        let is_rake = self == Self::Capistrano && path.contains("lib/tasks/");
        (is_rake || self.is_for_deploys()) && is_for_development(path)
    }

    /// Whether its files say what a deploy starts, so that one for developers is left out.
    fn is_for_deploys(self) -> bool {
        let others = [
            Self::Procfile,
            Self::Dockerfile,
            Self::Script,
            Self::Systemd,
        ];
        self.tool().stop.is_some() || others.contains(&self)
    }

    /// A word for JSON and tables.
    pub fn word(self) -> &'static str {
        self.tool().word
    }

    /// Whether one of its settings says how long something waits.
    pub fn waits(self, setting: &str) -> bool {
        let tool = self.tool();
        let mut limits = tool.stop.iter().flat_map(|stop| stop.limits);
        tool.waits.contains(&setting) || limits.any(|(name, _)| *name == setting)
    }
}
