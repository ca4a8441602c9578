//! The start of a session: with the same outset and the same inputs it is the same session.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Session, Setting};
use crate::core::fleet::Vantage;
use crate::core::interned::intern;
use crate::core::preflight::{Preflight, Systemd, Whom};
use crate::core::sequence::Signal;

/// The start of a session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outset {
    setting: Setting,
    vantage: Vantage,
    is_open: bool,
    process: Option<String>,
    systemd: Systemd,
    whom: Whom,
    despite: Option<Vec<String>>,
    forced: Vec<Signal>,
    backtraces_after: Option<Duration>,
}

impl Session {
    /// The start of this session. It must not have taken in anything yet.
    pub fn outset(&self) -> Outset {
        let Preflight {
            is_open,
            process,
            systemd,
            whom,
            despite,
            forced,
            seen: _,
            looked_by: _,
        } = &*self.preflight;
        let names = |names: &Vec<&'static str>| names.iter().map(|name| (*name).into()).collect();
        Outset {
            setting: self.setting.clone(),
            vantage: Vantage::clone(&self.fleet.vantage),
            is_open: *is_open,
            process: process.clone(),
            systemd: systemd.clone(),
            whom: whom.clone(),
            despite: despite.as_ref().map(names),
            forced: forced.clone(),
            backtraces_after: self.backtraces.after,
        }
    }

    /// A session that starts from `outset`.
    pub fn from_outset(outset: Outset) -> Self {
        let mut session = Self::new(outset.setting);
        *session.fleet.vantage = outset.vantage;
        let known = |names: Vec<String>| names.iter().filter_map(|name| intern(name)).collect();
        *session.preflight = Preflight {
            is_open: outset.is_open,
            process: outset.process,
            systemd: outset.systemd,
            whom: outset.whom,
            despite: outset.despite.map(known),
            forced: outset.forced,
            ..Preflight::default()
        };
        session.backtraces.after = outset.backtraces_after;
        session
    }

    /// A figure that two sessions share whose processes and runs are the same. Payloads of jobs and
    /// backtraces are no part of it.
    pub fn fingerprint(&self) -> u32 {
        let fleet = &self.fleet;
        let text = format!(
            "{:?}",
            (
                &fleet.processes,
                &fleet.link,
                &fleet.looked,
                &fleet.scanned,
                &self.run
            )
        );
        crc32fast::hash(text.as_bytes())
    }
}
