//! D44 to D50: the drain at hand: what cannot be taken back, who fetches from a queue, and what
//! becomes of jobs afterwards.

use super::super::facts::{Edition, Facts, QueueFacts, QueueService, TermRoute};
use super::super::finding::{Rule, RuleRun, Severity};
use super::super::unit_facts::MainProcess;
use crate::core::layers::Value;
use crate::core::sequence::Signal;
use crate::core::wording::{few, thousands};

/// The rows.
pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "D44",
        severity: Severity::Info,
        condition: "a person is about to send TSTP",
        message: "TSTP cannot be undone: this process must exit before it can work again.",
        explanation: "There is no way to unquiet a Sidekiq. If the deploy is called off after TSTP, the worker still has to be restarted.",
        source: "sidekiq issue 4336",
        decide: quiet_is_final,
    },
    Rule {
        id: "D45",
        severity: Severity::Error,
        condition: "every process of a queue is quiet and nothing will start new ones, or a drain leaves a queue without a process",
        message: "{who} takes jobs from {queues}. {advice}",
        explanation: "After a failed deploy workers often stay quiet, and it is noticed only when the queue is thousands of jobs long. Before a drain the queues are named that its targets alone serve (a warning): processes of all hosts count.",
        source: "capistrano-sidekiq issue 174; sidekiq issue 5047",
        decide: queue_without_worker,
    },
    Rule {
        id: "D46",
        severity: Severity::Info,
        condition: "sidekiqswarm runs the workers, or another program starts a target again",
        message: "sidekiqswarm: MainPID is the swarm's parent and its children are the workers; they are matched by control group.",
        explanation: "The parent starts children again that exit. To stop them, TERM goes to the parent; to quiet them, TSTP goes to the parent, which passes it on. A drain warns of every supervisor that it sees above a target (einhorn, supervisord, runit, s6, pm2, a container) and says at its end whether another one came up.",
        source: "Sidekiq Enterprise README; not verified",
        decide: swarm,
    },
    Rule {
        id: "D47",
        severity: Severity::Warning,
        condition: "restart_on_deploy is false for a Sidekiq process",
        message: "{process} keeps the old code after the deploy (restart_on_deploy: false).",
        explanation: "Cloud 66 then leaves the process alone. Jobs enqueued by new code run on old classes.",
        source: "Cloud 66 help-content, _processes.mdx",
        decide: keeps_old_code,
    },
    Rule {
        id: "D48",
        severity: Severity::Warning,
        condition: "a job class rescues the shutdown and enqueues itself again",
        message: "{class} enqueues when it is interrupted, and the original is pushed back too: it will run twice.",
        explanation: "Sidekiq pushes back every job that is unfinished at the end of its timeout, whatever the job's own rescue does. Keep a cursor, re-raise, and enqueue nothing.",
        source: "measured on 7.3.2",
        decide: runs_twice,
    },
    Rule {
        id: "D49",
        severity: Severity::Info,
        condition: "jobs are fetched without super_fetch",
        message: "After KILL running jobs cannot be recovered: {fetch}.",
        explanation: "The open-source fetch takes a job out of Redis before it runs. Only super_fetch (Sidekiq Pro) keeps a copy, and finds orphans later: at the next start, or within an hour.",
        source: "sidekiq issues 3845, 4635, 5540",
        decide: lost_for_good,
    },
    Rule {
        id: "D50",
        severity: Severity::Info,
        condition: "the restart goes through systemctl restart",
        message: "systemctl restart resets the unit's Result: look at the queue and the log, not at the unit.",
        explanation: "A stop that ended in a KILL leaves Result=timeout, and the start that follows at once overwrites it with success.",
        source: "measured on systemd 252",
        decide: result_is_reset,
    },
];

fn quiet_is_final(facts: &Facts, ruling: &mut RuleRun<'_>) {
    let quiets = facts.sequences.first().is_none_or(|stated| {
        stated
            .parsed
            .as_ref()
            .is_ok_and(|sequence| sequence.signals().any(|signal| signal == Signal::Tstp))
    });
    match facts.drain.tstp_by_person {
        Some(true) if quiets => ruling.fires(None, &[]),
        Some(_) => {}
        None => ruling.undecided("who sends TSTP is not known"),
    }
}

/// Queues that one message spells out.
const NAMED: usize = 20;

