//! The pieces of a reply, several at a time. A language model gives twenty to a hundred a second, and each one that is
//! told has every window read its Markdown and lay out its page anew, while words are lit there.

use std::time::{Duration, Instant};

use libretto_assistant::conversation::Notice;
use libretto_assistant::conversation::notice::{Body, Data, Progress};

/// Pieces are told so far apart. Nobody reads faster, and the voice needs longer for its first sound.
const APART: Duration = Duration::from_millis(150);

/// Holds pieces back for a moment. The first one goes at once, and nothing overtakes one that waits.
#[derive(Debug, Default)]
pub(crate) struct Gather {
    waiting: Option<(Notice, Instant)>,
    told: Option<Instant>,
}

/// What is to be done with what was given.
#[derive(Debug, PartialEq)]
pub(crate) enum Next {
    /// Tell these now, in this order.
    Tell(Vec<(Notice, Instant)>),
    /// Take what waits at this moment.
    Wait(Instant),
    /// Nothing: it goes with what waits already.
    Nothing,
}

impl Gather {
    /// Something happened at a moment.
    pub(crate) fn give(&mut self, notice: &Notice, at: Instant) -> Next {
        match &notice.body {
            Body::Data(Data::Reply { delta }) => self.piece(notice, delta, at),
            // It says nothing of the reply, and comes all the time.
            Body::Progress(Progress::Level { .. }) => Next::Tell(vec![(notice.clone(), at)]),
            _ => self.all(notice, at),
        }
    }

    fn piece(&mut self, notice: &Notice, delta: &str, at: Instant) -> Next {
        if let Some((before, _)) = &mut self.waiting
            && before.turn == notice.turn
            && let Body::Data(Data::Reply { delta: text }) = &mut before.body
        {
            text.push_str(delta);
            return Next::Nothing;
        }
        let due = self.told.map(|told| told + APART).filter(|due| at < *due);
        if let Some(due) = due
            && self.waiting.is_none()
        {
            self.waiting = Some((notice.clone(), at));
            return Next::Wait(due);
        }
        self.told = Some(at);
        self.all(notice, at)
    }

    /// What waits, and this.
    fn all(&mut self, notice: &Notice, at: Instant) -> Next {
        Next::Tell(
            self.waiting
                .take()
                .into_iter()
                .chain([(notice.clone(), at)])
                .collect(),
        )
    }

    /// The moment has come: what waits is to be told now. Nothing, when something else had it told already.
    pub(crate) fn take(&mut self, now: Instant) -> Option<(Notice, Instant)> {
        let waited = self.waiting.take()?;
        self.told = Some(now);
        Some(waited)
    }
}

#[cfg(test)]
mod tests {
    use libretto_assistant::voice::{Time, TurnId};

    use super::*;

    fn notice(turn: u64, body: Body) -> Notice {
        Notice {
            turn: Some(TurnId(turn)),
            at: Time::from_millis(0),
            body,
        }
    }

    fn piece(turn: u64, delta: &str) -> Notice {
        notice(turn, Body::Data(Data::Reply { delta: delta.into() }))
    }

    fn said() -> Notice {
        notice(1, Body::Data(Data::Said { text: "Why?".into() }))
    }

    #[test]
    fn the_first_piece_goes_at_once_and_the_next_ones_together() {
        let (mut gather, begin) = (Gather::default(), Instant::now());
        let at = |millis| begin + Duration::from_millis(millis);
        assert_eq!(
            gather.give(&piece(1, "Rivers"), at(0)),
            Next::Tell(vec![(piece(1, "Rivers"), at(0))])
        );
        assert_eq!(
            gather.give(&piece(1, " carry"), at(20)),
            Next::Wait(at(0) + APART)
        );
        assert_eq!(gather.give(&piece(1, " salt"), at(40)), Next::Nothing);
        assert_eq!(gather.take(at(160)), Some((piece(1, " carry salt"), at(20))));
        assert_eq!(gather.take(at(162)), None);
        assert_eq!(gather.give(&piece(1, "."), at(170)), Next::Wait(at(160) + APART));
        assert_eq!(gather.take(at(310)), Some((piece(1, "."), at(170))));
        let late = gather.give(&piece(1, " Yes."), at(500));
        assert_eq!(late, Next::Tell(vec![(piece(1, " Yes."), at(500))]));
    }

    #[test]
    fn nothing_overtakes_a_piece_but_loudness() {
        let (mut gather, at) = (Gather::default(), Instant::now());
        gather.give(&piece(1, "Rivers"), at);
        assert_eq!(gather.give(&piece(1, " carry"), at), Next::Wait(at + APART));
        let level = notice(1, Body::Progress(Progress::Level { level: 0.5 }));
        assert_eq!(gather.give(&level, at), Next::Tell(vec![(level.clone(), at)]));
        let both = vec![(piece(1, " carry"), at), (said(), at)];
        assert_eq!(gather.give(&said(), at), Next::Tell(both));
        assert_eq!(gather.take(at + APART), None);
    }

    #[test]
    fn pieces_of_two_replies_stay_apart() {
        let (mut gather, at) = (Gather::default(), Instant::now());
        gather.give(&piece(1, "Rivers"), at);
        gather.give(&piece(1, " carry"), at);
        let both = vec![(piece(1, " carry"), at), (piece(2, "The"), at)];
        assert_eq!(gather.give(&piece(2, "The"), at), Next::Tell(both));
    }
}
