//! Whether everything that the host can say to a person is known, and said right.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::catalogue::{FROM_SOURCES, OTHERS, pairs};
use super::sources::{normal, sentences, texts};
use super::*;
use crate::web::messages::of;

/// What no view of the page shows: other surfaces, what a start refuses before anything is served, and what is not prose.
const NOT_SHOWN: &[&str] = &[
    "base/src/effects",
    "base/src/formatting",
    "base/src/signature",
    "base/src/state_dir/",
    "cli/",
    "config/",
    "docker/src/adopt",
    "host/examples/",
    "host/src/conformance/",
    "host/src/door/",
    "host/src/host/plugins",
    "host/src/leftovers",
    "plugins/build",
    "plugins/src/compile",
    "plugins/src/registry/install",
    "server/src/api/describe",
    "server/src/api/hooks/",
    "server/src/api/metrics",
    "server/src/api/mounted",
    "server/src/api/routes/hooks",
    "server/src/api/routes/plugins",
    "server/src/api/server",
    "server/src/documents/",
    "server/src/web/",
    "testing/",
];

/// Pieces of text with spaces that are no sentences, or that no person reads on the page.
const NO_SENTENCES: &[&str] = &[
    "(os error",
    "attachment; filename=\"{}.tar.gz\"",
    "already finished",
    "deleted container",
    "reforge: {}",
    "stopped container",
];

/// All crates of the host.
fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn host() -> BTreeMap<String, String> {
    sentences(&crates(), is_not_shown)
}

fn is_not_shown(file: &str) -> bool {
    // What a deploy can say is shown.
    file != "config/src/deploy_spec.rs" && NOT_SHOWN.iter().any(|beginning| file.starts_with(beginning))
}

fn plugin() -> BTreeMap<String, String> {
    sentences(&crates().join("../plugin/src"), |file| ["component.rs", "lib.rs"].contains(&file))
}

fn known() -> BTreeMap<String, &'static str> {
    FROM_SOURCES.iter().flat_map(|text| pairs(text)).map(|(english, russian)| (normal(english), russian)).collect()
}

#[test]
fn every_sentence_of_the_host_is_known() {
    let known = known();
    let mut missing = String::new();
    for (sentence, place) in host().into_iter().chain(plugin()) {
        if !known.contains_key(&sentence) && !NO_SENTENCES.contains(&sentence.as_str()) {
            missing.push_str(&format!("\n{place}: {sentence}"));
        }
    }
    assert!(missing.is_empty(), "what has no words in Russian (`host/server/src/web/said/russian`):{missing}");
}

#[test]
fn nothing_is_known_that_nobody_says() {
    let said: BTreeMap<String, String> = host().into_iter().chain(plugin()).collect();
    let mut dead = known();
    dead.retain(|sentence, _| !said.contains_key(sentence));
    assert!(dead.is_empty(), "{dead:#?}");
    for sentence in NO_SENTENCES {
        assert!(said.contains_key(*sentence), "`{sentence}`");
    }
}

#[test]
fn every_sentence_is_said_with_the_same_values_and_is_taken_for_no_other() {
    let mut seen = BTreeMap::new();
    for text in FROM_SOURCES.iter().chain(OTHERS) {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count();
        assert_eq!(pairs(text).count() * 2, lines, "each line has one below it:\n{text}");
        for (english, russian) in pairs(text) {
            assert!(!english.is_empty() && seen.insert(normal(english), russian).is_none(), "`{english}` twice");
            let mut names = Vec::new();
            let template = Template::read(english, &mut names);
            let values: Vec<String> = (0..names.len()).map(|at| format!("v{at}v")).collect();
            let sample = |template: &Template| -> String {
                let piece = |piece: &Piece| match piece {
                    Piece::Words(words) => words.clone(),
                    Piece::Value(at) => values[*at].clone(),
                };
                template.pieces.iter().map(piece).collect()
            };
            let known = names.len();
            let other = Template::read(russian, &mut names);
            assert_eq!(names.len(), known, "`{russian}` takes what `{english}` does not have");
            let (said, meant) = (sample(&template), sample(&other));
            let used = |text: &str| values.iter().map(|value| text.contains(value)).collect::<Vec<_>>();
            assert_eq!(used(&said), used(&meant), "`{english}`: `{russian}`");
            let is_russian =
                russian.chars().any(|letter| ('а'..='я').contains(&letter) || ('А'..='Я').contains(&letter));
            assert!(is_russian || !template.has_words(), "{russian}");
            if template.has_words() {
                let (found, _) = Catalogue::russian().fitting(&said).next().unwrap();
                assert_eq!(sample(&found.russian), meant, "`{english}` is taken for another sentence");
            }
        }
    }
}

