//! History in real database files: found again, searched, resumed, forgotten without a trace, and never the reason why
//! something that was said is lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use libretto_store::history::{Side, Stored, export};
use libretto_store::{Error, Exchange, History, NewExchange, SessionId};
use libretto_voice::{Alignment, Kind, Ledger, Mark, Milestone, Provenance, SampleRate, Time, TurnId};
use tempfile::TempDir;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/history.sqlite3");
    (folder, path)
}

fn said(user: &str, reply: &str) -> NewExchange {
    let heard = libretto_voice::text::count(reply);
    NewExchange {
        user: user.into(),
        reply: reply.into(),
        heard,
        ..NewExchange::default()
    }
}

async fn append(history: &History, session: SessionId, exchange: NewExchange) -> Exchange {
    let Stored::Written(id) = history.append(session, exchange).await.unwrap() else {
        panic!("it waits")
    };
    let exchanges = history.exchanges(session, None, 1000).await.unwrap();
    exchanges.into_iter().find(|e| e.id == id).unwrap()
}

/// Everything in a folder's files.
fn bytes(folder: &Path) -> Vec<u8> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.flat_map(|path| fs::read(path).unwrap()).collect()
}

fn holds(haystack: &[u8], needle: &str) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle.as_bytes())
}

#[tokio::test]
async fn what_was_said_and_heard_comes_back() {
    let (folder, path) = folder();
    let history = History::open(&path);
    assert!(history.ready().await.notices.is_empty());
    let session = SessionId::new();
    let mut ledger = Ledger::new(TurnId(7));
    ledger.note(Milestone::Opened, Time::from_millis(5));
    let mark = Mark {
        text: 0..5,
        audio: 0..100,
        provenance: Provenance::Measured,
    };
    let exchange = NewExchange {
        turn: TurnId(7),
        heard: 6,
        cut: true,
        recogniser: Some("on-device".into()),
        model: Some("openrouter".into()),
        voice: Some("cartesia".into()),
        language: Some("en".into()),
        ledger: Some(ledger),
        alignment: Some(Alignment::of(SampleRate::VOICE, [mark])),
        created: Some("2026-01-02T03:04:05.678Z".parse().unwrap()),
        ..said("Say\0hello 👨‍👩‍👧.", "Hëllo 👨‍👩‍👧 and farewell.")
    };
    let Stored::Written(_) = history.append(session, exchange.clone()).await.unwrap() else {
        panic!()
    };
    history.flush().await;
    drop(history);
    let history = History::open(&path);
    let back = history.recent(session, 10).await.unwrap().remove(0);
    assert_eq!((&back.user, &back.reply), (&exchange.user, &exchange.reply));
    assert_eq!((back.turn, back.heard, back.cut), (TurnId(7), 6, true));
    assert_eq!(
        (back.ledger.clone(), back.alignment.clone()),
        (exchange.ledger, exchange.alignment)
    );
    assert_eq!(
        (back.created, back.voice.as_deref()),
        (exchange.created.unwrap(), Some("cartesia"))
    );
    assert_eq!(
        (back.heard_text(), back.unheard_text()),
        ("Hëllo ", "👨‍👩‍👧 and farewell.")
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        for entry in fs::read_dir(path.parent().unwrap()).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(
                entry.metadata().unwrap().permissions().mode() & 0o077,
                0,
                "{:?}",
                entry.path()
            );
        }
    }
    drop(folder);
}

