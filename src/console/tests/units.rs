//! The dialog of a stop where systemd would start a process again: what is shown is what is
//! asked for, and systemd's own KILL is said in time and numbers.

use crate::console::fixture::ImaginedWorld;
use crate::console::{Friction, Key, Request};
use crate::core::check::Severity;
use crate::core::drain::{Command, StopUnit, UnitCall};
use crate::core::fleet::{NoRoute, Observation, Route, Unit, UnitLook};
use crate::core::layers::systemd_show;
use crate::core::session::Kind;

/// Before TERM, by hand; the unit of util1:4242 is always started again and has this limit.
fn before_term(limit: &str, may_stop: Result<Route, NoRoute>) -> ImaginedWorld {
    let mut world = in_unit(limit, may_stop);
    world.type_slowly("ny");
    world.pass(4);
    world.press(Key::Char('n'));
    world
}

/// Nothing was sent yet; its unit is known.
fn in_unit(limit: &str, may_stop: Result<Route, NoRoute>) -> ImaginedWorld {
    let mut world = ImaginedWorld::new();
    let name = "sidekiq@2.service";
    let text = format!(
        "Id={name}\nLoadState=loaded\nActiveState=active\nMainPID=4242\nRestart=always\n\
         KillMode=mixed\nKillSignal=15\nSendSIGKILL=yes\nTimeoutStopUSec={limit}\n\
         ExecStart={{ path=/usr/bin/bundle ; argv[]=/usr/bin/bundle exec sidekiq ; ignore_errors=no }}\n"
    );
    let look = UnitLook {
        unit: Unit::of_system(name),
        at: world.now,
        loaded: Ok(systemd_show::read(name, &text).values.into()),
        may_stop,
    };
    let effects = world.session.observe(Observation::Unit(look), world.now);
    assert!(effects.is_empty());
    world
}

#[test]
fn the_budget_ends_with_systemd_where_term_is_sure_to_come_from_it() {
    let budgets = |world: &ImaginedWorld| -> Vec<u64> {
        let processes = world.session.fleet.processes.iter();
        let unit = |process: &crate::core::fleet::Process| {
            let local = process.local.as_ref()?;
            Some(local.surroundings.unit_name()? == "sidekiq@2.service")
        };
        let situation = world.session.situation(world.now);
        let budget = |(key, process)| situation.budget(key, process).total();
        processes
            .filter(|(_, process)| unit(process) == Some(true))
            .filter_map(budget)
            .map(|budget| budget.as_secs())
            .collect()
    };
    let mut world = in_unit("20s", Ok(Route::Plain));
    assert_eq!(budgets(&world), [145]);
    world.session.preflight.systemd.stop = StopUnit::Always;
    assert_eq!(budgets(&world), [140]);
    // One that may not be stopped gets a plain TERM.
    let mut refused = in_unit("20s", Err(NoRoute::NotPermitted("run as root".into())));
    refused.session.preflight.systemd.stop = StopUnit::Always;
    assert_eq!(budgets(&refused), [145]);
    let mut later = in_unit("1min 30s", Ok(Route::Plain));
    later.session.preflight.systemd.stop = StopUnit::Always;
    assert_eq!(budgets(&later), [145]);
    // In a drain the choice of its target counts.
    world.type_slowly("ny");
    world.pass(4);
    assert_eq!(budgets(&world), [140]);
}

fn shown(world: &ImaginedWorld) -> String {
    world.console.dialog.as_ref().unwrap().lines.join("\n")
}

fn last(world: &mut ImaginedWorld) -> Vec<Request> {
    world.pass(1);
    world.press(Key::Char('y'))
}

#[test]
fn a_plain_term_is_told_as_the_restart_that_it_is() {
    let mut world = before_term("1min 30s", Ok(Route::Plain));
    let text = shown(&world);
    assert!(
        text.contains("plain TERM, and systemd starts sidekiq@2.service again"),
        "{text}"
    );
    let go = Command::Go {
        step: 1,
        accepted: 0,
    };
    assert_eq!(
        last(&mut world),
        [Command::StopBy(StopUnit::Never), go].map(Request::Command)
    );
}

#[test]
fn the_other_way_says_when_systemd_kills() {
    let mut world = before_term("1min 30s", Ok(Route::Plain));
    world.press(Key::Char('u'));
    let text = shown(&world);
    let kills = crate::core::moment::Moment::after(world.now, std::time::Duration::from_secs(90));
    let kills = super::super::words::time_of_day(kills);
    assert!(
        text.contains(&format!("systemd kills at {kills}; this cannot be held.")),
        "{text}"
    );
    assert!(
        text.contains("systemctl stop sidekiq@2.service takes TERM's place")
            && text.contains("Payloads are saved first"),
        "{text}"
    );
    let dialog = world.console.dialog.as_ref().unwrap();
    assert_eq!(dialog.friction, Friction::Yes);
    // And back again.
    world.press(Key::Char('u'));
    assert!(
        shown(&world).contains("plain TERM, and"),
        "{}",
        shown(&world)
    );
    world.press(Key::Char('u'));
    let requests = last(&mut world);
    assert_eq!(
        requests[0],
        Request::Command(Command::StopBy(StopUnit::Always))
    );
    let target = &world.session.run.as_ref().unwrap().ledger().targets()[0];
    assert!(target.stop.systemd_kills.is_some());
}

