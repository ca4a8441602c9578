//! A record as one object of JSON: its own fields, then those of the process that it is about.

use serde::Serialize;

use super::record::{Event, Record};
use crate::core::fleet::Identity;
use crate::core::moment::{Seconds, rfc3339};

/// Present on lines about one process; null there where it is not known.
#[derive(Serialize)]
struct AboutLine<'a> {
    identity: Option<&'a str>,
    pid: Option<u32>,
}

#[derive(Serialize)]
struct Line<'a> {
    at: String,
    t_s: Seconds,
    run: &'a str,
    #[serde(flatten)]
    event: &'a Event,
    #[serde(flatten)]
    about: Option<AboutLine<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    rehearsal: bool,
}

impl Serialize for Record {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let about = self.about.as_ref();
        Line {
            at: rfc3339(self.at.wall()),
            t_s: Seconds(self.since_start),
            run: &self.run,
            event: &self.event,
            about: about.map(|about| AboutLine {
                identity: about.identity.as_ref().map(Identity::as_str),
                pid: about.pid,
            }),
            rehearsal: self.rehearsal,
        }
        .serialize(serializer)
    }
}
