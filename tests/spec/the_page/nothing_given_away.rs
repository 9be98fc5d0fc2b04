//! The page shows no more than its token may see, does no more, and puts in nothing but what this host made for it.

use crate::support::api::Server;
use crate::support::bench::Bench;
use crate::support::browser::Browser;

use super::{changed, log_in, looks, open_plan};

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
    looks(&browser, "the plan that a viewer sees");
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
