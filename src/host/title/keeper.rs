//! Which programs start their children again, by their command lines or titles.

use super::words::{base, split};
use crate::core::fleet::KeeperKind;

/// The program of a command line that starts its children again; `None`: it is not known to.
pub(in crate::host) fn keeper(command_line: &[u8]) -> Option<KeeperKind> {
    let mut words: Vec<&[u8]> = split(command_line, |byte| byte == 0);
    // A title is one argument with blanks in it.
    if let [only] = words[..] {
        words = split(only, |byte| byte == b' ');
    }
    of(&words)
}

fn of(words: &[&[u8]]) -> Option<KeeperKind> {
    let (first, rest) = words.split_first()?;
    let name = base(first);
    let name = name
        .strip_suffix(b":")
        .or(name.strip_suffix(b","))
        .unwrap_or(name);
    if let Some(kind) = named(name) {
        return Some(kind);
    }
    match name {
        b"bundle" => {
            let exec = rest.iter().position(|word| *word == b"exec")?;
            of(&rest[exec + 1..])
        }
        // `unicorn master -D -E production`, `app master`.
        _ if rest.first() == Some(&&b"master"[..]) => Some(KeeperKind::Forking),
        _ if is_interpreter(name) => {
            let script = rest.iter().position(|word| !word.starts_with(b"-"))?;
            named(base(rest[script]))
        }
        _ => None,
    }
}

fn named(name: &[u8]) -> Option<KeeperKind> {
    Some(match name {
        b"sidekiqswarm" => KeeperKind::Swarm,
        b"einhorn" => KeeperKind::Einhorn,
        b"sidekiq-pool" | b"resque-pool" => KeeperKind::Forking,
        b"supervisord" => KeeperKind::Supervisord,
        b"runsv" => KeeperKind::Runit,
        b"s6-supervise" => KeeperKind::S6,
        b"supervise" => KeeperKind::Daemontools,
        b"PM2" | b"pm2" => KeeperKind::Pm2,
        b"circusd" => KeeperKind::Circus,
        b"conmon" => KeeperKind::Container,
        _ if name.starts_with(b"containerd-shim") => KeeperKind::Container,
        _ => return None,
    })
}

/// `python3.11`, `ruby3.1`, `node`, `perl`.
fn is_interpreter(name: &[u8]) -> bool {
    let known: [&[u8]; 5] = [b"python", b"ruby", b"truffleruby", b"node", b"perl"];
    known.iter().any(|known| {
        let rest = name.strip_prefix(*known);
        rest.is_some_and(|rest| {
            rest.iter()
                .all(|byte| byte.is_ascii_digit() || *byte == b'.')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_that_start_their_children_again() {
        for (line, kind) in [
            (
                &b"sidekiqswarm, managing 4 processes\0\0"[..],
                KeeperKind::Swarm,
            ),
            (b"ruby\0/usr/bin/sidekiqswarm\0", KeeperKind::Swarm),
            (
                b"bundle\0exec\0sidekiqswarm\0-e\0production\0",
                KeeperKind::Swarm,
            ),
            (b"einhorn: bundle exec sidekiq\0", KeeperKind::Einhorn),
            (
                b"/usr/bin/ruby3.1\0-W0\0/usr/local/bin/einhorn\0-m\0manual\0",
                KeeperKind::Einhorn,
            ),
            (
                b"unicorn master -D -c config/unicorn.rb\0\0",
                KeeperKind::Forking,
            ),
            (
                b"/usr/bin/python3\0/usr/bin/supervisord\0-n\0",
                KeeperKind::Supervisord,
            ),
            (b"runsv\0worker\0", KeeperKind::Runit),
            (b"s6-supervise\0sidekiq\0", KeeperKind::S6),
            (b"supervise\0sidekiq\0", KeeperKind::Daemontools),
            (b"PM2 v5.3.0: God Daemon (/root/.pm2)\0", KeeperKind::Pm2),
            (
                b"/usr/bin/containerd-shim-runc-v2\0-namespace\0moby\0",
                KeeperKind::Container,
            ),
        ] {
            assert_eq!(keeper(line), Some(kind), "{}", line.escape_ascii());
        }
        for line in [
            &b"bash\0-c\0supervisord\0"[..],
            b"vim\0supervisord.conf\0",
            b"tini\0--\0sidekiq\0",
            b"ruby\0/usr/bin/sidekiq\0",
            b"unicorn worker[0] -D\0",
            b"\0",
            b"",
        ] {
            assert_eq!(keeper(line), None, "{}", line.escape_ascii());
        }
    }
}
