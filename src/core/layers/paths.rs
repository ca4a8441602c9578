//! Paths of files that name each other, and lines of files of commands, as texts: nothing is opened.

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

/// The chart that a file is a template of: `charts/shop` for `charts/shop/templates/jobs.yaml`, and
/// nothing for one at the root.
pub(super) fn chart_of(path: &str) -> Option<&str> {
    match path.strip_prefix("templates/") {
        Some(_) => Some(""),
        None => path.split_once("/templates/").map(|(chart, _)| chart),
    }
}

/// Lines of a file of commands (a Dockerfile, a script), each with the number of the line on which
/// it begins: a `\` at the end continues one, and lines of comment are left out.
pub(super) fn joined_lines(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut is_open = false;
    for (index, line) in text.lines().enumerate() {
        let code = line.trim();
        if code.starts_with('#') || code.is_empty() {
            continue;
        }
        let (code, goes_on) = match code.strip_suffix('\\') {
            Some(code) => (code.trim_end(), true),
            None => (code, false),
        };
        match found.last_mut().filter(|_| is_open) {
            Some((_, whole)) => whole.extend([" ", code]),
            None => found.push((index + 1, code.to_owned())),
        }
        is_open = goes_on;
    }
    found
}

/// Whether the name of a file, or of a profile, says that it is for developers:
/// `Procfile.dev`, `docker-compose.test.yml`.
pub fn is_for_development(path: &str) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    name.split(['.', '-', '_'])
        .any(|part| DEVELOPMENT.contains(&part))
}

/// Parts of names of pipelines and targets that run tests; `ci` deploys, too.
const TESTS: &[&str] = &[
    "dev", "e2e", "lint", "rspec", "spec", "test", "testing", "tests",
];

/// Whether the name of a pipeline, or of a target of a Makefile, says that it deploys nothing.
pub(super) fn is_for_tests(path: &str) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    let mut parts = name.split(['.', '-', '_']);
    parts.any(|part| TESTS.contains(&part)) && !name.contains("deploy")
}

/// Endings of templates and of examples, which stand behind a file's own ending.
const TEMPLATES: &[&str] = &[
    ".dist",
    ".erb",
    ".epp",
    ".example",
    ".gotmpl",
    ".hbs",
    ".in",
    ".j2",
    ".jinja",
    ".jinja2",
    ".mustache",
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
        assert!(is_for_tests(".github/workflows/tests.yml") && is_for_tests("dev-stop"));
        assert!(!is_for_tests(".gitlab-ci.yml") && !is_for_tests("deploy_to_test"));
    }
}