/// `cannot stage …`: also what is one word long.
#[test]
fn what_was_being_done_when_the_system_said_no_is_known() {
    let calls = ["io(\"", "io(path, \"", "io(&file.path, \"", "io(b\"\", \""];
    let mut doing = BTreeSet::new();
    for (_, source) in texts(&crates(), is_not_shown) {
        let rest = calls.iter().flat_map(|call| source.split(call).skip(1)).filter_map(|rest| rest.split('"').next());
        doing.extend(rest.map(str::to_owned));
    }
    assert!(doing.len() > 20 && doing.contains("stage"), "{doing:?}");
    doing.retain(|doing| Catalogue::russian().fitting(doing).next().is_none());
    assert!(doing.is_empty(), "what has no words in Russian: {doing:?}");
}

fn russian(sentence: &str) -> String {
    of(Language::Russian).said(sentence).into_string()
}

#[test]
fn a_sentence_keeps_its_names_and_what_stands_in_it_is_said_too() {
    for (said, shown) in ROWS {
        assert_eq!(russian(said), *shown);
    }
    assert_eq!(
        of(Language::English).said("volume `<b>` is gone").into_string(),
        "<bdi>volume `&lt;b&gt;` is gone</bdi>"
    );
}

const ROWS: &[(&str, &str)] = &[
    ("deploy it first", "сначала разверните его"),
    ("nobody says this", "<bdi lang=\"en\">nobody says this</bdi>"),
    // A name is a name, whatever it is.
    ("volume `lies inside` is not in the snapshot", "тома `<bdi>lies inside</bdi>` нет в снимке"),
    ("volume `<b>` is not in the snapshot", "тома `<bdi>&lt;b&gt;</bdi>` нет в снимке"),
    (
        "cannot read `/srv/a b`: no such file or directory",
        "не удалось прочитать `<bdi>/srv/a b</bdi>`: нет такого файла или каталога",
    ),
    (
        "volume `x` of `a` at `/v/x` lies inside volume `y` of `b` at `/v`",
        "том `<bdi>x</bdi>` приложения `<bdi>a</bdi>` в `<bdi>/v/x</bdi>`: вложен в том `<bdi>y</bdi>` приложения \
         `<bdi>b</bdi>` в `<bdi>/v</bdi>`",
    ),
    // What is not known stays as it is, in the middle of what is.
    (
        "the app could not be started again: the moon is full",
        "приложение не удалось снова запустить: <bdi lang=\"en\">the moon is full</bdi>",
    ),
    (
        "`reforge restore finish r` removes them; snapshot `s` holds the same",
        "их удалит `reforge restore finish <bdi>r</bdi>`; то же содержит снимок `<bdi>s</bdi>`",
    ),
    (
        "needs 142.5 MiB, has 3 bytes on the file system of `/srv`",
        "нужно <bdi>142,5\u{a0}МиБ</bdi>, в файловой системе с `<bdi>/srv</bdi>` есть <bdi>3</bdi> Б",
    ),
    ("the app is not what it was", "<bdi lang=\"en\">the app is not what it was</bdi>"),
    ("the app ended with status 3", "приложение завершилось с кодом <bdi>3</bdi>"),
    (
        "cannot exchange `/a` and `/b`: cannot exchange `/a`: input/output error: could not go back: the file system is \
         read-only; the app is not started and every tree is kept",
        "нельзя поменять местами `<bdi>/a</bdi>` и `<bdi>/b</bdi>`: не удалось поменять местами `<bdi>/a</bdi>`: ошибка \
         ввода-вывода: не удалось вернуть всё назад: файловая система доступна только для чтения; приложение не запущено, \
         и все данные сохранены",
    ),
    (
        "`app` is held by a deploy (process 17, since 2026-11-24T21:00:00Z)",
        "`<bdi>app</bdi>` сейчас занято: развёртывание (процесс <bdi>17</bdi>, с <bdi>2026-11-24T21:00:00Z</bdi>)",
    ),
    (
        "the health check took longer than 10s, until the limit of 60s; it said: listening on `",
        "проверка работоспособности заняла больше <bdi>10\u{a0}с</bdi>; истёк предел <bdi>60\u{a0}с</bdi>; приложение \
         сообщило: <bdi lang=\"en\">listening on `</bdi>",
    ),
];

#[test]
fn what_the_system_says_is_known() {
    use rustix::io::Errno;
    let system: BTreeMap<&str, &str> = pairs(OTHERS[1]).collect();
    let errors = (1..134).map(|number| reforge_base::failure::reason(&std::io::Error::from_raw_os_error(number)));
    let errors: Vec<String> = errors.collect();
    for known in system.keys() {
        assert!(errors.iter().any(|error| error == known), "the system never says `{known}`");
    }
    for errno in [Errno::NOENT, Errno::ACCESS, Errno::PERM, Errno::NOSPC, Errno::ROFS, Errno::IO, Errno::BUSY] {
        assert!(!russian(&reforge_base::failure::reason(&errno.into())).contains("lang="), "{errno}");
    }
}

#[test]
fn what_is_made_to_be_slow_is_not() {
    for joint in ["a: ", "a; ", "`a` ", "`", "a, "] {
        let long = joint.repeat(4096 / joint.len());
        let began = std::time::Instant::now();
        russian(&long);
        assert!(began.elapsed().as_secs() < 5, "{joint}");
    }
}
