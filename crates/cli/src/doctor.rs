//! `doctor`: what works, what is missing, what to do.

use libretto_assistant::Foundation;
use libretto_assistant::doctor::{self, Health};
use libretto_assistant::voice::{Error, Kind};

use crate::output::Output;

pub(crate) async fn run(foundation: &Foundation, output: Output) -> Result<(), Error> {
    let findings = doctor::examine(foundation).await;
    let bad = findings
        .iter()
        .filter(|finding| finding.health == Health::Bad)
        .count();
    output.print(&findings, |findings| {
        let width = findings.iter().map(|finding| finding.name.chars().count()).max();
        let width = width.unwrap_or(0);
        let lines = findings.iter().map(|finding| {
            let mark = match finding.health {
                Health::Good => "ok",
                Health::Limited => "limited",
                Health::Bad => "MISSING",
            };
            let advice = finding
                .advice
                .as_ref()
                .map_or_else(String::new, |advice| format!("\n{:1$}{advice}", "", width + 11));
            format!("{mark:9} {:width$} {}{advice}", finding.name, finding.found)
        });
        lines.collect::<Vec<_>>().join("\n")
    })?;
    if bad > 0 {
        return Err(Error::new(
            Kind::Unavailable,
            match bad {
                1 => "One thing is missing; see above what to do.".to_owned(),
                bad => format!("{bad} things are missing; see above what to do."),
            },
        ));
    }
    Ok(())
}
