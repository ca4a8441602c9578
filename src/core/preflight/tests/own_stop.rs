//! A drain that is the `ExecStop=` of its target's own unit.

use super::*;
use crate::core::stop_clock::ExtendAtMost;

#[test]
fn a_unit_that_starts_it_again_is_told_of_but_not_within_its_own_stop() {
    let plan = plan("tstp, 60, term, 30, kill", Policy::WaitForRequeue);
    let unit = || process(1, Some(25), &[UNIT]);
    let outside = spoken(unit(), &plan, &Preflight::default());
    assert_eq!(severity(&outside, "D37"), Some(Severity::Warning));
    assert_eq!(severity(&outside, "D18"), None);
    let within = Preflight {
        systemd: Systemd {
            inside: Some(Unit::of_system("sidekiq.service")),
            ..Systemd::default()
        },
        ..Preflight::default()
    };
    let inside = spoken(unit(), &plan, &within);
    assert_eq!(severity(&inside, "D37"), None);
    // 60 + 30 is more than 90 less 5.
    assert_eq!(severity(&inside, "D18"), Some(Severity::Warning));
    let short = super::plan("tstp, 50, term, 30, kill", Policy::WaitForRequeue);
    assert_eq!(severity(&spoken(unit(), &short, &within), "D18"), None);
    // What runs after the last step is within the stop, too.
    let mut within = within;
    within.systemd.afterwards = Duration::from_secs(30);
    let told = spoken(unit(), &short, &within);
    assert_eq!(severity(&told, "D18"), Some(Severity::Warning));
    let shorter = super::plan("tstp, 25, term, 30, kill", Policy::WaitForRequeue);
    assert_eq!(severity(&spoken(unit(), &shorter, &within), "D18"), None);
}

#[test]
fn within_its_own_stop_a_unit_that_listens_may_take_longer() {
    let long = plan("tstp, 120, term, 30, kill", Policy::WaitForRequeue);
    let warns = |lines: &str, extend| {
        let text = UNIT
            .1
            .replace("TimeoutStopSec", &format!("{lines}TimeoutStopSec"));
        let within = Preflight {
            systemd: Systemd {
                inside: Some(Unit::of_system("sidekiq.service")),
                extend,
                ..Systemd::default()
            },
            ..Preflight::default()
        };
        severity(
            &spoken(process(1, Some(25), &[(UNIT.0, &text)]), &long, &within),
            "D18",
        )
        .is_some()
    };
    let seconds = |seconds| ExtendAtMost::Span(Duration::from_secs(seconds));
    let listens = "Type=notify\nNotifyAccess=exec\n";
    assert!(!warns(listens, ExtendAtMost::PlanAndSpare));
    assert!(!warns(&listens.replace("exec", "all"), seconds(155)));
    assert!(warns(listens, seconds(154)));
    assert!(warns(listens, seconds(0)));
    assert!(warns(listens, ExtendAtMost::NoClock));
    for deaf in [
        "Type=notify\n",
        "Type=notify\nNotifyAccess=main\n",
        "Type=exec\nNotifyAccess=exec\n",
    ] {
        assert!(warns(deaf, ExtendAtMost::PlanAndSpare), "{deaf}");
    }
}

#[test]
fn waits_that_do_not_fit_into_the_unit_s_own_stop_are_told_with_both_figures() {
    let told = |sequence: &str, origin: &str, processes| {
        let (fleet, ids) = fleet(processes);
        let origin = SequenceOrigin(origin.into());
        outlasting(&fleet, &ids, &sequence.parse().unwrap(), &origin)
    };
    let two = || vec![process(1, None, &[UNIT]), process(2, None, &[UNIT])];
    let said = told("tstp, 56, term, 30, kill", "--sequence", two());
    assert_eq!(
        said,
        [
            "as ExecStop of sidekiq.service this waits up to 86 s; systemd ends that after 90 s \
             (TimeoutStopSec), so with 5 s to spare 85 s may be waited"
        ]
    );
    let fits = told("tstp, 55, term, 30, kill", "--sequence", two());
    assert_eq!(fits, [] as [&str; 0]);
    // What systemd does by itself is no drain within it.
    let own = format!("{}:5", UNIT.0);
    assert_eq!(told("term, 90, kill", &own, two()), [] as [&str; 0]);
    let endless = UNIT.1.replace("=90", "=infinity");
    let endless = vec![process(1, None, &[(UNIT.0, &endless)])];
    let said = told("tstp, 560, term, 30, kill", "--sequence", endless);
    assert_eq!(said, [] as [&str; 0]);
    let without = vec![process(1, None, &[])];
    let said = told("tstp, 560, term, 30, kill", "--sequence", without);
    assert_eq!(said, [] as [&str; 0]);
}
