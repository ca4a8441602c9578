//! The rows and the listing of a made-up fleet, at a time that stands still.

mod asked;
mod told;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::listing::{Room, jobs, listing, overlong, top};
use super::rows::{Picture, PsRow};
use crate::cli::opening::planned;
use crate::core::choice::Choice;
use crate::core::config::{Config, Environment, Flags, Settings};
use crate::core::drain::Policy;
use crate::core::fleet::{
    Fleet, Link, LinkFault, LocalId, LocalProcess, LookRow, Observation, RedisAddress,
    Surroundings, Title, Unit, Work,
};
use crate::core::moment::Moment;
use crate::core::preflight::Preflight;
use crate::core::sequence::Timeout;
use crate::core::sidekiq::{Registered, shown as outside};

const EPOCH: f64 = 1_795_287_600.0;

fn now() -> Moment {
    Moment::new(
        Duration::from_secs(5_000),
        Timestamp::from_second(1_795_287_600).unwrap(),
    )
}

fn work(class: &str, queue: &str, elapsed: Option<f64>) -> Arc<Work> {
    let jid = format!("{:0>24}", class.to_lowercase());
    let mut work = outside::work_of(&format!("t{}", class.len()), &jid, class, EPOCH);
    work.queue = queue.into();
    work.run_at = elapsed.map(|elapsed| EPOCH - elapsed);
    Arc::new(work)
}

fn row(identity: &str, version: &str, beat_age: f64, work: Vec<Arc<Work>>) -> LookRow {
    let mut registered = Registered::new(identity, version, 5, EPOCH - 4_000.0);
    registered.rss_kb = Some(317_440);
    let info = Arc::make_mut(&mut registered.info);
    info.tag = "web".into();
    info.queues.push("low".into());
    registered.row(EPOCH - beat_age, false, work)
}

fn local(pid: u32, timeout: Option<u64>) -> LocalProcess {
    let id = LocalId {
        pid,
        start_ticks: 100,
    };
    let process = outside::process(id, "util1", EPOCH - 4_010.0);
    LocalProcess {
        title: Title::Beating {
            version: "7.3.9".into(),
            tag: "web".into(),
            busy: 1,
            concurrency: 5,
            stopping: false,
        },
        rss_kb: Some(320_000),
        surroundings: Surroundings {
            unit: Some(Unit::of_system(format!("sidekiq@{pid}.service"))),
            redis_url: Some(RedisAddress::new("redis://:secret@10.0.0.6:6379/0")),
            stated_timeout: timeout
                .map(|span| Timeout::stated(Duration::from_secs(span), "its command line")),
            ..process.surroundings.clone()
        },
        ..process
    }
}

/// Two local processes, one of them of another Redis, and three remote ones: one that beats no
/// more, one that is a ghost.
fn fleet() -> Fleet {
    let mut fleet = Fleet::default();
    let processes = vec![local(4242, Some(60)), local(4300, None)];
    fleet.observe(Observation::Host(outside::scan("util1", processes, now())));
    let mut ghost = row("util3:9:cc", "7.3.9", 0.0, Vec::new());
    ghost.heartbeat = None;
    ghost.work = vec![work("GhostlyJob", "low", Some(70.0))];
    let busy = vec![
        work("ReportBuild", "low", Some(580.4)),
        work("InventorySync", "default", Some(31.0)),
        work("AmazonEdiPushWithALongName", "edi_outgoing", Some(90.0)),
        work("Undated", "default", None),
    ];
    let mut malformed = row("util2:7:bb", "8.1.7", 25.0, Vec::new());
    malformed.faults = vec!["info is no JSON".into()];
    let stale = vec![work("StaleJob", "low", Some(60.0))];
    let rows = vec![
        row("util1:4242:aa", "7.3.9", 3.27, busy),
        malformed,
        row("util2:8:dd", "5.2.10", 47.0, stale),
        ghost,
    ];
    fleet.observe(Observation::Look(outside::look(rows, now())));
    fleet.observe(Observation::Link(Link::Connected {
        round_trip: Duration::from_micros(312),
        at: now(),
    }));
    fleet
}

fn settings() -> Settings {
    Settings::settle(Flags::default(), Environment::default(), &Config::default())
}

