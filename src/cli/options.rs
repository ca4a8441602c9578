//! The groups of options that several subcommands share. An option is visible only where it works.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::core::choice::{self, Choice, Wish};
use crate::core::config::{ConductFlags, Early, Policy, RedisGone, StopUnit, seconds_from_text};
use crate::shell::HangUp;

/// Reads what a drain does when its terminal is gone.
pub(super) fn on_hangup(text: &str) -> Result<HangUp, String> {
    match text {
        "hold" => Ok(HangUp::Holds),
        "continue" => Ok(HangUp::Continues),
        other => Err(format!("`{other}` is neither hold nor continue")),
    }
}

/// Options that every subcommand takes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Everywhere")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub struct EveryCommand {
    /// Read this configuration and no other.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The Redis of the Sidekiqs: `redis://[user:password@]host:port/database`, `rediss://`,
    /// `unix:/path`, `sentinel://host:port,host:port/name`.
    #[arg(long, global = true, value_name = "URL")]
    pub redis: Option<String>,
    /// How that Redis is reached.
    #[command(flatten)]
    pub reached: RedisOptions,
    /// The stop sequence: signals and whole seconds alternate.
    #[arg(long, global = true, value_name = "SEQUENCE")]
    pub sequence: Option<String>,
    /// Sidekiq's own timeout (its -t) in seconds, instead of what each process publishes by its label
    /// timeout=N or its files state.
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds_from_text, allow_negative_numbers = true)]
    pub timeout: Option<Duration>,
    /// Take away everything that changes something.
    #[arg(long, global = true)]
    pub read_only: bool,
    /// No colours (as `NO_COLOR` has it).
    #[arg(long, global = true)]
    pub no_color: bool,
    /// Lines and bars in ASCII alone.
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Show the arguments of jobs; they may hold secrets.
    #[arg(long, global = true)]
    pub show_args: bool,
    /// Where records of drains are kept.
    #[arg(long, global = true, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Write this program's own log to FILE.
    #[arg(long, global = true, value_name = "FILE")]
    pub log: Option<PathBuf>,
}

/// Options that say how Redis is reached.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct RedisOptions {
    /// The prefix of all keys, where redis-namespace is used; else `REDIS_NAMESPACE`.
    #[arg(long, global = true, value_name = "NAME")]
    pub namespace: Option<String>,
    /// TLS: the certificate of the authority that signed the server's, or the server's own (PEM).
    #[arg(long, global = true, value_name = "FILE")]
    pub redis_ca: Option<PathBuf>,
    /// TLS: our own certificate (PEM), where the server asks for one.
    #[arg(long, global = true, value_name = "FILE")]
    pub redis_cert: Option<PathBuf>,
    /// TLS: the private key of our own certificate (PEM).
    #[arg(long, global = true, value_name = "FILE", requires = "redis_cert")]
    pub redis_key: Option<PathBuf>,
    /// TLS: take any certificate for the server's. Every screen says so.
    #[arg(long, global = true, conflicts_with = "redis_ca")]
    pub redis_insecure: bool,
}

/// Options that choose targets. One that is empty, or begins with `-`, chooses nothing.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Targets")]
pub struct TargetOptions {
    /// The process with this pid, or the Sidekiq that it wraps.
    #[arg(long, value_name = "PID", value_parser = choice::pid, allow_hyphen_values = true)]
    pub pid: Vec<Wish<u32>>,
    /// The process with this identity (`host:pid:nonce`).
    #[arg(long, value_name = "IDENTITY", value_parser = named, allow_hyphen_values = true)]
    pub identity: Vec<Wish<String>>,
    /// The processes of this systemd unit.
    #[arg(long, value_name = "UNIT", value_parser = named, allow_hyphen_values = true)]
    pub unit: Vec<Wish<String>>,
    /// The processes of this host. Those of another host are reached through Redis: they take a
    /// signal at their next heartbeat, and no KILL.
    #[arg(long, value_name = "HOST", value_parser = named, allow_hyphen_values = true)]
    pub host: Vec<Wish<String>>,
    /// The processes with this tag.
    #[arg(long, value_name = "TAG", value_parser = named, allow_hyphen_values = true)]
    pub tag: Vec<Wish<String>>,
    /// The processes that serve this queue; may be given more than once.
    #[arg(long, value_name = "QUEUE", value_parser = named, allow_hyphen_values = true)]
    pub queue: Vec<Wish<String>>,
    /// Every Sidekiq of this host, whether the connected Redis knows it or not.
    #[arg(long)]
    pub all: bool,
    /// Every Sidekiq that the connected Redis knows, on whatever host; --host, --tag and --queue narrow
    /// it down.
    #[arg(long, conflicts_with = "all")]
    pub all_hosts: bool,
}

#[expect(clippy::unnecessary_wraps, reason = "clap takes parsers that may fail")]
pub(super) fn named(text: &str) -> Result<Wish<String>, std::convert::Infallible> {
    Ok(choice::name(text))
}

