use std::fs;

use super::*;

fn shipped() -> Catalogue {
    Catalogue::shipped().unwrap()
}

#[test]
fn the_embedded_set_is_frozen() {
    let set: Vec<(&str, Part, Engine, Option<u64>)> = shipped()
        .embedded()
        .map(|m| (&*m.id.clone().leak(), m.part, m.engine, m.bytes()))
        .collect();
    let bytes = |files: &[u64]| Some(files.iter().sum());
    assert_eq!(
        set,
        [
            (
                "moonshine-tiny-en",
                Part::Recogniser,
                Engine::Moonshine,
                bytes(&[7_937_661, 20_243_286, 249_974])
            ),
            (
                "smollm2-135m",
                Part::LanguageModel,
                Engine::Llama,
                bytes(&[98_362_432])
            ),
            (
                "hibari-heart",
                Part::Voice,
                Engine::Hibari,
                bytes(&[7_936_868, 2_975_020, 2_273, 1_144])
            ),
            (
                "smart-turn-3.2",
                Part::TurnDetector,
                Engine::SmartTurn,
                bytes(&[8_679_182])
            ),
            ("silero-vad-6.2", Part::Vad, Engine::Silero, bytes(&[1_289_603])),
        ]
    );
}

#[test]
fn every_shipped_file_can_be_checked_and_had() {
    for model in shipped().models() {
        assert!(model.verified(), "{} has a file without a hash", model.id);
        assert!(model.bytes().is_some(), "{} has a file without a size", model.id);
        for sentence in [&model.description, &model.quality] {
            assert!(
                sentence.ends_with('.'),
                "{}: “{sentence}” is no sentence",
                model.id
            );
        }
        assert!(!model.licence.name.is_empty());
        assert_eq!(
            model.chat.is_some(),
            model.part == Part::LanguageModel,
            "{}",
            model.id
        );
        for file in &model.files {
            assert!(
                !file.sources.is_empty(),
                "{} of {} can be had nowhere",
                file.name,
                model.id
            );
            let first = &file.sources[0];
            assert!(
                !model.embedded || matches!(first, Source::Package { .. }),
                "{}: packages first",
                model.id
            );
        }
    }
}

