//! Where state is kept: journal, saved payloads, locks. Directories that are made here are 0700
//! and files 0600; nothing here ever removes one.

use std::ffi::OsString;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::{Uid, User};

/// Why there is no place for state, with what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum StateDirError {
    /// No rule gives a directory.
    #[error(
        "no directory for state: this user has no home; name one with --state-dir, or set STATE_DIRECTORY (StateDirectory=drainboard in a unit)"
    )]
    NoHome,
    /// `--state-dir` is empty.
    #[error("--state-dir is empty: name a directory, or leave the option out")]
    Empty,
    /// It cannot be made or written.
    #[error(
        "state cannot be written to {}: {error}; name another directory with --state-dir", .directory.display()
    )]
    Unwritable {
        /// Which directory.
        directory: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// The directory for state, first found: `--state-dir`, `$STATE_DIRECTORY` (systemd.exec(5): the
/// first of several), `$XDG_STATE_HOME/drainboard`, `.local/state/drainboard` in the home of
/// `passwd`, the same in `$HOME`. Nothing is made yet.
pub fn choose(
    flag: Option<&Path>,
    environment: impl Fn(&str) -> Option<OsString>,
    passwd_home: impl FnOnce() -> Option<PathBuf>,
) -> Result<PathBuf, StateDirError> {
    if let Some(directory) = flag {
        if directory.as_os_str().is_empty() {
            return Err(StateDirError::Empty);
        }
        return Ok(directory.to_owned());
    }
    if let Some(directories) = environment("STATE_DIRECTORY") {
        let first = directories.as_bytes().split(|byte| *byte == b':').next();
        let first = PathBuf::from(OsString::from_vec(first.unwrap_or_default().to_vec()));
        if first.is_absolute() {
            return Ok(first);
        }
    }
    // Relative paths are to be ignored (XDG Base Directory Specification).
    let absolute = |path: &PathBuf| path.is_absolute();
    let state_home = environment("XDG_STATE_HOME").map(PathBuf::from);
    state_home
        .filter(absolute)
        .or_else(|| {
            let home = passwd_home().filter(|home| absolute(home) && home.is_dir());
            let home = home.or_else(|| environment("HOME").map(PathBuf::from).filter(absolute));
            home.map(|home| home.join(".local/state"))
        })
        .map(|state| state.join("drainboard"))
        .ok_or(StateDirError::NoHome)
}

/// The home that `passwd` gives to the user whose rights we have.
pub fn passwd_home() -> Option<PathBuf> {
    let user = User::from_uid(Uid::effective()).ok().flatten()?;
    Some(user.dir)
}

/// Makes `directory` with its parents, 0700 each that was not there, and tries whether it takes
/// a file.
pub fn prepare(directory: &Path) -> Result<(), StateDirError> {
    let unwritable = |error| StateDirError::Unwritable {
        directory: directory.to_owned(),
        error,
    };
    private_directory(directory).map_err(unwritable)?;
    rustix::fs::access(
        directory,
        rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK,
    )
    .map_err(|error| unwritable(error.into()))
}

/// Makes `directory` with its parents, 0700 each that was not there.
pub fn private_directory(directory: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
}

/// Opens a file of 0600 for reading and appending, made if it is not there; never through a
/// symbolic link.
pub fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn chosen(
        flag: Option<&str>,
        variables: &[(&str, &str)],
        home: Option<&str>,
    ) -> Result<PathBuf, StateDirError> {
        let environment = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name)?;
            Some(OsString::from(found.1))
        };
        choose(flag.map(Path::new), environment, || home.map(PathBuf::from))
    }

    #[test]
    fn the_first_rule_that_gives_one() {
        let all = [
            ("STATE_DIRECTORY", "/var/lib/a:/var/lib/b"),
            ("XDG_STATE_HOME", "/xdg"),
            ("HOME", "/home/x"),
        ];
        let path = |flag, variables, home| chosen(flag, variables, home).unwrap();
        assert_eq!(path(Some("here"), &all, Some("/")), Path::new("here"));
        assert_eq!(path(None, &all, Some("/")), Path::new("/var/lib/a"));
        assert_eq!(
            path(None, &all[1..], Some("/")),
            Path::new("/xdg/drainboard")
        );
        assert_eq!(
            path(None, &all[2..], Some("/tmp")),
            Path::new("/tmp/.local/state/drainboard")
        );
        assert_eq!(
            path(None, &all[2..], Some("/nonexistent")),
            Path::new("/home/x/.local/state/drainboard")
        );
    }

    #[test]
    fn nothing_usable_is_an_error_that_says_what_to_do() {
        let relative = [("XDG_STATE_HOME", "state"), ("STATE_DIRECTORY", "")];
        let error = chosen(None, &relative, None).unwrap_err();
        assert!(error.to_string().contains("--state-dir"), "{error}");
        assert!(matches!(
            chosen(Some(""), &[], None),
            Err(StateDirError::Empty)
        ));
    }

    #[test]
    fn what_is_made_is_private() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("a/b");
        prepare(&directory).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode(&directory), mode(&place.path().join("a"))),
            (0o700, 0o700)
        );
        let file = directory.join("journal");
        private_file(&file).unwrap();
        assert_eq!(mode(&file), 0o600);
        symlink(&file, directory.join("link")).unwrap();
        assert!(private_file(&directory.join("link")).is_err());
        assert!(prepare(&file).is_err());
    }
}
