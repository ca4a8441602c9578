//! `C`: which job can be cancelled, the typed confirmation, and what is told of its effect.

use crate::console::fixture::{ImaginedWorld, job};
use crate::console::{Key, Screen, lines};
use crate::core::drain::{CancelStage, Event, OUTSIDE_A_DRAIN};
use crate::core::fate::Fate;
use crate::core::fleet::{LogNews, Observation};
use crate::core::follow::CancelAnswer;
use crate::core::log::{LineOrigin, LogLine};
use crate::core::session::{Kind, SessionInput, TakingUp};
use crate::core::stop_clock::ExtendAtMost;

/// A world on the page of `b4a5`, a job of a Sidekiq 7.3.9 that keeps the state of an iteration.
fn on_page() -> ImaginedWorld {
    let mut world = ImaginedWorld::iterating();
    world.press(Key::Tab);
    world.press(Key::Enter);
    assert!(matches!(world.console.screen, Screen::Job(_)));
    world
}

fn page(world: &ImaginedWorld) -> String {
    let lines = lines(&world.session, &world.console, world.now);
    let said = lines.iter().find(|line| line.label == "cancel");
    said.map(|line| line.text.clone()).unwrap_or_default()
}

fn stages(world: &ImaginedWorld) -> Vec<(CancelStage, String)> {
    let records = world.session.journal.iter();
    let steps = records.filter_map(|record| {
        let Event::Cancellation(step) = &record.event else {
            return None;
        };
        Some((step.stage?, step.note.clone().unwrap_or_default()))
    });
    steps.collect()
}

/// Confirms the cancellation and gives `answer` for Redis.
fn cancelled(world: &mut ImaginedWorld, answer: CancelAnswer) {
    world.type_slowly("Ccancel\n");
    let mut sent = world.session.cancels_to_send(world.now);
    let (target, intent) = sent.pop().expect("it is sent");
    assert!(sent.is_empty() && target.jid == "b4a5");
    assert!(intent.run == OUTSIDE_A_DRAIN || world.session.is_draining());
    assert!(world.session.cancels_to_send(world.now).is_empty(), "once");
    let effects = world.session.cancel_answered(&target, answer, world.now);
    world.perform(effects);
}

/// What the process writes into its log.
fn write(world: &mut ImaginedWorld, words: &str) {
    let origin = LineOrigin {
        pid: 4242,
        inner_pid: 4242,
        shared: false,
    };
    let time = world.now.wall().strftime("%Y-%m-%dT%H:%M:%S.%3fZ");
    let text = format!("{time} pid=4242 tid=tb4a5 class=ReportBuild jid=b4a5 {words}");
    let lines = vec![LogLine::new(origin, &text, world.now)];
    let news = Observation::Logged(LogNews::Lines(lines));
    let effects = world.session.observe(news, world.now);
    world.perform(effects);
}

#[test]
fn a_job_is_cancelled_by_a_typed_word_alone() {
    let mut world = on_page();
    assert_eq!(page(&world), "C cancels it");
    world.type_slowly("C");
    let dialog = world.console.dialog.as_ref().expect("a question");
    assert_eq!(dialog.friction.phrase().as_deref(), Some("cancel"));
    world.type_slowly("y\n");
    assert!(world.console.dialog.is_some(), "y is not the word");
    world.press(Key::Esc);
    world.type_slowly("Cnope\n");
    world.press(Key::Esc);
    assert!(world.session.cancels_to_send(world.now).is_empty());
    cancelled(&mut world, CancelAnswer::Marked);
    assert!(page(&world).contains("not noticed yet"), "{}", page(&world));
    world.type_slowly("C");
    assert!(world.console.dialog.is_none(), "it is cancelled already");
}

#[test]
fn before_7_3_9_it_is_said_that_only_the_next_run_ends() {
    let mut world = on_page();
    world.imagined[0].version = "7.3.8";
    world.pass(1);
    world.type_slowly("C");
    let dialog = world.console.dialog.as_ref().expect("a question");
    let asked = dialog.lines.join(" ");
    assert!(asked.contains("this run goes on"), "{asked}");
    assert!(!asked.contains("every 5 s"), "{asked}");
    world.press(Key::Esc);
    cancelled(&mut world, CancelAnswer::Marked);
    assert!(
        page(&world).ends_with("this run does not look, its next one ends at once"),
        "{}",
        page(&world)
    );
}

#[test]
fn its_own_log_tells_that_it_noticed() {
    let mut world = on_page();
    cancelled(&mut world, CancelAnswer::Marked);
    world.pass(4);
    write(&mut world, "INFO: Job cancelled");
    assert!(page(&world).starts_with("noticed at"), "{}", page(&world));
    world.imagined[0].jobs.remove(0);
    world.pass(1);
    assert!(page(&world).contains("it noticed the cancellation and ended"));
    let told: Vec<CancelStage> = stages(&world).into_iter().map(|(stage, _)| stage).collect();
    let whole = [CancelStage::Sent, CancelStage::Noticed, CancelStage::Ended];
    assert_eq!(told, whole);
}

