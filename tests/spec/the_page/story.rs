//! From log in to undo in both languages, and what is said when something goes wrong on the way.

use crate::support::api::Server;
use crate::support::apps::Redis;
use crate::support::archives::{self, Member};
use crate::support::bench::{Bench, fill, signatures};
use crate::support::browser::{Browser, key};
use crate::support::{World, eventually};

use super::{ENGLISH, RUSSIAN, Words, changed, log_in, looks, open_plan, speaks};

/// From log in to undo, with a real server and its real data.
fn story(words: &Words) {
    let (redis, app) = Redis::workload("app");
    let world = World::deployed([app]);
    redis.command(&["SET", "page", "old"]);
    let server = Server::start(&world);
    let browser = Browser::start(words.language);
    browser.open(&server.url);
    browser.sees("h1", words.who_are_you);
    assert_eq!(browser.run("return document.documentElement.lang"), words.language);
    browser.types("#token", "reforge_wrong");
    browser.click("#enter");
    browser.sees("[data-code='unauthorized']", words.wrong_token);
    browser.types("#token", &server.admin);
    browser.click("#enter");
    browser.click("#workload-app");

    // Capture, and damage.
    browser.click("#capture");
    browser.sees("#snapshots li", words.captured);
    browser.sees("#snapshots li h3", words.dated);
    redis.command(&["SET", "page", "damaged"]);

    // The plan says what is lost; only the right name enables the button.
    browser.click("#snapshots li button");
    browser.sees("#loses", words.newest_change);
    assert!(browser.has("#do:disabled"));
    browser.types("#name", "ap p");
    browser.sees("#wrong", words.wrong_name);
    browser.presses(key::ENTER);
    assert!(browser.has("#do:disabled"), "a wrong name was typed");
    assert_eq!(redis.command(&["GET", "page"]), "damaged");
    browser.types("#name", "app");
    assert_eq!(browser.text("#wrong"), "");
    browser.click("#do:enabled");

    // The receipt, and back.
    browser.sees("#receipt[data-outcome='done']", words.done);
    assert_eq!(redis.command(&["GET", "page"]), "old");
    browser.sees("#undo-left", words.left);
    browser.click("#undo");
    browser.sees("#loses", words.loses);
    browser.types("#name", "app");
    browser.click("#do:enabled");
    browser.sees("#receipt[data-outcome='done']", words.undone);
    assert_eq!(redis.command(&["GET", "page"]), "damaged");
}

#[test]
fn from_log_in_to_undo_in_english() {
    story(&ENGLISH);
}

#[test]
fn from_log_in_to_undo_in_russian() {
    story(&RUSSIAN);
}

/// While one runs: it is seen after a reload and in a second window, which cannot begin another one, and cancels it.
fn running(words: &Words) {
    let bench = changed();
    let new = signatures(&bench.lives);
    let mut server = Server::pausing_at(&bench.world, "stop", &[]);
    let browser = Browser::start(words.language);
    log_in(&browser, &server, &server.admin);
    open_plan(&browser, &bench.snapshot);
    browser.second_window();
    log_in(&browser, &server, &server.admin);
    open_plan(&browser, &bench.snapshot);
    browser.first_window();
    browser.types("#name", "app");
    browser.click("#do:enabled");
    server.reaches_its_pause();
    browser.sees("#live", words.extracting);
    browser.sees("#live", words.entries);
    browser.sees("#live [data-phase='stopping']", "");

    browser.reload();
    browser.sees("#live", words.extracting);
    browser.sees("#live [data-phase='stopping']", "");
    looks(&browser, "a restore that runs");
    browser.last_window();
    browser.types("#name", "app");
    browser.click("#do:enabled");
    browser.sees("#refused", words.busy);
    looks(&browser, "what is busy");
    browser.click("#close");
    browser.sees(".running", words.runs);
    browser.click(".running a");
    browser.sees("#live", words.extracting);
    browser.click("#cancel");
    // It is asked for at once, and the host says so to whoever looks.
    eventually("the cancel was asked", || {
        let restores = server.get("/api/v1/restores");
        restores["restores"][0]["running"]["cancelling"] == true
    });
    server.go_on();
    browser.sees("#receipt[data-outcome='cancelled']", words.cancelled);
    looks(&browser, "a restore that was cancelled");
    browser.first_window();
    browser.sees("#receipt[data-outcome='cancelled']", words.cancelled);
    assert_eq!(signatures(&bench.lives), new);
}

#[test]
fn a_restore_that_runs_is_seen_in_every_window_and_cancelled_in_english() {
    running(&ENGLISH);
}

#[test]
fn a_restore_that_runs_is_seen_in_every_window_and_cancelled_in_russian() {
    running(&RUSSIAN);
}

/// The first exchange of the swap, after one in each of the two parents that shows that it can be done.
const SWAP: &str = "exchange#3";