#[tokio::test]
async fn sessions_come_in_pages_the_latest_first() {
    let history = History::in_memory();
    let mut ids = Vec::new();
    for index in 0..25_i64 {
        let session = SessionId::new();
        // Ten of them at the same moment: pages must not lose or repeat any.
        let created = Some(Timestamp::from_second(1_000_000 + (index / 10) * 10).unwrap());
        append(
            &history,
            session,
            NewExchange {
                created,
                ..said(&format!("Question {index}"), "Yes.")
            },
        )
        .await;
        ids.push(session);
    }
    append(&history, ids[3], said("And now?", "Still yes.")).await;
    assert_eq!(history.latest().await.unwrap().unwrap().id, ids[3]);
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = history.sessions(after, 7).await.unwrap();
        seen.extend(page.sessions);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 25);
    assert!(seen.is_sorted_by(|a, b| (a.updated, a.id) > (b.updated, b.id)));
    assert_eq!((seen[0].title.as_str(), seen[0].exchanges), ("Question 3", 2));
    assert!(history.session(SessionId::new()).await.unwrap().is_none());
    assert!(history.recent(SessionId::new(), 5).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_session_is_resumed_with_its_last_exchanges() {
    let history = History::in_memory();
    let session = SessionId::new();
    for index in 0..10 {
        append(&history, session, said(&format!("q{index}"), "a")).await;
    }
    let recent = history.recent(session, 3).await.unwrap();
    assert_eq!(
        recent.iter().map(|e| e.user.as_str()).collect::<Vec<_>>(),
        ["q7", "q8", "q9"]
    );
    let rest = history.exchanges(session, Some(recent[1].id), 100).await.unwrap();
    assert_eq!(rest.len(), 1);
    history.rename(session, "  My \n tea ".repeat(20)).await.unwrap();
    let title = history.session(session).await.unwrap().unwrap().title;
    assert!(
        title.starts_with("My tea My") && title.ends_with('…') && title.chars().count() <= 61,
        "{title}"
    );
    let error = history.rename(SessionId::new(), "x").await.unwrap_err();
    assert_eq!(error.kind(), Kind::BadInput);
    assert!("not-a-uuid".parse::<SessionId>().is_err());
    assert_eq!(session.to_string().parse::<SessionId>().unwrap(), session);
}

#[tokio::test]
async fn search_in_many_languages() {
    let history = History::in_memory();
    let session = SessionId::new();
    append(
        &history,
        session,
        said("Where is the Café?", "The café, “Zum Löwen”, is in Straße 5."),
    )
    .await;
    append(
        &history,
        session,
        said("天气怎么样？", "今天天气很好，明天也不错。"),
    )
    .await;
    append(&history, session, said("قل مرحبا", "مَرحَباً بالعالم")).await;
    append(&history, session, said("नमस्ते कहो", "नमस्ते दुनिया")).await;
    append(&history, session, said("สวัสดี", "สวัสดีครับ")).await;
    append(
        &history,
        session,
        said("Say \"quote\" OR NOT near*", "a-b:c (d) {e} ^f"),
    )
    .await;
    let find = async |query: &str| history.search(query, 10).await.unwrap();
    for (query, side) in [
        ("cafe", Side::User),
        ("CAFÉ", Side::User),
        ("lowe", Side::Reply),
        ("straße caf", Side::User),
        ("天气", Side::User),
        ("明", Side::Reply),
        ("天好", Side::User),
        ("مرحبا", Side::User),
        ("بالعالم", Side::Reply),
        ("नमस्ते", Side::User),
        ("दुनिया", Side::Reply),
        ("ครับ", Side::Reply),
        ("\"quote\"", Side::User),
        ("near*", Side::User),
        ("a-b:c", Side::Reply),
    ] {
        let hits: Vec<_> = find(query)
            .await
            .into_iter()
            .filter(|hit| hit.exchange.is_some())
            .collect();
        if query == "天好" {
            assert!(hits.is_empty(), "these letters do not follow each other");
            continue;
        }
        assert_eq!(hits.len(), 1, "{query}: {hits:?}");
        assert_eq!(hits[0].side, side, "{query}");
        assert!(!hits[0].marked.is_empty(), "{query}");
        for range in &hits[0].marked {
            assert!(
                hits[0].snippet.get(range.clone()).is_some_and(|s| !s.is_empty()),
                "{query}"
            );
        }
    }
    // The session is called as its first question begins: that is told once.
    assert_eq!(find("café").await.len(), 1);
    let hit = find("café zum").await.remove(0);
    assert!(hit.snippet.contains("Café") || hit.snippet.contains("café"));
    for nothing in [
        "", "  ", "\"", "*", "(", "zzz", "afe", "NOT zzz", "\u{0}", "zzz\u{0}",
    ] {
        assert!(find(nothing).await.is_empty(), "{nothing:?}");
    }
    history.rename(session, "Grüße aus Köln").await.unwrap();
    let hit = find("koln").await.remove(0);
    assert_eq!((hit.side, hit.exchange), (Side::Title, None));
    assert_eq!(&hit.snippet[hit.marked[0].clone()], "Köln");
}

#[tokio::test]
async fn a_snippet_shows_the_words_around() {
    let history = History::in_memory();
    let long = format!(
        "{}\n\tneedle\u{a0}here {}",
        "Bücher über Äpfel ".repeat(500),
        "and on it goes ".repeat(5000)
    );
    append(&history, SessionId::new(), said("x", &long)).await;
    let hit = history.search("needle", 1).await.unwrap().remove(0);
    assert!(hit.snippet.starts_with('…') && hit.snippet.ends_with('…'));
    assert!(
        hit.snippet.chars().count() < 180 && !hit.snippet.contains(['\n', '\t']),
        "{}",
        hit.snippet
    );
    assert_eq!(hit.marked.len(), 1);
    assert_eq!(&hit.snippet[hit.marked[0].clone()], "needle");
}

/// A title is not told beside the question that it is the beginning of, and never is there more than was asked for.
#[tokio::test]
async fn what_is_found_is_told_once_and_bounded() {
    let history = History::in_memory();
    let begin = async |question: &str| {
        let session = SessionId::new();
        append(&history, session, said(question, "Yes.")).await;
        session
    };
    for question in ["Is the lamp on?", "Is the lamp red?", "Is the lamp new?"] {
        begin(question).await;
    }
    let find = async |limit| history.search("lamp", limit).await.unwrap();
    for (limit, found) in [(0, 0), (1, 1), (2, 2), (3, 3), (10, 3)] {
        let hits = find(limit).await;
        assert_eq!(hits.len(), found, "{limit}");
        assert!(hits.iter().all(|hit| hit.side == Side::User), "{limit}: {hits:?}");
    }
    let renamed = begin("Is it dark?").await;
    history.rename(renamed, "The lamp, again").await.unwrap();
    for limit in [1, 2, 4] {
        let hits = find(limit).await;
        assert_eq!(hits.len(), limit);
        assert_eq!(hits[0].session, renamed);
        assert!(hits[1..].iter().all(|hit| hit.side == Side::User), "{hits:?}");
    }
}

#[tokio::test]
async fn what_is_deleted_is_gone_from_the_files() {
    let (_folder, path) = folder();
    let history = History::open(&path);
    let (kept, gone) = (SessionId::new(), SessionId::new());
    for index in 0..200 {
        append(&history, kept, said(&format!("keepsake{index}"), "stays")).await;
        append(&history, gone, said(&format!("Xylophone{index}"), "Zanzibar")).await;
    }
    let folder = path.parent().unwrap();
    assert!(holds(&bytes(folder), "Xylophone7") && holds(&bytes(folder), "xylophone"));
    history.delete(gone).await.unwrap();
    let left = bytes(folder);
    for word in ["Xylophone", "xylophone", "Zanzibar", "zanzibar", "ylophone1"] {
        assert!(!holds(&left, word), "{word} is still there");
    }
    assert!(holds(&left, "keepsake7"));
    assert!(history.search("xylophone7", 5).await.unwrap().is_empty());
    assert_eq!(history.search("keepsake7", 500).await.unwrap().len(), 11);
    assert_eq!(history.delete(gone).await.unwrap_err().kind(), Kind::BadInput);

    let one = history.recent(kept, 1).await.unwrap().remove(0);
    history.delete_exchange(one.id).await.unwrap();
    assert!(!holds(&bytes(folder), "keepsake199"));
    history.delete_all().await.unwrap();
    assert!(!holds(&bytes(folder), "keepsake"));
    assert!(history.sessions(None, 10).await.unwrap().sessions.is_empty());
    // It goes on.
    append(&history, kept, said("hello", "again")).await;
}

#[tokio::test]
async fn old_exchanges_are_forgotten() {
    let history = History::in_memory();
    let (old, mixed) = (SessionId::new(), SessionId::new());
    let ago = |days: i64| {
        Some(
            Timestamp::now()
                .checked_sub(SignedDuration::from_hours(days * 24))
                .unwrap(),
        )
    };
    append(
        &history,
        old,
        NewExchange {
            created: ago(40),
            ..said("old", "old")
        },
    )
    .await;
    append(
        &history,
        mixed,
        NewExchange {
            created: ago(40),
            ..said("old", "old")
        },
    )
    .await;
    append(
        &history,
        mixed,
        NewExchange {
            created: ago(2),
            ..said("new", "new")
        },
    )
    .await;
    assert_eq!(history.forget(0).await.unwrap(), 0);
    assert_eq!(history.forget(u32::MAX).await.unwrap(), 0);
    assert_eq!(history.forget(30).await.unwrap(), 2);
    assert!(history.session(old).await.unwrap().is_none());
    assert_eq!(history.session(mixed).await.unwrap().unwrap().exchanges, 1);
    assert!(
        history
            .search("old", 5)
            .await
            .unwrap()
            .iter()
            .all(|hit| hit.side == Side::Title)
    );
}

#[tokio::test]
async fn the_first_draft_is_migrated() {
    let (_folder, path) = folder();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("frozen/history-1.sql")).unwrap();
    drop(old);
    let history = History::open(&path);
    assert!(history.ready().await.notices.is_empty());
    let page = history.sessions(None, 10).await.unwrap();
    assert_eq!(
        page.sessions.iter().map(|s| s.title.as_str()).collect::<Vec<_>>(),
        ["مرحبا", "Tea"]
    );
    assert_eq!(page.sessions[1].updated, "2024-05-06T12:54:20Z".parse().unwrap());
    let tea = history.exchanges(page.sessions[1].id, None, 10).await.unwrap();
    assert_eq!(tea.len(), 2);
    assert_eq!(
        (tea[1].id.0, tea[1].heard_text(), tea[1].cut),
        (4, "Four minutes, in a café.", false)
    );
    assert_eq!(history.search("cafe", 5).await.unwrap().len(), 1);
    assert_eq!(history.search("天气", 5).await.unwrap().len(), 1);
    let new = append(&history, page.sessions[0].id, said("And now?", "Now.")).await;
    assert!(new.id.0 > 5);
    drop(history);
    let raw = rusqlite::Connection::open(&path).unwrap();
    let version: i64 = raw
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    let fine: String = raw
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!((version, fine.as_str()), (2, "ok"));
}

