//! The operator: the journal writes it down beside each act. It reads the user and changes
//! nothing.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use nix::unistd::{Uid, User, gethostname};

use crate::core::clean::clean;

/// The account, the host and the terminal from which this program is driven.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Operator {
    /// Name of the real user, or `uid 1234` where there is none.
    pub user: String,
    /// The user who became that user with sudo, by `SUDO_USER`; any program can set it, so it is a
    /// note.
    pub through_sudo: Option<String>,
    /// This host.
    pub hostname: String,
    /// `pts/3`; `None` without a terminal.
    pub terminal: Option<String>,
}

impl Operator {
    /// The operator; `environment` gives the value of a variable.
    pub fn current(environment: impl Fn(&str) -> Option<OsString>) -> Self {
        let uid = Uid::current();
        let name = User::from_uid(uid).ok().flatten().map(|user| user.name);
        let sudo = environment("SUDO_USER").filter(|name| !name.is_empty());
        let hostname = gethostname().unwrap_or_else(|_| OsString::from("unknown"));
        Self {
            user: name.map_or_else(|| format!("uid {uid}"), |name| clean(&name, 64)),
            through_sudo: sudo.map(|name| clean(&name.to_string_lossy(), 64)),
            hostname: clean(&hostname.to_string_lossy(), 255),
            terminal: terminal(Path::new("/proc/self/fd")),
        }
    }
}

impl fmt::Display for Operator {
    /// `root (sudo by alice) on util1, pts/3`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.user)?;
        if let Some(name) = &self.through_sudo {
            write!(formatter, " (sudo by {name})")?;
        }
        write!(formatter, " on {}", self.hostname)?;
        match &self.terminal {
            Some(terminal) => write!(formatter, ", {terminal}"),
            None => Ok(()),
        }
    }
}

/// The terminal behind standard input, output or error.
fn terminal(descriptors: &Path) -> Option<String> {
    ["0", "1", "2"].into_iter().find_map(|descriptor| {
        let target = std::fs::read_link(descriptors.join(descriptor)).ok()?;
        let name = target.strip_prefix("/dev").ok()?.to_str()?;
        let is_terminal = name.starts_with("pts/") || name.starts_with("tty") || name == "console";
        is_terminal.then(|| clean(name, 64))
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn an_operator_in_words() {
        let operator = Operator {
            user: "root".to_owned(),
            through_sudo: Some("alice".to_owned()),
            hostname: "util1".to_owned(),
            terminal: Some("pts/3".to_owned()),
        };
        assert_eq!(operator.to_string(), "root (sudo by alice) on util1, pts/3");
        let current = Operator::current(|name| (name == "SUDO_USER").then(|| "bob\u{7}".into()));
        assert_eq!(current.through_sudo.as_deref(), Some("bob"));
        assert!(!current.user.is_empty());
        assert_eq!(Operator::current(|_| Some("".into())).through_sudo, None);
    }

    #[test]
    fn the_first_descriptor_that_is_a_terminal() {
        let place = tempfile::tempdir().unwrap();
        symlink("/dev/null", place.path().join("0")).unwrap();
        assert_eq!(terminal(place.path()), None);
        symlink("/dev/pts/3", place.path().join("2")).unwrap();
        assert_eq!(terminal(place.path()).as_deref(), Some("pts/3"));
    }
}
