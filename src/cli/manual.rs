//! `man`: the manual page, from the definitions of the command line.

use std::io;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::arguments::Arguments;

/// The manual page in roff: the whole command, then one section a subcommand.
pub(super) fn manual() -> io::Result<Vec<u8>> {
    let mut command = Arguments::command();
    command.build();
    let mut page = Vec::new();
    let whole = Man::new(command.clone());
    whole.render_title(&mut page)?;
    whole.render_name_section(&mut page)?;
    whole.render_synopsis_section(&mut page)?;
    whole.render_description_section(&mut page)?;
    whole.render_options_section(&mut page)?;
    for subcommand in command.get_subcommands() {
        if !subcommand.is_hide_set() && subcommand.get_name() != "help" {
            page.extend(section(subcommand)?);
        }
    }
    whole.render_extra_section(&mut page)?;
    whole.render_version_section(&mut page)?;
    Ok(page)
}

/// A subcommand: its parts become subsections, and what holds everywhere is not repeated.
fn section(subcommand: &Command) -> io::Result<Vec<u8>> {
    let own = subcommand.clone().mut_args(|argument| {
        let everywhere = argument.is_global_set();
        argument.hide(everywhere)
    });
    let title = subcommand.get_name().to_uppercase();
    let part = Man::new(own);
    let mut text = Vec::new();
    part.render_synopsis_section(&mut text)?;
    part.render_description_section(&mut text)?;
    part.render_options_section(&mut text)?;
    part.render_extra_section(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().map(|line| match line.strip_prefix(".SH ") {
        Some(heading) => format!(".SS {heading}\n"),
        None => format!("{line}\n"),
    });
    let body: String = lines.collect();
    Ok(format!(".SH \"DRAINBOARD {title}\"\n{body}").into_bytes())
}
