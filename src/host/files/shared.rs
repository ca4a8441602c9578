//! Deploy files at the root of a repository that are about the applications below it: where one of
//! those alone uses Sidekiq, the files of both are one application; else a service of Compose is of
//! the application that it is built from.

use super::{FileSearch, LayerFile, reading_of};
use crate::core::layers::{Layer, compose};

/// Layers whose files make a folder an application that uses Sidekiq.
const OF_SIDEKIQ: &[Layer] = &[Layer::Initializer, Layer::JobClass, Layer::SidekiqYml];

/// Hands the deploy files of the root to the applications that they are about; the first search is
/// the root.
pub(super) fn hand_down(applications: &mut Vec<FileSearch>) {
    let has_own = |search: &FileSearch| {
        let is_own =
            |file: &LayerFile| file.layer == Layer::GemfileLock || OF_SIDEKIQ.contains(&file.layer);
        search.files.iter().any(is_own)
    };
    let using: Vec<usize> = (1..applications.len())
        .filter(|at| uses_sidekiq(&applications[*at]))
        .collect();
    match using[..] {
        [only] if !has_own(&applications[0]) => {
            let below = applications.remove(only);
            let root = &mut applications[0];
            root.inner = below.folder;
            root.files.extend(below.files);
            root.looked_at.extend(below.looked_at);
        }
        _ => services(applications),
    }
}

/// Whether Sidekiq is among the gems of an application, or it is set up there.
fn uses_sidekiq(search: &FileSearch) -> bool {
    search.files.iter().any(|file| {
        let is_lock = file.layer == Layer::GemfileLock;
        is_lock && file.text.contains(" sidekiq") || OF_SIDEKIQ.contains(&file.layer)
    })
}

/// Gives each application the Compose files of the root with the services that are built from it.
fn services(applications: &mut [FileSearch]) {
    let Some((root, below)) = applications.split_first_mut() else {
        return;
    };
    let files: Vec<LayerFile> = root
        .files
        .iter()
        .filter(|file| file.layer == Layer::Compose)
        .cloned()
        .collect();
    let builds = reading_of(files.iter()).values;
    let builds = builds
        .iter()
        .filter(|located| located.setting == compose::BUILD);
    let builds: Vec<(String, String)> = builds
        .filter_map(|located| {
            let path = located.value.as_text()?.to_owned();
            Some((located.scope.clone()?, path))
        })
        .collect();
    let all: Vec<String> = reading_of(files.iter())
        .values
        .into_iter()
        .filter_map(|located| located.scope)
        .collect();
    for search in below {
        let folder = format!("{}/", search.folder);
        let is_own = |(_, path): &&(String, String)| path.starts_with(&folder);
        let own: Vec<&String> = builds.iter().filter(is_own).map(|(name, _)| name).collect();
        if own.is_empty() {
            continue;
        }
        let others = all.iter().filter(|name| !own.contains(name));
        search.left_out.extend(others.cloned());
        root.left_out.extend(own.into_iter().cloned());
        search.files.splice(0..0, files.iter().cloned());
    }
}
