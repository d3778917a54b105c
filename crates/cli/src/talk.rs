//! `listen` and `ask`: a conversation in the terminal, words lit as they are heard; with `--json`, commands come in on
//! standard input and notices go out, a line each.

use std::sync::Arc;
use std::time::Instant;

use libretto_assistant::conversation::Notice;
use libretto_assistant::conversation::machine::{LONGEST_TEXT, Mode};
use libretto_assistant::conversation::notice::{Body, Data, End, Lifecycle};
use libretto_assistant::voice::{Error, Kind};
use libretto_assistant::{Assistant, Foundation, Runtime, Start, assistant};
use serde::Deserialize;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::sync::mpsc;

use crate::args::{Ask, Listen};
use crate::clock;
use crate::history;
use crate::keyboard::{Keyboard, Press};
use crate::output::{self, Output};
use crate::say::text_of;
use crate::screen::Screen;

/// Notices on their way to the terminal. Without a bound, because who tells them must not wait and a program at the
/// other end must miss none; they are few, and small beside the conversation.
struct Channel(mpsc::UnboundedSender<(Notice, Instant)>);

impl Runtime for Channel {
    fn emit(&self, notice: &Notice, at: Instant) {
        // The receiver ends with the program.
        let _ = self.0.send((notice.clone(), at));
    }
}

type Notices = mpsc::UnboundedReceiver<(Notice, Instant)>;

async fn start(foundation: Foundation, start: Start) -> Result<(Assistant, Notices), Error> {
    let (tell, notices) = mpsc::unbounded_channel();
    let assistant = Assistant::start(Arc::new(foundation), start, Arc::new(Channel(tell))).await?;
    Ok((assistant, notices))
}

async fn session(foundation: &Foundation, resume: Option<&str>) -> Result<Start, Error> {
    let session = match resume {
        Some(name) => Some(history::find(foundation, name).await?.id),
        None => None,
    };
    Ok(Start {
        session,
        ..Start::default()
    })
}

pub(crate) async fn ask(command: Ask, foundation: Foundation, output: Output) -> Result<(), Error> {
    let question = text_of(&command.text, LONGEST_TEXT)?;
    if question.trim().is_empty() {
        return Err(Error::new(
            Kind::BadInput,
            "There is no question: give one, or `-` and one on standard input.",
        ));
    }
    let begin = session(&foundation, command.resume.as_deref()).await?;
    if command.quiet {
        let foundation = Arc::new(foundation);
        let answer = assistant::answer(&foundation, begin.session, &question, output::switched()).await?;
        return output.print(&serde_json::json!({ "answer": answer }), |_| {
            answer.trim().to_owned()
        });
    }
    let (assistant, mut notices) = start(foundation, begin).await?;
    let mut screen = Screen::new(output, false);
    assistant.conversation().ask(question);
    let mut failure = None;
    while let Some((notice, at)) = notices.recv().await {
        show(&notice, at, &mut screen, output)?;
        match &notice.body {
            // The question itself was refused: no turn will come of it.
            Body::Problem(problem) if notice.turn.is_none() && problem.kind == Kind::BadInput => {
                assistant.close().await;
                return Err(Error::new(problem.kind, problem.message.clone()));
            }
            Body::Problem(problem) => failure = Some(Error::new(problem.kind, problem.message.clone())),
            Body::Lifecycle(Lifecycle::Closed { end }) => {
                assistant.close().await;
                return match (end, failure) {
                    (End::Failed, Some(error)) => Err(error),
                    (End::Failed, None) => {
                        Err(Error::new(Kind::Internal, "It could not be answered; try again."))
                    }
                    (_, Some(error)) => {
                        output::warn(&error, output.json);
                        Ok(())
                    }
                    _ => Ok(()),
                };
            }
            _ => {}
        }
    }
    Ok(())
}

/// What `--json` reads, a line each.
#[derive(Debug, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
enum Wish {
    KeyDown,
    KeyUp,
    Cancel,
    Stop,
    Replay {
        #[serde(default)]
        from: usize,
    },
    Ask {
        text: String,
    },
    Mode {
        mode: Mode,
    },
    Quit,
}

