//! The laws that hold for every single call of a run, judged from outside: by what the run was
//! told before and by what is true in the world, not by the run's own gates.

use super::drive::{Call, Drive};
use crate::core::drain::{
    Act, ActKind, ActOutcome, Command, Effect, Event, Hold, Input, Mode, Outcome, Performing,
    Phase, Policy, RedisGone, Rescue, Resume, Standing, StopUnit, Target,
};
use crate::core::fleet::{Link, ProcessKey};
use crate::core::sequence::Signal;

/// Panics at the first law that `call` breaks.
pub(super) fn check(call: &Call, drive: &Drive) {
    over_is_over(call);
    abort_wins(call);
    units_stop_by_choice_or_proof(call, drive);
    steps_act_in_order(call, drive);
    manual_means_confirmed(call);
    only_outcomes_leave_performing(call);
    a_failure_holds(call);
    deadlines_lie_in_the_future(call);
    no_kill_through_a_shut_gate(call, drive);
    no_term_without_redis(call, drive);
    early_ends_are_earned(call, drive);
    standings_are_true(call, drive);
    the_interrupt_time_stays(call);
}

fn aborts(input: &Input) -> bool {
    matches!(
        input,
        Input::Command(Command::StopHere | Command::HangUp | Command::Leave)
    )
}

fn over_is_over(call: &Call) {
    if call.before.phase().is_over() {
        assert!(call.effects.is_empty(), "law: over is over");
        assert!(call.after.phase().is_over(), "law: over is over");
    }
}

fn abort_wins(call: &Call) {
    if aborts(&call.input) {
        let ended = matches!(
            call.after.phase(),
            Phase::Ending { .. } | Phase::Over { .. }
        );
        // A push is under way: it is told as what it was, and none follows it.
        let pushing = matches!(
            call.after.phase(),
            Phase::Settling {
                outcome: Outcome::Stopped,
                rescue: Rescue::Pushing { left, .. },
                ..
            } if left.is_empty()
        );
        assert!(
            ended || pushing,
            "law: abort wins from {:?}",
            call.before.phase()
        );
    }
    let closed = matches!(
        call.before.phase(),
        Phase::Ending { .. } | Phase::Settling { .. } | Phase::Over { .. }
    );
    if closed || aborts(&call.input) {
        assert_eq!(
            call.acts().count(),
            0,
            "law: no act after an abort or the end"
        );
    }
    if aborts(&call.input) {
        let is_push = |effect: &&Effect| matches!(effect, Effect::PushBack(..));
        let pushed = call.effects.iter().filter(is_push).count();
        assert_eq!(pushed, 0, "law: no push after an abort");
    }
}

fn units_stop_by_choice_or_proof(call: &Call, drive: &Drive) {
    for act in call.acts() {
        let ActKind::StopUnit(stop) = &act.kind else {
            continue;
        };
        let after = call.after.ledger();
        let target = after.target(&act.target).unwrap();
        assert_eq!(
            act.step,
            call.after.plan().sequence.first_stop(),
            "law: a unit is stopped in the place of the first TERM alone"
        );
        assert!(target.stop.when != StopUnit::Never, "law: never is never");
        let proof = || {
            let process = drive.fleet.get(&target.key)?;
            drive.fleet.proof_of_idle(process, &target.mark?, call.at)
        };
        let proven = stop.after_term && proof().is_some();
        assert!(
            target.stop.when == StopUnit::Always || proven,
            "law: unasked a unit is stopped only at proof of idle"
        );
    }
}

fn steps_act_in_order(call: &Call, drive: &Drive) {
    let mut done: Vec<(Option<usize>, String)> = Vec::new();
    for record in &drive.journal {
        if let Event::SignalIntended { step, .. } | Event::UnitStopIntended { step, .. } =
            record.event
        {
            done.push((step, record.about.as_ref().unwrap().name.clone()));
        }
    }
    let retried = matches!(call.input, Input::Command(Command::Retry)).then(|| failed(call));
    let last = done.iter().filter_map(|(step, _)| *step).max();
    let mut now: Vec<(Option<usize>, String)> = Vec::new();
    for act in call.acts() {
        let about = &call.after.ledger().target(&act.target).unwrap().about;
        let this = (act.step, about.name.clone());
        assert!(!now.contains(&this), "law: each target once");
        now.push(this.clone());
        assert_eq!(act.step, now[0].0, "law: one call starts at most one step");
        let again = retried.is_some() && (act.step.is_none() || act.step == last);
        if again {
            let mut all = retried.iter().flatten();
            let had_failed = all.any(|key| *key == act.target);
            assert!(had_failed, "law: only what failed is retried");
        }
        let Some(step) = act.step else { continue };
        let signal = call.after.plan().sequence.signal(step);
        let sent = match &act.kind {
            ActKind::Signal(signal) => *signal,
            // In the place of TERM or INT; to Sidekiq they are the same.
            ActKind::StopUnit(_) => signal
                .filter(|signal| signal.stops())
                .unwrap_or(Signal::Term),
        };
        assert_eq!(signal, Some(sent), "law: a step sends its signal");
        if again {
            assert!(done.contains(&this), "law: only what was tried is retried");
        } else {
            // Where all that failed are gone there is nothing to retry: the drain goes on.
            if let Some(failed) = &retried {
                let all_gone = failed.iter().all(|key| is_gone(key, call, drive));
                assert!(
                    !failed.is_empty() && all_gone,
                    "law: a retry goes on only if nobody who failed is left"
                );
            }
            let due = last.map_or(0, |last| last + 1);
            assert_eq!(step, due, "law: steps act in order, each once");
        }
    }
}

