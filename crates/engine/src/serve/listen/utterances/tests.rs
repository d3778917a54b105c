use super::*;

fn sound(seconds: f32, level: f32) -> Vec<f32> {
    (0..(seconds * RATE as f32) as usize)
        .map(|i| if i % 2 == 0 { level } else { -level })
        .collect()
}

fn open() -> Utterances {
    let mut utterances = Utterances::default();
    assert!(utterances.begin(1, "folder".into()).is_ok());
    assert!(matches!(utterances.next(), Some(Task::Ready { id: 1, .. })));
    utterances
}

fn hear(utterances: &mut Utterances, samples: &[f32]) {
    assert!(utterances.hear(1, samples).is_ok());
}

fn recognise(utterances: &mut Utterances) -> Recognise {
    match utterances.next() {
        Some(Task::Recognise(task)) => task,
        other => panic!("{other:?}"),
    }
}

fn said(utterances: &mut Utterances, task: &Recognise, text: &str) -> Vec<Answer> {
    utterances.recognised(task, Some(text.into()), Duration::from_millis(50))
}

fn segment(text: &str, end: usize) -> Answer {
    Answer::Segment {
        text: text.into(),
        end: end as u64,
    }
}

#[test]
fn words_known_at_a_pause_are_final_at_once() {
    let mut utterances = open();
    hear(&mut utterances, &sound(0.2, 0.3));
    assert!(utterances.next().is_none(), "too little for a partial");
    hear(&mut utterances, &sound(0.8, 0.3));
    let task = recognise(&mut utterances);
    assert_eq!(said(&mut utterances, &task, "Go"), [Answer::Partial("Go".into())]);
    assert!(utterances.next().is_none());
    hear(&mut utterances, &sound(0.12, 0.0));
    let task = recognise(&mut utterances);
    assert_eq!(
        said(&mut utterances, &task, "Go on."),
        [Answer::Partial("Go on.".into()), Answer::Paused]
    );
    hear(&mut utterances, &sound(0.4, 0.0));
    assert!(utterances.next().is_none());
    utterances.finish(1);
    let Some(Task::Tell { id: 1, answers }) = utterances.next() else {
        panic!("it is known")
    };
    assert_eq!(
        answers,
        [segment("Go on.", (1.52 * RATE as f32) as usize), Answer::Done]
    );
    assert!(utterances.next().is_none());
}

#[test]
fn a_partial_gives_way_to_what_is_final() {
    let mut utterances = open();
    hear(&mut utterances, &sound(1.0, 0.3));
    let task = recognise(&mut utterances);
    assert!(utterances.is_worthwhile(&task));
    hear(&mut utterances, &sound(0.5, 0.3));
    assert!(utterances.is_worthwhile(&task));
    utterances.finish(1);
    assert!(!utterances.is_worthwhile(&task));
    assert_eq!(utterances.recognised(&task, None, Duration::ZERO), []);
    let last = recognise(&mut utterances);
    assert_eq!(last.samples.len(), RATE * 3 / 2);
    assert!(utterances.is_worthwhile(&last));
    assert_eq!(
        said(&mut utterances, &last, "All."),
        [segment("All.", RATE * 3 / 2), Answer::Done]
    );
}

#[test]
fn a_running_partial_that_covers_all_becomes_final() {
    let mut utterances = open();
    hear(&mut utterances, &sound(1.0, 0.3));
    hear(&mut utterances, &sound(0.12, 0.0));
    let task = recognise(&mut utterances);
    hear(&mut utterances, &sound(0.3, 0.0));
    utterances.finish(1);
    assert!(utterances.is_worthwhile(&task));
    assert_eq!(
        said(&mut utterances, &task, "Yes."),
        [segment("Yes.", 142 * RATE / 100), Answer::Done]
    );
}

#[test]
fn partials_are_not_abandoned_for_ever() {
    let mut utterances = open();
    hear(&mut utterances, &sound(1.0, 0.3));
    let first = recognise(&mut utterances);
    hear(&mut utterances, &sound(0.3, 0.3));
    hear(&mut utterances, &sound(0.12, 0.0));
    assert!(!utterances.is_worthwhile(&first), "a pause came");
    utterances.recognised(&first, None, Duration::ZERO);
    let second = recognise(&mut utterances);
    hear(&mut utterances, &sound(0.3, 0.3));
    hear(&mut utterances, &sound(0.12, 0.0));
    assert!(
        utterances.is_worthwhile(&second),
        "another pause, but something must be shown"
    );
}

#[test]
fn long_speech_is_committed_in_pieces() {
    let mut utterances = open();
    hear(&mut utterances, &sound(14.0, 0.3));
    hear(&mut utterances, &sound(0.2, 0.0));
    hear(&mut utterances, &sound(10.8, 0.3));
    utterances.finish(1);
    let piece = recognise(&mut utterances);
    assert!((14 * RATE..15 * RATE).contains(&piece.samples.len()));
    assert_eq!(said(&mut utterances, &piece, "One"), [segment("One", piece.end)]);
    let rest = recognise(&mut utterances);
    assert_eq!(piece.samples.len() + rest.samples.len(), 25 * RATE);
    assert_eq!(
        said(&mut utterances, &rest, "two."),
        [segment("two.", 25 * RATE), Answer::Done]
    );
}

#[test]
fn what_was_called_off_is_forgotten() {
    let mut utterances = open();
    hear(&mut utterances, &sound(1.0, 0.3));
    let task = recognise(&mut utterances);
    utterances.remove(1);
    assert!(!utterances.is_worthwhile(&task));
    assert_eq!(said(&mut utterances, &task, "Gone"), []);
    assert!(utterances.hear(1, &sound(1.0, 0.3)).is_ok());
    assert!(utterances.next().is_none());
}

#[test]
fn nothing_said_is_finished_too() {
    let mut utterances = open();
    utterances.finish(1);
    let task = recognise(&mut utterances);
    assert_eq!(said(&mut utterances, &task, ""), [segment("", 0), Answer::Done]);
}

#[test]
fn speech_without_end_is_refused() {
    let mut utterances = open();
    let minute = sound(60.0, 0.3);
    assert!(utterances.hear(1, &minute).is_ok());
    assert!(matches!(utterances.hear(1, &minute), Err(Error::Behind)));
    assert!(utterances.next().is_none());
}

#[test]
fn too_many_at_once_are_refused_as_that() {
    let mut utterances = Utterances::default();
    for id in 0..MOST as u64 {
        assert!(utterances.begin(id, "folder".into()).is_ok());
        assert!(utterances.warm(id, "folder".into()).is_ok());
    }
    assert!(matches!(utterances.begin(99, "folder".into()), Err(Error::Busy)));
    assert!(matches!(utterances.warm(99, "folder".into()), Err(Error::Busy)));
}
