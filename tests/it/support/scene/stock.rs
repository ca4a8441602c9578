//! Redis of a scene, read and changed behind the back of its Sidekiqs.

use drainboard::clock;
use redis::Commands;
use serde_json::json;

use super::Scene;

impl Scene {
    /// Registers so many processes of which nothing else is left, in one command for a thousand.
    pub(crate) fn register_dead(&self, count: usize) {
        let mut connection = self.connection();
        let names: Vec<String> = (0..count)
            .map(|number| format!("web{number}:{number}:abcabcabcabc"))
            .collect();
        for names in names.chunks(1_000) {
            let _: () = connection.sadd("processes", names).unwrap();
        }
    }

    /// Registers a process of another host that shows so many jobs as no Sidekiq has.
    pub(crate) fn register_row_of(&self, jobs: usize) {
        self.register_row("elsewhere:1:abcabcabcabc", jobs);
    }

    /// The same under the name `identity`.
    pub(crate) fn register_row(&self, identity: &str, jobs: usize) {
        let mut connection = self.connection();
        let now = clock::now().epoch();
        let info = json!({"hostname": "elsewhere", "pid": 1, "queues": ["elsewhere"],
            "version": "7.3.2", "started_at": now, "concurrency": 5});
        let fields = [
            ("info", info.to_string()),
            ("busy", jobs.to_string()),
            ("beat", now.to_string()),
            ("quiet", "false".into()),
        ];
        let _: () = connection.sadd("processes", identity).unwrap();
        let _: () = connection.hset_multiple(identity, &fields).unwrap();
        let entry = |number| {
            let payload =
                json!({"class": "ElsewhereJob", "jid": format!("{number:024x}"), "args": []});
            let entry = json!({"queue": "elsewhere", "run_at": now.floor(), "payload": payload.to_string()});
            (format!("t{number}"), entry.to_string())
        };
        let entries: Vec<(String, String)> = (0..jobs).map(entry).collect();
        for entries in entries.chunks(1_000) {
            let _: () = connection
                .hset_multiple(format!("{identity}:work"), entries)
                .unwrap();
        }
    }

    /// Stands in for Sidekiq Pro's `super_fetch`: what was fetched stands in the private list of
    /// the process too.
    pub(crate) fn keep_privately(&self, jid: &str) {
        let mut connection = self.connection();
        let known: Vec<String> = connection.smembers("processes").unwrap();
        let identity = known.first().unwrap();
        let work: Vec<String> = connection.hvals(format!("{identity}:work")).unwrap();
        let entry = work.iter().find(|entry| entry.contains(jid)).unwrap();
        let entry: serde_json::Value = serde_json::from_str(entry).unwrap();
        let payload = entry["payload"].as_str().unwrap();
        let _: () = connection.sadd("super_processes", identity).unwrap();
        let list = format!("queue:sq|{identity}|default");
        let _: () = connection.lpush(list, payload).unwrap();
    }

    /// Writes what a Sidekiq of another machine would that has the host name and the pid of one of
    /// this scene: it has just started, is idle and quiet.
    pub(crate) fn imitate_twin(&self, pid: u32) {
        let mut connection = self.connection();
        let own = format!(":{pid}:");
        let known = self.identities();
        let real = known
            .iter()
            .find(|identity| identity.contains(&own) && !identity.ends_with(&"f".repeat(12)));
        let real = real.unwrap();
        let info: String = connection.hget(real, "info").unwrap();
        let twin = format!("{}{}", &real[..real.len() - 12], "f".repeat(12));
        let now = clock::now().epoch();
        let mut info: serde_json::Value = serde_json::from_str(&info).unwrap();
        info["started_at"] = json!(now);
        info["identity"] = json!(twin);
        let fields = [
            ("info", info.to_string()),
            ("busy", "0".into()),
            ("beat", now.to_string()),
            ("quiet", "true".into()),
        ];
        let _: () = connection.sadd("processes", &twin).unwrap();
        let _: () = connection.hset_multiple(&twin, &fields).unwrap();
        let _: () = connection.expire(&twin, 60).unwrap();
    }

    /// Takes away what dead Sidekiqs have left behind, as time does.
    pub(crate) fn forget_processes(&self) {
        let mut connection = self.connection();
        for identity in self.identities() {
            let _: () = connection.srem("processes", &identity).unwrap();
            let keys = [
                format!("{identity}:work"),
                format!("{identity}:workers"),
                identity,
            ];
            let _: () = connection.del(&keys).unwrap();
        }
    }

    /// Whether its Redis takes writes: a replica takes none.
    pub(crate) fn take_writes(&self, does: bool) {
        let mut command = redis::cmd("REPLICAOF");
        let primary = if does {
            ["NO", "ONE"]
        } else {
            ["127.0.0.1", "1"]
        };
        let _: () = command.arg(&primary).query(&mut self.connection()).unwrap();
    }

    /// Registers a second Sidekiq that shows the same as `identity`, under another nonce; gives its
    /// identity.
    pub(crate) fn twin_of(&self, identity: &str) -> String {
        let mut connection = self.connection();
        let (place, _) = identity.rsplit_once(':').unwrap();
        let twin = format!("{place}:ffffffffffff");
        let hash: Vec<(String, String)> = connection.hgetall(identity).unwrap();
        let _: () = connection.hset_multiple(&twin, &hash).unwrap();
        let _: () = connection.sadd("processes", &twin).unwrap();
        twin
    }

    /// Waits until the scheduler of a Sidekiq has had its first turn, after up to 15 s: until then
    /// an error of Redis ends its thread.
    pub(crate) fn wait_until_scheduling(&self) {
        let jid = "f".repeat(24);
        let job = json!({"class": "SleepJob", "args": [0], "jid": jid, "queue": "default",
            "retry": true, "created_at": 1.5});
        let mut connection = self.connection();
        let _: () = connection.zadd("schedule", job.to_string(), 1).unwrap();
        self.wait_for_trace("done", &jid);
    }

    /// How often the job stands in its queue.
    pub(crate) fn times_queued(&self, queue: &str, jid: &str) -> usize {
        let mut connection = self.connection();
        let jobs: Vec<String> = connection.lrange(format!("queue:{queue}"), 0, -1).unwrap();
        jobs.iter().filter(|job| job.contains(jid)).count()
    }

    /// Puts a job into the retry set that failed by this error; gives its id.
    pub(crate) fn fail_by(&self, error: &str) -> String {
        self.started.set(self.started.get() + 1);
        let jid = format!("{:024x}", self.started.get());
        let job = json!({"class": "FailJob", "args": [0], "jid": jid, "queue": "default",
            "retry": true, "error_class": error, "retry_count": 1});
        let later = clock::now().epoch() + 86_400.0;
        let _: () = self
            .connection()
            .zadd("retry", job.to_string(), later)
            .unwrap();
        jid
    }

    /// Takes the job out of its queue, as a Sidekiq that runs it would.
    pub(crate) fn forget(&self, jid: &str) {
        let mut connection = self.connection();
        for queue in ["default", "low"] {
            let key = format!("queue:{queue}");
            let jobs: Vec<String> = connection.lrange(&key, 0, -1).unwrap();
            for job in jobs.iter().filter(|job| job.contains(jid)) {
                let _: () = connection.lrem(&key, 0, job).unwrap();
            }
        }
    }

    /// How often the job stands in the retry set.
    pub(crate) fn times_retried(&self, jid: &str) -> usize {
        let mut connection = self.connection();
        let jobs: Vec<String> = connection.zrange("retry", 0, -1).unwrap();
        jobs.iter().filter(|job| job.contains(jid)).count()
    }
}