impl TargetOptions {
    /// The choice that was asked for.
    pub fn choice(&self) -> Choice {
        fn chosen<T: Clone>(wishes: &[Wish<T>]) -> Vec<T> {
            wishes.iter().filter_map(|wish| wish.0.clone()).collect()
        }
        // A filter that names nothing leaves nothing over, whatever else is chosen.
        let filters = [&self.host, &self.tag, &self.queue];
        let named_nothing = |wishes: &&Vec<Wish<String>>| {
            !wishes.is_empty() && wishes.iter().all(|wish| wish.0.is_none())
        };
        if filters.iter().any(named_nothing) {
            return Choice {
                asked: true,
                ..Choice::default()
            };
        }
        let texts = [
            &self.identity,
            &self.unit,
            &self.host,
            &self.tag,
            &self.queue,
        ];
        Choice {
            asked: self.all
                || self.all_hosts
                || !self.pid.is_empty()
                || texts.into_iter().any(|wishes| !wishes.is_empty()),
            pids: chosen(&self.pid),
            identities: chosen(&self.identity),
            units: chosen(&self.unit),
            hosts: chosen(&self.host),
            tags: chosen(&self.tag),
            queues: chosen(&self.queue),
            all: self.all,
            all_hosts: self.all_hosts,
        }
    }
}

/// Options that say what a drain may do.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Conduct")]
pub struct ConductOptions {
    /// When KILL is due and jobs would be lost: ask, wait-for-requeue or follow.
    #[arg(long, value_name = "POLICY")]
    pub kill: Option<Policy>,
    /// How long KILL may wait for jobs to be back in their queues [default: 30].
    #[arg(long, value_name = "SECONDS", value_parser = seconds_from_text, allow_negative_numbers = true)]
    pub kill_extra: Option<Duration>,
    /// When TERM is due, jobs run and Redis does not answer, which their push-back needs: hold (at
    /// most 60 s, then go) or go [default: hold; the console asks].
    #[arg(long, value_name = "WHAT")]
    pub redis_gone: Option<RedisGone>,
    /// Whether a wait before TERM ends once every target is idle: idle or never [default: idle].
    #[arg(long, value_name = "WHEN")]
    pub early: Option<Early>,
    /// Where systemd would start it again, `systemctl stop` of its unit takes TERM's place: idle,
    /// always or never [default: idle].
    #[arg(long, value_name = "WHEN")]
    pub stop_unit: Option<StopUnit>,
    /// Take no lock in Redis on processes of other hosts: two drains of one then do not exclude each
    /// other.
    #[arg(long)]
    pub no_redis_lock: bool,
}

impl ConductOptions {
    /// Whether any of them is given.
    pub fn is_given(&self) -> bool {
        self.kill.is_some()
            || self.kill_extra.is_some()
            || self.redis_gone.is_some()
            || self.early.is_some()
            || self.stop_unit.is_some()
            || self.no_redis_lock
    }

    /// The flags as the settings take them.
    pub fn flags(&self) -> ConductFlags {
        ConductFlags {
            kill: self.kill,
            kill_extra: self.kill_extra,
            redis_gone: self.redis_gone,
            early: self.early,
            stop_unit: self.stop_unit,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Debug, Parser)]
    struct Targets {
        #[command(flatten)]
        targets: TargetOptions,
        #[arg(long)]
        yes: bool,
    }

    fn choice(arguments: &[&str]) -> Result<Choice, clap::Error> {
        let all = std::iter::once("test").chain(arguments.iter().copied());
        Targets::try_parse_from(all).map(|read| read.targets.choice())
    }

    #[test]
    fn the_definitions_agree_with_each_other() {
        Targets::command().debug_assert();
    }

    #[test]
    fn a_choice_of_nothing_is_asked_for_and_empty() {
        for arguments in [
            &["--pid="][..],
            &["--pid", ""],
            &["--pid=-5"],
            &["--pid", "-5"],
            &["--pid", "--yes"],
            &["--unit="],
            &["--unit", "-x"],
            &["--identity=", "--host=", "--tag=", "--queue="],
        ] {
            let choice = choice(arguments).unwrap();
            assert!(choice.is_nothing(), "{arguments:?}: {choice:?}");
        }
        assert!(!choice(&[]).unwrap().asked);
    }

    #[test]
    fn choices_add_up() {
        let found = choice(&[
            "--pid=7",
            "--pid",
            "8",
            "--pid=",
            "--queue=a",
            "--queue=b",
            "--yes",
        ]);
        let found = found.unwrap();
        assert_eq!(found.pids, [7, 8]);
        assert_eq!(found.queues, ["a", "b"]);
        assert!(found.asked && !found.is_nothing());
        assert!(choice(&["--all"]).unwrap().all);
        let wrong = choice(&["--pid=abc"]).unwrap_err();
        assert_eq!(wrong.exit_code(), 2);
        assert!(wrong.to_string().contains("`abc` is not a pid"));
    }
}
