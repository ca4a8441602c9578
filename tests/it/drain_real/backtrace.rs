//! Backtraces of jobs that keep a drain waiting, out of the logs of real Sidekiqs.

use serde_json::{Value, json};

use super::for_each_version;
use crate::support::drain::Drain;
use crate::support::jobs::assert_frame_of;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

for_each_version!(each_long_job_shows_where_it_is);

fn each_long_job_shows_where_it_is(version: Version) {
    let scene = Scene::new();
    let sidekiq = scene.sidekiq(version);
    let jobs = [
        ("StuckJob", json!([])),
        ("WedgedJob", json!([600])),
        ("CpuJob", json!([600])),
    ]
    .map(|(class, arguments)| (class, scene.busy(class, &arguments)));
    let mut drain = Drain::start(
        &scene,
        "tstp, 60, term, 14, kill",
        &["--backtrace-after=2", "--kill-extra=60"],
    );
    let sent = drain.wait_for_signal("TTIN");
    assert_eq!(
        (&sent["step"], &sent["pid"]),
        (&Value::Null, &json!(sidekiq.pid()))
    );
    assert!(sent["t_s"].as_f64() >= Some(2.0), "{sent}");
    for (class, jid) in &jobs {
        let line = drain.wait_for_backtrace(jid);
        assert_eq!(
            (&line["class"], &line["pid"]),
            (&json!(class), &json!(sidekiq.pid()))
        );
        assert!(line["tid"].is_string());
        assert_frame_of(class, &line["frames"]);
    }
    drain.signal(crate::support::signal::Signal::INT);
    let ended = drain.end();
    ended
        .assert_outcome(5, "stopped")
        .assert_signals(&["TSTP", "TTIN"]);
    assert_eq!(
        ended.events("backtrace").len(),
        jobs.len(),
        "{}",
        ended.text()
    );
}

#[test]
fn a_rehearsal_asks_nobody() {
    let scene = Scene::new();
    let sidekiq = scene.sidekiq(Version::Seven);
    scene.busy("SleepJob", &json!([600]));
    let arguments = [
        "rehearse",
        "--auto",
        "--json",
        "--timeout=6",
        "--backtrace-after=1",
    ];
    let more = ["--sequence=tstp, 3, term, 14, kill"];
    let ended = Drain::of(&mut scene.drainboard(&[&arguments[..], &more].concat())).end();
    let said = ended.events("remarked");
    let says = |line: &&Value| line["text"].as_str().unwrap().contains("nothing is sent");
    assert!(said.iter().any(says), "{}", ended.text());
    assert!(!sidekiq.log().contains("Thread TID-"));
}
