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
        let lines = findings.iter().map(|finding| {
            let mark = match finding.health {
                Health::Good => "ok",
                Health::Limited => "limited",
                Health::Bad => "MISSING",
            };
            let advice = finding
                .advice
                .as_ref()
                .map_or_else(String::new, |advice| format!("\n{:20}{advice}", ""));
            format!("{mark:9} {:9} {}{advice}", finding.name, finding.found)
        });
        lines.collect::<Vec<_>>().join("\n")
    })?;
    if bad > 0 {
        return Err(Error::new(
            Kind::Unavailable,
            format!("{bad} things are missing; see above what to do."),
        ));
    }
    Ok(())
}
