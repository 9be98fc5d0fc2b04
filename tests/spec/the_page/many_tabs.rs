//! A browser opens six connections to one host, and a stream of events takes one for as long as it is followed.

use crate::support::api::Server;
use crate::support::bench::signatures;
use crate::support::browser::Browser;

use super::{ENGLISH, changed, log_in, open_plan};

/// More than a browser opens connections.
const TABS: usize = 8;

/// A tab that nobody sees gives its connection back, and is up to date as soon as somebody looks.
#[test]
fn a_restore_that_runs_is_followed_in_more_tabs_than_a_browser_has_connections() {
    let bench = changed();
    let mut server = Server::pausing_at(&bench.world, "stop", &[]);
    let browser = Browser::start("en");
    log_in(&browser, &server, &server.admin);
    open_plan(&browser, &bench.snapshot);
    browser.types("#name", "app");
    browser.click("#do:enabled");
    server.reaches_its_pause();
    browser.sees("#live [data-phase='stopping']", "");
    for _ in 1..TABS {
        browser.second_window();
        log_in(&browser, &server, &server.admin);
        browser.click(".running a");
        browser.sees("#live [data-phase='stopping']", "");
    }
    browser.first_window();
    server.go_on();
    browser.sees("#receipt[data-outcome='done']", ENGLISH.done);
    browser.last_window();
    browser.sees("#receipt[data-outcome='done']", ENGLISH.done);
    assert_eq!(signatures(&bench.lives), bench.old);
}
