//! Notifications: each receiver gets what it wants, what was written down before a crash is sent after it, nobody waits for a
//! receiver, and no secret is shown anywhere.
//!
//! The receivers are this test's own and know what each of the real ones wants.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};

use super::what_a_person_decides::stuck;
use crate::support::api::Server;
use crate::support::receiver::{Asked, Mailbox, Receiver, Reply};
use crate::support::{Volume, Workload, World, eventually};

/// In every address and every file of a token: what nobody may see.
const SECRET: &str = "s3cr3t-0f-th3-ch4nn3l";

/// A workload whose snapshots fail as long as its volume is gone.
fn world(notify: &str) -> World {
    let mut world = World::deployed([Workload::idle("shop", [Volume::project("data")])]);
    told_by(&mut world, notify);
    world
}

/// From here on the world has these channels.
fn told_by(world: &mut World, notify: &str) {
    world.host_lines = format!("language = \"en\"\n{notify}");
    world.write_config();
}

fn take_the_volume(world: &World) {
    let live = world.volume("shop", "data");
    std::fs::rename(&live, live.with_extension("away")).unwrap();
}

fn put_it_back(world: &World) {
    let live = world.volume("shop", "data");
    std::fs::rename(live.with_extension("away"), live).unwrap();
}

/// A snapshot that fails. What is told of it is tried once at its end.
fn fail(world: &World) {
    world.reforge(&["snapshot", "create", "shop"]).expect(3);
}

fn token(world: &World) -> String {
    let file = world.path("token");
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    file.to_str().unwrap().to_owned()
}

fn channel(url: &str, more: &str) -> String {
    format!("[[notify]]\nurl = \"{url}\"\n{more}")
}

fn list(world: &World) -> Value {
    world.ok(&["notify", "list", "--json"]).json()
}

#[test]
fn each_receiver_gets_a_failed_snapshot_as_it_wants_it() {
    let receiver = Receiver::start(Reply::status(200));
    let mut world = world("");
    let (at, token) = (receiver.address(), token(&world));
    let with_token = format!("token_file = \"{token}\"\n");
    let channels = [
        channel(&format!("ntfy+http://{at}/ntfy-topic"), &with_token),
        channel(&format!("gotify+http://{at}/gotify"), &with_token),
        channel(&format!("discord+http://{at}/api/webhooks/1/{SECRET}"), ""),
        channel(&format!("slack+http://{at}/services/T/B/{SECRET}"), ""),
        channel(&format!("telegram+http://{at}/-100"), &with_token),
        channel(&format!("matrix+http://{at}/!room:matrix.example"), &with_token),
        channel(&format!("pushover+http://{at}/user"), &with_token),
        channel(&format!("apprise+http://{at}/notify/key"), ""),
        channel(&format!("json+http://{at}/json"), &with_token),
        channel(&format!("healthchecks+http://{at}/ping/uuid"), ""),
    ];
    told_by(&mut world, &channels.concat());
    take_the_volume(&world);
    fail(&world);
    let asked = receiver.asked();
    let paths: Vec<&str> = asked.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(asked.len(), 9, "who is pinged hears of nights alone: {paths:?}");
    let title = "shop: a snapshot failed";
    let to = |path: &str| -> &Asked {
        asked.iter().find(|one| one.path.starts_with(path)).unwrap_or_else(|| panic!("{path}: {paths:?}"))
    };
    let ntfy = to("/ntfy-topic");
    assert_eq!((ntfy.method.as_str(), ntfy.header("title"), ntfy.header("priority")), ("POST", title, "4"));
    assert_eq!(ntfy.header("authorization"), format!("Bearer {SECRET}"));
    assert!(ntfy.text().contains("There is no good one."), "{}", ntfy.text());
    let gotify = to("/gotify/message");
    assert_eq!(gotify.header("x-gotify-key"), SECRET);
    assert_eq!((&gotify.json()["title"], &gotify.json()["priority"]), (&json!(title), &json!(8)));
    assert_eq!(to("/api/webhooks/1/").json()["embeds"][0]["title"], title);
    assert!(to("/services/T/B/").json()["text"].as_str().unwrap().starts_with(&format!("*{title}*\n")));
    let telegram = to(&format!("/bot{SECRET}/sendMessage")).json();
    assert_eq!((&telegram["chat_id"], &telegram["parse_mode"]), (&json!("-100"), &json!("HTML")));
    let matrix = to("/_matrix/client/v3/rooms/%21room%3Amatrix.example/send/m.room.message/");
    assert_eq!((matrix.method.as_str(), matrix.header("authorization")), ("PUT", format!("Bearer {SECRET}").as_str()));
    assert_eq!(to("/1/messages.json").json()["token"], SECRET);
    assert_eq!(to("/notify/key").json()["type"], "failure");
    let signed = to("/json");
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(&signed.body);
    assert_eq!(signed.header("x-hub-signature-256"), format!("sha256={}", hex::encode(mac.finalize().into_bytes())));
    let document = signed.json();
    assert_eq!((&document["kind"], &document["workloads"]), (&json!("failed"), &json!(["shop"])));
    assert_eq!(list(&world)["messages"], json!([]), "nothing waits");
    // No word of a second one, and one word when they work again.
    fail(&world);
    put_it_back(&world);
    world.ok(&["snapshot", "create", "shop"]);
    world.ok(&["snapshot", "create", "shop"]);
    let later = &receiver.asked()[asked.len()..];
    let of_ntfy: Vec<&str> =
        later.iter().filter(|one| one.path == "/ntfy-topic").map(|one| one.header("title")).collect();
    assert_eq!(of_ntfy, ["shop: snapshots work again"]);
    assert_eq!(later.len(), 9);
}

