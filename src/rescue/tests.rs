//! Saving and judging, with made-up evidence.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{
    Ending, NotBeaten, Payload, RescueEntry, SaveError, SavedJob, Sight, Stopping, Store, ending,
    jobs, judge,
};
use crate::core::drain::Fate;
use crate::core::fleet::{Identity, Place};
use crate::core::moment::Seconds;
use crate::report::Past;

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_287_600).unwrap() + SignedDuration::from_secs(seconds)
}

/// A job of a process that would be interrupted 100 s in.
fn job(payload: &[u8]) -> SavedJob {
    SavedJob {
        saved_at: time(80),
        jid: Some("aa".into()),
        class: "ReportBuild".into(),
        queue: "low".into(),
        identity: Some("util1:4242:abc".into()),
        pid: 4242,
        exited_at: None,
        tid: "otb".into(),
        run_at: None,
        from: None,
        stopping: Stopping {
            interrupt_at: Some(time(100)),
            timeout_s: Some(Seconds(Duration::from_secs(25))),
            timeout_assumed: false,
            super_fetch: false,
        },
        payload: Payload(payload.to_vec()),
    }
}

#[test]
fn payloads_come_back_byte_for_byte() {
    let state = tempfile::tempdir().unwrap();
    let store = Store::new(state.path());
    let payloads: [&[u8]; 5] = [
        br#"{"jid":"aa","args":["\u00e9\n"]}"#,
        b"no json at all",
        b"\xff\x00binary\r\n\xfe",
        "ünïcode \u{2028} \u{10ff80}".as_bytes(),
        b"\0",
    ];
    let saved: Vec<SavedJob> = payloads.iter().map(|payload| job(payload)).collect();
    store.save("r", &saved[..2]).unwrap();
    // A crash tore the last line.
    let mut text = std::fs::read(store.path("r")).unwrap();
    text.extend_from_slice(b"{\"what\":\"sav");
    std::fs::write(store.path("r"), text).unwrap();
    store.save("r", &saved[1..]).unwrap();
    let (entries, unreadable) = store.load("r").unwrap();
    assert_eq!(unreadable, 1);
    assert_eq!(jobs(&entries), saved);
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&store.path("r")), 0o600);
    assert_eq!(mode(store.path("r").parent().unwrap()), 0o700);
    assert_eq!(store.runs().unwrap(), ["r"]);
}

#[test]
fn what_cannot_be_saved_is_an_error() {
    let state = tempfile::tempdir().unwrap();
    let store = Store::new(state.path());
    let error = store.save("r", &[job(b"{}"), job(b"")]).unwrap_err();
    assert!(matches!(error, SaveError::Unreadable { count: 1, .. }));
    assert_eq!(jobs(&store.load("r").unwrap().0).len(), 1);
    store.save("nothing", &[]).unwrap();
    assert!(!store.path("nothing").exists());
    // What takes no byte any more.
    std::os::unix::fs::symlink("/dev/full", store.path("full")).unwrap();
    let error = store.save("full", &[job(b"{}")]).unwrap_err();
    assert!(matches!(error, SaveError::Unwritable { .. }), "{error}");
    let file = state.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(Store::new(&file).save("r", &[job(b"{}")]).is_err());
}

/// It is at this place, and there is nothing more to be seen.
fn at(place: Place) -> Sight {
    Sight {
        place,
        heir: None,
        marked: false,
        namesake: None,
        not_beaten: None,
    }
}

fn nowhere() -> Sight {
    at(Place::Nowhere {
        searched_whole: true,
    })
}

/// It is nowhere, and a process that may have it has not beaten.
fn not_beaten(listed_until: Option<&str>) -> Sight {
    Sight {
        not_beaten: Some(NotBeaten {
            process: "util2:7".into(),
            listed_until: listed_until.map(|until| until.parse().unwrap()),
        }),
        ..nowhere()
    }
}

fn exited(seconds: i64) -> Ending {
    Ending {
        exited_at: Some(time(seconds)),
        ..Ending::default()
    }
}

fn word(job: &SavedJob, ending: &Ending, sight: &Sight) -> &'static str {
    judge(job, ending, false, sight).word()
}

/// Its process had not pushed it back.
fn not_back(seconds: i64) -> Ending {
    Ending {
        not_back: Some("its process died too soon".into()),
        ..exited(seconds)
    }
}

#[test]
fn only_what_was_not_pushed_back_is_provably_nowhere() {
    let saved = job(b"{}");
    assert_eq!(word(&saved, &not_back(98), &nowhere()), "nowhere");
    assert_eq!(word(&saved, &exited(98), &nowhere()), "unknown");
    let alive = Ending {
        exited_at: None,
        ..not_back(0)
    };
    assert_eq!(word(&saved, &alive, &nowhere()), "unknown");
    let open = judge(&saved, &exited(98), false, &nowhere());
    assert!(!open.may_be_pushed(false) && open.may_be_pushed(true));
}

