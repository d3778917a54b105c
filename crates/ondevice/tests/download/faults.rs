use std::fs;
use std::time::{Duration, Instant};

use libretto_ondevice::catalogue::{CatalogueError, State};
use libretto_ondevice::download::{Control, DownloadError, Phase};
use libretto_voice::Kind;
use proptest::prelude::*;

use crate::hub::Fault::{self, *};
use crate::shelf::{Bench, FIRST, SECOND, file};

/// Larger than any buffer on the way.
const SIZE: usize = 3_000_000;

#[tokio::test]
async fn a_file_comes_whole_and_only_once() {
    let bench = Bench::new(SIZE).await;
    let folder = bench.fetch().await.unwrap();
    assert_eq!(folder, bench.folder.path().join("model"));
    bench.assert_whole();
    assert_eq!(
        bench.shelf().state("model").unwrap(),
        State::Present {
            folder,
            verified: true
        }
    );

    let heard = bench.heard();
    let phases = [Phase::Downloading, Phase::Checking, Phase::Done];
    assert!(
        phases
            .iter()
            .all(|phase| heard.iter().any(|progress| progress.phase == *phase)),
        "{heard:?}"
    );
    assert!(
        heard.windows(2).all(|pair| pair[0].bytes <= pair[1].bytes),
        "{heard:?}"
    );
    let last = heard.last().unwrap();
    assert_eq!(
        (last.phase, last.bytes, last.total),
        (Phase::Done, SIZE as u64, Some(SIZE as u64))
    );
    let coming = heard
        .iter()
        .find(|progress| progress.phase == Phase::Downloading)
        .unwrap();
    assert_eq!(coming.file.as_deref(), Some("file.bin"));
    assert_eq!(coming.source.as_deref(), Some("the model hub (lab/model)"));

    bench.fetch().await.unwrap();
    assert_eq!(bench.hub.asked().len(), 1);
}

#[tokio::test]
async fn a_cut_body_is_continued() {
    let bench = Bench::new(SIZE).await;
    bench.hub.faults(
        FIRST,
        [Truncate(1_000_000), Drop, Truncate(500_000), Status(500, "")],
    );
    bench.fetch().await.unwrap();
    bench.assert_whole();
    let at = [
        None,
        Some(1_000_000),
        Some(1_000_000),
        Some(1_500_000),
        Some(1_500_000),
    ];
    assert_eq!(bench.ranges(FIRST), at);
}

#[tokio::test]
async fn a_stall_is_noticed_and_continued() {
    let bench = Bench::stalling(SIZE).await;
    bench.hub.faults(FIRST, [Stall(1_000_000), Silence]);
    let begun = Instant::now();
    bench.fetch().await.unwrap();
    bench.assert_whole();
    assert_eq!(bench.ranges(FIRST), [None, Some(1_000_000), Some(1_000_000)]);
    assert!(begun.elapsed() >= 2 * bench.options.stall);
}

#[tokio::test]
async fn a_source_that_stays_silent_gives_way_to_the_next() {
    let bench = Bench::stalling(SIZE).await;
    bench.hub.faults(FIRST, [Silence, Silence, Silence, Silence]);
    bench.fetch().await.unwrap();
    bench.assert_whole();
    assert_eq!((bench.ranges(FIRST).len(), bench.ranges(SECOND)), (3, vec![None]));
}

#[tokio::test]
async fn the_next_source_goes_on_where_the_first_ended() {
    let bench = Bench::new(SIZE).await;
    bench.hub.faults(FIRST, [Truncate(1_000_000), Status(404, "")]);
    bench.fetch().await.unwrap();
    bench.assert_whole();
    assert_eq!(bench.ranges(SECOND), [Some(1_000_000)]);
}

#[tokio::test]
async fn ranges_that_are_ignored_wrong_or_refused() {
    for fault in [IgnoreRange, From(0), From(7), From(SIZE - 1), Status(416, "")] {
        let bench = Bench::new(SIZE).await;
        bench.begin(&bench.bytes[..1_234_567]);
        bench.hub.faults(FIRST, [fault.clone()]);
        bench.fetch().await.unwrap();
        bench.assert_whole();
        assert_eq!(bench.ranges(FIRST)[0], Some(1_234_567), "{fault:?}");
        assert!(bench.ranges(SECOND).is_empty(), "{fault:?}");
    }
}

#[tokio::test]
async fn what_an_earlier_download_left() {
    // Whole already, longer than the file, of other bytes, or empty.
    let bench = Bench::new(SIZE).await;
    bench.begin(&bench.bytes);
    bench.fetch().await.unwrap();
    assert!(bench.hub.asked().is_empty(), "nothing was left to ask for");
    bench.assert_whole();
    for left in [vec![1; SIZE + 1], vec![1; SIZE], vec![1; 5_000], Vec::new()] {
        let bench = Bench::new(SIZE).await;
        bench.begin(&left);
        bench.fetch().await.unwrap();
        bench.assert_whole();
        assert!(bench.ranges(SECOND).is_empty());
    }
}

