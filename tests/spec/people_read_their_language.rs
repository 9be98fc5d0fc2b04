//! People read their own language at the command line; programs read the same whatever that is.

use std::process::Command;

use regex::Regex;

use crate::support::{Volume, Workload, World, guests};

const RUSSIAN: [(&str, &str); 1] = [("LANG", "ru_RU.UTF-8")];

fn world() -> (World, String) {
    let world = World::deployed([Workload::idle("app", [Volume::project("data")])]);
    std::fs::write(world.volume("app", "data").join("file"), "old").unwrap();
    let snapshot = world.snapshot("app");
    (world, snapshot)
}

/// What is printed to both, and the exit code.
fn answered(world: &World, arguments: &[&str], environment: &[(&str, &str)]) -> (String, String, Option<i32>) {
    let mut command = world.command(arguments);
    let output = command.envs(environment.iter().copied()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code())
}

/// The words of a text that are English and nobody's name: not in backticks, no command, no path, no id.
fn english_words(text: &str) -> Vec<String> {
    let names =
        Regex::new(r"`[^`]*`|(?m)^\s*reforge .*$|\S*/\S*|\b(app|data|manual|sha256|sleep|reforge|root|prod|process|refuse|project)\b|\S*\d\S*")
            .unwrap();
    let word = Regex::new(r"[A-Za-z]{2,}").unwrap();
    let text = names.replace_all(text, " ").into_owned();
    word.find_iter(&text).map(|word| word.as_str().to_owned()).collect()
}

#[test]
fn a_plan_and_what_became_of_it_are_russian_from_end_to_end() {
    let (world, snapshot) = world();
    let read = |arguments: &[&str]| {
        let (stdout, stderr, code) = answered(&world, arguments, &RUSSIAN);
        assert_eq!((code, english_words(&stdout)), (Some(0), Vec::<String>::new()), "{arguments:?}: {stdout}");
        assert!(stderr.is_empty() || english_words(&stderr).is_empty(), "{stderr}");
        stdout
    };
    let plan = read(&["restore", "plan", "app", &snapshot]);
    assert!(plan.contains("восстановить `app` из снимка ") && plan.contains("ИЗМЕНЕНИЯ"), "{plan}");
    let receipt = read(&["restore", "run", "app", &snapshot, "--yes"]);
    assert!(receipt.starts_with("готово: в каждом томе то, что в снимке"), "{receipt}");
    for arguments in [&["restore", "list"][..], &["snapshot", "list", "app"], &["workload", "show", "app"]] {
        read(arguments);
    }
}

#[test]
fn a_refusal_is_russian_with_its_hint_and_the_same_document_in_both() {
    let (world, snapshot) = world();
    std::os::unix::fs::symlink("file", world.volume("app", "data").join("link")).unwrap();
    let refused = ["restore", "plan", "app", &snapshot];
    let (stdout, ..) = answered(&world, &refused, &RUSSIAN);
    assert!(stdout.contains("отказ: в томе `data` сейчас 1 ссылка, которую нельзя было бы вернуть"), "{stdout}");
    let (stdout, ..) = answered(&world, &refused, &[]);
    assert!(stdout.contains("refused: volume `data` holds 1 link now, which could not be put back"), "{stdout}");
    let unknown = ["restore", "plan", "app", "nothing-of-the-kind"];
    let (_, stderr, code) = answered(&world, &unknown, &RUSSIAN);
    assert!(code == Some(2) && stderr.contains("ошибка: ") && stderr.contains("подсказка: "), "{stderr}");
    assert_eq!(english_words(&stderr), Vec::<String>::new(), "{stderr}");
    let nowhere = world.path("nowhere");
    answered(&world, &["snapshot", "import", nowhere.to_str().unwrap(), "--workload", "app"], &[]);
    let (audit, ..) = answered(&world, &["audit"], &RUSSIAN);
    assert!(audit.contains("(не удалось прочитать архив `") && audit.contains("`: нет такого файла"), "{audit}");
    let document = ["--json", "restore", "plan", "app", "nothing-of-the-kind"];
    let (english, ..) = answered(&world, &document, &[]);
    assert_eq!(answered(&world, &document, &RUSSIAN).0, english);
    let document: serde_json::Value = serde_json::from_str(&english).unwrap();
    assert!(document["error"]["message"].as_str().unwrap().starts_with("there is no snapshot"), "{document}");
    assert!(document["error"]["id"].is_string() && document["error"]["arguments"].is_object(), "{document}");
}

#[test]
fn the_option_goes_before_the_environment_and_what_is_not_known_is_english() {
    let (world, _) = world();
    for (more, environment, is_russian) in [
        (&[][..], &[("LANG", "ru_RU.UTF-8")][..], true),
        (&[], &[("LANG", "en_US.UTF-8"), ("LC_MESSAGES", "ru_RU.UTF-8")], true),
        (&[], &[("LANG", "ru_RU.UTF-8"), ("LC_ALL", "C.UTF-8")], false),
        (&[], &[("LANG", "de_DE.UTF-8")], false),
        (&["--lang", "en"], &RUSSIAN, false),
        (&["--lang", "ru"], &[], true),
        (&["--lang", "tlh"], &RUSSIAN, false),
    ] {
        let (stdout, ..) = answered(&world, &[more, &["restore", "list"]].concat(), environment);
        assert_eq!(stdout.contains("восстановлений ещё не было"), is_russian, "{more:?} {environment:?}: {stdout}");
    }
}

/// What needs no host prints to both, and its exit code.
fn alone(arguments: &[&str]) -> (String, String, Option<i32>) {
    let output = Command::new(env!("CARGO_BIN_EXE_reforge")).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code())
}

#[test]
fn the_demo_is_russian_and_its_document_is_not() {
    let (stdout, stderr, code) = alone(&["--lang", "ru", "demo"]);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    let told: Vec<&str> = stdout.lines().filter(|line| !line.trim_start().starts_with("$ ")).collect();
    let names = ["demo", "log", "stage", "volume"];
    let english = english_words(&told.join("\n"));
    assert!(english.iter().all(|word| names.contains(&word.as_str())), "{english:?}: {stdout}");
    assert!(stdout.contains("Случается беда") && stdout.contains("✓ лишнего файла больше нет"), "{stdout}");
    let (document, ..) = alone(&["--lang", "ru", "--json", "demo"]);
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(
        (&document["outcome"], &document["proofs"][2]["what"]),
        (&"done".into(), &"the stray file is gone".into())
    );
    assert!(document["proofs"].to_string().is_ascii(), "{document:#}");
}

#[test]
fn what_a_plugin_promises_and_how_it_breaks_that_is_russian_and_its_document_is_not() {
    let (_directory, guest) = guests::behaving("swaps-a-part");
    let check = ["plugin", "check", guest.to_str().unwrap(), "--only", "restores"];
    let (_, stderr, _) = alone(&[&["--lang", "ru"], &check[..]].concat());
    assert!(stderr.contains("НАРУШЕНО     restores        после восстановления на месте"), "{stderr}");
    assert!(stderr.contains("ожидалось «готово», но итог — «"), "{stderr}");
    let (document, ..) = alone(&[&["--lang", "ru", "--json"], &check[..]].concat());
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let promise = &document["promises"][0];
    assert_eq!(promise["promise"], "a small snapshot is live afterwards, and nothing else");
    assert!(promise["why"].as_str().unwrap().starts_with("expected done, and it ended "), "{promise}");
    assert!(document["promises"].to_string().is_ascii(), "{document:#}");
}
