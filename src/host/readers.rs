//! The readers of what `/proc`, a title and the journal say, for `crate::readers`.

use super::logs::lines_of_row;
use super::proc::environ::ProcessEnvironment;
use super::proc::{cgroup, stat, status};
use super::{lock, piped, sudoers, systemctl, title};
use crate::readers::Reader;

pub(crate) const READERS: &[Reader] = &[
    ("host/cgroup", |bytes| {
        let _unit = cgroup::unit(bytes);
    }),
    ("host/environ", |bytes| {
        let environment = ProcessEnvironment(bytes);
        let _redis = environment.redis_url();
        let _names = (environment.dyno(), environment.hostname());
    }),
    ("host/journal", |bytes| {
        let _lines = lines_of_row(bytes);
    }),
    ("host/lock", lock::read_holder),
    ("host/piped", |bytes| {
        let _said = (piped::lines(bytes), systemctl::refusal(bytes));
    }),
    ("host/stat", |bytes| {
        let _stat = stat::parse(bytes);
    }),
    ("host/status", |bytes| {
        let _status = status::parse(bytes);
    }),
    ("host/sudoers", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let command = text.lines().next().unwrap_or_default();
        let _one = sudoers::of_one(&text);
        let _all = sudoers::of_all(&text, command);
    }),
    ("host/title", |bytes| {
        let _title = title(bytes);
    }),
];
