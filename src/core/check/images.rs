//! `STOPSIGNAL` of images: Docker, Podman, Kubernetes and ECS begin the stop of a container with it.

use super::facts::{ImageSignal, Stopper};
use super::gather::Found;
use crate::core::layers::command_line::{COMMAND, starts_sidekiq};
use crate::core::layers::{Layer, LocatedSetting, dockerfile};

/// Tools that run an image which they name, and send its signal.
const RUN_IMAGES: &[Layer] = &[Layer::Compose, Layer::Ecs, Layer::Kubernetes];

impl Found<'_> {
    /// The signals of images that a Sidekiq runs or may run, where no tool is known to send them.
    pub(super) fn image_signals(&self, stoppers: &[Stopper]) -> Vec<ImageSignal> {
        let stated = self.of(Layer::Dockerfile, dockerfile::STOP_SIGNAL);
        let is_sent = |signal: &&LocatedSetting| {
            let sent = stoppers
                .iter()
                .filter_map(|stopper| stopper.signal.as_ref());
            !sent.into_iter().any(|sent| sent.from == signal.from)
        };
        let is_last_stage = |signal: &&LocatedSetting| {
            let scope = signal.scope.as_deref();
            scope == Some(&*signal.from.file)
        };
        stated
            .filter(is_sent)
            .filter(is_last_stage)
            .filter_map(|signal| {
                let if_of = if self.starts_by_itself(signal) {
                    None
                } else {
                    Some(self.may_run(signal, stoppers)?)
                };
                let signal = signal.clone();
                Some(ImageSignal { signal, if_of })
            })
            .collect()
    }

    /// Whether the image starts a Sidekiq where nothing else is said.
    fn starts_by_itself(&self, signal: &LocatedSetting) -> bool {
        let mut commands = self.of(Layer::Dockerfile, COMMAND);
        commands.any(|command| {
            let text = command.value.as_text().unwrap_or_default();
            command.scope == signal.scope && starts_sidekiq(text)
        })
    }

    /// A tool that runs a Sidekiq in an image which may be this one: the file stands beside the
    /// `Gemfile.lock` of the application.
    fn may_run(&self, signal: &LocatedSetting, stoppers: &[Stopper]) -> Option<String> {
        let folder = |file: &str| file.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        let own = folder(&signal.from.file);
        let locks = self.values.iter().filter(|l| l.layer == Layer::GemfileLock);
        let mut locks = locks.map(|lock| folder(&lock.from.file));
        let is_of_application = locks.any(|lock| lock == own);
        let runs =
            |stopper: &&Stopper| RUN_IMAGES.contains(&stopper.layer) && stopper.signal.is_none();
        let stopper = stoppers.iter().find(runs)?;
        is_of_application.then(|| stopper.title())
    }
}
