//! The usual places of the files of each tool, from the table of tools: which folders are entered
//! below an application's root, and which names in them are looked at. It opens nothing.

use std::sync::LazyLock;

use crate::core::layers::TOOLS;

/// Folders that hold no place of a stop, however large they are.
const CLOSED: &[&str] = &[
    "app",
    "assets",
    "cache",
    "coverage",
    "db",
    "doc",
    "docs",
    "features",
    "fixtures",
    "lib",
    "locales",
    "log",
    "logs",
    "node_modules",
    "public",
    "spec",
    "storage",
    "target",
    "test",
    "tests",
    "tmp",
    "vendor",
];

/// Hidden folders that are entered all the same.
const HIDDEN: &[&str] = &[
    ".aws",
    ".cloud66",
    ".deploy",
    ".docker",
    ".ecs",
    ".helm",
    ".k8s",
    ".kube",
    ".kubernetes",
    ".openshift",
];

/// One pattern of the table: `config/deploy/*.rb`, `**/k8s/**/*.yaml`. A star stands for any part
/// of a name, `**` for any folders.
struct Rule {
    folder: Vec<&'static str>,
    name: &'static str,
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let patterns = TOOLS.iter().flat_map(|tool| tool.places.iter().copied());
    patterns
        .map(|pattern| {
            let mut folder: Vec<&str> = pattern.split('/').collect();
            let name = folder.pop().unwrap_or(pattern);
            Rule { folder, name }
        })
        .collect()
});

/// The files that have one fixed place.
pub(super) fn fixed() -> impl Iterator<Item = &'static str> {
    let patterns = TOOLS.iter().flat_map(|tool| tool.places.iter().copied());
    patterns.filter(|pattern| !pattern.contains('*'))
}

/// Which names are looked at in one folder, and whether more may stand below it.
pub(super) struct Folder {
    names: Vec<&'static str>,
    /// Whether every folder on the way to it is open: then places that may stand anywhere count.
    is_open: bool,
}

impl Folder {
    /// The folder with these names on the way to it; `None` where no place can be.
    pub(super) fn of(path: &[&str]) -> Option<Self> {
        let is_open = path.iter().all(|part| is_open(part));
        let counts = |rule: &&Rule| is_open || rule.folder.first() != Some(&"**");
        let rules = || RULES.iter().filter(counts);
        let leads_on = |rule: &Rule| leads(&rule.folder, path);
        if !is_open && !rules().any(leads_on) {
            return None;
        }
        Some(Self {
            names: rules()
                .filter(|rule| fits(&rule.folder, path))
                .map(|rule| rule.name)
                .collect(),
            is_open,
        })
    }

    /// Whether a file of this name is looked at.
    pub(super) fn wants(&self, name: &str) -> bool {
        self.names.iter().any(|pattern| is_like(pattern, name))
    }

    /// Whether another application may stand in it.
    pub(super) fn may_hold_application(&self) -> bool {
        self.is_open
    }
}

fn is_open(name: &str) -> bool {
    !CLOSED.contains(&name) && (!name.starts_with('.') || HIDDEN.contains(&name))
}

/// Whether folders are those of a rule.
fn fits(rule: &[&str], path: &[&str]) -> bool {
    match (rule, path) {
        ([], []) => true,
        (["**", rest @ ..], _) => {
            fits(rest, path)
                || path
                    .split_first()
                    .is_some_and(|(_, below)| fits(rule, below))
        }
        ([first, rest @ ..], [part, below @ ..]) => is_like(first, part) && fits(rest, below),
        _ => false,
    }
}

/// Whether folders lead to those of a rule.
fn leads(rule: &[&str], path: &[&str]) -> bool {
    match (rule, path) {
        (_, []) | (["**", ..], _) => true,
        ([first, rest @ ..], [part, below @ ..]) => is_like(first, part) && leads(rest, below),
        ([], _) => false,
    }
}

/// Whether a name is like a pattern with stars.
fn is_like(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut name) = name.strip_prefix(start) else {
        return false;
    };
    let mut rest = rest;
    while let Some((part, after)) = rest.split_once('*') {
        let Some(at) = name.find(part) else {
            return false;
        };
        name = &name[at + part.len()..];
        rest = after;
    }
    name.len() >= rest.len() && name.ends_with(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants(path: &str) -> bool {
        let mut parts: Vec<&str> = path.split('/').collect();
        let name = parts.pop().unwrap();
        Folder::of(&parts).is_some_and(|folder| folder.wants(name))
    }

    #[test]
    fn usual_places_are_looked_at_and_others_are_not() {
        for path in [
            "Procfile",
            "dist/shop-sidekiq.service",
            "contrib/systemd/sidekiq@.service",
            "config/systemd/sidekiq.service.d/short.conf",
            "config/sidekiq.service.example",
            "docker/docker-compose.yml",
            "k8s/base/jobs.yaml",
            ".k8s/live/production/deployment.yml",
            "config/kubernetes/web/deploy.yaml",
            "config/deploy/jobs.yaml.erb",
            "config/sidekiq/mailers.yml",
            "jobs.hcl.tpl",
            "app/jobs/deep/report_job.rb",
            ".cloud66/manifest.yml",
        ] {
            assert!(wants(path), "{path}");
        }
        for path in [
            "config/database.yml",
            "config/locales/en.yml",
            "node_modules/x/docker-compose.yml",
            "app/models/user.rb",
            "spec/fixtures/sidekiq.service",
            ".git/config",
        ] {
            assert!(!wants(path), "{path}");
        }
    }

    #[test]
    fn stars_stand_for_any_part_of_a_name() {
        assert!(is_like("*compose*.y*ml*", "docker-compose.prod.yml"));
        assert!(is_like("*compose*.y*ml*", "compose.yaml.j2"));
        assert!(!is_like("*.service*", "service"));
        assert!(!is_like("a*a", "a"));
    }
}