/// The host is killed in the middle: the page says so, and what became of it when the host is back.
fn killed(words: &Words) {
    let bench = changed();
    let new = signatures(&bench.lives);
    let mut server = Server::pausing_at(&bench.world, SWAP, &[]);
    let browser = Browser::start(words.language);
    log_in(&browser, &server, &server.admin);
    open_plan(&browser, &bench.snapshot);
    browser.types("#name", "app");
    browser.click("#do:enabled");
    server.reaches_its_pause();
    browser.sees("#live [data-phase='swapping']", "");
    assert!(browser.has("#cancel"), "it can be cancelled until the commit");
    let killed = server.killed();
    browser.sees("#gone", words.gone);
    looks(&browser, "a host that is gone");
    let server = killed.started_there(&bench.world);
    browser.sees("#receipt[data-outcome='reverted']", words.unchanged);
    looks(&browser, "a restore that was taken back");
    assert_eq!(signatures(&bench.lives), new);
    browser.click("#home");
    browser.sees(".notice", words.recovered);
    looks(&browser, "what was recovered");
    server.stop();
}

#[test]
fn a_host_that_was_killed_and_started_says_what_became_of_the_restore_in_english() {
    killed(&ENGLISH);
}

#[test]
fn a_host_that_was_killed_and_started_says_what_became_of_the_restore_in_russian() {
    killed(&RUSSIAN);
}

/// A name that would be markup, and would turn the text around it.
const HOSTILE: &str = "volumes/0/../<img src=x onerror=alert(1)>\u{202e}exe";

fn refused_import(words: &Words) {
    let bench = Bench::new();
    let stored = bench.world.stored("app");
    let (archive, _) = bench.world.snapshot_files("app", &bench.snapshot);
    let hostile = bench.world.path("hostile.tar.gz");
    std::fs::copy(archive, &hostile).unwrap();
    archives::rewrite(&hostile, |members| members.push(Member::file(HOSTILE, b"")));
    let server = Server::start(&bench.world);
    let browser = Browser::start(words.language);
    log_in(&browser, &server, &server.admin);
    browser.click("#workload-app");
    browser.gives("#archive", &hostile);
    browser.click("#import-it");
    browser.sees("#told [data-code='archive-refused']", words.archive_refused);
    let told = browser.text("#told");
    assert!(told.contains("<img src=x onerror=alert(1)>\\u{202e}exe"), "{told}");
    assert!(!browser.has("#told img") && !told.contains('\u{202e}'), "{told}");
    assert_eq!(bench.world.stored("app"), stored);
    looks(&browser, "a refused import");
}

#[test]
fn a_hostile_import_is_refused_and_its_name_is_text_in_english() {
    refused_import(&ENGLISH);
}

#[test]
fn a_hostile_import_is_refused_and_its_name_is_text_in_russian() {
    refused_import(&RUSSIAN);
}

/// What has ended and is not settled has no receipt yet: the page says all the same what happened and what to do.
fn not_taken_back(words: &Words) {
    let bench = changed();
    let exchanges = bench.world.effects_of(&bench.restore()).iter().filter(|name| *name == "exchange").count();
    bench.tidy();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    // The last exchange of the swap, and the first of the way back.
    let server = Server::failing(&bench.world, &format!("exchange#{exchanges}:EIO,exchange#{}:EIO", exchanges + 1));
    let browser = Browser::start(words.language);
    log_in(&browser, &server, &server.admin);
    open_plan(&browser, &bench.snapshot);
    browser.types("#name", "app");
    browser.click("#do");
    browser.sees("#receipt[data-outcome='needs-operator']", words.only_a_person);
    browser.sees("#receipt .hint", "restore resolve");
    browser.sees("#receipt dl", words.not_back);
    speaks(&browser, words, "#receipt");
    looks(&browser, "a restore that needs a decision");
    bench.world.ok(&["recover"]);
    browser.reload();
    browser.sees("#receipt[data-outcome='reverted']", words.unchanged);
}

#[test]
fn a_restore_that_could_not_be_taken_back_is_said_to_be_so_until_it_is_settled_in_english() {
    not_taken_back(&ENGLISH);
}

#[test]
fn a_restore_that_could_not_be_taken_back_is_said_to_be_so_until_it_is_settled_in_russian() {
    not_taken_back(&RUSSIAN);
}

/// What stands in the way is said with what to do about it, and there is no button that could begin it.
fn refused_plan(words: &Words) {
    let bench = changed();
    std::os::unix::fs::symlink("file", bench.lives[0].join("link")).unwrap();
    let server = Server::start(&bench.world);
    let browser = Browser::start(words.language);
    log_in(&browser, &server, &server.admin);
    open_plan(&browser, &bench.snapshot);
    browser.sees("#refusals [data-code='policy-refused']", words.holds_links);
    browser.sees("#refusals .hint", words.allow_links);
    assert!(!browser.has("dialog [lang=en]") || words.language == "en", "{}", browser.text("dialog"));
    assert!(!browser.has("#confirm"));
    looks(&browser, "a refused plan");
    browser.presses(key::ENTER);
    eventually("the button that has the focus closes it", || !browser.has("dialog[open]"));
}

#[test]
fn a_plan_that_is_refused_says_why_and_offers_nothing_in_english() {
    refused_plan(&ENGLISH);
}

#[test]
fn a_plan_that_is_refused_says_why_and_offers_nothing_in_russian() {
    refused_plan(&RUSSIAN);
}
