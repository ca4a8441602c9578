//! Which Redis answered a look. A server that comes back empty answers like the one before it;
//! only its identity tells them apart.

/// The identity of a Redis server, from `INFO server` and, from Redis 7.0, `INFO replication` in
/// the same command. Redis draws `run_id` anew at each start.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ServerIdentity {
    /// `run_id`: 40 hexadecimal digits, new at each start of the server.
    pub run_id: String,
    /// The identity of what it holds; `None` before Redis 7.0, and where a proxy leaves it out.
    pub replication: Option<Replication>,
}

/// The identity of a data set. Redis draws `master_replid` when it starts empty, and a replica
/// takes over that of its primary.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Replication {
    /// `master_replid`.
    pub id: String,
    /// `master_replid2`: the one before, where a replica was promoted, or a dump that names one
    /// was loaded.
    pub before: Option<String>,
    /// `role:slave`: it takes writes from its primary alone.
    pub replica: bool,
}

impl ServerIdentity {
    /// Whether what this server holds goes on from what `earlier` held: the same run, or data of
    /// the same origin (a promoted replica). Any other server may be empty, and so may a
    /// restarted one: only one that had replicas writes the identity of its data into its dump
    /// (Redis 7.0 `rdb.c`, `rdbPopulateSaveInfo`). A flush does not show here.
    pub fn goes_on_from(&self, earlier: &Self) -> bool {
        if self.run_id == earlier.run_id {
            return match (&self.replication, &earlier.replication) {
                // A replica that was given another primary has other data under the same run.
                (Some(now), Some(then)) => now.is_of(then),
                (_, _) => true,
            };
        }
        match (&self.replication, &earlier.replication) {
            (Some(now), Some(then)) => now.is_of(then),
            (_, _) => false,
        }
    }
}

impl Replication {
    fn is_of(&self, earlier: &Self) -> bool {
        self.id == earlier.id || self.before.as_ref() == Some(&earlier.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(run: &str, replication: Option<(&str, Option<&str>)>) -> ServerIdentity {
        ServerIdentity {
            run_id: run.into(),
            replication: replication.map(|(id, before)| Replication {
                id: id.into(),
                before: before.map(str::to_owned),
                replica: false,
            }),
        }
    }

    #[test]
    fn data_goes_on_in_the_same_run_and_in_a_promoted_replica_alone() {
        let first = server("run1", Some(("data1", None)));
        assert!(first.goes_on_from(&first));
        let promoted = server("run2", Some(("data2", Some("data1"))));
        assert!(promoted.goes_on_from(&first));
        let empty = server("run2", Some(("data2", None)));
        assert!(!empty.goes_on_from(&first));
        let resynchronised = server("run1", Some(("data3", None)));
        assert!(!resynchronised.goes_on_from(&first));
    }

    #[test]
    fn without_the_identity_of_the_data_the_run_alone_counts() {
        let old = server("run1", None);
        assert!(old.goes_on_from(&old));
        assert!(!server("run2", None).goes_on_from(&old));
    }
}
