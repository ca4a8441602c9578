//! Keys come first, whatever the sources say.

use super::front::{Key, Script};
use super::seconds;
use super::stage::{Stage, start};
use crate::console::Request;
use crate::core::fleet::{LogNews, Observation};
use crate::shell::run;

/// Frames after which a key lies there.
const FRAMES: [usize; 8] = [5, 9, 14, 20, 27, 35, 44, 54];

#[tokio::test(start_paused = true)]
async fn logs_are_read_though_observations_never_cease() {
    let stage = Stage::new(&[&[600.0]]);
    let script = Script::new().key(seconds(5.0), Key::Asks(vec![Request::Quit]));
    let (flooding, flooded) = tokio::sync::mpsc::channel(256);
    let (saying, said) = tokio::sync::mpsc::channel(4);
    let mut world = stage.unseen(flooded);
    world.logs = said;
    let process = stage.targets()[0].local().unwrap();
    let place = Ok("a log".to_owned());
    let news = Observation::Logged(LogNews::Place { process, place });
    saying.send(news).await.unwrap();
    // It goes on until the log was heard, but not for ever.
    world.tasks.spawn(async move {
        for _ in 0..100_000 {
            let nothing = Observation::Queues(Vec::new());
            if saying.capacity() == 4 || flooding.send(nothing).await.is_err() {
                return std::future::pending().await;
            }
        }
        panic!("the log was never heard");
    });
    let session = Stage::session("tstp, 120, term, 30, kill");
    let (session, ..) = run(session, script, world).await.unwrap();
    assert!(session.fleet.logs.of(process).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_observations_delays_no_key() {
    let stage = Stage::new(&[&[600.0]]);
    let mut script = Script::new().key(seconds(5.0), Key::Asks(vec![Request::Quit]));
    for frames in FRAMES {
        script = script.key_after(frames);
    }
    let (flooding, flooded) = tokio::sync::mpsc::channel(256);
    let mut world = stage.unseen(flooded);
    // It never pauses, except to let time pass once every key was there.
    world.tasks.spawn(async move {
        for _ in 0..100_000 {
            let nothing = Observation::Queues(Vec::new());
            if flooding.send(nothing).await.is_err() {
                return Ok(());
            }
        }
        std::future::pending().await
    });
    let session = Stage::session("tstp, 120, term, 30, kill");
    let (_, script, _) = run(session, script, world).await.unwrap();
    // Each was taken right after the frame that it came with, and one frame is at most so many
    // observations.
    assert_eq!(script.taken[..FRAMES.len()], FRAMES);
    assert!(script.frames.len() > 1000, "{}", script.frames.len());
    assert!(stage.now().since(start()) < seconds(7.0));
}
