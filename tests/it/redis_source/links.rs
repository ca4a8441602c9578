//! The link: what is wrong is told apart, nothing waits longer than its limits, and what comes
//! back is found again.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use drainboard::core::fleet::{Link, LinkFault, Observation, Place, Sought};
use drainboard::redis::{Address, Asker, Source, Tuning, look_once};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::support::redis_server::RedisServer;
use crate::support::sidekiq_rows::Rows;

const DEADLINE: Duration = Duration::from_secs(20);

fn hasty() -> Tuning {
    Tuning {
        period: Duration::from_millis(20),
        queues_every: Duration::from_millis(20),
        answer_within: Duration::from_millis(300),
        ..Tuning::default()
    }
}

/// A running source.
struct Running {
    observations: mpsc::Receiver<Observation>,
    asker: Asker,
    task: tokio::task::JoinHandle<()>,
}

fn start(address: Address, settings: Tuning) -> Running {
    let (sender, observations) = mpsc::channel(64);
    let (source, asker) = Source::new(address, settings, sender);
    Running {
        observations,
        asker,
        task: tokio::spawn(source.run()),
    }
}

impl Running {
    /// The next observation that `wanted` takes.
    async fn until<T>(&mut self, wanted: impl Fn(&Observation) -> Option<T>) -> T {
        let waiting = async {
            loop {
                let observation = self.observations.recv().await.expect("the source ended");
                if let Some(found) = wanted(&observation) {
                    return found;
                }
            }
        };
        timeout(DEADLINE, waiting).await.expect("it never came")
    }

    async fn fault(&mut self) -> LinkFault {
        self.until(|observation| {
            let Observation::Link(Link::Lost { why, .. }) = observation else {
                return None;
            };
            Some(why.clone())
        })
        .await
    }

    async fn connected(&mut self) {
        self.until(|observation| {
            matches!(observation, Observation::Link(Link::Connected { .. })).then_some(())
        })
        .await;
    }
}

/// Listens and answers whatever is sent with `answer`, for ever.
fn imposter(answer: &'static [u8]) -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut bytes = [0; 4096];
                while stream.read(&mut bytes).is_ok_and(|read| read > 0) {
                    if stream.write_all(answer).is_err() {
                        return;
                    }
                }
            });
        }
    });
    Address::parse(&format!("redis://:secret@127.0.0.1:{port}")).unwrap()
}

/// Passes on to this Redis what it gets, and back, each piece `late` later: that is the link's own
/// delay, and nothing that the test waits for.
async fn slow_link(server: &RedisServer, late: Duration) -> Address {
    let socket = server.url().replace("unix://", "");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("redis://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let far = UnixStream::connect(&socket).await.unwrap();
            let (near_read, near_write) = near.into_split();
            let (far_read, far_write) = far.into_split();
            tokio::spawn(pass_on(near_read, far_write, late));
            tokio::spawn(pass_on(far_read, near_write, late));
        }
    });
    Address::parse(&address).unwrap()
}

async fn pass_on(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    late: Duration,
) {
    let mut bytes = [0; 8_192];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        tokio::time::sleep(late).await;
        if to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}

async fn refused(address: &Address) -> LinkFault {
    let fault = look_once(address, &hasty()).await.unwrap_err();
    assert!(!format!("{fault} {fault:?}").contains("secret"));
    fault
}

#[tokio::test]
async fn what_is_wrong_is_told_apart() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    let nobody = Address::parse(&format!("redis://:secret@127.0.0.1:{port}")).unwrap();
    assert!(
        matches!(refused(&nobody).await, LinkFault::Unreachable(why) if why.contains("no server listens"))
    );
    let missing = Address::parse("unix:///nonexistent/redis.sock?pass=secret").unwrap();
    assert!(matches!(refused(&missing).await, LinkFault::Unreachable(_)));
    let http = imposter(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    assert!(matches!(refused(&http).await, LinkFault::NotRedis(why) if why.contains("rediss://")));
    let silent = imposter(b"");
    assert_eq!(refused(&silent).await, LinkFault::Silent);
    let tls = silent.to_string().replace("redis://", "rediss://");
    let why = refused(&Address::parse(&tls).unwrap()).await.to_string();
    if cfg!(feature = "tls") {
        assert!(why.contains("redis:// instead of rediss://"), "{why}");
    } else {
        assert!(why.contains("built without TLS"), "{why}");
    }
}

/// Each answer comes in time, all of a connection's together do not.
#[tokio::test]
async fn a_slow_link_is_no_silent_redis() {
    let server = RedisServer::start();
    let rows = Rows::of("7.3.9", 1);
    rows.write(&mut server.connection().await).await;
    let address = slow_link(&server, Duration::from_millis(80)).await;
    let look = look_once(&address, &hasty()).await;
    assert_eq!(look.map(|(look, _)| look.rows.len()).ok(), Some(1));
    let mut source = start(address, hasty());
    source.connected().await;
}

#[tokio::test]
async fn a_redis_that_loads_is_waited_for() {
    let address = imposter(
        b"-LOADING Redis is loading the dataset in memory\r\n"
            .repeat(4)
            .leak(),
    );
    // Without a password nothing but the look itself can be answered so.
    let plain = Address::parse(&address.to_string()).unwrap();
    let mut source = start(plain, hasty());
    assert_eq!(source.fault().await, LinkFault::Loading);
}

