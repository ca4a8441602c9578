//! The processes above a Sidekiq, read up to the first that starts it again.

use std::path::Path;

use super::super::proc::{ProcessDirectory, stat};
use super::super::title::keeper;
use crate::core::fleet::{Above, Keeper};

/// So many processes above one are looked at.
const MOST: usize = 6;

/// Names of programs that only wrap another one. The name of a process is that of its program
/// (`comm`, cut at 15 bytes), whatever its title says.
const WRAPPERS: [&[u8]; 21] = [
    b"sh",
    b"bash",
    b"dash",
    b"ash",
    b"zsh",
    b"busybox",
    b"bundle",
    b"ruby",
    b"env",
    b"nice",
    b"ionice",
    b"timeout",
    b"sudo",
    b"runuser",
    b"gosu",
    b"su-exec",
    b"setpriv",
    b"tini",
    b"dumb-init",
    b"docker-init",
    b"catatonit",
];

/// Names of processes behind which nothing is sought: the init of a machine, and what a person
/// logs in by.
const ENDS: [&[u8]; 7] = [
    b"systemd",
    b"init",
    b"sshd",
    b"login",
    b"su",
    b"tmux: server",
    b"screen",
];

/// Names of a first process of a container that has one child and ends with it.
const INITS: [&[u8]; 4] = [b"tini", b"dumb-init", b"docker-init", b"catatonit"];

/// Reads what is above the process `pid` whose parent is `parent`.
pub(super) fn above(root: &Path, (pid, parent): (u32, u32), buffer: &mut Vec<u8>) -> Above {
    let mut above = Above {
        ends_all: pid == 1,
        ..Above::default()
    };
    let (mut next, mut wraps) = (parent, true);
    for _ in 0..MOST {
        if next == 0 {
            break;
        }
        let Ok(process) = ProcessDirectory::open(root, next) else {
            break;
        };
        let kind = process.read("cmdline", buffer).ok().and_then(keeper);
        if let Some(kind) = kind {
            above.keeper = Some(Keeper { pid: next, kind });
            break;
        }
        let Some(stat) = process.read("stat", buffer).ok().and_then(stat::parse) else {
            break;
        };
        if ENDS.contains(&stat.comm) {
            break;
        }
        above.ends_all |= next == 1 && parent == 1 && INITS.contains(&stat.comm);
        // A shell behind another program wraps that program.
        wraps &= WRAPPERS.contains(&stat.comm);
        if wraps {
            above.wrappers.push(next);
        }
        next = stat.parent;
    }
    above
}
