//! Files of inputs, whole and otherwise.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::core::drain::{
    ActOutcome, By, Command, Early, Effect, EffectId, Guard, Mode, Plan, Policy, RedisGone,
};
use crate::core::fleet::{
    HostLook, LocalId, LocalProcess, LookRow, Observation, RunState, Surroundings, Threads, Title,
};
use crate::core::moment::Moment;
use crate::core::sequence::{SequenceOrigin, Timeout, Version};
use crate::core::session::{Beginning, Kind, Session, SessionInput, Setting};
use crate::core::sidekiq::{
    Registered, Snapshot, Task, Temper, Worker, WorkerConfig, WorkerEvent, shown,
};

const ID: LocalId = LocalId {
    pid: 4242,
    start_ticks: 7,
};

fn at(seconds: f64) -> Moment {
    let wall = Timestamp::from_second(1_800_000_000).unwrap();
    Moment::new(Duration::from_secs(10_000), wall).after(Duration::from_secs_f64(seconds))
}

pub(super) fn session() -> Session {
    Session::new(Setting {
        kind: Kind::Live,
        plan: Plan {
            run: "not-begun".into(),
            sequence: "tstp, 60, term, 30, kill".parse().unwrap(),
            mode: Mode::Automatic,
            policy: Policy::Follow,
            guard: Guard {
                kill_extra: Duration::from_secs(30),
                rescue: false,
                redis_gone: RedisGone::Hold,
            },
            early: Early::Never,
            timeout: Some(Timeout::stated(Duration::from_secs(25), "--timeout")),
            rehearsal: false,
        },
        sequence_from: SequenceOrigin("--sequence".into()),
        redis: None,
        namespace: None,
        operator: By::default(),
        successor: None,
        saved_in: None,
    })
}

fn scan(at: Moment, processors: usize) -> SessionInput {
    let process = LocalProcess {
        id: ID,
        started_at: at.epoch().floor() - 100.0,
        title: Title::Other("sidekiq".into()),
        run_state: RunState::Alive,
        rss_kb: Some(80_000),
        threads: Some(Threads {
            processors,
            heartbeat: true,
            at,
        }),
        caught: None,
        surroundings: Surroundings {
            hostnames: vec!["util1".into()],
            ..Surroundings::default()
        },
    };
    SessionInput::Observed(Observation::Host(HostLook {
        at,
        hostname: "util1".into(),
        processes: vec![process],
    }))
}

/// A drain that was written down until its operator stopped it.
fn recorded(state: &Path) -> Session {
    let mut session = session();
    let mut recorder = Recorder::new(&session);
    let hear = |recorder: &mut Recorder, session: &mut Session, input: SessionInput, now| {
        recorder.take(&input, now).unwrap();
        let effects = session.apply(input, now);
        drop(session.questions());
        effects
    };
    hear(&mut recorder, &mut session, scan(at(0.0), 5), at(0.0));
    let marks = recorder.begin(state, "r", at(0.5)).unwrap();
    let beginning = Beginning {
        run: "r".into(),
        targets: vec![ID.into()],
        mode: Mode::Automatic,
        by: "root".into(),
    };
    hear(
        &mut recorder,
        &mut session,
        SessionInput::Begun(beginning),
        at(0.5),
    );
    let go = SessionInput::Commanded(Command::Automatic);
    let effects = hear(&mut recorder, &mut session, go, at(0.5));
    for effect in effects {
        if let Effect::Act(id, _) = effect {
            marks.begins(id).unwrap();
            marks.ended(id, &ActOutcome::Sent).unwrap();
            let ended = SessionInput::ActEnded(id, ActOutcome::Sent);
            hear(&mut recorder, &mut session, ended, at(0.501));
        }
    }
    for turn in 1..20_u32 {
        let now = at(0.5 + f64::from(turn) / 5.0);
        hear(
            &mut recorder,
            &mut session,
            scan(now, 5 - turn as usize / 5),
            now,
        );
        hear(&mut recorder, &mut session, SessionInput::Ticked, now);
    }
    let stop = SessionInput::Commanded(Command::HangUp);
    hear(&mut recorder, &mut session, stop, at(5.0));
    recorder.end(&session);
    session
}

#[test]
fn the_same_inputs_rebuild_the_session() {
    let state = tempfile::tempdir().unwrap();
    let live = recorded(state.path());
    let recording = Recording::read(state.path(), "r").unwrap();
    assert_eq!(recording.is_rebuilt(), Ok(Some(true)));
    let (again, last) = recording.fold().unwrap();
    assert_eq!(format!("{:?}", again.run), format!("{:?}", live.run));
    assert_eq!(last, Some(at(5.0)));
    let End::Over { outcome, left, .. } = recording.end() else {
        panic!("{:?}", recording.end());
    };
    assert_eq!((outcome.as_str(), *left), ("stopped", true));
    assert_eq!(
        recording.act(EffectId(1)),
        Some(&ActMark::Ended(ActOutcome::Sent))
    );
    assert_eq!(recording.act(EffectId(9)), None);
}

