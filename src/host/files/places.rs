//! The usual places of the files of each tool, from the table of tools: which folders are entered
//! below an application's root, and which names in them are looked at. It opens nothing.

use std::sync::LazyLock;

use crate::core::layers::TOOLS;

/// Parts of names of folders that hold what a deploy needs: below them a folder of any name counts
/// (`charts/app`, `roles/db`).
const OF_DEPLOYS: &[&str] = &[
    "ansible",
    "chart",
    "container",
    "deploy",
    "docker",
    "helm",
    "infra",
    "k8s",
    "kube",
    "kustom",
    "manifest",
    "openshift",
    "overlays",
    "provision",
    "roles",
    "terraform",
];

/// Folders that hold no place of a stop even there.
const ALWAYS_CLOSED: &[&str] = &[
    "coverage",
    "fixtures",
    "node_modules",
    "spec",
    "target",
    "test",
    "tests",
    "tmp",
    "vendor",
];

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
    ".buildkite",
    ".circleci",
    ".cloud66",
    ".deploy",
    ".do",
    ".docker",
    ".ebextensions",
    ".ecs",
    ".github",
    ".gitlab",
    ".helm",
    ".k8s",
    ".kube",
    ".kubernetes",
    ".openshift",
    ".platform",
    ".semaphore",
];

/// A pattern of the table: `config/deploy/*.rb`, `**/k8s/**/*.yaml`. A star stands for any part
/// of a name, `**` for any folders.
struct PlacePattern {
    folder: Vec<&'static str>,
    name: Name,
}

/// The pattern of a name, cut at its stars: 20,000 names are held against each.
struct Name {
    start: &'static str,
    middle: Vec<&'static str>,
    /// The text behind the last star; `None` where there is none.
    end: Option<&'static str>,
}

impl Name {
    fn of(pattern: &'static str) -> Self {
        let mut parts = pattern.split('*');
        let start = parts.next().unwrap_or(pattern);
        let mut middle: Vec<&str> = parts.collect();
        let end = middle.pop();
        Self { start, middle, end }
    }

    /// Whether every name is like it.
    fn is_any(&self) -> bool {
        self.start.is_empty() && self.middle.is_empty() && self.end == Some("")
    }

    /// Whether only names of this ending are like it.
    fn ends_in(&self, ending: &str) -> bool {
        self.end.unwrap_or(self.start).ends_with(ending)
    }

    fn is_like(&self, name: &str) -> bool {
        let Some(end) = self.end else {
            return self.start == name;
        };
        let (name, start) = (name.as_bytes(), self.start.as_bytes());
        let Some(mut rest) = name.strip_prefix(start) else {
            return false;
        };
        for part in &self.middle {
            let part = part.as_bytes();
            let at = rest
                .windows(part.len().max(1))
                .position(|here| here == part);
            match at {
                _ if part.is_empty() => {}
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.ends_with(end.as_bytes())
    }
}

/// Endings of code and pictures: of those only the files are looked at whose ending a pattern has.
const CODE: &[&str] = &[
    ".css", ".gif", ".haml", ".html", ".jpg", ".js", ".jsx", ".md", ".png", ".py", ".rb", ".scss",
    ".slim", ".svg", ".ts", ".tsx", ".vue",
];

static RULES: LazyLock<Vec<PlacePattern>> = LazyLock::new(|| {
    let patterns = TOOLS.iter().flat_map(|tool| tool.places.iter().copied());
    patterns
        .map(|pattern| {
            let mut folder: Vec<&str> = pattern.split('/').collect();
            let name = folder.pop().unwrap_or(pattern);
            PlacePattern {
                folder,
                name: Name::of(name),
            }
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
    names: Vec<&'static Name>,
    /// Whether every folder on the way to it is open: then places that may stand anywhere count.
    is_open: bool,
}

impl Folder {
    /// The folder with these names on the way to it; `None` where no place can be.
    pub(super) fn of(path: &[&str]) -> Option<Self> {
        let is_open = (0..path.len()).all(|at| is_open(path[at], &path[..at]));
        let counts = |rule: &&PlacePattern| is_open || rule.folder.first() != Some(&"**");
        let rules = || RULES.iter().filter(counts);
        let leads_on = |rule: &PlacePattern| leads(&rule.folder, path);
        if !is_open && !rules().any(leads_on) {
            return None;
        }
        Some(Self {
            names: rules()
                .filter(|rule| fits(&rule.folder, path))
                .map(|rule| &rule.name)
                .collect(),
            is_open,
        })
    }

    /// Whether a file of this name is looked at.
    pub(super) fn wants(&self, name: &str) -> bool {
        let code = CODE.iter().find(|ending| name.ends_with(**ending));
        let mut names = self.names.iter();
        names.any(|pattern| {
            let may_be = code.is_none_or(|ending| pattern.ends_in(ending));
            may_be && pattern.is_like(name)
        })
    }

    /// Whether a file of this name is looked at only because every file of the folder is.
    pub(super) fn wants_any(&self, name: &str) -> bool {
        let mut named = self.names.iter().filter(|pattern| !pattern.is_any());
        !named.any(|pattern| pattern.is_like(name))
    }

    /// Whether another application may stand in it.
    pub(super) fn may_hold_application(&self) -> bool {
        self.is_open
    }
}

fn is_open(name: &str, above: &[&str]) -> bool {
    if name.starts_with('.') {
        return HIDDEN.contains(&name);
    }
    let of_deploys = |folder: &&str| OF_DEPLOYS.iter().any(|part| folder.contains(part));
    !CLOSED.contains(&name) || above.iter().any(of_deploys) && !ALWAYS_CLOSED.contains(&name)
}

/// Whether folders are those of a rule.
fn fits(rule: &[&'static str], path: &[&str]) -> bool {
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
fn leads(rule: &[&'static str], path: &[&str]) -> bool {
    match (rule, path) {
        (_, []) | (["**", ..], _) => true,
        ([first, rest @ ..], [part, below @ ..]) => is_like(first, part) && leads(rest, below),
        ([], _) => false,
    }
}

/// Whether a folder is like a pattern with stars.
fn is_like(pattern: &'static str, name: &str) -> bool {
    Name::of(pattern).is_like(name)
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
            "values.yaml",
            "templates/jobs.yaml",
            "charts/app/templates/jobs.yaml",
            "ansible/roles/app/templates/sidekiq.service.j2",
        ] {
            assert!(wants(path), "{path}");
        }
        for path in [
            "config/database.yml",
            "config/locales/en.yml",
            "node_modules/x/docker-compose.yml",
            "app/models/user.rb",
            "spec/fixtures/sidekiq.service",
            "app/templates/jobs.yaml",
            "k8s/node_modules/x/jobs.yaml",
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
        assert!(is_like("*", "a") && is_like("Procfile", "Procfile"));
        assert!(!is_like("Procfile", "Procfile.x"));
    }
}