#[test]
fn where_systemd_leaves_no_time_the_number_is_typed() {
    let mut world = before_term("20s", Ok(Route::Plain));
    world.press(Key::Char('u'));
    let dialog = world.console.dialog.as_ref().unwrap();
    assert!(
        matches!(dialog.friction, Friction::Number(3..)),
        "{dialog:?}"
    );
    assert!(
        shown(&world).contains("leaves no time to push back"),
        "{}",
        shown(&world)
    );
}

#[test]
fn what_may_not_be_stopped_is_not_offered() {
    let mut world = before_term("1min 30s", Err(NoRoute::NotPermitted("run as root".into())));
    let text = shown(&world);
    assert!(!text.contains("u:"), "{text}");
    world.press(Key::Char('u'));
    assert_eq!(shown(&world), text);
    let go = Command::Go {
        step: 1,
        accepted: 0,
    };
    assert_eq!(last(&mut world), [Request::Command(go)]);
    let told: Vec<_> = world
        .session
        .preflight
        .seen
        .findings
        .iter()
        .filter(|finding| finding.rule == "D37")
        .collect();
    assert!(told[0].message.contains("run as root"), "{told:?}");
    assert_eq!(told[0].severity, Severity::Warning);
}

/// How grave it is, with the stop of the unit ordered in any case, that there is none.
fn severity_where_it_is_ordered(why: NoRoute) -> Option<Severity> {
    let mut world = in_unit("1min 30s", Err(why));
    world.session.preflight.systemd.stop = StopUnit::Always;
    world.type_slowly("n");
    let seen = &world.session.preflight.seen;
    let found = seen.findings.iter().find(|found| found.rule == "D37");
    found.map(|found| found.severity)
}

#[test]
fn a_stop_that_was_ordered_and_is_not_permitted_is_grave() {
    let refused = NoRoute::NotPermitted("run as root".into());
    assert_eq!(severity_where_it_is_ordered(refused), Some(Severity::Error));
    for other in [NoRoute::ReadOnly, NoRoute::NotLoaded("late".into())] {
        assert_eq!(severity_where_it_is_ordered(other), Some(Severity::Warning));
    }
}

#[test]
fn what_a_stopped_drain_left_quiet_is_brought_back_on_a_yes_alone() {
    let mut world = ImaginedWorld::stopped();
    world.press(Key::Char('u'));
    let text = shown(&world);
    assert!(
        text.contains("util1:4242 web: systemctl restart sidekiq@2.service")
            || text.contains("util1:4242: systemctl restart sidekiq@2.service"),
        "{text}"
    );
    assert!(
        text.contains("is pushed back. Payloads are saved first."),
        "{text}"
    );
    world.pass(1);
    assert!(world.press(Key::Enter).is_empty(), "the default is no");
    world.press(Key::Char('u'));
    let asked = last(&mut world);
    let Some(Request::CallUnits(calls)) = asked.first() else {
        panic!("{asked:?}");
    };
    let commands: Vec<String> = calls.iter().map(UnitCall::command).collect();
    assert!(
        commands.contains(&"systemctl restart sidekiq@2.service".into()),
        "{commands:?}"
    );
}

#[test]
fn where_nothing_may_be_done_or_nothing_is_quiet_no_unit_is_offered() {
    let offered = |world: &ImaginedWorld| !world.session.unit_calls().is_empty();
    assert!(offered(&ImaginedWorld::stopped()));
    assert!(!offered(&ImaginedWorld::new()));
    assert!(
        !offered(&ImaginedWorld::draining()),
        "only once the run is over"
    );
    assert!(
        !offered(&ImaginedWorld::requeued()),
        "all of them were told to stop"
    );
    let mut read_only = ImaginedWorld::stopped();
    read_only.session.setting.kind = Kind::ReadOnly;
    assert!(!offered(&read_only));
    let mut inside = ImaginedWorld::stopped();
    let own = Unit::of_system("sidekiq@2.service");
    inside.session.preflight.systemd.inside = Some(own.clone());
    let calls = inside.session.unit_calls();
    assert!(calls.iter().all(|call| call.unit != own), "{calls:?}");
}
