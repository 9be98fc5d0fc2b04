//! Nobody is shut out: the keyboard alone, a screen reader, light and dark, a phone, either language.

use std::time::{Duration, SystemTime};

use crate::support::api::Server;
use crate::support::bench::{Bench, fill, signatures};
use crate::support::browser::{Browser, key};
use crate::support::eventually;

use super::{ENGLISH, RUSSIAN, Words, changed, log_in, looks, open_plan};

/// The whole way with the keyboard alone. The focus is where the person is, and stays in the dialog while it is open.
#[test]
fn a_restore_needs_no_mouse() {
    let bench = changed();
    let server = Server::start(&bench.world);
    let browser = Browser::start("en");
    browser.open(&server.url);
    browser.tabs_to("#token");
    browser.writes(&server.admin);
    browser.presses(key::ENTER);
    browser.tabs_to("#workload-app");
    browser.presses(key::ENTER);
    browser.comes_to("#title");
    let button = format!("[id='restore-{}']", bench.snapshot);
    browser.tabs_to(&button);
    browser.presses(key::ENTER);
    browser.comes_to("#name");
    for _ in 0..12 {
        browser.presses(key::TAB);
        assert!(browser.is_at("dialog, dialog *, body"), "the focus left the dialog");
    }
    browser.presses(key::ESCAPE);
    eventually("the dialog is closed", || !browser.has("dialog[open]"));
    assert!(browser.is_at(&button), "the focus is back where it was");
    browser.presses(key::ENTER);
    browser.comes_to("#name");
    browser.writes("app");
    browser.presses(key::ENTER);
    browser.sees("#receipt", ENGLISH.done);
    browser.comes_to("#title");
    assert_eq!(signatures(&bench.lives), bench.old);
}

/// Every screen, in light and dark, on a desk and on a phone.
fn screens(browser: &Browser, server: &Server, bench: &Bench, words: &Words, scheme: &str) {
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let newest = std::fs::File::options().write(true).open(bench.lives[0].join("only-in-new")).unwrap();
    newest.set_modified(SystemTime::now() + Duration::from_secs(14 * 3600)).unwrap();
    drop(newest);
    let looks = |what: &str| looks(browser, what);
    let picture = |name: &str| {
        browser.likes(&[("prefers-color-scheme", scheme)]);
        browser.is_shown_in_the_readme(name, scheme);
    };
    browser.open(&server.url);
    browser.sees("#login", "");
    let moves = browser.run("return getComputedStyle(document.querySelector('#enter')).transitionDuration");
    assert_eq!(moves, "0s", "whoever wants no motion gets none");
    let likes = browser.run(&format!("return matchMedia('(prefers-color-scheme: {scheme})').matches"));
    assert_eq!(likes, true, "what the browser's user likes");
    looks("log in");
    browser.types("#token", "reforge_wrong");
    browser.click("#enter");
    browser.sees("[data-code='unauthorized']", "");
    looks("a wrong token");
    log_in(browser, server, &server.admin);
    looks("workloads");
    open_plan(browser, &bench.snapshot);
    browser.sees("#loses", words.newest_14_h);
    looks("the plan");
    picture("dialog");
    browser.types("#name", "ap p");
    browser.sees("#wrong", words.wrong_name);
    looks("a wrong name");
    browser.click("#close");
    looks("a workload");
    picture("page");
    browser.open(&format!("{}/#/workloads/none", server.url));
    browser.reload();
    browser.sees(".problem", "");
    looks("no such workload");
    browser.click("#home");
    open_plan(browser, &bench.snapshot);
    browser.types("#name", "app");
    browser.click("#do:enabled");
    browser.sees("#receipt", "");
    looks("a receipt");
    browser.click("#undo");
    browser.sees("#loses", "");
    looks("the undo");
    browser.click("#close");
}

#[test]
fn every_screen_is_open_to_everybody_in_light_and_dark_and_on_a_phone() {
    let bench = Bench::new();
    let server = Server::start(&bench.world);
    for (words, scheme) in [(&ENGLISH, "light"), (&RUSSIAN, "dark")] {
        let browser = Browser::start(words.language);
        browser.likes(&[("prefers-color-scheme", scheme), ("prefers-reduced-motion", "reduce")]);
        screens(&browser, &server, &bench, words, scheme);
    }
}

#[test]
fn the_language_is_switched_and_remembered() {
    let bench = Bench::new();
    let server = Server::start(&bench.world);
    let browser = Browser::start("en");
    log_in(&browser, &server, &server.viewer);
    browser.click("#language-ru");
    browser.sees("h1", "Приложения");
    browser.reload();
    browser.sees("h1", "Приложения");
    browser.click("#leave");
    browser.sees("h1", RUSSIAN.who_are_you);
    assert_eq!(browser.run("return document.documentElement.lang"), "ru");
}