#[test]
fn mail_is_sent_and_a_program_is_run() {
    let mailbox = Mailbox::start();
    let mut world = world("");
    let file = world.path("told.json");
    let script = world.script("tell", &format!("cat > {0}.new && mv {0}.new {0}\n", file.display()));
    let url = format!(
        "smtp://{}?from=Reforge%20<reforge@a.example>&to=anna@b.example,ops@b.example&tls=none",
        mailbox.address()
    );
    let command = format!("[[notify]]\ncommand = [\"{script}\", \"{SECRET}\"]\n");
    told_by(&mut world, &format!("{}{command}", channel(&url, "")));
    take_the_volume(&world);
    fail(&world);
    let mails = mailbox.mails();
    assert_eq!(mails.len(), 1);
    assert!(
        mails[0].contains("RCPT TO:<anna@b.example>") && mails[0].contains("RCPT TO:<ops@b.example>"),
        "{}",
        mails[0]
    );
    assert!(mails[0].contains("Subject: shop: a snapshot failed"), "{}", mails[0]);
    let document: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!((&document["kind"], &document["title"]), (&json!("failed"), &json!("shop: a snapshot failed")));
    // One that never ends is ended.
    let hanging = world.script("tell", "exec /bin/sleep 1000000\n");
    assert!(world.path("bin/tell").to_str() == Some(&*hanging));
    world.reforge(&["notify", "test", "command"]).expect(1).expect_said("no answer within 15 s");
}

#[test]
fn what_a_crash_came_before_is_sent_by_the_next_start_and_only_once() {
    let receiver = Receiver::start(Reply::status(200));
    let world = world(&channel(&format!("ntfy+http://{}/topic", receiver.address()), ""));
    take_the_volume(&world);
    assert_eq!(world.faulty("notify-send:before", &["snapshot", "create", "shop"]).code, None);
    assert_eq!(receiver.asked().len(), 0);
    let listed = list(&world);
    assert_eq!(listed["messages"][0]["deliveries"][0]["state"], "waiting", "{listed}");
    let server = Server::start(&world);
    eventually("it is sent", || receiver.asked().len() == 1);
    // Others that send at the same time find nothing to send.
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| world.ok(&["notify", "send", "--again"]));
        }
    });
    eventually("it is told as sent", || server.get("/api/v1/notifications")["messages"] == json!([]));
    assert_eq!(receiver.asked().len(), 1);
}