/// The targets for whose failed signal the run was held before the call.
fn failed(call: &Call) -> Vec<ProcessKey> {
    let Phase::Held {
        why: Hold::Failed(failed),
        ..
    } = call.before.phase()
    else {
        return Vec::new();
    };
    failed.iter().map(|(key, _)| key.clone()).collect()
}

/// The step that failed then.
fn failed_step(call: &Call) -> Option<usize> {
    let Phase::Held {
        resume: Resume::Failed { step, .. },
        ..
    } = call.before.phase()
    else {
        return None;
    };
    Some(*step)
}

/// Whether a target has really ended, or was left out before the call.
fn is_gone(key: &ProcessKey, call: &Call, drive: &Drive) -> bool {
    let target = call.before.ledger().target(key);
    let left_out = matches!(target.unwrap().standing, Standing::LeftOut { .. });
    let worker = &drive.world.members[drive.world.member_of(key)].worker;
    left_out || worker.ended().is_some()
}

fn manual_means_confirmed(call: &Call) {
    let stays = call.before.mode() == Mode::Manual && call.after.mode() == Mode::Manual;
    if stays {
        for act in call.acts() {
            let confirmed = match &call.input {
                Input::Command(Command::Go { step, .. }) => {
                    act.step == Some(*step) && call.before.phase().next_step() == Some(*step)
                }
                Input::Command(Command::Retry) => {
                    failed(call).contains(&act.target) && act.step == failed_step(call)
                }
                Input::Command(Command::ForceKill { .. }) => act.step.is_none(),
                Input::Observed
                | Input::Tick
                | Input::Command(_)
                | Input::Outcome(..)
                | Input::Answer(..)
                | Input::Searched(..)
                | Input::Taken(..)
                | Input::PushedBack(..) => false,
            };
            assert!(confirmed, "law: in manual mode only a confirmation acts");
        }
    }
    if call.after.mode() == Mode::Manual {
        let counts = matches!(
            call.after.phase(),
            Phase::Waiting { .. } | Phase::Gated { .. }
        );
        assert!(!counts, "law: manual mode counts nothing down");
    }
}

fn only_outcomes_leave_performing(call: &Call) {
    let Phase::Performing(before) = call.before.phase() else {
        return;
    };
    let awaited = match &call.input {
        Input::Outcome(id, _) => before.acts.contains_key(id),
        Input::Observed
        | Input::Tick
        | Input::Command(_)
        | Input::Answer(..)
        | Input::Searched(..)
        | Input::Taken(..)
        | Input::PushedBack(..) => false,
    };
    if awaited || aborts(&call.input) {
        return;
    }
    let Phase::Performing(after) = call.after.phase() else {
        panic!("law: only outcomes leave performing, not {:?}", call.input);
    };
    assert_eq!(
        before.acts, after.acts,
        "law: only outcomes leave performing"
    );
}

fn a_failure_holds(call: &Call) {
    let Phase::Performing(before) = call.before.phase() else {
        return;
    };
    let Input::Outcome(id, outcome) = &call.input else {
        return;
    };
    if before.acts.len() != 1 || !before.acts.contains_key(id) {
        return;
    }
    let mut failed: Vec<ProcessKey> = before.failed.iter().map(|(key, _)| key.clone()).collect();
    if matches!(outcome, ActOutcome::Failed { .. }) {
        failed.push(before.acts[id].clone());
    }
    let alive = |target: &Target| failed.contains(&target.key) && target.takes_part();
    if call.after.ledger().targets().iter().any(alive) {
        let held = matches!(call.after.phase(), Phase::Held { .. });
        assert!(held, "law: a failure holds, not {:?}", call.after.phase());
    }
}

fn deadlines_lie_in_the_future(call: &Call) {
    if let Some(due) = call.after.next_deadline() {
        assert!(
            due > call.at,
            "law: deadlines lie in the future: {:?}",
            call.after.phase()
        );
    }
}

