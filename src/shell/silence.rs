//! A drain without a screen that has nothing to say still says what it waits for: a log that stays
//! silent looks like a program that hangs, and some CI systems end it.

use std::time::Duration;

use super::sentences::awaits;
use crate::core::drain::{Event, Longest, Phase, Record, Run};
use crate::core::fleet::Job;
use crate::core::moment::{Moment, Seconds};
use crate::core::session::Session;

/// The longest silence.
const AT_MOST: Duration = Duration::from_secs(15);

/// How soon it is known after the end what is waited for.
const SOON: Duration = Duration::from_millis(100);

/// Since when nothing was said.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Silence {
    since: Option<Moment>,
    /// When it was said last what is waited for after the end.
    after_the_end: Option<Moment>,
}

impl Silence {
    /// Something was said.
    pub(super) fn printed(&mut self, at: Moment) {
        self.since = Some(at);
    }

    /// When it has lasted too long.
    pub(super) fn ends(&self) -> Option<Moment> {
        self.since.map(|since| since.after(AT_MOST))
    }

    /// When the next word is due after the end.
    pub(super) fn ends_after_the_end(&self, now: Moment) -> Moment {
        self.after_the_end
            .map_or(now.after(SOON), |said| said.after(AT_MOST))
    }

    /// Tells the things that are still waited for after the end, at once and then at times.
    pub(super) fn broken_after_the_end(
        &mut self,
        session: &Session,
        now: Moment,
    ) -> Option<String> {
        if self
            .after_the_end
            .is_some_and(|said| now.since(said) < AT_MOST)
        {
            return None;
        }
        let text = awaits(session, now)?;
        self.after_the_end = Some(now);
        Some(text)
    }

    /// The line that breaks it, once it has lasted too long.
    pub(super) fn broken(&mut self, run: &Run, session: &Session, now: Moment) -> Option<Record> {
        let since = *self.since.get_or_insert(now);
        if now.since(since) < AT_MOST {
            return None;
        }
        self.since = Some(now);
        let event = waiting(run, session, now)?;
        Some(run.ledger().record(None, event, now))
    }
}

/// The things that the drain under way waits for. `None`: it does not wait.
fn waiting(run: &Run, session: &Session, now: Moment) -> Option<Event> {
    let next = run.projected(now).first().copied();
    let until = match run.phase() {
        Phase::Leaving { until } | Phase::Settling { until, .. } => Some(*until),
        Phase::Waiting { .. } | Phase::Gated { .. } | Phase::Held { .. } => {
            next.map(|next| next.at)
        }
        Phase::Ready { .. } => None,
        Phase::Performing(_) | Phase::Ending { .. } | Phase::Over { .. } => return None,
    };
    let targets = run
        .ledger()
        .targets()
        .iter()
        .filter(|target| target.takes_part());
    let processes = targets.filter_map(|target| session.fleet.get(&target.key));
    let jobs: Vec<&Job> = processes.flat_map(|process| &process.jobs).collect();
    let longest = jobs.iter().max_by_key(|job| job.elapsed(now));
    Some(Event::Waiting {
        until: until.map(|until| until.wall().to_string()),
        signal: next.map(|next| next.signal),
        running: jobs.len() as u64,
        longest: longest.map(|job| Longest {
            jid: job.work.jid.clone(),
            class: job.work.class.clone(),
            elapsed_s: job.elapsed(now).map(Seconds),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::fixture::ImaginedWorld;
    use crate::console::if_untouched;
    use crate::core::outlook::Outlooks;

    #[test]
    fn the_line_counts_and_names_what_the_strip_does() {
        let world = ImaginedWorld::draining();
        let run = world.session.active_run().unwrap();
        let Some(Event::Waiting {
            until,
            signal,
            running,
            ..
        }) = waiting(run, &world.session, world.now)
        else {
            panic!("it waits");
        };
        let targets = world.console.targets(&world.session);
        let outlooks = Outlooks::new(world.session.situation(world.now), &targets);
        assert_eq!(running, outlooks.tally().open());
        let strip = if_untouched(&world.session, &outlooks);
        let until: jiff::Timestamp = until.unwrap().parse().unwrap();
        let told = format!("{} {}", signal.unwrap(), until.strftime("%H:%M:%S"));
        assert!(strip.contains(&told), "{told} in {strip}");
    }

    #[test]
    fn it_is_said_what_is_waited_for_after_the_end() {
        let mut world = ImaginedWorld::new();
        world.session.setting.successor = Some(Duration::from_secs(60));
        world.drained();
        let mut silence = Silence::default();
        let mut said =
            |world: &ImaginedWorld| silence.broken_after_the_end(&world.session, world.now);
        let text = said(&world).unwrap();
        assert!(
            text.contains("the drain is over; drainboard waits until "),
            "{text}"
        );
        assert!(
            text.contains("in the place of util1:4242, util1:4243, util1:4244"),
            "{text}"
        );
        world.pass(10);
        assert_eq!(said(&world), None);
        world.pass(6);
        assert!(said(&world).is_some());
        world.pass(60);
        assert_eq!(said(&world), None);
    }
}
