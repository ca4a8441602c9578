//! The own timeout `T` of a process: the flag, then the label by which the process itself publishes
//! it, then the configuration, then its files, else the default of its version.

use super::process::Process;
use crate::core::sequence::{Timeout, TimeoutLabel};

/// Where a timeout comes from that a label states, in words.
const ITS_LABEL: &str = "its label";

impl Process {
    /// What its labels say of its timeout.
    pub fn timeout_label(&self) -> TimeoutLabel {
        let info = self.info.as_ref();
        info.map_or(TimeoutLabel::Absent, |info| TimeoutLabel::of(&info.labels))
    }

    /// Its own timeout `T`: a flag first, then its label, then what the configuration states
    /// (`stated` is the one or the other), then its files, else the default of its version.
    pub fn timeout(&self, stated: Option<&Timeout>) -> Timeout {
        if let Some(timeout) = stated.filter(|timeout| timeout.is_by_flag()) {
            return timeout.clone();
        }
        if let Some(span) = self.timeout_label().span() {
            return Timeout::stated(span, ITS_LABEL);
        }
        let found = || {
            let local = self.local.as_ref()?;
            local.surroundings.stated_timeout.clone()
        };
        let stated = stated.cloned().or_else(found);
        stated.unwrap_or_else(|| Timeout::assumed(self.version()))
    }

    /// Whether a statement in its files is the one that holds, where `stated` is what a flag or the
    /// configuration states.
    pub fn files_state_timeout(&self, stated: Option<&Timeout>) -> bool {
        stated.is_none() && self.timeout_label().span().is_none()
    }
}
