//! `drain`: the definition of its command line. It is registered as soon as a drain can run.

use clap::Args;

use super::arguments::{ConductOptions, TargetOptions};

/// Arguments of `drain`.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES:
  drainboard drain --yes                            every Sidekiq of this host that this Redis knows
  drainboard drain --unit sidekiq@1.service --sequence 'tstp, 120, term, 30, kill' --json --yes
  ExecStop=-/usr/bin/drainboard drain --pid=${MAINPID} --yes --allow-empty")]
pub struct DrainArguments {
    /// Who is drained.
    #[command(flatten)]
    pub targets: TargetOptions,
    /// What the drain may do.
    #[command(flatten)]
    pub conduct: ConductOptions,
    /// Do not ask before the first signal; needed without a terminal.
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Nothing to drain is success.
    #[arg(long)]
    pub allow_empty: bool,
    /// Why this drain is done, for its record.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Send this signal of the sequence although it destroys running jobs.
    #[arg(long, value_name = "NAME")]
    pub force_signal: Vec<String>,
    /// Turn the exit code of this outcome into 0.
    #[arg(long, value_name = "OUTCOME")]
    pub accept: Vec<String>,
    /// One JSON object a line on standard output.
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Debug, Parser)]
    struct Drain {
        #[command(flatten)]
        common: super::super::EveryCommand,
        #[command(flatten)]
        drain: DrainArguments,
    }

    #[test]
    fn the_line_of_a_unit_is_read() {
        Drain::command().debug_assert();
        let line = [
            "drain",
            "--pid=",
            "--yes",
            "--allow-empty",
            "--kill=follow",
            "--kill-extra=5",
            "--early=never",
        ];
        let read = Drain::try_parse_from(line).unwrap().drain;
        assert!(read.yes && read.allow_empty && read.targets.choice().is_nothing());
        assert_eq!(
            read.conduct.flags().kill_extra,
            Some(std::time::Duration::from_secs(5))
        );
        let wrong = Drain::try_parse_from(["drain", "--kill=folow"]).unwrap_err();
        assert!(
            wrong.to_string().contains("did you mean `follow`?"),
            "{wrong}"
        );
    }
}
