//! Fates that a drain had to leave open because Redis was gone, and that `report` completes once
//! it is back.

use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::drain::Drain;
use crate::support::recorded::journals;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

/// A way to the Redis of a scene that can be cut while Sidekiq keeps its own.
struct Way {
    path: PathBuf,
    open: Arc<Mutex<Option<Vec<UnixStream>>>>,
}

impl Way {
    fn to(scene: &Scene) -> Self {
        let path = scene.path("way.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let server = scene.redis.url().replace("unix://", "");
        let open = Arc::new(Mutex::new(Some(Vec::new())));
        let shared = Arc::clone(&open);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let far = UnixStream::connect(&server).unwrap();
                let mut open = shared.lock().unwrap();
                let Some(open) = open.as_mut() else { return };
                open.extend([near.try_clone().unwrap(), far.try_clone().unwrap()]);
                carry(near.try_clone().unwrap(), far.try_clone().unwrap());
                carry(far, near);
            }
        });
        Self { path, open }
    }

    fn url(&self) -> String {
        format!("unix://{}", self.path.display())
    }

    /// From now on nobody gets through.
    fn cut(&self) {
        fs::remove_file(&self.path).unwrap();
        for stream in self.open.lock().unwrap().take().into_iter().flatten() {
            // The other side may have closed it already.
            stream.shutdown(Shutdown::Both).ok();
        }
    }
}

/// The same address leads to the Redis again: a report asks no other one than the drain did.
fn mend(way: &Way, scene: &Scene) {
    let server = scene.redis.url().replace("unix://", "");
    std::os::unix::fs::symlink(server, &way.path).unwrap();
}

fn carry(mut from: UnixStream, mut to: UnixStream) {
    std::thread::spawn(move || {
        let mut piece = [0; 16 << 10];
        while let Ok(count @ 1..) = from.read(&mut piece) {
            if to.write_all(&piece[..count]).is_err() {
                return;
            }
        }
    });
}

fn report(scene: &Scene, more: &[&str]) -> (Value, String) {
    let all: Vec<&str> = ["report", "last", "--json"]
        .iter()
        .chain(more)
        .copied()
        .collect();
    let output = scene.drainboard(&all).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    (serde_json::from_slice(&output.stdout).unwrap(), said)
}

/// A configuration under which Sidekiq's own log, which would tell its end, is not found.
fn without_log(scene: &Scene) -> String {
    let path = scene.path("without-log.yml");
    let nowhere = scene.path("no-such.log");
    fs::write(&path, format!("sidekiq_log: {}\n", nowhere.display())).unwrap();
    path.display().to_string()
}

fn journal(scene: &Scene) -> String {
    fs::read_to_string(&journals(&scene.state_dir())[0]).unwrap()
}

#[test]
fn a_fate_that_was_open_when_redis_was_gone_is_found_later() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("NapJob", &json!([600]));
    let way = Way::to(&scene);
    let chosen = sidekiq.chosen();
    let config = without_log(&scene);
    let more = [&chosen, "--redis", &way.url(), "--config", &config];
    let mut drain = Drain::start(&scene, "tstp, 2, term, 14, kill", &more);
    drain.wait_for_signal("TERM");
    way.cut();
    let ended = drain.end();
    ended.assert_outcome(4, "lost").assert_fate(&jid, "unknown");
    assert!(sidekiq.wait_for_end().success());
    let written = journal(&scene);

    // Still gone: the record as it is, and a word about it.
    let (blind, said) = report(&scene, &["--redis", &way.url()]);
    assert_eq!(blind["fates"][0]["found_later"], Value::Null);
    assert!(
        said.contains("the fate of 1 job is unknown, and Redis cannot be asked now"),
        "{said}"
    );
    mend(&way, &scene);
    // A look that may change nothing writes nothing.
    let (looked, said) = report(&scene, &["--read-only", "--redis", &way.url()]);
    assert_eq!(
        looked["fates"][0]["found_later"]["fate"], "pushed_back",
        "{said}"
    );
    assert_eq!(journal(&scene), written);

    let (found, said) = report(&scene, &["--redis", &way.url()]);
    assert_eq!(said, "");
    let fate = &found["fates"][0];
    assert_eq!(
        (&fate["jid"], &fate["fate"]),
        (&json!(jid), &json!("unknown"))
    );
    assert_eq!(fate["found_later"]["place"], "found in queue low");
    assert_eq!(
        (&found["outcome"], &found["jobs"]["unknown"]),
        (&json!("lost"), &json!(1))
    );
    // It was added to the record, behind all that the drain wrote.
    let longer = journal(&scene);
    let added: Vec<&str> = longer.strip_prefix(&written).unwrap().lines().collect();
    assert_eq!(added.len(), 1, "{added:?}");
    assert!(added[0].contains(r#""event":"found_later""#), "{added:?}");

    // The next Sidekiq runs it: then it is nowhere, and the find is still known.
    scene.forget(&jid);
    let (again, said) = report(&scene, &["--redis", &way.url()]);
    assert_eq!(said, "", "nothing is open any more");
    assert_eq!(again["fates"][0]["found_later"], fate["found_later"]);
    assert_eq!(journal(&scene), longer);
}

#[test]
fn what_is_nowhere_later_is_not_called_lost() {
    let scene = Scene::new();
    let sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("NapJob", &json!([600]));
    let way = Way::to(&scene);
    let chosen = sidekiq.chosen();
    let mut drain = Drain::start(
        &scene,
        "tstp, 2, term, 14, kill",
        &[
            &chosen,
            "--redis",
            &way.url(),
            "--config",
            &without_log(&scene),
        ],
    );
    drain.wait_for_signal("TERM");
    way.cut();
    drain.end().assert_fate(&jid, "unknown");
    scene.forget(&jid);
    mend(&way, &scene);
    let written = journal(&scene);
    let (report, _) = report(&scene, &["--redis", &way.url()]);
    let found = &report["fates"][0]["found_later"];
    assert_eq!(found["fate"], Value::Null, "{report}");
    assert!(
        found["place"]
            .as_str()
            .unwrap()
            .ends_with("it ended since, or is lost"),
        "{found}"
    );
    assert_eq!(
        journal(&scene),
        written,
        "what proves nothing is not written down"
    );
}
