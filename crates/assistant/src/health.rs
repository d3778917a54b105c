//! How the providers fare in the conversation, from its notices.

use std::collections::HashMap;
use std::sync::Arc;

use libretto_conversation::Notice;
use libretto_conversation::notice::{Body, End, Lifecycle, Progress, Stage};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::accounts::Accounts;

/// Who works on the present turn, by part, and what is learnt of them.
#[derive(Debug, Default)]
struct Watch {
    using: HashMap<Stage, String>,
}

impl Watch {
    /// What a notice says of a provider: its name, and what went wrong, if anything did.
    fn hear(&mut self, notice: &Notice) -> Vec<(String, Option<String>)> {
        match &notice.body {
            Body::Progress(Progress::Using { stage, provider }) => {
                self.using.insert(*stage, provider.clone());
                Vec::new()
            }
            // Whoever failed is no longer at work: the end of the turn says nothing good of them.
            Body::Problem(problem) => match self.using.remove(&problem.stage) {
                Some(name) => vec![(name, Some(problem.message.clone()))],
                None => Vec::new(),
            },
            Body::Lifecycle(Lifecycle::Closed { end }) => {
                let worked = std::mem::take(&mut self.using);
                match end {
                    End::Complete => worked.into_values().map(|name| (name, None)).collect(),
                    _ => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
    }
}

/// Notes how each provider fares until the conversation ends.
pub async fn follow(mut notices: Receiver<Notice>, accounts: Arc<Accounts>) {
    let mut watch = Watch::default();
    loop {
        match notices.recv().await {
            Ok(notice) => {
                for (name, problem) in watch.hear(&notice) {
                    accounts.note(&name, problem);
                }
            }
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use libretto_conversation::notice::Problem;
    use libretto_voice::{Kind, Time, TurnId};

    use super::*;

    fn notice(body: Body) -> Notice {
        let (turn, at) = (Some(TurnId(1)), Time::default());
        Notice { turn, at, body }
    }

    #[test]
    fn who_failed_is_bad_and_who_took_over_is_good() {
        let using = |provider: &str| {
            let provider = provider.to_owned();
            let stage = Stage::Voice;
            notice(Body::Progress(Progress::Using { stage, provider }))
        };
        let mut watch = Watch::default();
        assert!(watch.hear(&using("cartesia")).is_empty());
        let problem = Problem {
            stage: Stage::Voice,
            kind: Kind::Unavailable,
            message: "Cartesia broke off.".into(),
            next: Some("openai".into()),
            text: None,
        };
        assert_eq!(
            watch.hear(&notice(Body::Problem(problem))),
            [("cartesia".into(), Some("Cartesia broke off.".into()))]
        );
        assert!(watch.hear(&using("openai")).is_empty());
        let closed = Lifecycle::Closed { end: End::Complete };
        assert_eq!(
            watch.hear(&notice(Body::Lifecycle(closed))),
            [("openai".into(), None)]
        );
    }
}
