//! The binary: arguments in, exit code out.

use std::io::IsTerminal;
use std::process::ExitCode;

use color_eyre::config::{HookBuilder, Theme};
use drainboard::cli;

fn main() -> ExitCode {
    install_reports();
    cli::run(std::env::args_os()).unwrap_or_else(|failure| cli::report(&failure))
}

/// Panics and unexpected errors as readable reports, without colours where none are wanted.
fn install_reports() {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || !std::io::stderr().is_terminal();
    let theme = if plain { Theme::new() } else { Theme::dark() };
    let installed = HookBuilder::default()
        .theme(theme)
        .display_env_section(false)
        .install();
    if let Err(error) = installed {
        cli::report(&cli::Failure::Unexpected(error));
    }
}
