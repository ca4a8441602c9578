//! The demo's processes, its jobs and its incidents: every outcome occurs in a drain that begins
//! at any time. Constants only.

use std::time::Duration;

use crate::core::sidekiq::Temper;

/// The name of the host that is played.
pub(super) const HOST: &str = "util1";
/// The stop sequence of the demo: a drain of about 90 s.
pub(super) const SEQUENCE: &str = "tstp, 60, term, 20, kill";
/// `-t` of every process.
pub(super) const TIMEOUT: Duration = Duration::from_secs(12);

/// The event in the life of a process while a drain goes on. Each process stands for its place in
/// [`FLEET`].
#[derive(Debug)]
pub(super) enum Incident {
    /// It hangs for so long: it beats no more and heeds no signal.
    Hangs(usize, Duration),
    /// A deploy starts this one.
    Starts(&'static Role),
    /// It dies as by a signal, and its job with it. Its log is read: that tells the job was running.
    Dies(usize),
}

/// The incidents, in their order, each so long after the begin of a drain. The hang ends before
/// TERM is due.
pub(super) const INCIDENTS: [(Duration, Incident); 3] = [
    (
        Duration::from_secs(8),
        Incident::Hangs(2, Duration::from_secs(35)),
    ),
    (Duration::from_secs(12), Incident::Starts(&REPLACEMENT)),
    (Duration::from_secs(27), Incident::Dies(4)),
];

/// A process.
#[derive(Debug)]
pub(super) struct Role {
    pub(super) unit: &'static str,
    pub(super) version: &'static str,
    pub(super) tag: &'static str,
    pub(super) queues: &'static [&'static str],
    pub(super) threads: usize,
    pub(super) rss_kb: u64,
    /// Seconds from the last beat to the first frame; negative: it boots for so long.
    pub(super) beaten_s: i32,
    /// How long its exit takes: with a stuck thread, longer than the drain waits.
    pub(super) exit_takes: Duration,
    /// The Redis that it belongs to, where that is not the demo's own: a stranger on this host.
    pub(super) redis: Option<&'static str>,
}

const AT_ONCE: Duration = Duration::from_millis(400);

/// The fleet at the first frame.
pub(super) const FLEET: [Role; 6] = [
    Role {
        unit: "sidekiq-web@1.service",
        version: "7.3.9",
        tag: "shop",
        queues: &["web", "default", "mailers"],
        threads: 5,
        rss_kb: 318_204,
        beaten_s: 2,
        exit_takes: AT_ONCE,
        redis: None,
    },
    Role {
        unit: "sidekiq-edi.service",
        version: "7.3.9",
        tag: "shop-edi",
        queues: &["edi", "low"],
        threads: 5,
        rss_kb: 401_880,
        beaten_s: 5,
        exit_takes: AT_ONCE,
        redis: None,
    },
    Role {
        unit: "sidekiq-web@2.service",
        version: "8.1.7",
        tag: "shop",
        queues: &["web", "default"],
        threads: 5,
        rss_kb: 296_412,
        beaten_s: 7,
        exit_takes: AT_ONCE,
        redis: None,
    },
    Role {
        unit: "sidekiq-low.service",
        version: "8.1.7",
        tag: "shop-low",
        queues: &["low", "mailers"],
        threads: 3,
        rss_kb: 233_976,
        beaten_s: 9,
        exit_takes: Duration::from_secs(900),
        redis: None,
    },
    Role {
        unit: "sidekiq-feeds.service",
        version: "7.3.9",
        tag: "shop-feeds",
        queues: &["feeds"],
        threads: 3,
        rss_kb: 512_008,
        beaten_s: 3,
        exit_takes: AT_ONCE,
        redis: None,
    },
    Role {
        unit: "crm-sidekiq.service",
        version: "6.5.12",
        tag: "crm",
        queues: &["crm"],
        threads: 2,
        rss_kb: 141_316,
        beaten_s: 1,
        exit_takes: AT_ONCE,
        redis: Some("redis://10.0.0.9:6379/1"),
    },
];

/// The one that a deploy starts while the others drain. It serves neither `low` nor `edi`.
pub(super) const REPLACEMENT: Role = Role {
    unit: "sidekiq-web@3.service",
    version: "8.1.7",
    tag: "shop",
    queues: &["web", "default", "mailers"],
    threads: 5,
    rss_kb: 187_344,
    beaten_s: -5,
    exit_takes: AT_ONCE,
    redis: None,
};

/// A job that one process always has; when it ends, the next of its kind begins.
#[derive(Debug)]
pub(super) struct StandingJob {
    pub(super) child: usize,
    pub(super) class: &'static str,
    pub(super) queue: &'static str,
    pub(super) lasts: Option<Duration>,
    pub(super) temper: Temper,
    /// How long the first one has been running at the first frame.
    pub(super) ran: Duration,
}

const fn minutes(minutes: u64, seconds: u64) -> Duration {
    Duration::from_secs(minutes * 60 + seconds)
}