#[test]
fn a_job_that_ends_before_it_notices_is_told_as_such() {
    let mut world = on_page();
    cancelled(&mut world, CancelAnswer::Marked);
    world.pass(1);
    write(&mut world, "elapsed=583.0 INFO: done");
    assert!(
        page(&world).contains("all of its work is done"),
        "{}",
        page(&world)
    );
    world.pass(2);
    let (stage, note) = stages(&world).pop().unwrap();
    assert_eq!(stage, CancelStage::Ended);
    assert!(note.contains("ended before it noticed"), "{note}");
    assert_eq!(stages(&world).len(), 2, "told once");
}

/// The fate of `b4a5`, which was cancelled, once its process has ended after so many seconds of a drain; and the evidence.
fn account(seconds: u64) -> (Fate, String) {
    let mut world = on_page();
    cancelled(&mut world, CancelAnswer::Marked);
    world.press(Key::Esc);
    world.type_slowly("ay");
    for imagined in &mut world.imagined {
        imagined.quiet = imagined.host == "util1";
    }
    world.pass(seconds);
    world.back = vec!["b4a5".into()];
    world.pass(2);
    for pid in [4242, 4243, 4244] {
        world.exit(pid);
    }
    world.pass(3);
    let told = world.session.journal.iter().filter_map(|record| {
        let Event::Reconciled {
            jid,
            fate,
            evidence,
            ..
        } = &record.event
        else {
            return None;
        };
        (jid.as_deref() == Some("b4a5")).then(|| (*fate, evidence.clone()))
    });
    let told: Vec<(Fate, String)> = told.collect();
    let [told] = told.as_slice() else {
        panic!("{told:?}");
    };
    told.clone()
}

#[test]
fn of_one_that_runs_again_the_account_says_that_its_next_run_ends() {
    for (seconds, wanted) in [(45, Fate::Checkpointed), (150, Fate::PushedBack)] {
        let (fate, evidence) = account(seconds);
        assert_eq!(fate, wanted, "{evidence}");
        let marked = evidence.ends_with(": its next run ends at once");
        assert!(marked && evidence.contains("; cancelled by "), "{evidence}");
    }
}

#[test]
fn without_a_log_it_is_not_known_whether_it_noticed() {
    let mut world = on_page();
    cancelled(&mut world, CancelAnswer::Marked);
    world.imagined[0].jobs.remove(0);
    world.pass(2);
    assert!(page(&world).contains("is not known"), "{}", page(&world));
}

#[test]
fn what_redis_answers_is_said_and_a_doubt_is_followed() {
    let mut world = on_page();
    cancelled(&mut world, CancelAnswer::Ended);
    assert!(page(&world).contains("not sent: it keeps no iteration state"));
    let failed = |may_have_happened| CancelAnswer::Failed {
        why: "no answer in time".into(),
        may_have_happened,
    };
    cancelled(&mut world, failed(false));
    assert_eq!(page(&world), "not sent: no answer in time");
    cancelled(&mut world, failed(true));
    assert_eq!(page(&world), "perhaps sent (no answer in time)");
    write(&mut world, "INFO: Job cancelled");
    assert!(page(&world).starts_with("noticed at"), "{}", page(&world));
}

#[test]
fn no_other_job_is_offered_and_the_reason_is_said() {
    let reason = |change: &dyn Fn(&mut ImaginedWorld)| {
        let mut world = on_page();
        change(&mut world);
        world.pass(1);
        world.type_slowly("C");
        assert!(world.console.dialog.is_none(), "{}", page(&world));
        world.console.memory.notice.clone().unwrap_or_default()
    };
    let plain = reason(&|world| {
        world.iterating.clear();
        world.imagined[0].jobs = vec![job("Plain", "low", "0001", 900)];
        world.pass(1);
        world.press(Key::Esc);
        world.press(Key::Enter);
    });
    // A reason that is longer than a line stands on the page alone.
    assert!(
        plain.contains("the line `cancel` of its page says why"),
        "{plain}"
    );
    let old = reason(&|world| world.imagined[0].version = "7.3.2");
    assert!(
        old.contains("the line `cancel` of its page says why"),
        "{old}"
    );
    let read_only = reason(&|world| world.session.setting.kind = Kind::ReadOnly);
    assert!(read_only.contains("read-only"), "{read_only}");
    let rehearsal = reason(&|world| world.session.setting.kind = Kind::Rehearsal);
    assert!(rehearsal.contains("rehearsal"), "{rehearsal}");
}

/// Nothing is sent twice on the strength of a guess.
#[test]
fn a_mark_that_may_have_left_is_not_sent_again_when_the_session_is_taken_up() {
    let mut world = on_page();
    world.type_slowly("Ccancel\n");
    let taking_up = TakingUp {
        who: "sue".into(),
        inside: None,
        extend: ExtendAtMost::NoClock,
    };
    let input = SessionInput::TakenUp(Box::new(taking_up));
    let effects = world.session.apply(input, world.now);
    world.perform(effects);
    assert!(world.session.cancels_to_send(world.now).is_empty());
    let (stage, note) = stages(&world).pop().expect("a record");
    assert_eq!(stage, CancelStage::Failed);
    assert!(note.contains("may still stand there"), "{note}");
}
