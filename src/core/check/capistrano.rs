//! From located values to what a deploy does: capistrano-sidekiq, its variables and its plugins.

use super::facts::{DeployFacts, GemTasks};
use super::gather::{Chosen, Found, process_of};
use crate::core::layers::{Layer, cloud66, deploy_rb};
use crate::core::sequence::Version;

impl Found<'_> {
    /// Whether the Capfile loads capistrano-sidekiq and installs its tasks.
    pub(super) fn gem_tasks(&self, was_read: bool) -> Option<GemTasks> {
        if !was_read {
            return None;
        }
        let (version, _) = self.version("capistrano-sidekiq")?;
        let sets_a_variable = self.has(Layer::Capistrano)
            && self
                .values
                .iter()
                .any(|l| l.layer == Layer::Capistrano && l.setting.starts_with("sidekiq_"));
        let loaded = self.of(Layer::Capistrano, deploy_rb::LOADS_GEM).next();
        let plugins: Vec<&str> = self
            .of(Layer::Capistrano, deploy_rb::INSTALLS_PLUGIN)
            .filter_map(|l| l.value.as_text())
            .collect();
        if version < Version::new(2, 0, 0) {
            let is_used = loaded.is_some() || sets_a_variable;
            return Some(if is_used {
                GemTasks::Loaded
            } else {
                GemTasks::NotLoaded
            });
        }
        let base = "Capistrano::Sidekiq";
        let has_service = plugins
            .iter()
            .any(|plugin| plugin.starts_with("Capistrano::Sidekiq::"));
        let has_base = plugins.contains(&base);
        Some(match loaded {
            _ if has_base && has_service => GemTasks::Loaded,
            None if plugins.is_empty() => GemTasks::NotLoaded,
            loaded => {
                let place = loaded.or_else(|| {
                    self.of(Layer::Capistrano, deploy_rb::INSTALLS_PLUGIN)
                        .next()
                })?;
                let missing = if has_base {
                    "`install_plugin Capistrano::Sidekiq::Systemd`"
                } else if has_service {
                    "`install_plugin Capistrano::Sidekiq`"
                } else {
                    "`install_plugin Capistrano::Sidekiq` and `install_plugin Capistrano::Sidekiq::Systemd`"
                };
                GemTasks::Missing {
                    place: place.from.clone(),
                    missing: missing.into(),
                }
            }
        })
    }

    pub(super) fn deploy(&self, chosen: &Chosen) -> DeployFacts {
        let was_read = self.has(Layer::Capistrano) || chosen.has_read(Layer::Capistrano);
        let restart = self.has(Layer::Cloud66).then(|| {
            self.of(Layer::Cloud66, cloud66::RESTART_ON_DEPLOY)
                .filter(|l| self.is_worker(process_of(l)))
                .cloned()
                .collect()
        });
        DeployFacts {
            capistrano_sidekiq: self.version("capistrano-sidekiq"),
            sidekiq_timeout: self
                .of(Layer::Capistrano, deploy_rb::SIDEKIQ_TIMEOUT)
                .last()
                .cloned(),
            was_read,
            gem_tasks: self.gem_tasks(was_read),
            restart_on_deploy: restart,
            limits: Vec::new(),
            images: Vec::new(),
        }
    }
}
