//! The real thing: a small model from its package, through the machine's own pip.

use std::time::Duration;

use libretto_ondevice::catalogue::{Catalogue, Shelf, State};
use libretto_ondevice::download::{Control, Downloader, Options, Phase};

#[tokio::test(flavor = "multi_thread")]
async fn silero_comes_from_its_package() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(
        Catalogue::shipped().unwrap(),
        Vec::new(),
        folder.path().to_owned(),
    );
    let downloader = Downloader::new(shelf.clone(), Options::default()).unwrap();
    let heard = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let listener = {
        let heard = std::sync::Arc::clone(&heard);
        std::sync::Arc::new(move |progress| heard.lock().unwrap().push(progress))
    };
    let control = Control::default();
    let fetch = downloader.fetch("silero-vad-6.2", &control, listener);
    let model = tokio::time::timeout(Duration::from_mins(5), fetch)
        .await
        .expect("five minutes are enough")
        .unwrap();
    assert_eq!(
        shelf.state("silero-vad-6.2").unwrap(),
        State::Present {
            folder: model,
            verified: true
        }
    );
    let heard = heard.lock().unwrap();
    for phase in [Phase::Downloading, Phase::Unpacking, Phase::Checking, Phase::Done] {
        assert!(
            heard.iter().any(|progress| progress.phase == phase),
            "{phase:?} is missing: {heard:?}"
        );
    }
    assert_eq!(heard.last().unwrap().bytes, 11_317_527);
}