#[test]
fn of_several_who_send_one_does() {
    let receiver = Receiver::start(Reply::hanging());
    let world = world(&channel(&format!("ntfy+http://{}/topic", receiver.address()), ""));
    take_the_volume(&world);
    assert_eq!(world.faulty("notify-send:before", &["snapshot", "create", "shop"]).code, None);
    receiver.replies(Reply::status(200));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| world.ok(&["notify", "send"]));
        }
    });
    assert_eq!(receiver.asked().len(), 1);
}

#[test]
fn who_does_not_take_it_is_tried_three_times_then_shown_and_counted() {
    let receiver = Receiver::start(Reply::status(500).saying(&format!("no such topic {SECRET}")));
    let mut world = world(&channel(&format!("ntfy+http://{}/{SECRET}", receiver.address()), ""));
    world.notify_pause_ms = Some(0);
    take_the_volume(&world);
    fail(&world);
    let listed = list(&world);
    let error = listed["messages"][0]["deliveries"][0]["error"]["message"].as_str().unwrap();
    assert_eq!(error, "it answers with status 500: no such topic …");
    assert_eq!(world.ok(&["notify", "send", "--json"]).json()["waiting"], 1);
    assert_eq!(world.ok(&["notify", "send", "--json"]).json(), json!({ "sent": 0, "waiting": 0, "given_up": 1 }));
    assert_eq!(receiver.asked().len(), 3);
    world.ok(&["notify", "send"]);
    assert_eq!(receiver.asked().len(), 3, "no fourth time");
    let overview = world.ok(&["workload", "list"]).stdout;
    assert!(overview.contains("1 notification could not be sent: reforge notify list"), "{overview}");
    let server = Server::start(&world);
    let figures = server.as_viewer("GET", "/metrics").send().expect(200).text();
    assert!(figures.contains("reforge_notify_failures_total{channel=\"ntfy\"} 1"), "{figures}");
    assert!(figures.contains("reforge_notify_waiting 0"), "{figures}");
    let page = server.as_viewer("GET", "/page/workloads").open();
    assert_eq!(page.status(), 200);
    assert_eq!(server.get("/api/v1/notifications")["given_up"], 1);
    drop(server);
    // A person who has put it right sends it again.
    receiver.replies(Reply::status(204));
    assert_eq!(world.ok(&["notify", "send", "--again", "--json"]).json()["sent"], 1);
    assert_eq!(list(&world)["messages"], json!([]));
    shows_no_secret(&world);
}

#[test]
fn a_receiver_that_hangs_or_redirects_holds_nothing_up_and_gets_nothing() {
    let hanging = Receiver::start(Reply::hanging());
    let elsewhere = Receiver::start(Reply::status(200));
    let redirecting = Receiver::start(Reply::redirect(&format!("http://{}/stolen", elsewhere.address())));
    let good = Receiver::start(Reply::status(200));
    let mut world = world("");
    let token = format!("token_file = \"{}\"\n", token(&world));
    let channels = [
        channel(&format!("ntfy+http://{}/a", hanging.address()), &format!("name = \"hanging\"\n{token}")),
        channel(&format!("ntfy+http://{}/b", redirecting.address()), &format!("name = \"redirecting\"\n{token}")),
        channel(&format!("ntfy+http://{}/c", good.address()), "name = \"good\"\n"),
    ];
    told_by(&mut world, &channels.concat());
    let server = Server::start(&world);
    take_the_volume(&world);
    let taken = server.as_admin("POST", "/api/v1/workloads/shop/snapshots").json(&json!({})).send();
    assert!(taken.status >= 400, "{}", taken.text());
    eventually("the others are asked", || good.asked().len() == 1 && redirecting.asked().len() == 1);
    // As long as one hangs, the host answers.
    server.get("/api/v1/workloads");
    eventually("it is written down", || {
        let listed = server.get("/api/v1/notifications");
        let of = |name: &str| listed["channels"].as_array().unwrap().iter().find(|one| one["name"] == name).cloned();
        of("redirecting")
            .is_some_and(|one| one["last_error"]["message"].as_str().is_some_and(|text| text.contains("redirects")))
            && of("good").is_some_and(|one| one["waiting"] == 0)
    });
    assert_eq!(elsewhere.asked().len(), 0, "no token goes where nobody sent it");
    assert_eq!(server.stop().code, Some(0));
    shows_no_secret(&world);
}

