//! A task that ends, fails or panics ends the loop with an error; none is left unseen.

use color_eyre::eyre::eyre;
use tokio::time::sleep;

use super::front::Script;
use super::seconds;
use super::stage::Stage;
use crate::shell::run;

/// How the loop ends if one more task ends so, two seconds into a drain.
async fn ends(task: impl Future<Output = color_eyre::Result<()>> + Send + 'static) -> String {
    let stage = Stage::new(&[&[600.0]]);
    let script = Script::new().drains(seconds(1.0), stage.targets());
    let mut world = stage.world();
    world.tasks.spawn(async move {
        sleep(seconds(3.0)).await;
        task.await
    });
    let session = Stage::session("tstp, 120, term, 30, kill");
    let error = run(session, script, world).await.err();
    let sent = stage.sidekiqs().signals.len();
    assert_eq!(sent, 1, "nothing more is sent");
    assert!(stage.now().since(super::stage::start()) < seconds(4.0));
    format!("{:#}", error.expect("an error"))
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_task_ends_the_loop() {
    let why = ends(async { panic!("a fault in a source") }).await;
    assert!(
        why.contains("panic") && why.contains("a fault in a source"),
        "{why}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_task_that_fails_ends_the_loop_with_its_reason() {
    let why = ends(async { Err(eyre!("/proc is gone")) }).await;
    assert!(why.contains("/proc is gone"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_ends_too_early_is_a_fault() {
    let why = ends(async { Ok(()) }).await;
    assert!(why.contains("ended unexpectedly"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_question_ends_the_loop() {
    let stage = Stage::new(&[&[600.0]]);
    let script = Script::new();
    let mut world = stage.world();
    world
        .questions
        .spawn(async { panic!("a fault in an answer") });
    let session = Stage::session("tstp, 120, term, 30, kill");
    let error = run(session, script, world).await.err().expect("an error");
    assert!(
        format!("{error:#}").contains("a fault in an answer"),
        "{error:#}"
    );
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "a fault in a panel")]
async fn a_panic_while_it_draws_is_not_swallowed() {
    let stage = Stage::new(&[&[]]);
    let mut script = Script::new();
    script.panics = Some(3);
    drop(run(Stage::session("tstp"), script, stage.world()).await);
}