#[test]
fn a_drain_that_calls_a_job_lost_has_proven_that_it_was_not_pushed_back() {
    let line = |fate: &str, why: &str| {
        format!(
            r#"{{"at":"2026-11-21T19:01:00.000Z","t_s":60,"run":"r","event":"exited","clean":false,"identity":"util1:4242:abc","pid":4242}}
{{"at":"2026-11-21T19:01:01.000Z","t_s":61,"run":"r","event":"reconciled","jid":"aa","fate":"{fate}","evidence":"{why}","identity":"util1:4242:abc","pid":4242}}
"#
        )
    };
    let state = |fate: &str, why: &str, here: bool| {
        let past = Past::from_text("r", line(fate, why).as_bytes());
        let ending = ending(Some(&past), &[], &job(b"{}"), here);
        judge(&job(b"{}"), &ending, false, &nowhere())
    };
    let lost = state("lost", "Failed to requeue", true);
    assert_eq!(
        (lost.word(), lost.trace.why()),
        ("nowhere", "Failed to requeue")
    );
    let elsewhere = state("lost", "Failed to requeue", false);
    assert_eq!(elsewhere.word(), "unknown");
    assert!(elsewhere.trace.why().contains("from which Redis it came"));
    assert_eq!(state("unknown", "nowhere", true).word(), "unknown");
    let back = state("pushed_back", "back in queue low", true);
    assert_eq!(back.word(), "safe");
    assert!(
        back.trace
            .why()
            .contains("pushed back by the record of its drain")
    );
}

#[test]
fn what_is_somewhere_or_ended_is_safe() {
    let saved = job(b"{}");
    let queue = Place::Queue { name: "low".into() };
    for sight in [
        Sight {
            marked: true,
            ..nowhere()
        },
        at(Place::Work {
            identity: Identity::new("util2:7:abc"),
        }),
        at(queue),
        at(Place::Retry),
        at(Place::Dead),
        at(Place::Schedule),
    ] {
        assert_eq!(word(&saved, &not_back(50), &sight), "safe", "{sight:?}");
    }
    let finished = Ending {
        said: Some((Fate::Finished, "its log: done".into())),
        ..exited(50)
    };
    assert_eq!(word(&saved, &finished, &nowhere()), "safe");
    for (pushed, expected) in [(Fate::Rescued, "safe"), (Fate::Unknown, "unknown")] {
        let ending = Ending {
            pushed: Some(pushed),
            ..not_back(50)
        };
        assert_eq!(word(&saved, &ending, &nowhere()), expected);
    }
    let searched_in_part = at(Place::Nowhere {
        searched_whole: false,
    });
    let not_asked = at(Place::NotAsked { why: "x".into() });
    for sight in [searched_in_part, not_asked, not_beaten(None)] {
        assert_eq!(word(&saved, &not_back(50), &sight), "unknown", "{sight:?}");
    }
}

#[test]
fn when_to_look_again_is_when_something_will_be_known() {
    let why = |listed_until: Option<&str>| {
        let sight = not_beaten(listed_until);
        let state = judge(&job(b"{}"), &not_back(50), false, &sight);
        state.trace.why().to_owned()
    };
    let beats = why(None);
    assert!(beats.ends_with("try again in 10 s"), "{beats}");
    let silent = why(Some("2026-11-28T20:16:56Z"));
    assert!(
        silent.ends_with("try again at 20:16:56, until when Redis lists it"),
        "{silent}"
    );
}

#[test]
fn super_fetch_is_never_ours() {
    let mut kept = job(b"{}");
    kept.stopping.super_fetch = true;
    let private = at(Place::Private {
        identity: Identity::new("util1:4242:abc"),
    });
    for state in [
        judge(&kept, &not_back(50), false, &nowhere()),
        judge(&job(b"{}"), &not_back(50), true, &nowhere()),
        judge(&job(b"{}"), &not_back(50), false, &private),
    ] {
        assert_eq!(state.word(), "not_ours");
        assert!(!state.may_be_pushed(true));
    }
    let mut unnamed = job(b"not json");
    unnamed.jid = None;
    assert_eq!(word(&unnamed, &not_back(50), &nowhere()), "unknown");
}

#[test]
fn an_ending_is_read_off_the_journal() {
    let journal = br#"{"at":"2026-11-21T19:01:00.000Z","t_s":60,"run":"r","event":"exited","clean":false,"identity":"util1:4242:abc","pid":4242}
{"at":"2026-11-21T19:01:00.000Z","t_s":60,"run":"r","event":"job_finished","jid":"bb","identity":"util1:4242:abc","pid":4242}
{"at":"2026-11-21T19:02:00.000Z","t_s":60,"run":"r","event":"exited","clean":true,"identity":"util1:4243:abc","pid":4243}
"#;
    let past = Past::from_text("r", journal);
    let read = ending(Some(&past), &[], &job(b"{}"), true);
    assert_eq!(read, exited(60));
    let mut other = job(b"{}");
    other.jid = Some("bb".into());
    let said = ending(Some(&past), &[], &other, true).said;
    assert_eq!(said.map(|(fate, _)| fate), Some(Fate::Finished));
    let begun = RescueEntry::Pushing {
        jid: "aa".into(),
        at: time(0),
        by: "x".into(),
    };
    let pushed = |back| RescueEntry::Pushed {
        jid: "aa".into(),
        at: time(0),
        result: "x".into(),
        back,
    };
    for (entries, fate) in [
        (vec![begun.clone()], Some(Fate::Unknown)),
        (vec![begun.clone(), pushed(None)], Some(Fate::Unknown)),
        (vec![begun.clone(), pushed(Some(false))], None),
        (vec![begun, pushed(Some(true))], Some(Fate::Rescued)),
    ] {
        assert_eq!(ending(None, &entries, &job(b"{}"), true).pushed, fate);
    }
}
