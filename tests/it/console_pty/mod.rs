//! The console in a real terminal, from end to end: keys in, the screen read back. Each test
//! has a Redis, Sidekiqs and a terminal of its own.

mod appearance;
mod backtraces;
mod cancels;
mod crowds;
mod dead;
pub(crate) mod drains;
mod filmed;
mod findings;
mod held;
mod leaving;
mod link;
mod panics;
mod played;
mod rescues;
mod sizes;
mod stops;

use std::time::Duration;

use drainboard::clock;
use drainboard::core::moment::Moment;

use crate::support::scene::Scene;
use crate::support::sidekiq_rows::Rows;

/// Three Sidekiqs of another host, one job on each.
fn fixture_rows(scene: &Scene) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(write_rows(scene));
}

async fn write_rows(scene: &Scene) {
    let mut connection = scene.redis.connection().await;
    for (pid, class) in [
        (4242, "ReportBuild"),
        (4243, "AmazonEdiPush"),
        (4244, "InventorySync"),
    ] {
        let mut rows = Rows::of("7.3.9", pid);
        let now = clock::now().epoch();
        rows.beat = now;
        let since = serde_json::json!(now.floor() - 31.0);
        for (_, entry) in &mut rows.work {
            *entry = entry
                .replace("ReportBuild", class)
                .replace("1795287000", &since.to_string());
        }
        rows.write(&mut connection).await;
    }
}

/// By the contract less than a second; the rest is for a busy machine.
#[track_caller]
fn assert_soon(since: Moment) {
    let took = clock::now().since(since);
    assert!(took < Duration::from_secs(5), "{took:?}");
}