#[tokio::test]
async fn a_broken_database_is_kept_aside() {
    let (_folder, path) = folder();
    let history = History::open(&path);
    let session = SessionId::new();
    for index in 0..300 {
        append(
            &history,
            session,
            said(&format!("question {index}"), &"answer ".repeat(50)),
        )
        .await;
    }
    history
        .delete_exchange(history.recent(session, 1).await.unwrap()[0].id)
        .await
        .unwrap();
    drop(history);
    let good = fs::read(&path).unwrap();
    let mut holed = good.clone();
    let middle = holed.len() / 2;
    holed[4096..middle].fill(0xAA);
    for (name, bytes) in [
        ("noise", vec![7; 5000]),
        ("text", b"This is no database.".to_vec()),
        ("holed", holed),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.sqlite3");
        fs::write(&path, &bytes).unwrap();
        let history = History::open(&path);
        let state = history.ready().await;
        assert_eq!(state.notices.len(), 1, "{name}: {state:?}");
        assert!(
            state.notices[0].sentence.contains("a new one was begun"),
            "{}",
            state.notices[0].sentence
        );
        append(&history, session, said("again", "yes")).await;
        let aside = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path());
        let aside: Vec<_> = aside
            .filter(|p| p.to_string_lossy().contains(".broken-"))
            .collect();
        let kept = aside
            .iter()
            .find(|p| p.extension().is_some_and(|e| e == "sqlite3"))
            .unwrap();
        assert_eq!(fs::read(kept).unwrap(), bytes, "{name}");
    }
}

