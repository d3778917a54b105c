//! Tests of devices and voices. One runs at a time; each is known by its window and the number that the page gave it, so
//! that an end which comes late does not end the next one.

use std::convert::Infallible;
use std::sync::Mutex;
use std::time::Duration;

use libretto_assistant::voice::Error;
use tokio::sync::oneshot;

use crate::libretto::lock;
use crate::wire::devices::TestEnd;
use crate::wire::failure::Answer;

/// The longest test.
const LONGEST: Duration = Duration::from_mins(1);

/// Which test: the label of its window, and its number there.
pub type Which<'a> = (&'a str, u32);

/// The test that runs, or ran last.
#[derive(Default)]
pub struct Trials(Mutex<Option<Running>>);

struct Running {
    window: String,
    number: u32,
    /// It ends when this is dropped.
    _goes_on: oneshot::Sender<Infallible>,
}

impl Trials {
    /// Runs a test until it is over, is ended or has lasted long enough, and says which. The one before it ends.
    ///
    /// # Errors
    /// What the test says.
    pub async fn run<T>(
        &self,
        (window, number): Which<'_>,
        test: impl Future<Output = Result<T, Error>>,
    ) -> Answer<TestEnd> {
        let (goes_on, ended) = oneshot::channel();
        *lock(&self.0) = Some(Running {
            window: window.to_owned(),
            number,
            _goes_on: goes_on,
        });
        tokio::select! {
            tried = test => Ok(tried.map(|_| TestEnd::Over)?),
            _ = ended => Ok(TestEnd::Ended),
            () = tokio::time::sleep(LONGEST) => Ok(TestEnd::TimedOut),
        }
    }

    /// Ends this test, if it runs.
    pub fn end(&self, (window, number): Which<'_>) {
        lock(&self.0).take_if(|running| running.window == window && running.number == number);
    }

    /// Ends whichever runs for this window.
    pub fn end_in(&self, window: &str) {
        lock(&self.0).take_if(|running| running.window == window);
    }

    /// Ends whichever runs.
    pub fn end_any(&self) {
        lock(&self.0).take();
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use libretto_assistant::voice::Kind;

    use super::*;

    const FIRST: Which<'static> = ("settings", 1);
    const SECOND: Which<'static> = ("settings", 2);

    fn for_ever() -> impl Future<Output = Result<(), Error>> {
        pending()
    }

    #[tokio::test(start_paused = true)]
    async fn an_end_that_comes_late_does_not_end_the_next_test() {
        let trials = Trials::default();
        let first = trials.run(FIRST, for_ever());
        let rest = async {
            let second = trials.run(SECOND, for_ever());
            let late = async {
                // The same number in another window is another test.
                trials.end(("main", 2));
                trials.end(FIRST);
                tokio::time::sleep(Duration::from_secs(59)).await;
                trials.end(SECOND);
            };
            tokio::join!(second, late).0
        };
        let (first, second) = tokio::join!(first, rest);
        assert_eq!(first.unwrap(), TestEnd::Ended, "one runs at a time");
        assert_eq!(second.unwrap(), TestEnd::Ended);
    }

    #[tokio::test(start_paused = true)]
    async fn the_page_is_told_how_a_test_ended() {
        let trials = Trials::default();
        assert_eq!(trials.run(FIRST, for_ever()).await.unwrap(), TestEnd::TimedOut);
        assert_eq!(trials.run(FIRST, ready(Ok(()))).await.unwrap(), TestEnd::Over);
        let gone = || Error::new(Kind::Device, "The microphone went away.");
        let failed = trials.run::<()>(FIRST, ready(Err(gone()))).await.unwrap_err();
        assert_eq!(failed.message, "The microphone went away.");
        let ended = async { trials.end_any() };
        let (end, ()) = tokio::join!(trials.run(SECOND, for_ever()), ended);
        assert_eq!(end.unwrap(), TestEnd::Ended);
        let hidden = async {
            trials.end_in("main");
            tokio::time::sleep(Duration::from_secs(30)).await;
            trials.end_in("settings");
        };
        let (end, ()) = tokio::join!(trials.run(SECOND, for_ever()), hidden);
        assert_eq!(end.unwrap(), TestEnd::Ended, "its own window, and no other");
    }
}