#[tokio::test]
async fn who_may_not_look_is_told_so() {
    let server = RedisServer::with(&["--requirepass", "right"]);
    let with = |text: &str| Address::parse(&format!("{}{text}", server.url())).unwrap();
    assert!(matches!(refused(&with("")).await, LinkFault::Denied(why) if why.contains("needed")));
    assert!(
        matches!(refused(&with("?pass=secret")).await, LinkFault::Denied(why) if why.contains("wrong"))
    );
    assert!(look_once(&with("?pass=right"), &hasty()).await.is_ok());
    let beyond = refused(&with("?pass=right&db=99")).await;
    assert!(
        matches!(&beyond, LinkFault::Refused(why) if why.contains("out of range")),
        "{beyond:?}"
    );
}

#[tokio::test]
async fn rights_that_are_missing_are_no_faults_of_rows() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    Rows::of("7.3.9", 1).write(&mut admin).await;
    let mut rights = redis::cmd("ACL");
    rights.arg(&[
        "SETUSER",
        "half",
        "on",
        ">secret",
        "~*",
        "+smembers",
        "+time",
    ]);
    rights.exec_async(&mut admin).await.unwrap();
    let address = Address::parse(&format!("{}?user=half&pass=secret", server.url())).unwrap();
    assert!(matches!(refused(&address).await, LinkFault::Denied(_)));
}

#[tokio::test]
async fn a_server_that_restarts_is_found_again() {
    let mut server = RedisServer::start();
    Rows::of("7.3.9", 1)
        .write(&mut server.connection().await)
        .await;
    let mut source = start(server.address(), hasty());
    let first = source.until(|observation| Some(observation.clone())).await;
    assert!(matches!(first, Observation::Link(Link::Connecting { .. })));
    source.connected().await;
    let seen = |observation: &Observation| {
        let Observation::Look(look) = observation else {
            return None;
        };
        Some(look.rows.len())
    };
    assert_eq!(source.until(seen).await, 1);
    let sought = vec![Sought {
        jid: "j".into(),
        queue: "default".into(),
        payload: [].into(),
        class: None,
    }];
    let nowhere = Place::Nowhere {
        searched_whole: true,
    };
    assert_eq!(source.asker.locate(sought.clone()).await[0].place, nowhere);
    server.stop();
    assert!(matches!(source.fault().await, LinkFault::Unreachable(_)));
    let place = source.asker.locate(sought.clone()).await.remove(0).place;
    assert!(matches!(place, Place::NotAsked { .. }), "{place:?}");
    server.start_again();
    source.connected().await;
    assert_eq!(source.until(seen).await, 0);
    assert_eq!(source.asker.locate(sought).await[0].place, nowhere);
}

#[tokio::test]
async fn a_frozen_server_holds_nothing_up() {
    let server = RedisServer::start();
    let settings = Tuning {
        bounds: drainboard::redis::Bounds {
            within: Duration::from_millis(300),
            ..Tuning::default().bounds
        },
        ..hasty()
    };
    let mut source = start(server.address(), settings);
    source.connected().await;
    server.freeze();
    let began = drainboard::clock::now();
    let sought = vec![Sought {
        jid: "j".into(),
        queue: "q".into(),
        payload: [].into(),
        class: None,
    }];
    let place = source.asker.locate(sought).await.remove(0).place;
    assert!(matches!(place, Place::NotAsked { .. }), "{place:?}");
    assert_eq!(source.fault().await, LinkFault::Silent);
    assert_eq!(source.asker.look_now().await, Err(LinkFault::Silent));
    let once = look_once(&server.address(), &Tuning::default()).await;
    assert_eq!(once.unwrap_err(), LinkFault::Silent);
    let spent = drainboard::clock::now().since(began);
    assert!(spent < Duration::from_secs(8), "{spent:?}");
    server.thaw();
    source.connected().await;
    assert!(source.asker.look_now().await.is_ok());
}

#[tokio::test]
async fn a_look_asked_for_is_later_than_the_question() {
    let server = RedisServer::start();
    let settings = Tuning {
        period: Duration::from_hours(1),
        ..Tuning::default()
    };
    let mut source = start(server.address(), settings);
    source.connected().await;
    let asked = drainboard::clock::now();
    let began = source.asker.look_now().await.unwrap();
    assert!(began >= asked);
    let look = source
        .until(|observation| {
            let Observation::Look(look) = observation else {
                return None;
            };
            (look.asked >= asked).then(|| look.clone())
        })
        .await;
    assert_eq!(look.asked, began);
}

#[tokio::test]
async fn queues_are_counted() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    Rows::of("8.1.7", 1).write(&mut admin).await;
    let mut push = redis::cmd("LPUSH");
    push.arg("queue:default").arg(&["a", "b", "c"]);
    push.exec_async(&mut admin).await.unwrap();
    let mut source = start(server.address(), hasty());
    let depths = source
        .until(|observation| {
            let Observation::Queues(depths) = observation else {
                return None;
            };
            Some(depths.clone())
        })
        .await;
    let depths: Vec<(&str, u64)> = depths
        .iter()
        .map(|depth| (depth.name.as_str(), depth.waiting))
        .collect();
    assert_eq!(depths, [("default", 3), ("low", 0)]);
    // Its last process leaves, and pushes a job back.
    redis::cmd("DEL")
        .arg("processes")
        .exec_async(&mut admin)
        .await
        .unwrap();
    let mut back = redis::cmd("RPUSH");
    back.arg("queue:default").arg("d");
    back.exec_async(&mut admin).await.unwrap();
    source
        .until(|observation| {
            let Observation::Queues(depths) = observation else {
                return None;
            };
            (depths.first()?.waiting == 4).then_some(())
        })
        .await;
}

#[tokio::test]
async fn it_ends_when_nobody_takes_observations() {
    let server = RedisServer::start();
    let mut source = start(server.address(), Tuning::default());
    source.connected().await;
    source.observations.close();
    timeout(DEADLINE, source.task).await.unwrap().unwrap();
}