/// Who keeps nothing leaves no file, and can still read and delete what was kept before.
#[tokio::test]
async fn no_file_is_made_before_something_is_kept() {
    let (_folder, path) = folder();
    let history = History::open_if_any(&path);
    assert!(history.ready().await.notices.is_empty());
    assert!(history.sessions(None, 10).await.unwrap().sessions.is_empty());
    history.delete_all().await.unwrap();
    assert!(!path.exists());
    let session = SessionId::new();
    append(&history, session, said("kept", "yes")).await;
    assert!(path.exists());
    drop(history);
    let history = History::open_if_any(&path);
    assert_eq!(history.recent(session, 9).await.unwrap()[0].user, "kept");
    history.delete_all().await.unwrap();
    assert!(!holds(&bytes(path.parent().unwrap()), "kept"));
}

#[tokio::test]
async fn a_database_of_a_newer_libretto_is_left_alone() {
    let (_folder, path) = folder();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer
        .execute_batch("CREATE TABLE future (x); PRAGMA user_version = 99;")
        .unwrap();
    drop(newer);
    let history = History::open(&path);
    assert!(
        history.ready().await.notices[0]
            .sentence
            .contains("newer Libretto")
    );
    let session = SessionId::new();
    append(&history, session, said("hello", "you")).await;
    assert_eq!(history.recent(session, 1).await.unwrap().len(), 1);
    drop(history);
    let newer = rusqlite::Connection::open(&path).unwrap();
    let tables: i64 = newer
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .unwrap();
    assert_eq!(tables, 1);
}

