//! The page, in a real browser, on the real program with a real workload: what an operator sees, what is asked before
//! anything is changed, and what is said when something goes wrong.

mod every_state;
mod for_everybody;
mod housekeeping;
mod many_tabs;
mod nothing_given_away;
mod story;

use crate::support::api::Server;
use crate::support::bench::{Bench, fill};
use crate::support::browser::Browser;

/// What the page says in each language.
struct Words {
    language: &'static str,
    who_are_you: &'static str,
    wrong_token: &'static str,
    captured: &'static str,
    loses: &'static str,
    newest_change: &'static str,
    wrong_name: &'static str,
    done: &'static str,
    undone: &'static str,
    left: &'static str,
    extracting: &'static str,
    entries: &'static str,
    busy: &'static str,
    runs: &'static str,
    cancelled: &'static str,
    archive_refused: &'static str,
    gone: &'static str,
    unchanged: &'static str,
    recovered: &'static str,
    dated: &'static str,
    only_a_person: &'static str,
    not_back: &'static str,
    holds_links: &'static str,
    allow_links: &'static str,
    newest_14_h: &'static str,
}

const ENGLISH: Words = Words {
    language: "en",
    who_are_you: "Who are you?",
    wrong_token: "No valid token",
    captured: "by hand",
    loses: "You lose ",
    newest_change: "The newest change on disk is ",
    wrong_name: "That is not its name.",
    done: "was given what the snapshot holds.",
    undone: "Every volume was given its previous data again.",
    left: "It can be undone for another 23 h 59 min.",
    extracting: "Unpacking",
    entries: " entries",
    busy: "Something else is being done to this workload",
    runs: "A restore is running",
    cancelled: "Cancelled",
    archive_refused: "The archive was refused",
    gone: "The host does not answer",
    unchanged: "every volume holds what it held before",
    recovered: "this host settled what had been interrupted",
    dated: "just now",
    not_back: "the app is not back yet",
    only_a_person: "Only a person can decide. Everything was kept.",
    holds_links: "volume data holds 1 link now, which could not be put back",
    allow_links: "add links = \"contained\" to workload app to restore links as data",
    newest_14_h: "The newest change on disk is 14 h after",
};

const RUSSIAN: Words = Words {
    language: "ru",
    who_are_you: "Кто вы?",
    wrong_token: "Нет действительного токена",
    captured: "вручную",
    loses: "Вы потеряете ",
    newest_change: "Последнее изменение на диске ",
    wrong_name: "Это не его имя.",
    done: "Все восстановленные тома получили данные снимка.",
    undone: "Всем томам возвращены прежние данные.",
    left: "Можно отменить ещё 23 ч 59 мин.",
    extracting: "Распаковка",
    entries: " запис",
    busy: "С этим приложением уже что-то делают",
    runs: "Идёт восстановление",
    cancelled: "Прервано",
    archive_refused: "Архив отвергнут",
    gone: "Хост не отвечает",
    unchanged: "все тома содержат то же, что и раньше",
    recovered: "хост привёл в порядок то, что было прервано",
    dated: "только что",
    not_back: "приложение ещё не работает",
    only_a_person: "Решить может только человек. Всё сохранено.",
    holds_links: "в томе data сейчас 1 ссылка, которую нельзя было бы вернуть",
    allow_links: "добавьте links = \"contained\" приложению app, чтобы ссылки восстанавливались как данные",
    newest_14_h: "Последнее изменение на диске сделано через 14 ч",
};

fn log_in(browser: &Browser, server: &Server, token: &str) {
    browser.open(&server.url);
    browser.types("#token", token);
    browser.click("#enter");
    browser.sees("#workload-app", "app");
}

fn open_plan(browser: &Browser, snapshot: &str) {
    browser.click("#workload-app");
    browser.click(&format!("[id='restore-{snapshot}']"));
    browser.sees("#changes", "data");
}

/// What is shown is open to everybody, in light and dark and on a phone.
#[track_caller]
fn looks(browser: &Browser, what: &str) {
    for scheme in ["light", "dark"] {
        browser.likes(&[("prefers-color-scheme", scheme), ("prefers-reduced-motion", "reduce")]);
        browser.is_open_to_everybody(&format!("{what}, {scheme}"));
    }
    browser.fits_a_phone(what);
    assert!(!browser.text("#page").contains('`'), "{what}: {}", browser.text("#page"));
}

/// The host's own sentences are there, in the reader's language.
#[track_caller]
fn speaks(browser: &Browser, words: &Words, where_it_is: &str) {
    browser.sees(&format!("{where_it_is} .problem"), "");
    if words.language != "en" {
        assert!(!browser.has("#page [lang=en]:not(nav *)"), "{}", browser.text("#page"));
    }
}

/// A deployment that says `new`, and whose snapshot says `old`.
fn changed() -> Bench {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    bench
}