#[test]
fn a_test_is_sent_for_real_and_says_what_came_back() {
    let receiver = Receiver::start(Reply::status(401).saying("who are you"));
    let world = world(&channel(&format!("gotify+http://{SECRET}@{}", receiver.address()), "name = \"phone\"\n"));
    let said = "phone: not sent: it answers with status 401: who are you";
    world.reforge(&["notify", "test"]).expect(1).expect_said(said);
    receiver.replies(Reply::status(200));
    let tested = world.ok(&["notify", "test", "phone", "--json"]).json();
    assert_eq!((&tested["channels"][0]["sent"], &tested["channels"][0]["answer"]), (&json!(true), &json!("200")));
    assert_eq!(receiver.asked()[1].json()["title"], "Reforge: this channel works");
    world.reforge(&["notify", "test", "nobody"]).expect(2).expect_said("no channel is called `nobody`");
    let server = Server::start(&world);
    server.as_viewer("POST", "/api/v1/notifications/test").send().expect_problem(403, "forbidden");
    let tested = server.as_admin("POST", "/api/v1/notifications/test?channel=phone").send().expect(200).json();
    assert_eq!(tested["channels"][0]["answer"], "200");
    drop(server);
    shows_no_secret(&world);
}

#[test]
fn whoever_restores_and_what_only_a_person_can_decide_is_told() {
    let receiver = Receiver::start(Reply::status(200));
    let url = format!("ntfy+http://{}/topic", receiver.address());
    let world = world(&channel(&url, "on = [\"restored\", \"decision\"]\n"));
    let snapshot = world.snapshot("shop");
    world.restore("shop", &snapshot, &[]).expect(0);
    let asked = receiver.asked();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].header("title").contains(" restored shop to 20"), "{}", asked[0].header("title"));
    assert!(asked[0].text().contains("Undo until 20"), "{}", asked[0].text());
}

#[test]
fn what_only_a_person_can_decide_is_told_once_whatever_looks_at_it() {
    let receiver = Receiver::start(Reply::status(200));
    let (mut bench, id, _aside) = stuck();
    told_by(&mut bench.world, &channel(&format!("ntfy+http://{}/topic", receiver.address()), ""));
    for _ in 0..2 {
        bench.world.reforge(&["recover"]).expect(5);
    }
    let asked = receiver.asked();
    assert_eq!(asked.iter().map(|one| one.header("title")).collect::<Vec<_>>(), ["app: a person must decide"]);
    assert!(asked[0].text().contains(&format!("restore resolve {id}")), "{}", asked[0].text());
}

/// Neither in what is kept nor in what is said.
fn shows_no_secret(world: &World) {
    let said = [
        world.ok(&["notify", "list"]).stdout,
        world.ok(&["notify", "list", "--json"]).stdout,
        world.ok(&["workload", "list", "--json"]).stdout,
        world.ok(&["audit", "--json", "--lines", "1000"]).stdout,
    ];
    for text in said {
        assert!(!text.contains(SECRET), "{text}");
    }
    for file in files(&world.state_dir()) {
        let bytes = std::fs::read(&file).unwrap();
        let holds = bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
        assert!(!holds, "{}", file.display());
    }
}

/// All files of a directory, without those that are shared between tests.
fn files(directory: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap().flatten() {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(files(&entry.path()));
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    found
}