#[tokio::test]
async fn what_cannot_be_written_waits_and_is_written_later() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::write(&data, "in the way").unwrap();
    let history = History::open(data.join("history.sqlite3"));
    assert!(history.ready().await.problem.is_some());
    let session = SessionId::new();
    for index in 0..3 {
        let stored = history
            .append(session, said(&format!("q{index}"), "a"))
            .await
            .unwrap();
        let Stored::Waiting(sentence) = stored else {
            panic!("{stored:?}")
        };
        assert!(sentence.contains("Make its folder writable"), "{sentence}");
    }
    assert_eq!(history.state().borrow().waiting, 3);
    let error = history.recent(session, 5).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    fs::remove_file(&data).unwrap();
    let state = history.flush().await;
    assert_eq!((state.waiting, state.problem), (0, None));
    let back = history.recent(session, 5).await.unwrap();
    assert_eq!(
        back.iter().map(|e| e.user.as_str()).collect::<Vec<_>>(),
        ["q0", "q1", "q2"]
    );
}

#[tokio::test]
async fn two_programs_share_one_history() {
    let (_folder, path) = folder();
    let (one, two) = (History::open(&path), History::open(&path));
    let session = SessionId::new();
    let write = async |history: &History, name: &str| {
        for index in 0..50 {
            let stored = history
                .append(session, said(&format!("{name}{index}"), "a"))
                .await
                .unwrap();
            assert!(matches!(stored, Stored::Written(_)), "{stored:?}");
        }
    };
    tokio::join!(write(&one, "one"), write(&two, "two"));
    assert_eq!(one.exchanges(session, None, 1000).await.unwrap().len(), 100);
    assert!(one.ready().await.notices.is_empty() && two.ready().await.notices.is_empty());
}

#[tokio::test]
async fn an_hour_of_text_is_fine_and_more_than_all_is_refused() {
    let history = History::in_memory();
    let session = SessionId::new();
    append(
        &history,
        session,
        said("", &"Word after word after word. ".repeat(10_000)),
    )
    .await;
    let error = history
        .append(session, said("", &"x".repeat(5_000_000)))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::TooLong(..)));
    append(&history, session, said("", "")).await;
    assert_eq!(history.session(session).await.unwrap().unwrap().exchanges, 2);
}

