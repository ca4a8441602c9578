//! Where state is kept: journal, saved payloads, locks. Directories that are made here are 0700
//! and files 0600; nothing here ever removes one.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
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
    /// Another user could have written what stands there.
    #[error("{} is not trusted: {why}; name another directory with --state-dir", .directory.display())]
    Foreign {
        /// Which directory.
        directory: PathBuf,
        /// Why, in words.
        why: String,
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
    check(directory)?;
    rustix::fs::access(
        directory,
        rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK,
    )
    .map_err(|error| unwritable(error.into()))
}

/// Checks that only this user and root can write into `directory`: the content is
/// believed and acted upon. One that is not there is fine.
///
/// # Errors
/// If it is no directory, belongs to another user, or its mode lets others write.
pub fn check(directory: &Path) -> Result<(), StateDirError> {
    let foreign = |why| StateDirError::Foreign {
        directory: directory.to_owned(),
        why,
    };
    match fs::metadata(directory) {
        Ok(found) if found.is_dir() => own(&found).map_err(foreign),
        Ok(_) => Err(foreign("it is no directory".into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(foreign(error.to_string())),
    }
}

/// Whether a file is this user's or root's, and no other user may write it.
fn own(found: &fs::Metadata) -> Result<(), String> {
    let (user, mode) = (found.uid(), found.mode() & 0o777);
    if user != Uid::effective().as_raw() && user != 0 {
        let name = User::from_uid(Uid::from_raw(user)).ok().flatten();
        let name = name.map_or_else(|| format!("uid {user}"), |user| user.name);
        return Err(format!("it belongs to {name}"));
    }
    if mode & 0o022 != 0 {
        return Err(format!("its mode {mode:03o} lets others write"));
    }
    Ok(())
}

/// Makes `directory` with its parents, 0700 each that was not there.
pub fn private_directory(directory: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
}

/// Opens a file of 0600 for reading and appending, made if it is not there; never through a
/// symbolic link, never a pipe or a device, never one that another user may write.
pub fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true).mode(0o600);
    regular(&options, path)
}

/// The content of a file that this user or root wrote.
///
/// # Errors
/// If it cannot be read, is a link, a pipe or a device, or another user may write it.
pub fn read_private(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    regular(OpenOptions::new().read(true), path)?.read_to_end(&mut content)?;
    Ok(content)
}

fn regular(options: &OpenOptions, path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file = options
        .clone()
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    let found = file.metadata()?;
    let refused = |why: String| io::Error::new(io::ErrorKind::PermissionDenied, why);
    if !found.is_file() {
        return Err(refused("it is no regular file".into()));
    }
    own(&found).map_err(refused)?;
    Ok(file)
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
        assert!(read_private(&directory.join("link")).is_err());
        assert!(prepare(&file).is_err());
    }

    #[test]
    fn what_others_may_write_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("state");
        prepare(&directory).unwrap();
        let file = directory.join("file");
        private_file(&file).unwrap();
        let mode = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        mode(&file, 0o620);
        let error = read_private(&file).unwrap_err().to_string();
        assert_eq!(error, "its mode 620 lets others write");
        assert!(private_file(&file).is_err());
        mode(&file, 0o640);
        assert_eq!(read_private(&file).unwrap(), b"");
        mode(&directory, 0o777);
        let error = prepare(&directory).unwrap_err().to_string();
        assert!(error.contains("its mode 777 lets others write"), "{error}");
        mode(&directory, 0o755);
        prepare(&directory).unwrap();
        // A pipe would hold back the one that opens it.
        let pipe = directory.join("pipe");
        let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU);
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, kind, mode, 0).unwrap();
        assert!(read_private(&pipe).is_err() && private_file(&pipe).is_err());
        if Uid::effective().is_root() {
            std::os::unix::fs::chown(&directory, Some(65534), None).unwrap();
            let error = check(&directory).unwrap_err().to_string();
            assert!(error.contains("it belongs to"), "{error}");
        }
    }
}