pub(crate) async fn listen(command: Listen, foundation: Foundation, output: Output) -> Result<(), Error> {
    let mut begin = session(&foundation, command.resume.as_deref()).await?;
    begin.mode = command.hands_free.then_some(Mode::HandsFree);
    let (assistant, mut notices) = start(foundation, begin).await?;
    if output.json {
        let ready = serde_json::json!({
            "group": "lifecycle", "event": "ready", "session": assistant.session(), "time": clock::seconds(Instant::now()),
        });
        output::line(&ready.to_string())?;
    }
    assistant.warm();
    let (tell, mut wishes) = mpsc::channel(64);
    let mut screen = Screen::new(output, true);
    // Held for its effect: the terminal is as it was when this is dropped.
    let _keyboard = if output.json {
        tokio::spawn(read(tell));
        None
    } else {
        let keyboard = Keyboard::open(move |press| tell.blocking_send(wish(press)).is_ok())?;
        screen.welcome(command.hands_free, keyboard.tells_releases())?;
        Some(keyboard)
    };
    loop {
        tokio::select! {
            wished = wishes.recv() => match wished {
                Some(Wish::Quit) | None => break,
                Some(wish) => obey(&assistant, wish),
            },
            notice = notices.recv() => match notice {
                Some((notice, at)) => show(&notice, at, &mut screen, output)?,
                None => break,
            },
            _ = tokio::signal::ctrl_c() => break,
        }
    }
    screen.end()?;
    assistant.close().await;
    Ok(())
}

fn obey(assistant: &Assistant, wish: Wish) {
    let conversation = assistant.conversation();
    match wish {
        Wish::KeyDown => conversation.key_down(),
        Wish::KeyUp => conversation.key_up(),
        Wish::Cancel => conversation.cancel(),
        Wish::Stop => conversation.stop(),
        Wish::Replay { from } => conversation.replay(from),
        Wish::Ask { text } => conversation.ask(text),
        Wish::Mode { mode } => conversation.set_mode(mode),
        Wish::Quit => {}
    }
}

fn wish(press: Press) -> Wish {
    match press {
        Press::Down => Wish::KeyDown,
        Press::Up => Wish::KeyUp,
        Press::Cancel => Wish::Cancel,
        Press::Replay => Wish::Replay { from: 0 },
        Press::Quit => Wish::Quit,
    }
}

/// No command is longer.
const LONGEST: u64 = 1 << 20;

/// Reads commands until the end; a line that is none is told and passed over.
async fn read(tell: mpsc::Sender<Wish>) {
    let mut input = BufReader::new(tokio::io::stdin());
    while let Some(line) = line(&mut input).await {
        let wish = line.and_then(|line| match line.trim_ascii() {
            [] => Ok(None),
            wish => serde_json::from_slice(wish)
                .map(Some)
                .map_err(|error| format!("That is no command: {error}.")),
        });
        match wish {
            Ok(None) => {}
            Ok(Some(wish)) => {
                if tell.send(wish).await.is_err() {
                    return;
                }
            }
            Err(message) => {
                let problem = serde_json::json!({ "error": { "kind": Kind::BadInput, "message": message } });
                eprintln!("{problem}");
            }
        }
    }
    let _ = tell.send(Wish::Quit).await;
}

/// The next line, or what is wrong with it. One that is longer than any command is passed over to its end: its rest is
/// none of its own.
async fn line(input: &mut (impl AsyncBufRead + Unpin)) -> Option<Result<Vec<u8>, String>> {
    let mut line = Vec::new();
    let mut pieces = 0;
    loop {
        line.clear();
        let piece = (&mut *input).take(LONGEST).read_until(b'\n', &mut line).await;
        let length = piece.unwrap_or(0) as u64;
        let ends = length < LONGEST || line.ends_with(b"\n");
        match pieces {
            0 if length == 0 => return None,
            0 if ends => return Some(Ok(line)),
            _ if ends => return Some(Err("That command is longer than 1 MB; give it in parts.".into())),
            _ => pieces += 1,
        }
    }
}

fn show(notice: &Notice, at: Instant, screen: &mut Screen, output: Output) -> Result<(), Error> {
    if !output.json {
        return screen.show(notice);
    }
    let mut line = serde_json::to_value(notice).map_err(|error| {
        Error::new(
            Kind::Internal,
            format!("A notice could not be written as JSON: {error}."),
        )
    })?;
    if let Some(fields) = line.as_object_mut() {
        fields.insert("time".into(), clock::seconds(at).into());
        if let Body::Data(Data::Started { audible }) = &notice.body {
            let audible = clock::seconds(at) + audible.0.as_secs_f64() - notice.at.0.as_secs_f64();
            fields.insert("audible_time".into(), audible.into());
        }
    }
    output::line(&line.to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "these are tests")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_that_is_too_long_is_one_mistake_and_the_next_one_counts() {
        let longest = usize::try_from(LONGEST).unwrap();
        let mut given = b"{}\n".to_vec();
        given.extend(vec![b'x'; 2 * longest + 5]);
        given.extend(b"\n\n[]");
        let mut input = &given[..];
        assert_eq!(line(&mut input).await.unwrap().unwrap(), b"{}\n");
        let wrong = line(&mut input).await.unwrap().unwrap_err();
        assert!(wrong.contains("1 MB"), "{wrong}");
        assert_eq!(line(&mut input).await.unwrap().unwrap(), b"\n");
        assert_eq!(line(&mut input).await.unwrap().unwrap(), b"[]");
        assert!(line(&mut input).await.is_none());
    }
}
