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
    let name = file_name(path).to_ascii_lowercase();
    name.split(['.', '-', '_'])
        .any(|part| DEVELOPMENT.contains(&part))
}

/// Endings of templates and of examples, which stand behind a file's own ending.
const TEMPLATES: &[&str] = &[
    ".dist",
    ".erb",
    ".example",
    ".in",
    ".j2",
    ".jinja",
    ".jinja2",
    ".sample",
    ".template",
    ".tmpl",
    ".tpl",
    ".tt",
];

/// A file's name without the endings of templates and examples.
pub(super) fn without_template(name: &str) -> &str {
    let shorter = TEMPLATES
        .iter()
        .find_map(|ending| name.strip_suffix(ending));
    shorter
        .filter(|name| name.contains('.') || *name == "Procfile")
        .map_or(name, without_template)
}

/// The last part of a path.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The unit that a file is of: `sidekiq.service` of `…/sidekiq.service`, of a drop-in
/// `…/sidekiq.service.d/override.conf`, and of a template `sidekiq.service.capistrano.erb`.
pub fn unit(path: &str) -> Option<&str> {
    if let Some((folder, file)) = path.rsplit_once('/')
        && let Some(unit) = file_name(folder).strip_suffix(".d")
        && unit.ends_with(".service")
    {
        return without_template(file).strip_suffix(".conf").map(|_| unit);
    }
    let name = file_name(path);
    let end = name.find(".service")? + ".service".len();
    let rest = &name[end..];
    let is_template = rest.strip_suffix(".erb").is_some() || without_template(name).len() == end;
    (rest.is_empty() || is_template).then_some(&name[..end])
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
