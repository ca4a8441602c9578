//! What Sidekiqs of all versions leave in Redis, written as they write it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use redis::aio::MultiplexedConnection;
use serde_json::{Value, json};

/// One Sidekiq's rows.
pub(crate) struct Rows {
    pub(crate) identity: String,
    pub(crate) version: &'static str,
    pub(crate) beat: f64,
    pub(crate) quiet: bool,
    /// Thread id and entry.
    pub(crate) work: Vec<(String, String)>,
}

/// The versions at which something changed.
pub(crate) const VERSIONS: [&str; 12] = [
    "5.2.10", "6.0.1", "6.0.2", "6.4.1", "6.4.2", "6.5.12", "7.0.1", "7.0.2", "7.3.9", "8.0.9",
    "8.1.1", "8.1.7",
];

fn is_from(version: &str, first: &str) -> bool {
    let numbers = |text: &str| -> Vec<u32> {
        text.split('.')
            .map(|number| number.parse().unwrap())
            .collect()
    };
    numbers(version) >= numbers(first)
}

impl Rows {
    /// A Sidekiq of `version` with one job in `default`.
    pub(crate) fn of(version: &'static str, pid: u32) -> Self {
        let at = 1_795_287_000;
        let jid = format!("{pid:024x}");
        let enqueued: Value = if is_from(version, "8.0.0") {
            json!(1_795_286_999_250_u64)
        } else {
            json!(1_795_286_999.25)
        };
        let job = json!({"class": "ReportBuild", "args": [1], "jid": jid, "queue": "default",
            "retry": true, "enqueued_at": enqueued});
        let payload = if is_from(version, "6.0.2") {
            Value::String(job.to_string())
        } else {
            job
        };
        let entry = json!({"queue": "default", "payload": payload, "run_at": at});
        Self {
            identity: format!("util1:{pid}:0123456789ab"),
            version,
            beat: 1_795_287_345.5,
            quiet: false,
            work: vec![("otb".into(), entry.to_string())],
        }
    }

    /// The key of its work hash.
    pub(crate) fn work_key(&self) -> String {
        let suffix = if is_from(self.version, "6.4.2") {
            "work"
        } else {
            "workers"
        };
        format!("{}:{suffix}", self.identity)
    }

    /// `info` as this version writes it.
    pub(crate) fn info(&self) -> String {
        let mut info = json!({"hostname": "util1", "started_at": 1_795_200_000.5, "pid": 1,
            "tag": "shop", "queues": ["default", "low"], "labels": [], "identity": self.identity});
        if !is_from(self.version, "8.1.2") {
            info["concurrency"] = json!(4);
        }
        if is_from(self.version, "7.0.2") {
            info["version"] = json!(self.version);
        }
        if is_from(self.version, "7.0.3") {
            info["embedded"] = json!(false);
        }
        if is_from(self.version, "8.0.9") {
            info["capsules"] = json!({"default": {"concurrency": 4, "mode": "strict",
                "weights": {"default": 0, "low": 0}}});
        }
        info.to_string()
    }

    /// Writes one beat, all its keys.
    pub(crate) async fn write(&self, connection: &mut MultiplexedConnection) {
        let key = &self.identity;
        let mut pipeline = redis::pipe();
        pipeline.cmd("SADD").arg("processes").arg(key).ignore();
        let mut hash = redis::cmd("HSET");
        hash.arg(key).arg("info").arg(self.info());
        hash.arg("busy").arg(self.work.len());
        hash.arg("beat").arg(self.beat.to_string());
        hash.arg("quiet").arg(self.quiet.to_string());
        if is_from(self.version, "6.1.3") {
            hash.arg("rss").arg(31_476);
        }
        if is_from(self.version, "8.1.2") {
            hash.arg("concurrency").arg(4);
        }
        pipeline.add_command(hash).ignore();
        pipeline.cmd("EXPIRE").arg(key).arg(60).ignore();
        let work = self.work_key();
        pipeline.cmd("UNLINK").arg(&work).ignore();
        for (tid, entry) in &self.work {
            pipeline.cmd("HSET").arg(&work).arg(tid).arg(entry).ignore();
        }
        pipeline.exec_async(connection).await.unwrap();
    }
}