#[tokio::test]
async fn nothing_that_was_given_is_lost_when_the_last_handle_goes() {
    let (_folder, path) = folder();
    let history = History::open(&path);
    let session = SessionId::new();
    for index in 0..100 {
        // Whoever gave it does not wait for the answer.
        let exchange = said(&format!("q{index}"), "a");
        let unanswered =
            tokio::time::timeout(std::time::Duration::ZERO, history.append(session, exchange)).await;
        drop(unanswered);
    }
    drop(history);
    // Its thread goes on writing until it has written all.
    let again = History::open(&path);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let kept = again.exchanges(session, None, 1000).await.unwrap().len();
        if kept == 100 {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{kept} of 100 were kept");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

fn timed(user: &str, reply: &str, seconds: i64, words: &[(f64, f64)]) -> NewExchange {
    let rate = SampleRate::VOICE;
    let ranges = libretto_voice::text::words(reply);
    let mark = |(text, (start, end)): (&std::ops::Range<usize>, &(f64, f64))| Mark {
        text: text.clone(),
        audio: rate.sample_at(*start)..rate.sample_at(*end),
        provenance: Provenance::Measured,
    };
    let alignment = Some(Alignment::of(rate, ranges.iter().zip(words).map(mark)));
    NewExchange {
        alignment,
        created: Some(Timestamp::from_second(seconds).unwrap()),
        ..said(user, reply)
    }
}

#[tokio::test]
async fn whether_a_conversation_has_times_stands_in_the_list() {
    let history = History::in_memory();
    let [plain, some] = [SessionId::new(), SessionId::new()];
    append(&history, plain, said("Tea?", "Green.")).await;
    append(&history, some, said("And black?", "Four minutes.")).await;
    let listed = async || {
        let page = history.sessions(None, 10).await.unwrap();
        let of = |id| page.sessions.iter().find(|one| one.id == id).unwrap().timed;
        [of(plain), of(some)]
    };
    assert_eq!(listed().await, [false, false]);
    // One reply with times is enough: subtitles are made of those that have them.
    append(&history, some, timed("Or white?", "Two.", 60, &[(0.1, 0.4)])).await;
    assert_eq!(listed().await, [false, true]);
    assert!(history.session(some).await.unwrap().unwrap().timed);
}

#[tokio::test]
async fn conversations_as_files() {
    let history = History::in_memory();
    let session = SessionId::new();
    append(
        &history,
        session,
        timed(
            "Tea?",
            "Green  <tea> steeps.",
            0,
            &[(0.1, 0.4), (0.5, 0.9), (1.0, 1.5)],
        ),
    )
    .await;
    let cut = timed(
        "And black?",
        "Four minutes. Or so\n\nI think.",
        60,
        &[(0.0, 0.5), (0.5, 1.0), (2.0, 2.2)],
    );
    append(
        &history,
        session,
        NewExchange {
            heard: 13,
            cut: true,
            ..cut
        },
    )
    .await;
    let (summary, exchanges) = (
        history.session(session).await.unwrap().unwrap(),
        history.exchanges(session, None, 10).await.unwrap(),
    );
    assert_eq!(
        export::markdown(&summary, &exchanges, &TimeZone::UTC),
        "# Tea?\n\n1970-01-01 00:00\n\n**You** (1970-01-01 00:00): Tea?\n\n**Libretto**: Green  <tea> steeps.\n\n\
         **You** (1970-01-01 00:01): And black?\n\n**Libretto**: Four minutes. ~~Or so~~ ~~I think.~~\n"
    );
    assert_eq!(
        export::srt(&exchanges).unwrap(),
        "1\n00:00:00,100 --> 00:00:01,500\nGreen <tea> steeps.\n\n\
         2\n00:01:00,000 --> 00:01:01,000\nFour minutes.\n\n"
    );
    assert_eq!(
        export::vtt(&exchanges).unwrap(),
        "WEBVTT\n\n00:00:00.100 --> 00:00:01.500\nGreen  <00:00:00.500>&lt;tea&gt; <00:00:01.000>steeps.\n\n\
         00:01:00.000 --> 00:01:01.000\nFour <00:01:00.500>minutes.\n"
    );
    let json: serde_json::Value = serde_json::from_str(&export::json(&summary, &exchanges).unwrap()).unwrap();
    assert_eq!(json["exchanges"][1]["heard"], 13);
    assert_eq!(json["session"]["id"], session.to_string());
    let untimed = append(&history, session, said("x", "y")).await;
    assert!(matches!(export::srt(&[untimed]), Err(Error::NoTimes)));
}

proptest::proptest! {
    /// Whatever is said and whatever is searched for: it comes back as it was, and every mark is a mark.
    #[test]
    fn any_text(user in ".{0,60}", reply in "(?s).{0,200}", query in ".{0,20}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let history = History::in_memory();
            let back = append(&history, SessionId::new(), said(&user, &reply)).await;
            assert_eq!((&back.user, &back.reply), (&user, &reply));
            assert_eq!(back.heard_text(), reply);
            for query in [query.as_str(), reply.split_whitespace().next().unwrap_or_default()] {
                for hit in history.search(query, 5).await.unwrap() {
                    for range in hit.marked {
                        assert!(hit.snippet.get(range).is_some());
                    }
                }
            }
        });
    }
}
