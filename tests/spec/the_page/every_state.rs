//! What is seen seldom: nothing there yet, an engine that is gone, what failed, what waits for a person. Each is open to
//! everybody, and says in the reader's language what the host says.

use crate::support::api::Server;
use crate::support::bench::{Bench, fill};
use crate::support::browser::Browser;
use crate::support::{Volume, Workload, World, eventually};
use crate::what_a_person_decides::stuck;

use super::{ENGLISH, RUSSIAN, Words, changed, log_in, looks, open_plan, speaks};

fn shown(browser: &Browser, server: &Server, screen: &str) {
    browser.open(&format!("{}/#/{screen}", server.url));
    browser.reload();
}

fn nothing_there_yet(words: &Words) {
    let mut world = World::new([]);
    let browser = Browser::start(words.language);
    let server = Server::start(&world);
    browser.open(&server.url);
    browser.types("#token", &server.admin);
    browser.click("#enter");
    browser.sees("#me", "admin");
    looks(&browser, "no workload");
    server.stop();

    let far = Workload { image: Some("example/far:1".into()), ..Workload::idle("far", [Volume::project("data")]) };
    world.workloads = vec![Workload::idle("app", [Volume::project("data")]), far];
    world.host_lines = "docker_socket = \"/nonexistent/docker.sock\"\n".into();
    world.write_config();
    let server = Server::start(&world);
    log_in(&browser, &server, &server.admin);
    browser.sees("[data-code='engine-unreachable']", "");
    speaks(&browser, words, ".cards");
    looks(&browser, "an engine that cannot be reached");
    browser.click("#workload-far");
    browser.sees("#snapshots", "");
    speaks(&browser, words, "#page");
    looks(&browser, "a workload of which nothing is known");
    browser.click("#home");
    browser.click("#workload-app");
    browser.sees("#history", "");
    looks(&browser, "no snapshot and no restore");
}

#[test]
fn nothing_there_yet_in_english() {
    nothing_there_yet(&ENGLISH);
}

#[test]
fn nothing_there_yet_in_russian() {
    nothing_there_yet(&RUSSIAN);
}

fn what_failed(words: &Words) {
    let bench = changed();
    let server = Server::failing(&bench.world, "stage-file:EIO");
    let browser = Browser::start(words.language);
    log_in(&browser, &server, &server.admin);
    open_plan(&browser, &bench.snapshot);
    browser.types("#name", "app");
    browser.click("#do:enabled");
    browser.sees("#receipt[data-outcome='failed']", "");
    speaks(&browser, words, "#receipt");
    looks(&browser, "a restore that failed");

    let (_, descriptor) = bench.world.snapshot_files("app", &bench.snapshot);
    browser.click("#to-workload");
    let button = format!("[id='restore-{}']", bench.snapshot);
    browser.sees(&button, "");
    let whole = std::fs::read(&descriptor).unwrap();
    // The list looks again every few seconds, and offers no restore of what is damaged: the click must come before that.
    eventually("a snapshot is chosen that was damaged since the list was made", || {
        std::fs::write(&descriptor, &whole).unwrap();
        browser.reload();
        browser.sees(&button, "");
        std::fs::write(&descriptor, "{").unwrap();
        browser.try_click(&button)
    });
    browser.sees("dialog .problem[data-code='snapshot-damaged']", &bench.snapshot);
    looks(&browser, "what cannot be shown");
    browser.click("#close");
    browser.reload();
    browser.sees("#snapshots .problem[data-code='snapshot-damaged']", &bench.snapshot);
    looks(&browser, "a snapshot that is damaged");
}

#[test]
fn what_failed_in_english() {
    what_failed(&ENGLISH);
}

#[test]
fn what_failed_in_russian() {
    what_failed(&RUSSIAN);
}

fn an_undo(words: &Words) {
    let bench = changed();
    bench.world.ok(&bench.restore());
    let restore = bench.world.transactions().pop().unwrap();
    let mut server = Server::pausing_at(&bench.world, "stop", &[]);
    let browser = Browser::start(words.language);
    log_in(&browser, &server, &server.admin);
    shown(&browser, &server, &format!("restores/{restore}"));
    browser.click("#undo");
    browser.types("#name", "app");
    browser.click("#do:enabled");
    server.reaches_its_pause();
    browser.sees("#live [data-phase='stopping']", "");
    looks(&browser, "an undo that runs");
    server.go_on();
    browser.sees("#receipt[data-outcome='done']", words.undone);
    looks(&browser, "an undo");
    shown(&browser, &server, &format!("restores/{restore}"));
    browser.sees("#undone", "");
    looks(&browser, "a restore that was undone");
}

#[test]
fn an_undo_in_english() {
    an_undo(&ENGLISH);
}

#[test]
fn an_undo_in_russian() {
    an_undo(&RUSSIAN);
}

fn elsewhere(words: &Words) {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let server = Server::start(&bench.world);
    let mut restore = bench.world.start_pausing("exchange", &bench.restore());
    assert!(restore.reaches_its_pause(), "{}", restore.complaints());
    let id = bench.world.transactions().pop().unwrap();
    let browser = Browser::start(words.language);
    log_in(&browser, &server, &server.admin);
    shown(&browser, &server, &format!("restores/{id}"));
    browser.sees("#held", &id);
    looks(&browser, "a restore that runs elsewhere");
    restore.go_on();
    restore.wait();
    browser.sees("#receipt[data-outcome='done']", words.done);
}

#[test]
fn a_restore_elsewhere_in_english() {
    elsewhere(&ENGLISH);
}

#[test]
fn a_restore_elsewhere_in_russian() {
    elsewhere(&RUSSIAN);
}

fn for_a_person(words: &Words) {
    let (bench, id, _) = stuck();
    let server = Server::start(&bench.world);
    let browser = Browser::start(words.language);
    log_in(&browser, &server, &server.admin);
    browser.sees("#unsettled", "");
    speaks(&browser, words, ".notice");
    looks(&browser, "what could not be settled");
    browser.click(&format!("[id='recovered-{id}']"));
    browser.sees("#receipt", "");
    looks(&browser, "a restore that waits for a person");
    browser.click("#to-workload");
    browser.sees("#history", "");
    speaks(&browser, words, "#page");
    looks(&browser, "a workload that waits for a person");
    bench.world.ok(&["restore", "resolve", &id, "--keep", "live", "--yes"]);
    shown(&browser, &server, &format!("restores/{id}"));
    browser.sees("#receipt[data-outcome='resolved']", "");
    looks(&browser, "what a person decided");
}

#[test]
fn what_waits_for_a_person_in_english() {
    for_a_person(&ENGLISH);
}

#[test]
fn what_waits_for_a_person_in_russian() {
    for_a_person(&RUSSIAN);
}
