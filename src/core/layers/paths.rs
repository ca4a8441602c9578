//! Paths of files that name each other, as texts: nothing is opened.

/// Parts of names that say that a file is for developers, not for a deploy.
const DEVELOPMENT: &[&str] = &[
    "ci",
    "debug",
    "dev",
    "devel",
    "develop",
    "development",
    "e2e",
    "local",
    "test",
    "testing",
    "tests",
    "tools",
];

/// The folder that a file is in.
pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path as it is written in a file of a folder, seen from where that folder is named.
pub(super) fn joined(folder: &str, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let is_absolute = folder.starts_with('/');
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|part| *part != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if is_absolute {
        format!("/{joined}")
    } else {
        joined
    }
}

/// Whether the name of a file, or of a profile, says that it is for developers:
/// `Procfile.dev`, `docker-compose.test.yml`.
pub fn is_for_development(path: &str) -> bool {
    let name = super::tool::file_name(path).to_ascii_lowercase();
    name.split(['.', '-', '_'])
        .any(|part| DEVELOPMENT.contains(&part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined() {
        assert_eq!(joined("docker", "../Dockerfile"), "Dockerfile");
        assert_eq!(joined("", "./a/./b"), "a/b");
        assert_eq!(joined("/srv/app", "x.yml"), "/srv/app/x.yml");
        assert_eq!(joined("a", "../../b"), "../b");
        assert_eq!(joined("a", "/b"), "/b");
    }

    #[test]
    fn files_for_developers_are_known_by_their_names() {
        assert!(is_for_development("x/Procfile.dev"));
        assert!(is_for_development("docker-compose.test.yml"));
        assert!(!is_for_development("docker-compose.production.yml"));
        assert!(!is_for_development("dev/docker-compose.yml"));
    }
}
