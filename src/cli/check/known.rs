//! The Sidekiqs that were recognised, one paragraph each: its name, its command with file and
//! line, its T with the reason for it, and what stops it.

use super::stops::{Paper, stop_text};
use crate::core::check::{
    Facts, KnownSidekiq, KnownStop, Runner, StopCommand, effective_timeout, timeout_words,
};
use crate::core::clean::clean;
use crate::core::layers::initializer;

/// Every Sidekiq, then the stops that belong to none of them alone.
pub(super) fn sidekiqs(facts: &Facts, paper: Paper) -> String {
    let mut text = String::new();
    if facts.known.is_empty() {
        text.push_str(
            "No Sidekiq was recognised in what was read (-v lists what was looked at).\n",
        );
        line(&mut text, &own_timeout(facts, None));
        if facts.sidekiq.version.is_some() || !facts.sidekiq.files.read.is_empty() {
            let said = if facts.not_read.is_empty() {
                "This application has Sidekiq: what starts and stops it is not written here. Name those files, too."
            } else {
                "This application has Sidekiq: what starts and stops it was not understood (D51), or is not written here."
            };
            line(&mut text, said);
        }
        text.push('\n');
    } else {
        let plural = if facts.known.len() == 1 { "" } else { "s" };
        line(
            &mut text,
            &format!("{} Sidekiq{plural} in what was read", facts.known.len()),
        );
        text.push('\n');
    }
    for one in &facts.known {
        text.push_str(&paragraph(facts, one, paper));
        text.push('\n');
    }
    let told: Vec<_> = facts
        .known
        .iter()
        .flat_map(|one| one.stops(facts))
        .collect();
    for stated in &facts.sequences {
        let is_told = told
            .iter()
            .any(|stop| matches!(stop, KnownStop::Sequence(other) if std::ptr::eq(*other, stated)));
        if !is_told {
            text.push_str(&stop_text(facts, KnownStop::Sequence(stated), paper));
            text.push('\n');
        }
    }
    text.push_str(&tasks(facts));
    text
}

fn paragraph(facts: &Facts, one: &KnownSidekiq, paper: Paper) -> String {
    let name = clean(&one.name, 120);
    let mut text = match &one.command {
        Some(command) => format!("{name}, {}: {}\n", one.from, clean(command, 300)),
        None => format!("{name}, {}\n", one.from),
    };
    if !one.is_certain {
        let what = match &one.command {
            Some(_) => "its command does not say that it is a Sidekiq, its name does",
            None => "no command is written there: taken for a Sidekiq because of its name",
        };
        line(&mut text, &format!("  {what}"));
    }
    line(&mut text, &own_timeout(facts, Some(one)));
    let stops = one.stops(facts);
    let has_other = facts
        .sequences
        .iter()
        .any(|stated| stated.process.is_none());
    if stops.is_empty() && !has_other {
        let by_task = |command: &StopCommand| {
            let is_task = matches!(command.runner, Runner::Task(_) | Runner::Script(_));
            is_task
                && command
                    .signals(facts.sidekiq.version)
                    .iter()
                    .any(|sent| sent.signal.stops())
        };
        let said = if facts.commands.iter().any(by_task) {
            "How it is stopped is not written here, but in the commands below."
        } else {
            "How it is stopped is not written here (systemd? Compose? Kubernetes? Heroku?)."
        };
        line(&mut text, said);
    }
    for stop in stops {
        text.push_str(&stop_text(facts, stop, paper));
    }
    text
}

/// `T, Sidekiq's own timeout, of jobs: 25 s, the default of Sidekiq 8.1.6; …`.
fn own_timeout(facts: &Facts, of: Option<&KnownSidekiq>) -> String {
    match of {
        Some(one) if facts.known.len() > 1 => format!(
            "T, Sidekiq's own timeout, of {}: {}",
            clean(&one.name, 80),
            one.timeout_words(facts)
        ),
        Some(one) => format!("T, Sidekiq's own timeout: {}", one.timeout_words(facts)),
        None => format!(
            "T, Sidekiq's own timeout: {}",
            timeout_words(&facts.sidekiq, None)
        ),
    }
}

/// The commands of deploy tasks that touch a Sidekiq.
fn tasks(facts: &Facts) -> String {
    let mut text = String::new();
    for command in &facts.commands {
        let is_of_none = match &command.runner {
            Runner::Task(_) | Runner::Script(_) => true,
            Runner::Watcher { .. } => {
                let is_its = |one: &KnownSidekiq| {
                    command.runner.watched() == Some((one.layer, one.name.as_str()))
                };
                !facts.known.iter().any(is_its)
            }
            Runner::ExecStartPre(_)
            | Runner::ExecStopPost(_)
            | Runner::ExecStop(_)
            | Runner::ExecReload(_)
            | Runner::PreStop(_) => false,
        };
        if !is_of_none {
            continue;
        }
        if text.is_empty() {
            text.push_str("commands of deploy tasks, scripts and supervisors that touch Sidekiq\n");
        }
        for (act, place) in command
            .acts()
            .filter(|(act, _)| command.touches_sidekiq(act))
        {
            line(
                &mut text,
                &format!(
                    "  {place}, {}: {}",
                    command.runner,
                    clean(&act.command(), 200)
                ),
            );
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// The lines that publish T, where it is only assumed: of a Sidekiq that was recognised, or of an
/// application that has one. An initializer that publishes it already needs none.
pub(super) fn label(facts: &Facts) -> &'static str {
    let is_assumed = |one: &KnownSidekiq| one.timeout(facts).timeout.is_assumed();
    let sidekiq = &facts.sidekiq;
    let has_sidekiq = sidekiq.version.is_some() || !sidekiq.files.read.is_empty();
    let is_one_assumed = if facts.known.is_empty() {
        has_sidekiq && effective_timeout(sidekiq, None).timeout.is_assumed()
    } else {
        facts.known.iter().any(is_assumed)
    };
    let is_published = (sidekiq.timeouts.iter())
        .any(|located| located.setting == initializer::LABEL && located.value.span().is_none());
    if is_one_assumed && !is_published {
        LABEL
    } else {
        ""
    }
}

/// Run on Sidekiq 6.4.1, 7.3.2 and 8.1.7: `:startup` comes before the first beat, which keeps the
/// labels (`lib/sidekiq/launcher.rb`); 6.x has the settings in `options`.
const LABEL: &str = r#"
T is only assumed. With these lines in config/initializers/sidekiq.rb each
process publishes its own T as a label, for drainboard and Sidekiq's web page:
  Sidekiq.configure_server do |config|
    config.on(:startup) do
      settings = config.respond_to?(:[]) ? config : config.options
      settings[:labels] << "timeout=#{settings[:timeout]}"
    end
  end
"#;

fn line(text: &mut String, line: &str) {
    text.extend([line, "\n"]);
}
