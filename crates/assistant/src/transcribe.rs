//! A recording, written down.

use std::time::Duration;

use libretto_audio::decode::Blocks;
use libretto_voice::{
    Error, Kind, ListenEvent, ListenInput, ListenOptions, Result, SpeechToText, Transcript,
};
use serde::Serialize;
use tokio::sync::mpsc;

/// What was said in a recording.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Transcription {
    /// Everything.
    #[serde(flatten)]
    pub transcript: Transcript,
    /// Length of the recording in seconds.
    pub seconds: f64,
    /// How long it took to write it down, in seconds.
    pub took: f64,
}

/// No recogniser takes longer for one piece.
const STALL: Duration = Duration::from_mins(1);

/// Writes a recording down; `on_piece` sees each piece as it becomes certain.
///
/// # Errors
/// What the decoder or the recogniser says; `Timeout` when the recogniser falls silent.
pub async fn transcribe(
    recogniser: &dyn SpeechToText,
    options: ListenOptions,
    blocks: Blocks,
    mut on_piece: impl FnMut(&Transcript),
) -> Result<Transcription> {
    let started = std::time::Instant::now();
    let rate = options.rate;
    let (input, mut events, _running) = recogniser.listen(options).split();
    // Decoding blocks, so it has a thread; the queue is short, so an hour of sound never lies in memory.
    let (decoded, mut next) = mpsc::channel(8);
    let decoder = tokio::task::spawn_blocking(move || {
        for block in blocks {
            if decoded.blocking_send(block).is_err() {
                break;
            }
        }
    });
    let send = async move {
        let mut samples = 0;
        while let Some(block) = next.recv().await {
            let audio = block?;
            samples += audio.samples.len() as u64;
            match &input {
                // It has ended; its last event says why.
                Some(input) if input.send(ListenInput::Audio(audio)).await.is_err() => break,
                _ => {}
            }
        }
        if let Some(input) = &input {
            let _ = input.send(ListenInput::Finish).await;
        }
        Ok::<_, Error>((samples, input))
    };
    let receive = async {
        let mut whole = Transcript::default();
        loop {
            match tokio::time::timeout(STALL, events.recv()).await {
                Err(_) => {
                    let message =
                        "The recogniser does not answer; try again, or choose another one in the settings.";
                    return Err(Error::new(Kind::Timeout, message).from_origin(recogniser.name()));
                }
                Ok(None | Some(Ok(ListenEvent::Finished))) => return Ok(whole),
                Ok(Some(Err(error))) => return Err(error),
                Ok(Some(Ok(ListenEvent::Segment(piece)))) => {
                    on_piece(&piece);
                    whole.append(piece);
                }
                Ok(Some(Ok(_))) => {}
            }
        }
    };
    let ((samples, _input), transcript) = tokio::try_join!(send, receive)?;
    decoder.await.map_err(|_| {
        Error::new(
            Kind::Internal,
            "The decoder of sound files failed; try another file.",
        )
    })?;
    let seconds = rate.duration(samples).as_secs_f64();
    Ok(Transcription {
        transcript,
        seconds,
        took: started.elapsed().as_secs_f64(),
    })
}