fn no_kill_through_a_shut_gate(call: &Call, drive: &Drive) {
    let kills = call.acts().filter(|act| act.kind.signal() == Signal::Kill);
    let ids: Vec<ProcessKey> = kills.map(|act| act.target.clone()).collect();
    if ids.is_empty() {
        return;
    }
    let lost = drive.world.at_stake(&ids);
    let signal = |step: usize| call.after.plan().sequence.signal(step);
    let accepted = match (&call.input, call.before.phase()) {
        (Input::Command(Command::Go { accepted, .. } | Command::ForceKill { accepted, .. }), _) => {
            Some(*accepted)
        }
        // Where it was TERM that failed, its targets may be gone by now, and the KILL of the plan
        // follows as it would have without a failure.
        (
            Input::Command(Command::Retry),
            Phase::Held {
                resume: Resume::Failed { step, accepted },
                ..
            },
        ) if signal(*step) == Some(Signal::Kill) => Some(*accepted),
        _ => None,
    };
    if let Some(accepted) = accepted {
        assert!(
            lost as u64 <= accepted,
            "law: no KILL beyond what was accepted"
        );
        return;
    }
    // A KILL out of turn goes back to the gate that it was sent from.
    let gate = if let Phase::Performing(Performing {
        back: Some(back), ..
    }) = call.before.phase()
    {
        back
    } else {
        call.before.phase()
    };
    let waited = matches!(gate, Phase::Gated { until, .. } if *until <= call.at);
    match call.after.plan().policy {
        Policy::Follow => {}
        Policy::WaitForRequeue if waited => {
            assert!(drive.fleet.link.is_connected(), "law: no blind KILL");
        }
        Policy::Ask | Policy::WaitForRequeue => {
            assert_eq!(lost, 0, "law: no KILL while the gate is shut");
        }
    }
}

/// A push-back needs Redis: while it is silent and known jobs really run, the first TERM goes by
/// itself only where it was told to, or at the end of its wait.
fn no_term_without_redis(call: &Call, drive: &Drive) {
    let plan = call.after.plan();
    let stop = plan.sequence.first_stop();
    let asked = matches!(
        call.input,
        Input::Command(Command::Go { .. } | Command::Retry)
    );
    let silent = matches!(drive.fleet.link, Link::Lost { .. });
    if asked || !silent || plan.guard.redis_gone == RedisGone::Go {
        return;
    }
    let known = |act: &&Act| {
        let worker = &drive.world.members[drive.world.member_of(&act.target)].worker;
        let shown = &drive.fleet.processes[&act.target].jobs;
        let runs = |jid: &str| worker.running().any(|busy| busy.task.jid == jid);
        let mut jids = shown.iter().filter_map(|job| job.work.jid.as_deref());
        jids.any(runs)
    };
    let stops = call.acts().filter(|act| stop.is_some() && act.step == stop);
    if stops.filter(known).count() == 0 {
        return;
    }
    let waited = matches!(call.before.phase(), Phase::Gated { until, .. } if *until <= call.at);
    let may = waited && plan.guard.redis_gone == RedisGone::Hold;
    assert!(may, "law: no TERM without Redis while known jobs run");
}

fn early_ends_are_earned(call: &Call, drive: &Drive) {
    let early = call.effects.iter().any(|effect| match effect {
        Effect::Note(record) => matches!(record.event, Event::AdvancedEarly { .. }),
        Effect::Act(..) | Effect::Ask(..) | Effect::PushBack(..) | Effect::Save(_) => false,
    });
    if !early {
        return;
    }
    let targets = call.after.ledger().targets().iter();
    for target in targets.filter(|t| t.takes_part()) {
        assert!(target.stopped.is_none(), "law: early only before TERM");
        let worker = &drive.world.members[drive.world.member_of(&target.key)].worker;
        let idle = worker.is_quiet() && worker.running().count() == 0;
        assert!(idle, "law: a gate passes only on true evidence");
    }
}

fn the_interrupt_time_stays(call: &Call) {
    let (before, after) = (call.before.ledger(), call.after.ledger());
    for (before, after) in before.targets().iter().zip(after.targets()) {
        if let Some(interrupt) = before.interrupt() {
            let stays = after.interrupt() == Some(interrupt);
            assert!(stays, "law: from TERM on the interrupt time is fixed");
        }
    }
}

fn standings_are_true(call: &Call, drive: &Drive) {
    for target in call.after.ledger().targets() {
        let worker = &drive.world.members[drive.world.member_of(&target.key)].worker;
        match target.standing {
            Standing::Alive | Standing::LeftOut { .. } => {}
            Standing::Quiet { .. } => assert!(worker.is_quiet(), "proof of quiet"),
            Standing::Idle { .. } => {
                assert!(worker.is_quiet(), "proof of quiet");
                assert_eq!(worker.running().count(), 0, "proof of idle");
            }
            Standing::Exited { .. } => assert!(worker.ended().is_some(), "exit"),
        }
    }
}