#[test]
fn it_is_small_private_and_one_s_own() {
    use std::os::unix::fs::PermissionsExt;
    let state = tempfile::tempdir().unwrap();
    recorded(state.path());
    let file = std::fs::metadata(place(state.path(), "r")).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    // 43 inputs behind an outset of 1 KB.
    assert!(file.len() < 6000, "{}", file.len());
}

#[test]
fn a_torn_last_line_is_no_fault_and_a_hole_is_one() {
    let state = tempfile::tempdir().unwrap();
    recorded(state.path());
    let path = place(state.path(), "r");
    let whole = std::fs::read(&path).unwrap();
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let (last, before) = lines.split_last().unwrap();
    for length in [0, 1, last.len() / 2, last.len() - 1] {
        let torn = [before.concat(), last[..length].to_vec()].concat();
        let read = Recording::from_bytes(&torn, &path).unwrap();
        assert_eq!(read.end(), &End::Open, "{length}");
        read.fold().unwrap();
    }
    let mut missing = lines.clone();
    missing.remove(10);
    let read = Recording::from_bytes(&missing.concat(), &path).unwrap();
    assert!(matches!(read.fold(), Err(Broken::Hole { .. })));
    let mut damaged = whole.clone();
    let middle = lines[..10].concat().len() + 20;
    damaged[middle] ^= 1;
    let read = Recording::from_bytes(&damaged, &path).unwrap();
    assert!(
        matches!(read.end(), End::Broken(Broken::Hole { .. })),
        "{:?}",
        read.end()
    );
}

#[test]
fn what_this_version_cannot_read_is_refused_with_a_reason() {
    let path = Path::new("r.inputs");
    let head = |format: u32| {
        line::line(&serde_json::json!({
            "drainboard": "9.1.0", "format": format, "run": "r", "boot_id": "b", "outset": session().outset(),
        }))
    };
    let newer = Recording::from_bytes(head(2).as_bytes(), path).unwrap_err();
    assert!(newer.to_string().contains("9.1.0"), "{newer}");
    for other in ["", "x", "{}\n", "00000000 {}\n"] {
        let error = Recording::from_bytes(other.as_bytes(), path).unwrap_err();
        assert!(matches!(error, Unreadable::Other(_)), "{error}");
    }
    let unknown =
        line::line(&serde_json::json!({"n": 0, "t": {"=": [1, 1]}, "in": {"Invented": 5}}));
    let read = Recording::from_bytes((head(1) + &unknown).as_bytes(), path).unwrap();
    assert!(matches!(
        read.fold(),
        Err(Broken::Unknown { number: 0, .. })
    ));
}

#[test]
fn two_never_write_one_file_and_one_goes_on_where_it_ended() {
    let state = tempfile::tempdir().unwrap();
    recorded(state.path());
    let recording = Recording::read(state.path(), "r").unwrap();
    let kept = recording.len() - 1;
    let (mut first, marks) = recording.go_on(state.path(), kept).unwrap().unwrap();
    assert!(recording.go_on(state.path(), kept).unwrap().is_none());
    first.take(&SessionInput::Ticked, at(9.0)).unwrap();
    drop((first, marks));
    let again = Recording::read(state.path(), "r").unwrap();
    assert_eq!(again.len(), recording.len());
    assert_eq!(again.end(), &End::Open);
    assert_eq!(again.fold().unwrap().1, Some(at(9.0)));
}

#[test]
fn a_drain_behind_one_that_was_taken_up_has_a_whole_file_of_its_own() {
    let state = tempfile::tempdir().unwrap();
    recorded(state.path());
    let recording = Recording::read(state.path(), "r").unwrap();
    let taken_up = recording.go_on(state.path(), recording.len()).unwrap();
    let (mut recorder, _) = taken_up.unwrap();
    recorder.take(&scan(at(9.0), 5), at(9.0)).unwrap();
    drop(recorder.begin(state.path(), "next", at(10.0)).unwrap());
    recorder.take(&SessionInput::Ticked, at(11.0)).unwrap();
    let next = Recording::read(state.path(), "next").unwrap();
    let (session, last) = next.fold().unwrap();
    assert_eq!((session.fleet.processes.len(), last), (1, Some(at(11.0))));
}

/// Processes whose long titles change all the time.
fn crowd(now: Moment, turn: u32) -> SessionInput {
    let title = format!("{turn} {}", "x".repeat(1000));
    let processes = (1..=100).map(|pid| LocalProcess {
        title: Title::Other(title.clone()),
        ..shown::process(
            LocalId {
                pid,
                start_ticks: 7,
            },
            "util1",
            0.0,
        )
    });
    SessionInput::Observed(Observation::Host(shown::scan(
        "util1",
        processes.collect(),
        now,
    )))
}