fn with<T>(fleet: &Fleet, work: impl FnOnce(Picture<'_>) -> T) -> T {
    work(Picture {
        fleet,
        plan: &planned(&settings(), Policy::Ask),
        preflight: &Preflight::default(),
        settings: &settings(),
        url: Some("redis://10.0.0.5:6379/0"),
        now: now(),
    })
}

fn shown(fleet: &Fleet, width: usize) -> String {
    with(fleet, |picture| {
        let room = Room {
            width,
            ascii: false,
        };
        listing(
            picture,
            &PsRow::of(picture, &Choice::default()),
            "REDIS_URL",
            room,
        )
    })
}

#[test]
fn the_listing_is_readable_at_80_columns() {
    let text = shown(&fleet(), 80);
    insta::assert_snapshot!(text, @r#"
    2026-11-21T19:00:00.000Z   util1
    redis://10.0.0.5:6379/0 (REDIS_URL)   connected, 0.3 ms
    tstp, 120, term, 30, kill   (default)

    PROCESS         VERSION  STATE    BUSY  HEARTBEAT    RSS  UNIT     -t
    util1:4242 web  7.3.9    running   4/5  ok         312 M  sideki…  60 from its …
    util1:4300 web  7.3.9    running   1/5  none       312 M  sideki…  25 assumed
    util2:7 web     8.1.7    running   0/5  none 25 s  310 M  -        25 assumed
    util2:8 web     5.2.10   stale     1/5  none 47 s  310 M  -        8 assumed
    util3:9         ?        silent    ?/?  none           ?  -        25 assumed

    CLASS                     QUEUE         PROCESS     ELAPSED  BUDGET  BECOMES
    ReportBuild               low           util1:4242     9:40    2:30  pushed back
    AmazonEdiPushWithALongN…  edi_outgoing  util1:4242     1:30    2:30  at risk
    GhostlyJob                low           util3:9        1:10    2:25  may be lost
    InventorySync             default       util1:4242     0:31    2:30  fits
    StaleJob                  low           util2:8        0:13    2:08  may be lost
    Undated                   default       util1:4242        ?    2:30  unknown
      at risk: it has run more than half of the time left
      fits: it has run less than half of the time left
      may be lost: its process is gone
      may be lost: its process sent no heartbeat for 47 s
      pushed back: if it still runs at +3:00
      unknown: its start is not known

    if drained now: an unknown amount of work again

    util1:4300 is not known to this Redis; its environment names redis://10.0.0.6:6379/0
    util2:7: info is no JSON
    "#);
    let tables = text.split("\nutil1:4300 is not known").next().unwrap();
    assert!(tables.lines().all(|line| line.chars().count() <= 80));
    assert!(!text.contains("secret"));
}

#[test]
fn the_listing_uses_the_room_there_is() {
    insta::assert_snapshot!(shown(&fleet(), usize::MAX), @r#"
    2026-11-21T19:00:00.000Z   util1
    redis://10.0.0.5:6379/0 (REDIS_URL)   connected, 0.3 ms
    tstp, 120, term, 30, kill   (default)

    PROCESS         VERSION  STATE    BUSY  HEARTBEAT    RSS  UNIT                  -t
    util1:4242 web  7.3.9    running   4/5  ok         312 M  sidekiq@4242.service  60 from its command line
    util1:4300 web  7.3.9    running   1/5  none       312 M  sidekiq@4300.service  25 assumed
    util2:7 web     8.1.7    running   0/5  none 25 s  310 M  -                     25 assumed
    util2:8 web     5.2.10   stale     1/5  none 47 s  310 M  -                     8 assumed
    util3:9         ?        silent    ?/?  none           ?  -                     25 assumed

    CLASS                       QUEUE         PROCESS     ELAPSED  BUDGET  BECOMES      WHY                                         JID
    ReportBuild                 low           util1:4242     9:40    2:30  pushed back  if it still runs at +3:00                   0000000000000reportbuild
    AmazonEdiPushWithALongName  edi_outgoing  util1:4242     1:30    2:30  at risk      it has run more than half of the time left  amazonedipushwithalongname
    GhostlyJob                  low           util3:9        1:10    2:25  may be lost  its process is gone                         00000000000000ghostlyjob
    InventorySync               default       util1:4242     0:31    2:30  fits         it has run less than half of the time left  00000000000inventorysync
    StaleJob                    low           util2:8        0:13    2:08  may be lost  its process sent no heartbeat for 47 s      0000000000000000stalejob
    Undated                     default       util1:4242        ?    2:30  unknown      its start is not known                      00000000000000000undated

    if drained now: an unknown amount of work again

    util1:4300 is not known to this Redis; its environment names redis://10.0.0.6:6379/0
    util2:7: info is no JSON
    "#);
}

#[test]
fn a_fleet_of_nobody_is_said_in_words() {
    let mut fleet = Fleet::default();
    fleet.observe(Observation::Link(Link::Lost {
        since: now(),
        retry_at: now(),
        why: LinkFault::Silent,
    }));
    insta::assert_snapshot!(shown(&fleet, 80), @r#"
    2026-11-21T19:00:00.000Z
    redis://10.0.0.5:6379/0 (REDIS_URL)   no answer in time
    tstp, 120, term, 30, kill   (default)

    no Sidekiq process found on this host
    "#);
}

#[test]
fn the_json_has_every_field() {
    let fleet = fleet();
    let json = with(&fleet, |picture| {
        let rows = PsRow::of(picture, &Choice::default());
        let mut text = serde_json::to_string(&rows.redis).unwrap();
        for process in &rows.processes {
            text += "\n";
            text += &serde_json::to_string(process).unwrap();
        }
        for job in &rows.jobs {
            text += "\n";
            text += &serde_json::to_string(job).unwrap();
        }
        text
    });
    insta::assert_snapshot!(json, @r#"
    {"url":"redis://10.0.0.5:6379/0","link":"connected","rtt_ms":0.31}
    {"identity":"util1:4242:aa","hostname":"util1","pid":4242,"version":"7.3.9","tag":"web","local":true,"unit":"sidekiq@4242.service","state":"running","started_at":"2026-11-21T17:53:20.000Z","concurrency":5,"busy":4,"beat_age_s":3.2,"rss_kb":320000,"queues":["default","low"],"timeout_s":60,"timeout_from":"its command line","timeout_layers":[],"changed_files":[]}
    {"identity":null,"hostname":"util1","pid":4300,"version":"7.3.9","tag":"web","local":true,"unit":"sidekiq@4300.service","state":"running","started_at":"2026-11-21T17:53:10.000Z","concurrency":5,"busy":1,"beat_age_s":null,"rss_kb":320000,"queues":null,"timeout_s":25,"timeout_from":"assumed","timeout_layers":[],"changed_files":[]}
    {"identity":"util2:7:bb","hostname":"util2","pid":7,"version":"8.1.7","tag":"web","local":false,"unit":null,"state":"running","started_at":"2026-11-21T17:53:20.000Z","concurrency":5,"busy":0,"beat_age_s":25,"rss_kb":317440,"queues":["default","low"],"timeout_s":25,"timeout_from":"assumed","timeout_layers":null,"changed_files":null}
    {"identity":"util2:8:dd","hostname":"util2","pid":8,"version":"5.2.10","tag":"web","local":false,"unit":null,"state":"stale","started_at":"2026-11-21T17:53:20.000Z","concurrency":5,"busy":1,"beat_age_s":47,"rss_kb":317440,"queues":["default","low"],"timeout_s":8,"timeout_from":"assumed","timeout_layers":null,"changed_files":null}
    {"identity":"util3:9:cc","hostname":"util3","pid":9,"version":null,"tag":"","local":false,"unit":null,"state":"ghost","started_at":null,"concurrency":null,"busy":null,"beat_age_s":null,"rss_kb":null,"queues":null,"timeout_s":25,"timeout_from":"assumed","timeout_layers":null,"changed_files":null}
    {"jid":"0000000000000reportbuild","class":"ReportBuild","queue":"low","identity":"util1:4242:aa","tid":"t11","run_at":"2026-11-21T18:50:19.599Z","elapsed_s":580,"budget_s":150,"left_s":150,"verdict":"pushed back","why":"if it still runs at +3:00","work_id":"0000000000000reportbuild","checkpoints":null,"stuck":"longer than the time that a drain gives it (2:30)"}
    {"jid":"amazonedipushwithalongname","class":"AmazonEdiPushWithALongName","queue":"edi_outgoing","identity":"util1:4242:aa","tid":"t26","run_at":"2026-11-21T18:58:30.000Z","elapsed_s":90,"budget_s":150,"left_s":150,"verdict":"at risk","why":"it has run more than half of the time left","work_id":"amazonedipushwithalongname","checkpoints":null,"stuck":null}
    {"jid":"00000000000000ghostlyjob","class":"GhostlyJob","queue":"low","identity":"util3:9:cc","tid":"t10","run_at":"2026-11-21T18:58:50.000Z","elapsed_s":70,"budget_s":145,"left_s":null,"verdict":"unknown","why":"its process is gone","work_id":"00000000000000ghostlyjob","checkpoints":null,"stuck":null}
    {"jid":"00000000000inventorysync","class":"InventorySync","queue":"default","identity":"util1:4242:aa","tid":"t13","run_at":"2026-11-21T18:59:29.000Z","elapsed_s":31,"budget_s":150,"left_s":150,"verdict":"fits","why":"it has run less than half of the time left","work_id":"00000000000inventorysync","checkpoints":null,"stuck":null}
    {"jid":"0000000000000000stalejob","class":"StaleJob","queue":"low","identity":"util2:8:dd","tid":"t8","run_at":"2026-11-21T18:59:00.000Z","elapsed_s":13,"budget_s":128,"left_s":128,"verdict":"unknown","why":"its process sent no heartbeat for 47 s","work_id":"0000000000000000stalejob","checkpoints":null,"stuck":"its process has sent no heartbeat for 0:47: whether it still runs is not known"}
    {"jid":"00000000000000000undated","class":"Undated","queue":"default","identity":"util1:4242:aa","tid":"t7","run_at":null,"elapsed_s":null,"budget_s":150,"left_s":150,"verdict":"unknown","why":"its start is not known","work_id":"00000000000000000undated","checkpoints":null,"stuck":null}
    "#);
}

#[test]
fn long_jobs_are_counted_and_lines_cut() {
    let fleet = fleet();
    with(&fleet, |picture| {
        let room = Room {
            width: 100,
            ascii: true,
        };
        let rows = PsRow::of(picture, &Choice::default());
        let text = overlong(&rows.jobs[..2], "45 s", room);
        assert!(
            text.starts_with("2 jobs run longer than 45 s\n\nCLASS"),
            "{text}"
        );
        assert_eq!(overlong(&[], "45 s", room), "");
        assert_eq!(
            top(&text, 3, room),
            "2 jobs run longer than 45 s\n\n(5 more lines)\n"
        );
        assert!(jobs(&rows.jobs, room).is_ascii());
    });
}