fn queue_without_worker(facts: &Facts, ruling: &mut RuleRun<'_>) {
    let Some(queues) = &facts.drain.queues else {
        return ruling.undecided("Redis was not asked for the queues");
    };
    for process in &facts.drain.queues_unread {
        ruling.undecided(format!("the queues of {process} are not known"));
    }
    let mut left = Vec::new();
    for queue in queues {
        match (queue.service, facts.drain.restart_planned) {
            (QueueService::Fetched, _) | (QueueService::AllQuiet, Some(true)) => {}
            (QueueService::OnlyByTargets, _) => left.push(with_waiting(queue)),
            (QueueService::AllQuiet, Some(false)) => {
                let values: [(&str, &dyn std::fmt::Display); 3] = [
                    ("who", &"No process"),
                    ("queues", &with_waiting(queue)),
                    ("advice", &"Restart a worker."),
                ];
                ruling.fires(None, &values);
            }
            (QueueService::AllQuiet, None) => {
                ruling.undecided("whether a restart is planned is not known");
            }
            (QueueService::NotKnown, _) => ruling.undecided(format!(
                "whether every process of {} is quiet is not known",
                queue.name
            )),
        }
    }
    if !left.is_empty() {
        let values: [(&str, &dyn std::fmt::Display); 3] = [
            ("who", &"Once this drain has begun no process"),
            ("queues", &few(&left, NAMED)),
            ("advice", &"Jobs wait there until a new one starts."),
        ];
        ruling.fires_as(Severity::Warning, None, &values);
    }
}

/// `low (1,204 waiting)`.
fn with_waiting(queue: &QueueFacts) -> String {
    match queue.waiting {
        Some(waiting) => format!("{} ({} waiting)", queue.name, thousands(waiting)),
        None => format!("{} (how many wait is not known)", queue.name),
    }
}

fn swarm(facts: &Facts, ruling: &mut RuleRun<'_>) {
    let seen = facts
        .units
        .iter()
        .any(|unit| unit.main == Some(MainProcess::Swarm));
    match facts.sidekiq.swarm() {
        Some(true) => ruling.fires(None, &[]),
        _ if seen => ruling.fires(None, &[]),
        Some(false) => {}
        None => ruling.undecided("no command line of a Sidekiq was found"),
    }
}

fn keeps_old_code(facts: &Facts, ruling: &mut RuleRun<'_>) {
    let Some(settings) = &facts.deploy.restart_on_deploy else {
        return ruling.undecided("no Cloud 66 manifest is known");
    };
    for located in settings {
        if located.value == Value::Flag(false) {
            let process = located.scope.as_deref().unwrap_or("the process");
            ruling.fires(Some(&located.from), &[("process", &process)]);
        }
    }
}

fn runs_twice(facts: &Facts, ruling: &mut RuleRun<'_>) {
    let Some(jobs) = &facts.sidekiq.jobs else {
        return ruling.undecided("the job classes were not read");
    };
    for located in &jobs.rescue_and_enqueue {
        ruling.fires(Some(&located.from), &[("class", &located.value)]);
    }
}

fn lost_for_good(facts: &Facts, ruling: &mut RuleRun<'_>) {
    let kills = facts
        .sequences
        .iter()
        .any(|stated| stated.parsed.as_ref().is_ok_and(|s| s.kill().is_some()));
    if !kills && facts.units.is_empty() && facts.stoppers.is_empty() {
        return ruling.undecided("nothing that kills is known");
    }
    match (facts.sidekiq.edition, facts.sidekiq.super_fetch) {
        (_, Some(true)) => {}
        (Some(Edition::OpenSource), _) => {
            ruling.fires(None, &[("fetch", &"the open-source fetch keeps no copy")]);
        }
        (_, Some(false)) => ruling.fires(None, &[("fetch", &"super_fetch is not used")]),
        (Some(Edition::Pro | Edition::Enterprise), None) => {
            ruling.undecided("whether super_fetch is used is not known");
        }
        (None, None) => ruling.undecided("which edition of Sidekiq runs is not known"),
    }
}

fn result_is_reset(facts: &Facts, ruling: &mut RuleRun<'_>) {
    match facts.drain.term {
        Some(TermRoute::SystemctlRestart) => ruling.fires(None, &[]),
        Some(TermRoute::Direct | TermRoute::SystemctlStop) => {}
        None => ruling.undecided("how the restart will be made is not known"),
    }
}