#[test]
fn a_drain_behind_one_that_was_too_long_to_keep_begins_anew() {
    let state = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::new(&session());
    drop(recorder.begin(state.path(), "first", at(0.0)).unwrap());
    for turn in 0..100_u32 {
        let now = at(f64::from(turn));
        recorder.take(&crowd(now, turn), now).unwrap();
    }
    let first = std::fs::metadata(place(state.path(), "first")).unwrap();
    assert!(first.len() > 9 << 20, "{} bytes", first.len());
    drop(recorder.begin(state.path(), "second", at(500.0)).unwrap());
    recorder.take(&scan(at(501.0), 5), at(501.0)).unwrap();
    for (run, processes) in [("first", 100), ("second", 101)] {
        let recording = Recording::read(state.path(), run).unwrap();
        let (session, _) = recording.fold().unwrap();
        assert_eq!(session.fleet.processes.len(), processes, "{run}");
    }
}

/// One of the imitated Sidekiqs.
struct Member {
    id: LocalId,
    registered: Registered,
    worker: Worker,
    beat: Option<Snapshot>,
}

impl Member {
    fn new(number: u32) -> Self {
        let (begun, pid) = (at(0.0), 4242 + number);
        let identity = format!("util1:{pid}:0123456789ab");
        let config = WorkerConfig::new(Version::new(7, 3, 2), Duration::from_secs(25), 5);
        Self {
            id: LocalId {
                pid,
                start_ticks: 7,
            },
            registered: Registered::new(&identity, "7.3.2", 5, begun.epoch() - 900.0),
            worker: Worker::new(config, begun),
            beat: None,
        }
    }

    /// What a scan shows of it in this turn.
    fn scanned(&mut self, turn: u32, now: Moment) -> LocalProcess {
        for (_, event) in self.worker.step(now) {
            if let WorkerEvent::Beat(new) = event {
                self.beat = Some(new);
            }
        }
        LocalProcess {
            rss_kb: Some(310_000 + u64::from(turn * 31 % 50) * 4),
            threads: Some(Threads {
                processors: self.worker.named_threads(now),
                heartbeat: true,
                at: now,
            }),
            ..shown::process(self.id, "util1", at(0.0).epoch() - 900.0)
        }
    }

    /// What a look shows of it.
    fn row(&self, now: Moment) -> Option<LookRow> {
        let beat = self.beat.as_ref()?;
        let busy = beat.busy.iter();
        let work = busy.map(|busy| Arc::new(shown::work(busy, 0.0))).collect();
        let row = self.registered.row(beat.at.epoch(), beat.quiet, work);
        let beat_age = Some(now.since(beat.at));
        Some(LookRow { beat_age, ..row })
    }
}

/// Three imitated Sidekiqs with ten jobs for ten minutes, looked at each second and scanned five
/// times a second, as in a drain.
#[test]
fn ten_minutes_of_three_imitated_processes_stay_below_a_megabyte() {
    let state = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::new(&session());
    drop(recorder.begin(state.path(), "long", at(0.0)).unwrap());
    let mut members: Vec<Member> = (0..3).map(Member::new).collect();
    for number in 0..10 {
        let task = Task {
            jid: format!("{number:024x}"),
            class: "ReportBuild".into(),
            queue: "default".into(),
            lasts: None,
            temper: Temper::Plain,
            resumed: None,
        };
        assert_eq!(members[number % 3].worker.give(task, at(0.0)), None);
    }
    let mut take = |observation, now| {
        let input = SessionInput::Observed(observation);
        recorder.take(&input, now).unwrap();
        recorder.take(&SessionInput::Ticked, now).unwrap();
    };
    for turn in 1..=3000_u32 {
        // No timer is exact.
        let now = at(f64::from(turn) / 5.0 + f64::from(turn * 7919 % 1000) / 1e6);
        let processes = members.iter_mut().map(|member| member.scanned(turn, now));
        let scan = shown::scan("util1", processes.collect(), now);
        take(Observation::Host(scan), now);
        if turn % 5 == 0 {
            let rows = members.iter().filter_map(|member| member.row(now));
            take(Observation::Look(shown::look(rows.collect(), now)), now);
        }
    }
    let written = std::fs::metadata(place(state.path(), "long")).unwrap();
    assert!(written.len() < 1_000_000, "{} bytes", written.len());
    let recording = Recording::read(state.path(), "long").unwrap();
    let (session, last) = recording.fold().unwrap();
    assert_eq!(session.fleet.processes.len(), 3);
    assert!(last.unwrap() > at(599.0));
}
