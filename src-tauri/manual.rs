//! The manual page libretto(1), written from the command line's own description.

use std::io;
use std::process::ExitCode;

use clap::CommandFactory;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::start::Arguments;

/// Prints it: what man(1) reads.
pub fn print() -> ExitCode {
    match write(&mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("The manual page couldn’t be written: {error}.");
            ExitCode::FAILURE
        }
    }
}

fn write(to: &mut impl io::Write) -> io::Result<()> {
    let page = Man::new(Arguments::command());
    page.render(to)?;
    let mut more = Roff::new();
    more.control("SH", ["COMMANDS OF A DESKTOP"]);
    more.text([roman(
        "Where apps can't set global hotkeys, bind a key in the desktop's settings to one of these:",
    )]);
    for (command, what) in [
        ("libretto toggle", "starts or stops listening."),
        ("libretto ask", "opens quick ask."),
        ("libretto cancel", "cancels the current turn."),
        (
            "libretto pause",
            "keeps the microphone closed, or goes on after that.",
        ),
    ] {
        more.control("TP", []);
        more.text([bold(command)]);
        more.text([roman(what)]);
    }
    more.control("SH", ["SEE ALSO"]);
    more.text([bold("libretto-cli"), roman("(1)")]);
    more.to_writer(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_every_command_that_is_not_hidden() {
        let mut page = Vec::new();
        write(&mut page).unwrap();
        let page = String::from_utf8(page).unwrap();
        for command in Arguments::command()
            .get_subcommands()
            .filter(|c| !c.is_hide_set())
        {
            assert!(
                page.contains(command.get_name()),
                "{} is missing",
                command.get_name()
            );
        }
        assert!(
            page.starts_with(".ie") || page.contains(".TH libretto 1"),
            "{page}"
        );
    }
}
