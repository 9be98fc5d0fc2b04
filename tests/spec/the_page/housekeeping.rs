//! What is asked before it is done beside restores: which names would change, which snapshots go and why, and whether a
//! notification arrives.

use crate::support::api::Server;
use crate::support::browser::Browser;
use crate::support::{Volume, Workload, World, eventually, world};

use super::{log_in, looks};

/// What the page says in each language.
struct Words {
    language: &'static str,
    arrived: &'static str,
    first_names: &'static str,
    next_names: &'static str,
    goes_away: &'static str,
    comes_back: &'static str,
    would_go: &'static str,
    why_one_stays: &'static str,
}

const ENGLISH: Words = Words {
    language: "en",
    arrived: "Taken after",
    first_names: "1 to 100 of 122 names",
    next_names: "101 to 122 of 122 names",
    goes_away: "goes away",
    comes_back: "comes back",
    would_go: "2 snapshots would be deleted",
    why_one_stays: "Stays: ",
};

const RUSSIAN: Words = Words {
    language: "ru",
    arrived: "Принято за",
    first_names: "1–100 из 122 имён",
    next_names: "101–122 из 122 имён",
    goes_away: "исчезнет",
    comes_back: "вернётся",
    would_go: "Были бы удалены 2 снимка",
    why_one_stays: "Остаётся: ",
};

/// An app of three snapshots, of which two may go, and a channel that writes down what it is told.
fn kept() -> World {
    let mut world = World::new([]);
    let told = world.path("told");
    let script = world.script("tell", &format!("cat > {}\n", told.display()));
    world.host_lines = format!("[[notify]]\ncommand = [{script:?}]\n");
    let mut app = Workload::idle("app", [Volume::project("data")]);
    app.lines = "keep = { last = 1 }\n".to_owned();
    world.workloads = vec![app];
    world.write_config();
    world.ok(&["deploy", "app"]);
    let live = world.volume("app", "data");
    std::fs::write(live.join("gone"), "1").unwrap();
    (0..3).for_each(|_| drop(world.snapshot("app")));
    std::fs::remove_file(live.join("gone")).unwrap();
    (0..120).for_each(|number| std::fs::write(live.join(format!("new-{number:03}")), "1").unwrap());
    world
}

fn housekeeping(words: &Words) {
    let world = kept();
    let server = Server::start(&world);
    let browser = Browser::start(words.language);
    log_in(&browser, &server, &server.admin);
    browser.click("#test-notifications");
    browser.sees("#tested [data-sent]", words.arrived);
    assert!(std::fs::read_to_string(world.path("told")).unwrap().contains("test"));
    looks(&browser, "a notification that was tried");
    browser.click("#close");

    // A hundred names at a time, those of the live data and those of the snapshot.
    browser.click("#workload-app");
    browser.click("#snapshots li button");
    browser.click("#show-names");
    browser.sees("#names-range", words.first_names);
    browser.comes_to("#names-title");
    browser.sees("#names", words.comes_back);
    looks(&browser, "the names that would change");
    browser.click("#names-behind");
    browser.sees("#names-range", words.next_names);
    assert!(!browser.has("#names-behind") && browser.text("#names").contains(words.goes_away));
    browser.click("#names-before");
    browser.sees("#names-range", words.first_names);
    browser.click("#close");

    // Why each stays or goes is shown first, and only the right name deletes.
    browser.click("#retention");
    browser.sees("#loses", words.would_go);
    browser.sees("#judged [data-kept]", words.why_one_stays);
    assert_eq!(browser.run("return document.querySelectorAll('#judged li:not([data-kept])').length"), 2);
    looks(&browser, "which snapshots stay");
    assert!(browser.has("#do:disabled"));
    let archives = || {
        world::names(&world.snapshot_dir.join("app"))
            .iter()
            .filter(|name| name.extension().is_some_and(|is| is == "gz"))
            .count()
    };
    assert_eq!(archives(), 3);
    browser.types("#name", "app");
    browser.click("#do:enabled");
    eventually("two of three are gone", || archives() == 1);
    eventually("the dialog is closed, and the list is as it is", || {
        !browser.has("dialog[open]") && browser.run("return document.querySelectorAll('#snapshots li').length") == 1
    });

    // Whoever only looks is shown the same, and no button that does anything.
    browser.click("#leave");
    log_in(&browser, &server, &server.viewer);
    assert!(!browser.has("#test-notifications"));
    browser.click("#workload-app");
    browser.click("#retention");
    browser.sees("#judged [data-kept]", words.why_one_stays);
    assert!(!browser.has("#do"));
}

#[test]
fn names_notifications_and_what_stays_are_shown_before_anything_is_done_in_english() {
    housekeeping(&ENGLISH);
}

#[test]
fn names_notifications_and_what_stays_are_shown_before_anything_is_done_in_russian() {
    housekeeping(&RUSSIAN);
}