#[tokio::test]
async fn another_length_means_another_file() {
    for fault in [Length(SIZE - 1), Length(SIZE + 1), Endless] {
        let bench = Bench::new(SIZE).await;
        bench.hub.faults(FIRST, [fault.clone()]);
        bench.fetch().await.unwrap();
        bench.assert_whole();
        assert_eq!(
            (bench.ranges(FIRST).len(), bench.ranges(SECOND)),
            (1, vec![None]),
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn a_redirect_is_followed_and_keeps_its_range() {
    let bench = Bench::new(SIZE).await;
    bench.begin(&bench.bytes[..1_000]);
    bench.hub.faults(FIRST, [Redirect("/store/abc")]);
    bench.hub.file("/store/abc", &bench.bytes);
    bench.fetch().await.unwrap();
    bench.assert_whole();
    assert_eq!(bench.ranges("/store/abc"), [Some(1_000)]);
}

#[tokio::test]
async fn a_redirect_in_a_circle_ends() {
    let bench = Bench::new(SIZE).await;
    bench.hub.faults(FIRST, std::iter::repeat_n(Redirect(FIRST), 100));
    bench.fetch().await.unwrap();
    assert_eq!(bench.ranges(SECOND), [None]);
}

#[tokio::test]
async fn a_busy_server_is_asked_again_when_it_says() {
    let bench = Bench::new(SIZE).await;
    bench.hub.faults(
        FIRST,
        [
            Status(503, "Retry-After: 1\r\n"),
            Status(429, "Retry-After: nonsense\r\n"),
        ],
    );
    let begun = Instant::now();
    bench.fetch().await.unwrap();
    bench.assert_whole();
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(bench.ranges(FIRST).len(), 3);
}

#[tokio::test]
async fn a_damaged_file_never_takes_its_place() {
    let bench = Bench::new(SIZE).await;
    bench.hub.faults(FIRST, [Flip]);
    bench.fetch().await.unwrap();
    bench.assert_whole();
    assert_eq!((bench.ranges(FIRST).len(), bench.ranges(SECOND)), (1, vec![None]));

    let bench = Bench::new(SIZE).await;
    bench.hub.faults(FIRST, [Flip]);
    bench.hub.faults(SECOND, [Flip]);
    let error = bench.fetch().await.unwrap_err();
    assert!(
        matches!(&error, DownloadError::Sources { failures, .. } if failures.len() == 2),
        "{error:?}"
    );
    assert!(!bench.place().exists() && !bench.partial().exists());
}

#[tokio::test]
async fn when_no_source_helps_the_sentence_says_what_was_tried() {
    let bench = Bench::new(SIZE).await;
    bench.hub.faults(FIRST, [Status(404, "")]);
    bench.hub.faults(SECOND, [Status(403, "")]);
    let error = bench.fetch().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert_eq!(
        error.to_string(),
        "“file.bin” of the model “model” could not be downloaded. From the model hub (lab/model): The server \
         answered 404. From the model hub (mirror/model): The server answered 403. Check the network connection, \
         then try again; what was downloaded is kept."
    );
    let voice = libretto_voice::Error::from(error);
    assert!(voice.can_retry());
}

#[tokio::test]
async fn no_network_at_all() {
    let mut bench = Bench::new(SIZE).await;
    // Bound and let go: nobody listens there.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    bench.options.hub = format!("http://{nobody}");
    let error = bench.fetch().await.unwrap_err();
    assert!(error.to_string().contains("no connection"), "{error}");
    assert!(
        !error.to_string().contains("127.0.0.1"),
        "an address may hold a key: {error}"
    );
}

#[tokio::test]
async fn what_was_cancelled_goes_on_later() {
    let bench = Bench::new(SIZE).await;
    bench.hub.faults(FIRST, [Stall(1_000_000)]);
    let control = Control::default();
    let cancel = async {
        bench.until(|progress| progress.bytes == 1_000_000).await;
        control.cancel();
    };
    let (error, ()) = tokio::join!(bench.fetch_with(&control), cancel);
    assert_eq!(error.unwrap_err().kind(), Kind::Cancelled);
    let partial = State::Partial {
        bytes: 1_000_000,
        total: Some(SIZE as u64),
    };
    assert_eq!(bench.shelf().state("model").unwrap(), partial);
    bench.fetch().await.unwrap();
    bench.assert_whole();
    assert_eq!(bench.ranges(FIRST), [None, Some(1_000_000)]);
}

#[tokio::test]
async fn a_dropped_download_lets_go() {
    let bench = Bench::new(SIZE).await;
    bench.hub.faults(FIRST, [Stall(1_000_000)]);
    tokio::select! {
        _ = bench.fetch() => panic!("it stalls"),
        () = bench.until(|progress| progress.bytes == 1_000_000) => {}
    }
    bench.fetch().await.unwrap();
    bench.assert_whole();
}

#[tokio::test]
async fn a_pause_closes_the_connection_and_resuming_goes_on() {
    let bench = Bench::new(SIZE).await;
    bench.hub.faults(FIRST, [Stall(1_000_000)]);
    let control = Control::default();
    let pause = async {
        bench.until(|progress| progress.bytes == 1_000_000).await;
        control.pause();
        bench.until(|progress| progress.phase == Phase::Paused).await;
        assert!(control.is_paused());
        assert_eq!(bench.hub.asked().len(), 1);
        control.resume();
    };
    let (folder, ()) = tokio::join!(bench.fetch_with(&control), pause);
    folder.unwrap();
    bench.assert_whole();
    assert_eq!(bench.ranges(FIRST), [None, Some(1_000_000)]);
}

#[tokio::test]
async fn a_paused_download_can_be_cancelled() {
    let bench = Bench::new(SIZE).await;
    let control = Control::default();
    control.pause();
    let cancel = async {
        bench.until(|progress| progress.phase == Phase::Paused).await;
        control.cancel();
    };
    let (error, ()) = tokio::join!(bench.fetch_with(&control), cancel);
    assert!(matches!(error, Err(DownloadError::Cancelled)));
    assert!(bench.hub.asked().is_empty());
}

#[tokio::test]
async fn two_at_once_are_one_download() {
    let bench = Bench::stalling(SIZE).await;
    bench.hub.faults(FIRST, [Stall(1_000)]);
    let (one, two) = tokio::join!(bench.fetch(), bench.fetch());
    assert_eq!(one.unwrap(), two.unwrap());
    bench.assert_whole();
    assert_eq!(bench.ranges(FIRST), [None, Some(1_000)]);
    assert!(
        bench
            .heard()
            .iter()
            .any(|progress| progress.phase == Phase::Waiting)
    );
}

#[tokio::test]
async fn what_is_being_downloaded_is_not_removed() {
    let bench = Bench::stalling(SIZE).await;
    bench.hub.faults(FIRST, [Stall(1_000)]);
    let remove = async {
        bench.until(|progress| progress.bytes == 1_000).await;
        let error = bench.shelf().remove("model").unwrap_err();
        assert!(matches!(error, CatalogueError::Busy(_)), "{error:?}");
    };
    let (folder, ()) = tokio::join!(bench.fetch(), remove);
    folder.unwrap();
    bench.shelf().remove("model").unwrap();
    assert_eq!(bench.shelf().state("model").unwrap(), State::Missing);
}

#[tokio::test]
async fn a_disk_without_room_is_seen_before_anything_is_asked_for() {
    let mut bench = Bench::new(SIZE).await;
    bench.options.spare = u64::MAX / 2;
    let error = bench.fetch().await.unwrap_err();
    assert!(matches!(error, DownloadError::Full { .. }), "{error:?}");
    assert!(error.to_string().contains("MB are free"), "{error}");
    assert!(bench.hub.asked().is_empty());
}

/// The kernel's own full device stands where the download grows.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_disk_that_fills_up_on_the_way() {
    let bench = Bench::new(SIZE).await;
    fs::create_dir_all(bench.folder.path().join("model")).unwrap();
    std::os::unix::fs::symlink("/dev/full", bench.partial()).unwrap();
    let error = bench.fetch().await.unwrap_err();
    assert!(matches!(error, DownloadError::Full { .. }), "{error:?}");
    assert!(bench.ranges(SECOND).is_empty(), "another source has no more room");
    assert!(!bench.place().exists());
}

#[tokio::test]
async fn a_damaged_model_is_replaced() {
    let bench = Bench::new(SIZE).await;
    bench.fetch().await.unwrap();
    let mut bytes = bench.bytes.clone();
    bytes[17] ^= 1;
    fs::write(bench.place(), &bytes).unwrap();
    let folder = bench.folder.path().join("model");
    assert_eq!(
        bench.shelf().verify("model").unwrap(),
        State::Corrupt {
            folder,
            file: "file.bin".into()
        }
    );
    bench.fetch().await.unwrap();
    bench.assert_whole();
    // Cut short, which needs no hash to see.
    fs::write(bench.place(), &bytes[..10]).unwrap();
    bench.fetch().await.unwrap();
    bench.assert_whole();
}

#[tokio::test]
async fn a_file_of_unknown_hash_needs_consent_and_keeps_its_first_hash() {
    let bytes = vec![3; 100_000];
    let sources = r#"[{ repository = "lab/model", revision = "main", path = "sub/file.bin" }]"#;
    let mut bench = Bench::with(bytes, &file("file.bin", None, sources)).await;
    let error = bench.fetch().await.unwrap_err();
    assert!(matches!(error, DownloadError::Unverified(_)), "{error:?}");
    assert!(bench.hub.asked().is_empty());

    bench.options.allow_unverified = true;
    bench.hub.faults(FIRST, [Truncate(60_000)]);
    bench.fetch().await.unwrap();
    bench.assert_whole();
    let present = State::Present {
        folder: bench.folder.path().join("model"),
        verified: true,
    };
    assert_eq!(bench.shelf().state("model").unwrap(), present);

    // From now on it must be the same one, whoever changes it: somebody here, or the hub.
    fs::write(bench.place(), vec![4; 100_000]).unwrap();
    assert!(matches!(
        bench.shelf().verify("model").unwrap(),
        State::Corrupt { .. }
    ));
    bench.hub.file(FIRST, &vec![5; 100_000]);
    assert!(bench.fetch().await.is_err());
    bench.hub.file(FIRST, &bench.bytes);
    bench.fetch().await.unwrap();
    bench.assert_whole();
}

#[tokio::test]
async fn files_that_another_model_has_are_copied() {
    let mut bench = Bench::new(SIZE).await;
    bench.fetch().await.unwrap();
    let second = file("other-name.bin", Some(&bench.bytes), "[]");
    bench.catalogue += &crate::shelf::model("second", &second);
    let folder = bench
        .downloader()
        .fetch("second", &Control::default(), bench.listener())
        .await
        .unwrap();
    assert!(fs::read(folder.join("other-name.bin")).unwrap() == bench.bytes);
    assert_eq!(bench.hub.asked().len(), 1);
}

#[tokio::test]
async fn an_unknown_model() {
    let bench = Bench::new(1).await;
    let error = bench
        .downloader()
        .fetch("nothing", &Control::default(), bench.listener())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::BadInput);
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Drop),
        (0_usize..40_000).prop_map(Truncate),
        (0_usize..40_000).prop_map(Length),
        Just(Endless),
        Just(IgnoreRange),
        (0_usize..40_000).prop_map(From),
        prop_oneof![Just(404), Just(416), Just(500), Just(204), Just(304), Just(206)]
            .prop_map(|s| Status(s, "")),
        Just(Redirect(SECOND)),
        Just(Flip),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_order_of_faults_puts_a_wrong_file_into_place(
        first in prop::collection::vec(fault(), 0..8),
        second in prop::collection::vec(fault(), 0..8),
        left in prop::option::of(0_usize..45_000),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut bench = Bench::new(40_000).await;
            bench.options.backoff = Duration::from_micros(100);
            if let Some(left) = left {
                bench.begin(&vec![9; left]);
            }
            bench.hub.faults(FIRST, first);
            bench.hub.faults(SECOND, second);
            let wait = Duration::from_secs(30);
            // Every fault comes once, so that some later download succeeds.
            for _ in 0..20 {
                if tokio::time::timeout(wait, bench.fetch()).await.expect("it hangs").is_ok() {
                    bench.assert_whole();
                    return;
                }
                assert!(!bench.place().exists());
            }
            panic!("it never succeeds");
        });
    }
}

#[tokio::test]
async fn a_file_that_was_put_there_by_hand_is_checked_too() {
    let mut bench = Bench::new(SIZE).await;
    bench.hub.file("/lab/model/resolve/main/b.bin", b"second");
    let place = r#"[{ repository = "lab/model", revision = "main", path = "b.bin" }]"#;
    bench.catalogue += &file("b.bin", Some(b"second"), place);
    let folder = bench.folder.path().join("model");
    fs::create_dir(&folder).unwrap();
    // The right one is kept and the wrong one replaced.
    fs::write(folder.join("b.bin"), "SECOND").unwrap();
    fs::write(bench.place(), &bench.bytes).unwrap();
    bench.fetch().await.unwrap();
    bench.assert_whole();
    assert_eq!(fs::read(folder.join("b.bin")).unwrap(), b"second");
    assert!(bench.ranges(FIRST).is_empty());

    // The same when a file is missing besides.
    fs::write(folder.join("b.bin"), "SECOND").unwrap();
    fs::remove_file(bench.place()).unwrap();
    bench.fetch().await.unwrap();
    assert_eq!(fs::read(folder.join("b.bin")).unwrap(), b"second");
    assert_eq!(bench.ranges(FIRST), [None]);
}
