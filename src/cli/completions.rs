//! `completions`: what a shell needs to complete this command line, from its own definitions.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::arguments::Arguments;

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES:
  drainboard completions bash > /etc/bash_completion.d/drainboard
  drainboard completions zsh > ~/.zfunc/_drainboard
  drainboard completions fish > ~/.config/fish/completions/drainboard.fish")]
pub struct CompletionsArguments {
    /// The shell.
    pub shell: Shell,
}

/// The completions of a shell as text.
pub(super) fn completions(arguments: &CompletionsArguments) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Arguments::command(),
        "drainboard",
        &mut text,
    );
    text
}