/// The jobs that show what a drain is about.
pub(super) const STANDING: [StandingJob; 6] = [
    // Fails within the wait before TERM, whenever that begins: retried.
    StandingJob {
        child: 0,
        class: "CarrierLabel",
        queue: "web",
        lasts: Some(minutes(0, 40)),
        temper: Temper::Fails,
        ran: minutes(0, 11),
    },
    // Holds the interpreter: its push-back comes after KILL is due. Nobody else serves its
    // queue: if it is killed before, it is provably lost.
    StandingJob {
        child: 1,
        class: "PriceOptimizer",
        queue: "edi",
        lasts: None,
        temper: Temper::HoldsInterpreter(Duration::from_secs(10)),
        ran: minutes(3, 20),
    },
    // Overruns every budget: pushed back.
    StandingJob {
        child: 2,
        class: "ReportBuild",
        queue: "default",
        lasts: Some(minutes(50, 0)),
        temper: Temper::Plain,
        ran: minutes(9, 40),
    },
    // Stops by itself between two iterations: pushed back to the end of its queue.
    StandingJob {
        child: 2,
        class: "CatalogImport",
        queue: "default",
        lasts: Some(minutes(30, 0)),
        temper: Temper::Iterates(Duration::from_millis(1500)),
        ran: minutes(2, 5),
    },
    // Stuck, and swallows the interruption: its process goes with KILL alone.
    StandingJob {
        child: 3,
        class: "CrmSync",
        queue: "low",
        lasts: None,
        temper: Temper::SwallowsShutdown,
        ran: minutes(26, 12),
    },
    // Its process dies in the wait before TERM, and no other serves its queue: lost for sure, until
    // it is pushed back.
    StandingJob {
        child: 4,
        class: "SupplierFeed",
        queue: "feeds",
        lasts: Some(minutes(40, 0)),
        temper: Temper::Plain,
        ran: minutes(4, 10),
    },
];

/// An ordinary kind of job: class, queue, shortest and longest time in seconds, and how often
/// one comes, in hundredths a second. The longest ends within the wait before TERM.
pub(super) struct JobKind(
    pub(super) &'static str,
    pub(super) &'static str,
    pub(super) u64,
    pub(super) u64,
    pub(super) u64,
);

/// The shop's day.
pub(super) const KINDS: [JobKind; 10] = [
    JobKind("WebhookDelivery", "web", 2, 6, 20),
    JobKind("ThumbnailRender", "web", 4, 12, 12),
    JobKind("InventorySync", "default", 8, 25, 14),
    JobKind("OrderConfirm", "default", 3, 9, 18),
    JobKind("ReceiptMail", "mailers", 2, 5, 16),
    JobKind("NewsletterBatch", "mailers", 15, 40, 4),
    JobKind("AmazonEdiPush", "edi", 18, 45, 5),
    JobKind("EdiAckFetch", "edi", 5, 12, 10),
    JobKind("SearchReindex", "low", 15, 40, 5),
    JobKind("LogArchive", "low", 10, 30, 5),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::sequence::Sequence;

    #[test]
    fn the_sequence_leaves_room_for_every_outcome() {
        let sequence: Sequence = SEQUENCE.parse().unwrap();
        let quiet = sequence.quiet_wait().unwrap();
        let stop = sequence.stop_wait().unwrap();
        for JobKind(class, _, shortest, longest, _) in KINDS {
            assert!(
                shortest < longest && Duration::from_secs(longest) < quiet,
                "{class}"
            );
        }
        let failing = STANDING.iter().find(|job| job.temper == Temper::Fails);
        assert!(failing.unwrap().lasts.unwrap() < quiet);
        let late = STANDING.iter().find_map(|job| match job.temper {
            Temper::HoldsInterpreter(late) => Some(late),
            Temper::Plain
            | Temper::Fails
            | Temper::SwallowsShutdown
            | Temper::Iterates(_)
            | Temper::Checkpoints(_) => None,
        });
        assert!(TIMEOUT + late.unwrap() > stop, "KILL comes first");
        assert!(TIMEOUT + Duration::from_secs(5) < stop);
    }

    #[test]
    fn incidents_come_in_their_order_and_end_before_term() {
        let quiet = SEQUENCE.parse::<Sequence>().unwrap().quiet_wait().unwrap();
        let ends = |(after, incident): &(Duration, Incident)| match incident {
            Incident::Hangs(_, lasts) => *after + *lasts,
            Incident::Starts(_) | Incident::Dies(_) => *after,
        };
        assert!(INCIDENTS.iter().map(ends).all(|end| end < quiet));
        assert!(INCIDENTS.is_sorted_by_key(|(after, _)| *after));
        let dies = |child| {
            INCIDENTS
                .iter()
                .any(|(_, incident)| matches!(incident, Incident::Dies(number) if *number == child))
        };
        let die = STANDING.iter().filter(|job| dies(job.child));
        let classes: Vec<&str> = die.map(|job| job.class).collect();
        assert_eq!(classes, ["SupplierFeed"]);
    }

    #[test]
    fn no_other_process_serves_the_queue_of_a_job_that_may_be_lost() {
        for job in &STANDING {
            assert!(FLEET[job.child].queues.contains(&job.queue), "{job:?}");
            let dies = |(_, incident): &(Duration, Incident)| matches!(incident, Incident::Dies(child) if *child == job.child);
            if matches!(job.temper, Temper::HoldsInterpreter(_)) || INCIDENTS.iter().any(dies) {
                let all = FLEET.iter().chain([&REPLACEMENT]);
                let serving = all.filter(|role| role.queues.contains(&job.queue));
                assert_eq!(serving.count(), 1);
            }
        }
    }
}
