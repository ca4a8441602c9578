//! Which statement of its own timeout holds for a process.

use super::*;
use crate::core::sequence::Timeout;

/// A process with `labels`; here, with a file that states 40 s, or on another host.
fn labelled(labels: &[&str], is_here: bool) -> Process {
    let mut heartbeat = heartbeat(0.0, -100.0);
    let info = Arc::make_mut(&mut heartbeat.info);
    info.labels = labels.iter().map(|label| (*label).to_owned()).collect();
    let mut observations = vec![look(1.0, vec![row("util1:42:a", Some(heartbeat))])];
    if is_here {
        let mut local = local(42, -110.0);
        local.surroundings.stated_timeout = Some(Timeout::stated(
            Duration::from_secs(40),
            "config/sidekiq.yml:3",
        ));
        observations.push(scan(2.0, vec![local]));
    }
    only(&fleet(observations)).clone()
}

#[test]
fn a_label_comes_after_the_flag_and_before_configuration_and_files() {
    let flag = Timeout::by_flag(Duration::from_secs(7));
    let configuration = Timeout::stated(Duration::from_secs(50), "config.yml:4");
    for (labels, is_here, stated, expected) in [
        (&["timeout=60"][..], true, Some(&flag), "7 s from --timeout"),
        (
            &["timeout=60"],
            true,
            Some(&configuration),
            "60 s from its label",
        ),
        (&["timeout=60"], true, None, "60 s from its label"),
        (
            &["reliable", "timeout=60"],
            false,
            None,
            "60 s from its label",
        ),
        (&[], true, Some(&configuration), "50 s from config.yml:4"),
        (&[], true, None, "40 s from config/sidekiq.yml:3"),
        (
            &["timeout=banana"],
            true,
            None,
            "40 s from config/sidekiq.yml:3",
        ),
        (&["timeout=banana"], false, None, "25 s assumed"),
        (&["timeout=60", "timeout=30"], false, None, "25 s assumed"),
    ] {
        let process = labelled(labels, is_here);
        let timeout = process.timeout(stated);
        assert_eq!(
            timeout.to_string(),
            expected,
            "{labels:?} {is_here} {stated:?}"
        );
        let is_files = expected.contains("sidekiq.yml");
        assert!(
            !is_files || process.files_state_timeout(stated),
            "{labels:?}"
        );
        assert!(is_files || stated.is_some() || !is_here || !process.files_state_timeout(stated));
    }
}