#[test]
fn an_entry_must_make_sense() {
    let entry = |id: &str, file: &str, source: &str| {
        format!(
            r#"
            [packages.p]
            client = "pip"
            version = "1"
            bytes = 1
            [[models]]
            id = "{id}"
            name = "A"
            description = "A."
            part = "voice"
            engine = "hibari"
            languages = []
            licence = {{ name = "MIT" }}
            memory = 1
            quality = "Q."
            files = [{{ name = "{file}", sources = [{source}] }}]
            "#
        )
    };
    let package = r#"{ package = "p", path = "a/b" }"#;
    let good = Catalogue::parse(&entry("a", "f.onnx", package)).unwrap();
    assert!(!good.models()[0].verified());
    for (id, file, source) in [
        ("../a", "f", package),
        ("A", "f", package),
        ("", "f", package),
        (".a", "f", package),
        ("a", "../f", package),
        ("a", "x/f", package),
        ("a", ".hidden", package),
        ("a", "f", r#"{ package = "unknown", path = "a/b" }"#),
        (
            "a",
            "f",
            r#"{ repository = "o/n", revision = "main", path = "../../x" }"#,
        ),
        (
            "a",
            "f",
            r#"{ repository = "o/n?x=", revision = "main", path = "x" }"#,
        ),
        ("a", "f", "{ anything = 1 }"),
    ] {
        let error = Catalogue::parse(&entry(id, file, source)).unwrap_err();
        assert_eq!(
            error.kind(),
            libretto_voice::Kind::BadInput,
            "{id} {file} {source}"
        );
    }
    let option = entry("a", "f", package).replace("version = \"1\"", "version = \"--index-url=x\"");
    assert!(Catalogue::parse(&option).is_err());
    let twice = format!(
        "{}{}",
        entry("a", "f", package),
        entry("a", "f", package).split_once("bytes = 1").unwrap().1
    );
    assert!(matches!(Catalogue::parse(&twice), Err(CatalogueError::Entry(..))));
    assert!(matches!(
        Catalogue::parse("models = 3"),
        Err(CatalogueError::Unreadable(_))
    ));
}

#[test]
fn a_users_entry_adds_or_replaces() {
    let mine = r#"
        [[models]]
        id = "smollm2-135m"
        name = "Mine"
        description = "My own."
        part = "voice"
        engine = "hibari"
        languages = []
        licence = { name = "MIT" }
        memory = 1
        quality = "Mine."
        files = [{ name = "f", sources = [] }]
    "#;
    let both = shipped().with(Catalogue::parse(mine).unwrap());
    assert_eq!(both.models().len(), shipped().models().len());
    assert_eq!(both.get("smollm2-135m").unwrap().name, "Mine");
    assert_eq!(
        both.get("nothing").unwrap_err().kind(),
        libretto_voice::Kind::BadInput
    );
}

/// A catalogue of one model with two files: `a.bin` of five known bytes, `b.bin` of which nothing is known.
fn small() -> Catalogue {
    let hash = Digest(<sha2::Sha256 as sha2::Digest>::digest(b"hello").into());
    Catalogue::parse(&format!(
        r#"
        [[models]]
        id = "small"
        name = "Small"
        description = "Small."
        part = "vad"
        engine = "silero"
        languages = []
        licence = {{ name = "MIT" }}
        memory = 1
        quality = "Small."
        files = [{{ name = "a.bin", bytes = 5, sha256 = "{hash}", sources = [] }}, {{ name = "b.bin", sources = [] }}]
        "#
    ))
    .unwrap()
}

#[test]
fn a_shelf_tells_present_from_partial_and_damaged() {
    let (bundle, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let shelf = Shelf::new(small(), vec![bundle.path().to_owned()], own.path().to_owned());
    assert_eq!(shelf.state("small").unwrap(), State::Missing);

    let folder = own.path().join("small");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("a.bin.partial"), "hel").unwrap();
    assert_eq!(
        shelf.state("small").unwrap(),
        State::Partial {
            bytes: 3,
            total: None
        }
    );

    fs::write(folder.join("a.bin"), "hello").unwrap();
    fs::write(folder.join("b.bin"), "any").unwrap();
    let present = |folder: &std::path::Path| State::Present {
        folder: folder.to_owned(),
        verified: false,
    };
    assert_eq!(shelf.state("small").unwrap(), present(&folder));
    assert_eq!(
        shelf.verify("small").unwrap(),
        present(&folder),
        "nobody knows the hash of b.bin"
    );
    assert_eq!(
        shelf.file(
            &shelf.catalogue().models()[0],
            &shelf.catalogue().models()[0].files[0]
        ),
        FileState::Verified
    );
    assert_eq!(
        shelf.usage(),
        [Usage {
            id: "small".into(),
            folder: folder.clone(),
            bytes: 11
        }]
    );

    // Same size, other bytes: only hashing can tell, and what it found is remembered.
    fs::write(folder.join("a.bin"), "jello").unwrap();
    let file = fs::File::options()
        .write(true)
        .open(folder.join("a.bin"))
        .unwrap();
    file.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(5))
        .unwrap();
    assert_eq!(shelf.state("small").unwrap(), present(&folder));
    let corrupt = State::Corrupt {
        folder: folder.clone(),
        file: "a.bin".into(),
    };
    assert_eq!(shelf.verify("small").unwrap(), corrupt);
    assert_eq!(shelf.state("small").unwrap(), corrupt);
    assert_eq!(shelf.path("small"), None);

    // A good one in the installation is found although the user's own is damaged.
    let installed = bundle.path().join("small");
    fs::create_dir(&installed).unwrap();
    fs::write(installed.join("a.bin"), "hello").unwrap();
    fs::write(installed.join("b.bin"), "any").unwrap();
    assert_eq!(shelf.path("small"), Some(installed.clone()));

    // Damaged there too: both are known to be bad, whichever was hashed last.
    fs::write(installed.join("a.bin"), "jello").unwrap();
    fs::write(folder.join("a.bin"), "hello").unwrap();
    assert!(matches!(shelf.verify("small").unwrap(), State::Corrupt { .. }));
    assert_eq!(shelf.verify("small").unwrap(), present(&folder));
    assert_eq!(shelf.verify("small").unwrap(), present(&folder));

    shelf.remove("small").unwrap();
    fs::write(installed.join("a.bin"), "olleh").unwrap();
    assert!(!folder.exists());
    assert!(matches!(shelf.remove("small"), Err(CatalogueError::Bundled(_, at)) if at == installed));
}
