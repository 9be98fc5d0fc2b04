//! The page, in a real browser, on the real program with a real workload, in both languages: what an operator sees, what
//! is asked before anything is changed, and what is said when something goes wrong.

use std::time::{Duration, SystemTime};

use crate::support::api::Server;
use crate::support::apps::Redis;
use crate::support::archives::{self, Member};
use crate::support::bench::{Bench, fill, signatures};
use crate::support::browser::{Browser, key};
use crate::support::{World, eventually};

/// What the page says in each language.
struct Words {
    language: &'static str,
    who_are_you: &'static str,
    wrong_token: &'static str,
    captured: &'static str,
    loses: &'static str,
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
}

const ENGLISH: Words = Words {
    language: "en",
    who_are_you: "Who are you?",
    wrong_token: "No valid token",
    captured: "by hand",
    loses: "You lose ",
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
};

const RUSSIAN: Words = Words {
    language: "ru",
    who_are_you: "Кто вы?",
    wrong_token: "Нет действительного токена",
    captured: "вручную",
    loses: "Вы потеряете ",
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

/// A deployment that says `new`, and whose snapshot says `old`.
fn changed() -> Bench {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    bench
}

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
    browser.sees("#loses", words.loses);
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
    browser.is_open_to_everybody("a restore that runs");
    browser.last_window();
    browser.types("#name", "app");
    browser.click("#do:enabled");
    browser.sees("#refused", words.busy);
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
    assert!(!browser.has("#cancel"), "nothing cancels it any more");
    let killed = server.killed();
    browser.sees("#gone", words.gone);
    let server = killed.started_there(&bench.world);
    browser.sees("#receipt[data-outcome='reverted']", words.unchanged);
    assert_eq!(signatures(&bench.lives), new);
    browser.click("#home");
    browser.sees(".notice", words.recovered);
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
    browser.is_open_to_everybody("a refused import");
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
#[test]
fn a_restore_that_could_not_be_taken_back_is_said_to_be_so_until_it_is_settled() {
    let bench = changed();
    let exchanges = bench.world.effects_of(&bench.restore()).iter().filter(|name| *name == "exchange").count();
    bench.tidy();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    // The last exchange of the swap, and the first of the way back.
    let server = Server::failing(&bench.world, &format!("exchange#{exchanges}:EIO,exchange#{}:EIO", exchanges + 1));
    let browser = Browser::start("en");
    log_in(&browser, &server, &server.admin);
    open_plan(&browser, &bench.snapshot);
    browser.types("#name", "app");
    browser.click("#do");
    browser.sees("#outcome", "Needs a decision");
    browser.sees("#receipt", "Only a person can decide. Everything was kept.");
    browser.sees("#receipt .hint", "restore resolve");
    browser.is_open_to_everybody("a restore that needs a decision");
    bench.world.ok(&["recover"]);
    browser.reload();
    browser.sees("#outcome", "Reverted");
    browser.sees("#receipt", ENGLISH.unchanged);
}

/// What an address says is at most a screen: a document of the API is never put into the page, whatever it holds.
#[test]
fn an_address_shows_a_screen_and_nothing_else() {
    let bench = Bench::new();
    bench.world.ok(&["snapshot", "create", "app", "--reason", "<button data-act=leave>x</button>"]);
    let server = Server::start(&bench.world);
    let browser = Browser::start("en");
    log_in(&browser, &server, &server.admin);
    for address in
        ["/api/v1/workloads/app/snapshots", "/workloads/../../api/v1/audit", "/workloads/%2e%2e", "/page.css"]
    {
        browser.run(&format!("location.hash = '#{address}'"));
        browser.sees("#workload-app", "app");
        assert_eq!(browser.run("return document.querySelectorAll('[data-act=leave]').length"), 1, "{address}");
    }
    browser.run("location.hash = '#/workloads/app'");
    browser.sees("#history", "");
    browser.sees(".cards", "<button data-act=leave>x</button>");
}

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

/// What stands in the way is said with what to do about it, and there is no button that could begin it.
#[test]
fn a_plan_that_is_refused_says_why_and_offers_nothing() {
    let bench = changed();
    std::os::unix::fs::symlink("file", bench.lives[0].join("link")).unwrap();
    let server = Server::start(&bench.world);
    let browser = Browser::start("ru");
    log_in(&browser, &server, &server.admin);
    open_plan(&browser, &bench.snapshot);
    browser.sees("#refusals [data-code='policy-refused']", "Настройки приложения этого не разрешают");
    browser.sees("#refusals .hint", "links = \"contained\"");
    assert!(!browser.has("#confirm"));
    browser.is_open_to_everybody("a refused plan");
    browser.fits_a_phone("a refused plan");
    browser.presses(key::ENTER);
    eventually("the button that has the focus closes it", || !browser.has("dialog[open]"));
}

/// Every screen, in light and dark, on a desk and on a phone.
fn screens(browser: &Browser, server: &Server, bench: &Bench, scheme: &str) {
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let newest = std::fs::File::options().write(true).open(bench.lives[0].join("only-in-new")).unwrap();
    newest.set_modified(SystemTime::now() + Duration::from_secs(14 * 3600)).unwrap();
    drop(newest);
    let looks = |what: &str| {
        browser.is_open_to_everybody(what);
        browser.fits_a_phone(what);
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
    let lost =
        if scheme == "light" { "You lose 14 h" } else { "Вы потеряете изменения за 14 ч" };
    browser.sees("#loses", lost);
    looks("the plan");
    browser.is_shown_in_the_readme("dialog", scheme);
    browser.click("#close");
    looks("a workload");
    browser.is_shown_in_the_readme("page", scheme);
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
    for (language, scheme) in [("en", "light"), ("ru", "dark")] {
        let browser = Browser::start(language);
        browser.likes(&[("prefers-color-scheme", scheme), ("prefers-reduced-motion", "reduce")]);
        screens(&browser, &server, &bench, scheme);
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

/// A viewer sees everything and is offered nothing to change.
#[test]
fn a_viewer_is_offered_no_change() {
    let bench = changed();
    let server = Server::start(&bench.world);
    let browser = Browser::start("en");
    log_in(&browser, &server, &server.viewer);
    open_plan(&browser, &bench.snapshot);
    assert!(!browser.has("#confirm") && !browser.has("#capture") && !browser.has("#import"));
    browser.sees("dialog", "Only an admin’s token may restore.");
    browser.click("#close");
}

/// The browser is told to load, run and frame nothing but what comes from this host.
#[test]
fn nothing_comes_from_elsewhere() {
    let bench = Bench::new();
    let server = Server::start(&bench.world);
    for path in ["/", "/page/page.js", "/page/session.js", "/page/page.css", "/page/icon.svg", "/page/login"] {
        let answer = server.without_token("GET", path).send().expect(200);
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(!answer.text().contains("https://"), "{path} names another site");
    }
    for path in ["/page/workloads", "/page/workloads/app", "/page/restores/x", "/page/restores/x/events"] {
        server.without_token("GET", path).send().expect(401);
    }
    let browser = Browser::start("en");
    log_in(&browser, &server, &server.admin);
    let asked =
        browser.run("return performance.getEntries().map((one) => one.name).filter((one) => one.includes(':'))");
    let asked: Vec<&str> = asked.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(asked.len() > 3 && asked.iter().all(|name| name.starts_with(&server.url)), "{asked:?}");
}
