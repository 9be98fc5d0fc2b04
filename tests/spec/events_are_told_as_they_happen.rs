//! Progress over HTTP: a stream that tells every phase and the end, is taken up where it broke off, and ends with its token.

use std::io::{BufRead as _, BufReader};

use serde_json::Value;

use crate::support::api::Server;
use crate::support::bench::{Bench, fill};

/// One event as it came.
#[derive(Clone, Debug, PartialEq)]
struct Event {
    id: String,
    name: String,
    data: Value,
}

/// Events of a restore after one, as they come.
fn events(server: &Server, id: &str, after: Option<&str>) -> impl Iterator<Item = Event> + use<> {
    let mut asked = server.as_viewer("GET", &format!("/api/v1/restores/{id}/events"));
    if let Some(after) = after {
        asked = asked.header("Last-Event-ID", after);
    }
    let open = asked.open();
    assert_eq!(open.status(), 200);
    let mut lines = BufReader::new(open.reader()).lines();
    std::iter::from_fn(move || {
        let mut event = Event { id: String::new(), name: String::new(), data: Value::Null };
        loop {
            // A stream that is cut off is over.
            let line = lines.next()?.ok()?;
            match line.split_once(": ").or_else(|| line.split_once(':')) {
                Some(("id", text)) => event.id = text.to_owned(),
                Some(("event", text)) => event.name = text.to_owned(),
                Some(("data", text)) => event.data = serde_json::from_str(text).unwrap(),
                _ if line.is_empty() && !event.name.is_empty() => return Some(event),
                _ => {}
            }
        }
    })
}

fn running(effect: &str) -> (Bench, Server, String) {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let mut server = Server::pausing_at(&bench.world, effect, &[]);
    let begun = server.restore(&bench.snapshot).send().expect(202).json();
    server.reaches_its_pause();
    (bench, server, begun["id"].as_str().unwrap().to_owned())
}

#[test]
fn a_stream_tells_every_phase_and_the_end() {
    let (_bench, server, id) = running("exchange");
    let stream = events(&server, &id, None);
    server.go_on();
    let told: Vec<Event> = stream.collect();
    let phases: Vec<&str> =
        told.iter().filter(|event| event.name == "phase").map(|event| event.data["phase"].as_str().unwrap()).collect();
    for phase in ["planning", "extracting", "stopping", "safety snapshot", "swapping", "finishing"] {
        assert!(phases.contains(&phase), "`{phase}` is missing: {phases:?}");
    }
    let end = told.last().unwrap();
    assert_eq!((end.name.as_str(), &end.data["outcome"]), ("end", &Value::from("done")), "{end:?}");
    assert_eq!(end.data["receipt"]["id"], id.as_str());
}

#[test]
fn a_client_that_comes_again_misses_nothing_and_is_told_nothing_twice() {
    let (_bench, server, id) = running("exchange");
    let first: Vec<Event> = events(&server, &id, None).take(1).collect();
    server.go_on();
    server.ended(&id);
    let rest: Vec<Event> = events(&server, &id, Some(&first[0].id)).collect();
    let whole: Vec<Event> = events(&server, &id, None).collect();
    assert_eq!([first, rest].concat(), whole);
    assert_eq!(whole.last().unwrap().name, "end");
    let strange: Vec<Event> = events(&server, &id, Some("00000000-1")).collect();
    assert_eq!(strange, whole, "an id of another start says nothing");
}

#[test]
fn after_a_new_start_the_stream_says_how_it_ended() {
    let (bench, server, id) = running("exchange");
    server.go_on();
    server.ended(&id);
    assert_eq!(server.stop().code, Some(0));
    let server = Server::start(&bench.world);
    let told: Vec<Event> = events(&server, &id, Some("00000000-9")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].name.as_str(), &told[0].data["outcome"]), ("end", &Value::from("done")));
}

#[test]
fn a_beginning_of_the_id_is_as_good_as_all_of_it() {
    let (_bench, server, id) = running("exchange");
    let start = &id[..id.len() - 1];
    let stream = events(&server, start, None);
    server.as_admin("POST", &format!("/api/v1/restores/{start}/cancel")).send().expect(202);
    server.go_on();
    let told: Vec<Event> = stream.collect();
    assert!(told.len() > 1, "{told:?}");
    assert_eq!(told.last().unwrap().data["outcome"], "cancelled");
    assert_eq!(server.as_viewer("GET", "/api/v1/restores/x/events").open().status(), 404);
}

#[test]
fn a_restore_of_another_process_is_told_as_standing_until_it_is_over() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let server = Server::start(&bench.world);
    let mut restore = bench.world.start_pausing("exchange", &bench.restore());
    assert!(restore.reaches_its_pause(), "it ended: {}", restore.complaints());
    let id = bench.world.transactions().pop().unwrap();
    let told: Vec<Event> = events(&server, &id, None).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].name.as_str(), &told[0].data["outcome"]), ("standing", &Value::Null));
    restore.go_on();
    restore.wait().expect(0);
    let told: Vec<Event> = events(&server, &id, None).collect();
    assert_eq!((told[0].name.as_str(), &told[0].data["outcome"]), ("end", &Value::from("done")));
}

#[test]
fn a_revoked_token_ends_its_streams() {
    let (bench, server, id) = running("exchange");
    let mut stream = events(&server, &id, None);
    assert!(stream.next().is_some());
    let listed = bench.world.ok(&["token", "revoke", "viewer0"]);
    assert!(stream.all(|event| event.name != "end"), "it was cut off before the end: {listed:?}");
    server.go_on();
    assert_eq!(server.ended(&id)["receipt"]["outcome"], "done");
}
