//! Trying again: what may be tried again, how often, and after which wait.

use std::time::{Duration, SystemTime};

use libretto_voice::Error;
use reqwest::header::HeaderMap;

use crate::failure::Failure;
use crate::timed::Stop;

/// How a failed call is repeated. Only failures that say so are ([`Failure::can_retry`]); whoever has passed on audio
/// or text already must not ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How often a call is made at most.
    pub attempts: u32,
    /// The wait between two of them, where the service does not ask for another.
    pub wait: Duration,
    /// A service that asks for a longer wait than this is given up.
    pub longest: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 3,
            wait: Duration::from_millis(600),
            // What OpenAI's own clients obey.
            longest: Duration::from_mins(2),
        }
    }
}

impl Retry {
    /// The first attempt of a call.
    pub fn begin(self) -> Tries {
        Tries { retry: self, made: 1 }
    }
}

/// The attempts of one call.
#[derive(Debug)]
pub struct Tries {
    retry: Retry,
    made: u32,
}

impl Tries {
    /// Waits for the next attempt.
    ///
    /// # Errors
    /// The failure itself when there is none.
    pub async fn again(&mut self, failure: Failure) -> Result<(), Failure> {
        let wait = failure.asked_wait().unwrap_or(self.retry.wait);
        if !failure.can_retry() || self.made >= self.retry.attempts || wait > self.retry.longest {
            return Err(failure);
        }
        tracing::debug!(%failure, attempt = self.made, ?wait, "call_made_again");
        tokio::time::sleep(wait).await;
        self.made += 1;
        Ok(())
    }
}

/// Work for a session, which may be tried again while nothing of it has been passed on.
pub(crate) trait Work {
    /// What comes of it.
    type Done;

    /// Tries it once.
    async fn attempt(&mut self) -> Result<Self::Done, Stop>;

    /// Whether something of it has been passed on: then it is not tried again.
    fn begun(&self) -> bool;

    /// Makes ready for the next attempt, after one that came to nothing.
    fn renew(&mut self) {}
}

/// Sees work through: again where that may help.
///
/// # Errors
/// The last failure, and `Cancelled` where whoever listened has gone.
pub(crate) async fn through<W: Work>(retry: Retry, work: &mut W) -> Result<W::Done, Error> {
    let mut tries = retry.begin();
    loop {
        match work.attempt().await {
            Ok(done) => return Ok(done),
            Err(Stop::Gone) => return Err(Error::cancelled()),
            Err(Stop::Failed(failure)) if work.begun() => return Err(failure.again(false).into()),
            Err(Stop::Failed(failure)) => tries.again(failure).await?,
        }
        work.renew();
    }
}

/// The wait that a service asks for: `retry-after-ms`, or `retry-after` in seconds or as a date.
pub(crate) fn asked_wait(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let seconds = |seconds: f64| Duration::try_from_secs_f64(seconds).ok();
    if let Some(wait) = text("retry-after-ms").and_then(|ms| seconds(ms.parse::<f64>().ok()? / 1_000.0)) {
        return Some(wait);
    }
    let after = text("retry-after")?;
    if let Ok(after) = after.parse::<f64>() {
        return seconds(after);
    }
    let date = httpdate::parse_http_date(after).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::failure::{Fault, Who};

    fn failure(fault: Fault) -> Failure {
        Failure::new(&Who::new("a", "A"), fault)
    }

    #[tokio::test(start_paused = true)]
    async fn three_attempts_with_six_tenths_of_a_second_between() {
        let start = Instant::now();
        let mut tries = Retry::default().begin();
        let mut calls = 0;
        let last = loop {
            calls += 1;
            if let Err(last) = tries.again(failure(Fault::Busy)).await {
                break last;
            }
        };
        assert_eq!((calls, start.elapsed().as_millis()), (3, 1_200));
        assert_eq!(last.fault(), &Fault::Busy);
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_pass_is_not_tried_again() {
        let start = Instant::now();
        for fault in [
            Fault::WrongKey,
            Fault::Empty,
            Fault::Refused,
            Fault::TooLong,
            Fault::Garbled,
        ] {
            assert!(Retry::default().begin().again(failure(fault)).await.is_err());
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_is_waited_for_as_it_asks_within_reason() {
        let start = Instant::now();
        let asked = |seconds| failure(Fault::Busy).wait(Some(Duration::from_secs(seconds)));
        Retry::default().begin().again(asked(7)).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 7);
        assert!(Retry::default().begin().again(asked(600)).await.is_err());
        assert_eq!(start.elapsed().as_secs(), 7);
    }

    /// Fails so often, and then has passed something on.
    struct Failing {
        fails: u32,
        begun: bool,
        renewed: u32,
    }

    impl Work for Failing {
        type Done = &'static str;

        async fn attempt(&mut self) -> Result<&'static str, Stop> {
            match self.fails.checked_sub(1) {
                None => Ok("done"),
                Some(rest) => {
                    self.fails = rest;
                    Err(failure(Fault::Busy).into())
                }
            }
        }

        fn begun(&self) -> bool {
            self.begun
        }

        fn renew(&mut self) {
            self.renewed += 1;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn work_is_tried_again_while_nothing_was_passed_on() {
        for (fails, begun, done, renewed) in [
            (0, false, true, 0),
            (2, false, true, 2),
            (3, false, false, 2),
            (1, true, false, 0),
        ] {
            let mut work = Failing {
                fails,
                begun,
                renewed: 0,
            };
            let result = through(Retry::default(), &mut work).await;
            assert_eq!((result.is_ok(), work.renewed), (done, renewed), "{fails} {begun}");
            if let Err(error) = result {
                assert_eq!(error.can_retry(), !begun, "{fails} {begun}");
            }
        }
    }

    #[test]
    fn waits_are_read_in_each_of_their_forms() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let wait = |pairs: &[(&'static str, &str)]| {
            let headers = pairs.iter().map(|(name, value)| {
                (
                    reqwest::header::HeaderName::from_static(name),
                    value.parse().unwrap(),
                )
            });
            asked_wait(&headers.collect(), now)
        };
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(wait(&[("retry-after-ms", "250"), ("retry-after", "9")]), ms(250));
        assert_eq!(wait(&[("retry-after", "1.5")]), ms(1_500));
        assert_eq!(
            wait(&[("retry-after", "Thu, 01 Jan 1970 00:17:00 GMT")]),
            ms(20_000)
        );
        assert_eq!(wait(&[("retry-after", "Thu, 01 Jan 1970 00:00:01 GMT")]), ms(0));
        assert_eq!(wait(&[("retry-after", "-4")]), None);
        assert_eq!(wait(&[("retry-after", "soon")]), None);
        assert_eq!(wait(&[]), None);
    }
}
