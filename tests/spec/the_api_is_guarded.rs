//! Who asks, and whether it is meant: tokens and roles, confirmations, content types, other sites' pages. A refused try
//! changes nothing and is audited with the name of who tried.

use serde_json::{Value, json};

use crate::support::api::{Answer, CONFIRM, Server, token};
use crate::support::bench::{Bench, fill, signatures};
use crate::support::{Volume, Workload, World};

fn world() -> (World, String) {
    let world = World::deployed([Workload::idle("app", [Volume::project("data")])]);
    std::fs::write(world.volume("app", "data").join("file"), "old").unwrap();
    let snapshot = world.snapshot("app");
    (world, snapshot)
}

const RESTORES: &str = "/api/v1/workloads/app/restores";

#[test]
fn every_way_to_ask_wrongly_has_its_status_and_changes_nothing() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let new = signatures(&bench.lives);
    let server = Server::start(&bench.world);
    let body = json!({ "snapshot": bench.snapshot });
    let confirmed = || server.as_admin("POST", RESTORES).header(CONFIRM, &bench.snapshot);

    server.without_token("POST", RESTORES).json(&body).send().expect_problem(401, "unauthorized");
    server
        .as_viewer("POST", RESTORES)
        .header(CONFIRM, &bench.snapshot)
        .json(&body)
        .send()
        .expect_problem(403, "forbidden");
    server.as_admin("POST", RESTORES).json(&body).send().expect_problem(428, "confirmation");
    server.as_admin("POST", RESTORES).header(CONFIRM, "another").json(&body).send().expect_problem(428, "confirmation");
    // Which of two counts would be a guess, also if they are equal.
    for second in [bench.snapshot.as_str(), "another"] {
        confirmed().header(CONFIRM, second).json(&body).send().expect_problem(428, "confirmation");
        let first = server.as_admin("POST", RESTORES).header(CONFIRM, second).header(CONFIRM, &bench.snapshot);
        first.json(&body).send().expect_problem(428, "confirmation");
    }
    confirmed().bearer("another").json(&body).send().expect_problem(401, "unauthorized");
    let form = confirmed().header("Content-Type", "application/x-www-form-urlencoded").body(body.to_string());
    form.send().expect_problem(415, "content-type");
    confirmed().body(body.to_string()).send().expect_problem(415, "content-type");
    confirmed().header("Content-Type", "application/json").body("{").send().expect_problem(400, "usage");
    confirmed().json(&json!({ "snapshot": bench.snapshot, "unknown": 1 })).send().expect_problem(400, "usage");
    confirmed().json(&json!({ "snapshot": "x".repeat(1 << 20) })).send().expect_problem(413, "too-large");
    confirmed().json(&json!({ "snapshot": "20000101" })).send().expect_problem(404, "not-found");
    let elsewhere = server.as_admin("POST", "/api/v1/workloads/nobody/restores").header(CONFIRM, &bench.snapshot);
    elsewhere.json(&body).send().expect_problem(404, "not-found");
    confirmed()
        .json(&json!({ "snapshot": bench.snapshot, "plan": "0".repeat(64) }))
        .send()
        .expect_problem(412, "drift");
    confirmed().json(&json!({ "snapshot": bench.snapshot, "plan": "abc" })).send().expect_problem(400, "usage");
    server.as_admin("PUT", RESTORES).send().expect_problem(405, "method");
    server.as_admin("GET", "/api/v1/nothing").send().expect_problem(404, "not-found");

    assert_eq!(signatures(&bench.lives), new);
    assert_eq!(bench.world.transactions(), Vec::<String>::new());
}

#[test]
fn a_refused_restore_is_422_and_a_missing_one_404() {
    let (mut world, snapshot) = world();
    // A volume that the snapshot lacks needs to be left by name.
    world.workload("app").volumes.push(Volume::project("more"));
    world.write_config();
    let server = Server::start(&world);
    let problem = server.restore(&snapshot).send().expect_problem(422, "volume-refused");
    assert!(!problem["hint"].as_str().unwrap().is_empty(), "{problem}");
    let undo = server.as_admin("POST", "/api/v1/restores/20000101/undo").header(CONFIRM, "20000101");
    undo.send().expect_problem(404, "not-found");
}

#[test]
fn everything_that_destroys_must_be_confirmed_with_its_id() {
    let (world, snapshot) = world();
    let server = Server::start(&world);
    let id = server.restore(&snapshot).send().expect(202).json()["id"].as_str().unwrap().to_owned();
    assert_eq!(server.ended(&id)["receipt"]["outcome"], "done");
    let spare = server.as_admin("POST", "/api/v1/workloads/app/snapshots").json(&json!({ "reason": "spare" }));
    let spare = spare.send().expect(201).json()["id"].as_str().unwrap().to_owned();
    let delete = format!("/api/v1/workloads/app/snapshots/{spare}");
    let (undo, finish) = (format!("/api/v1/restores/{id}/undo"), format!("/api/v1/restores/{id}/finish"));
    for (method, path) in [
        ("POST", undo.as_str()),
        ("POST", finish.as_str()),
        ("DELETE", delete.as_str()),
        ("POST", "/api/v1/plugins/built-in/use"),
        ("DELETE", "/api/v1/plugins/built-in"),
    ] {
        server.as_admin(method, path).send().expect_problem(428, "confirmation");
        server.as_admin(method, path).header(CONFIRM, "another").send().expect_problem(428, "confirmation");
        server.as_viewer(method, path).header(CONFIRM, "another").send().expect_problem(403, "forbidden");
    }
    server.as_admin("DELETE", &delete).header(CONFIRM, &spare).send().expect(200);
    server.as_viewer("GET", &delete).send().expect_problem(404, "not-found");
}

#[test]
fn a_page_of_another_site_and_another_name_are_turned_away() {
    let (world, _) = world();
    let server = Server::start(&world);
    let asked = |name: &str, value: &str| server.as_admin("GET", "/api/v1/workloads").header(name, value).send();
    asked("Origin", "http://evil.example").expect_problem(403, "origin-refused");
    asked("Origin", "null").expect_problem(403, "origin-refused");
    asked("Host", "evil.example").expect_problem(403, "host-refused");
    asked("Origin", &server.url).expect(200);
}

#[test]
fn nobody_makes_figures_up() {
    let (world, _) = world();
    let server = Server::start(&world);
    for method in ["MADEUP1", "MADEUP2", "PUT"] {
        for host in ["evil.example", "localhost"] {
            let head = format!("{method} /api/v1/workloads HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
            let answer = server.connection().sent(&head).answer();
            assert!(answer.starts_with("HTTP/1.1 403") || answer.starts_with("HTTP/1.1 405"), "{answer}");
        }
    }
    let figures = server.as_admin("GET", "/metrics").send().expect(200).text();
    let mut series: Vec<&str> = figures.lines().filter(|line| line.contains(r#"route="/api/v1/workloads""#)).collect();
    series.sort_unstable();
    let of = |status: u16| {
        format!(r#"reforge_requests_total{{method="any",route="/api/v1/workloads",status="{status}"}} 3"#)
    };
    assert_eq!(series, [of(403), of(405)]);
}

#[test]
fn a_token_is_good_until_it_is_revoked_and_no_other_way_is() {
    let (world, _) = world();
    let server = Server::start(&world);
    let other = token(&world, "other", "viewer");
    let me = |token: &str| server.without_token("GET", "/api/v1/me").bearer(token).send();
    assert_eq!(me(&other).expect(200).json(), json!({ "name": "other", "role": "viewer" }));
    world.ok(&["token", "revoke", "other"]);
    me(&other).expect_problem(401, "unauthorized");
    let cookie = server.without_token("GET", "/api/v1/me").header("Cookie", &format!("token={}", server.admin));
    cookie.send().expect_problem(401, "unauthorized");
    let query = server.without_token("GET", &format!("/api/v1/me?token={}", server.admin));
    query.send().expect_problem(401, "unauthorized");
    world.reforge(&["token", "revoke", "other"]).expect(2);
    let listed = world.ok(&["token", "list", "--json"]);
    assert!(!listed.said().contains(&server.admin) && listed.said().contains("admin0"), "{listed:?}");
}

#[test]
fn failed_tries_are_limited_and_a_valid_token_is_never_delayed() {
    let (world, _) = world();
    let server = Server::start(&world);
    let tried = || server.without_token("GET", "/api/v1/me").bearer("reforge_wrong").send();
    let statuses: Vec<u16> = (0..30).map(|_| tried().status).collect();
    assert!(statuses.starts_with(&[401]) && statuses.ends_with(&[429]), "{statuses:?}");
    // A header that says that it is somebody else does not help: no proxy is trusted.
    let forged = server.without_token("GET", "/api/v1/me").bearer("x").header("X-Forwarded-For", "203.0.113.9");
    forged.send().expect_problem(429, "too-many-tries");
    server.as_viewer("GET", "/api/v1/me").send().expect(200);
}

#[test]
fn a_configured_proxy_is_believed_whom_it_speaks_for_and_nobody_else_is() {
    let (mut world, _) = world();
    world.host_lines.push_str("[api]\ntrusted_proxies = [\"127.0.0.1\"]\n");
    world.write_config();
    let server = Server::start(&world);
    let tried = |from: &str| {
        let asked = server.without_token("GET", "/api/v1/me").bearer("reforge_wrong");
        asked.header("X-Forwarded-For", from).send().status
    };
    let statuses: Vec<u16> = (0..30).map(|_| tried("203.0.113.9")).collect();
    assert!(statuses.starts_with(&[401]) && statuses.ends_with(&[429]), "{statuses:?}");
    assert_eq!(tried("198.51.100.1, 203.0.113.9"), 429, "what a client says of itself is not believed");
    assert_eq!(tried("203.0.113.10"), 401, "others are not held up by it");
    let lines = server.get("/api/v1/audit?lines=1000")["lines"].as_array().unwrap().clone();
    let tries: Vec<&str> = lines.iter().filter_map(|line| line["who"].as_str()).collect();
    assert!(tries.contains(&"nobody from 203.0.113.9") && tries.contains(&"nobody from 203.0.113.10"), "{tries:?}");
    assert!(!tries.iter().any(|who| who.contains("198.51.100.1") || who.contains("127.0.0.1")), "{tries:?}");
}

#[test]
fn refused_tries_and_changes_are_audited_with_the_name_of_the_token_and_no_secret() {
    let (world, snapshot) = world();
    let server = Server::start(&world);
    server.as_viewer("POST", RESTORES).json(&json!({ "snapshot": snapshot })).send().expect_problem(403, "forbidden");
    server.without_token("GET", "/api/v1/me").bearer("reforge_wrong-secret").send().expect_problem(401, "unauthorized");
    let stale = json!({ "snapshot": snapshot, "plan": "0".repeat(64) });
    let restore = server.as_admin("POST", RESTORES).header(CONFIRM, &snapshot).json(&stale);
    restore.send().expect_problem(412, "drift");
    server.as_admin("POST", "/api/v1/workloads/app/deploy").send().expect(200);
    let audit = server.get("/api/v1/audit");
    let lines: Vec<(&str, &str)> = audit["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["what"].as_str().unwrap(), line["who"].as_str().unwrap()))
        .collect();
    for expected in [
        ("refused", "token viewer0"),
        ("refused", "nobody from 127.0.0.1"),
        ("restore", "token admin0"),
        ("deploy", "token admin0"),
    ] {
        assert!(lines.contains(&expected), "{expected:?}: {lines:?}");
    }
    let whole = std::fs::read_to_string(world.state_dir().join("audit.jsonl")).unwrap();
    for secret in [&server.admin, &server.viewer, "wrong-secret"] {
        assert!(!whole.contains(secret), "a secret was written down");
    }
}

#[test]
fn every_change_is_audited_with_who_asked_the_digests_and_the_outcome() {
    let (world, snapshot) = world();
    let server = Server::start(&world);
    let post = |path: &str, confirmed: &str| server.as_admin("POST", path).header(CONFIRM, confirmed).send();
    let begun = |answer: Answer| {
        let id = answer.expect(202).json()["id"].as_str().unwrap().to_owned();
        assert_eq!(server.ended(&id)["outcome"], "done");
        id
    };
    let restore = begun(server.restore(&snapshot).send());
    let undo = begun(post(&format!("/api/v1/restores/{restore}/undo"), &restore));
    post(&format!("/api/v1/restores/{undo}/finish"), &undo).expect(200);
    post("/api/v1/workloads/app/deploy", "").expect(200);
    post("/api/v1/plugins/built-in/use", "built-in").expect(200);
    server.as_admin("POST", "/api/v1/workloads/app/snapshots").json(&json!({})).send().expect(201);
    let delete = format!("/api/v1/workloads/app/snapshots/{snapshot}");
    server.as_admin("DELETE", &delete).header(CONFIRM, &snapshot).send().expect(200);
    let lines = server.get("/api/v1/audit?lines=1000")["lines"].as_array().unwrap().clone();
    let details: Vec<_> = lines.into_iter().filter(|line| line["who"] == "token admin0").collect();
    let what: Vec<&str> = details.iter().map(|line| line["what"].as_str().unwrap()).collect();
    assert_eq!(what, ["restore", "undo", "finish", "deploy", "plugin-use", "snapshot", "delete"]);
    let details: Vec<&Value> = details.iter().map(|line| &line["details"]).collect();
    for (line, id) in details.iter().zip([&restore, &undo]) {
        assert_eq!((&line["id"], &line["outcome"]), (&json!(id), &json!("done")), "{line}");
        assert!(line["safety"].is_string(), "{line}");
    }
    for digest in ["plan", "plugin"] {
        assert_eq!(details[0][digest].as_str().map(str::len), Some(64), "{digest}: {}", details[0]);
    }
    assert!(details[3]["image"].is_string() && details[3]["image_digest"].is_string(), "{}", details[3]);
    assert!(details.iter().all(|line| line["failure"].is_null()), "{details:?}");
}

/// What the audit log has of an admin: what was tried and why it was turned down.
fn turned_down(server: &Server) -> Vec<(String, String)> {
    let lines = server.get("/api/v1/audit?lines=1000")["lines"].as_array().unwrap().clone();
    let of_admin = lines.iter().filter(|line| line["who"] == "token admin0");
    let code = |line: &Value| {
        line["details"]["failure"]["code"].as_str().or(line["details"]["code"].as_str()).map(str::to_owned)
    };
    of_admin.filter_map(|line| Some((line["what"].as_str()?.to_owned(), code(line)?))).collect()
}

#[test]
fn every_try_that_is_turned_down_is_audited() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let mut server = Server::pausing_at(&bench.world, "exchange", &[]);
    let delete = format!("/api/v1/workloads/app/snapshots/{}", bench.snapshot);
    let unknown = json!({ "snapshot": "2000" });
    let confirmed = |method: &str, path: &str| server.as_admin(method, path).header(CONFIRM, "x");
    server.as_admin("DELETE", &delete).send().expect_problem(428, "confirmation");
    confirmed("DELETE", &delete).send().expect_problem(428, "confirmation");
    confirmed("POST", RESTORES).json(&unknown).send().expect_problem(404, "not-found");
    confirmed("POST", "/api/v1/restores/2000/undo").send().expect_problem(404, "not-found");
    confirmed("POST", "/api/v1/restores/2000/finish").send().expect_problem(404, "not-found");
    confirmed("POST", "/api/v1/plugins/nothing/use").send().expect_problem(404, "not-found");
    server.as_admin("POST", "/api/v1/restores/2000/cancel").send().expect_problem(404, "not-found");
    let capture = server.as_admin("POST", "/api/v1/workloads/nobody/snapshots").json(&json!({}));
    capture.send().expect_problem(404, "not-found");
    let import = server.as_admin("POST", "/api/v1/workloads/nobody/snapshots/import");
    import.header("Content-Type", "application/gzip").body("").send().expect_problem(404, "not-found");
    server.as_admin("POST", "/api/v1/workloads/nobody/deploy").send().expect_problem(404, "not-found");
    let refused = |code: &str| ("refused".to_owned(), code.to_owned());
    let [confirmation, not_found] = [refused("confirmation"), refused("not-found")];
    let deploy = ("deploy".to_owned(), "not-found".to_owned());
    let expected = [vec![confirmation; 2], vec![not_found; 7], vec![deploy]].concat();
    assert_eq!(turned_down(&server), expected);

    let begun = server.restore(&bench.snapshot).send().expect(202).json();
    let id = begun["id"].as_str().unwrap();
    server.reaches_its_pause();
    let own = |method: &str, path: &str, id: &str| server.as_admin(method, path).header(CONFIRM, id).send();
    own("DELETE", &delete, &bench.snapshot).expect_problem(409, "busy");
    own("POST", &format!("/api/v1/restores/{id}/finish"), id).expect_problem(409, "busy");
    assert_eq!(turned_down(&server)[10..], [("delete".into(), "busy".into()), ("finish".into(), "busy".into())]);
    server.go_on();
    server.ended(id);
}

#[test]
fn it_listens_only_on_this_machine_unless_told_otherwise() {
    let (world, _) = world();
    let mut running = world.start(&["serve"]);
    crate::support::eventually("it listens or cannot", || running.is_over() || running.answered().contains('\n'));
    // Another test may have the port: then the failure says which address it was.
    let said = format!("{}{}", running.answered(), running.complaints());
    assert!(said.contains("127.0.0.1:7878"), "{said}");
}

#[test]
fn a_viewer_is_told_no_command_line_and_no_environment() {
    let mut world = World::new([]);
    let mut app = Workload::idle("app", [Volume::project("data")]);
    app.command = ["/bin/sh", "-c", "exec sleep 1000000", "SECRET-ARGUMENT"].map(String::from).into();
    app.environment.insert("SECRET_NAME".into(), "SECRET-VALUE".into());
    world.workloads = vec![app];
    world.write_config();
    world.ok(&["deploy", "app"]);
    let snapshot = world.snapshot("app");
    // So that a plan has something to say about both.
    world.workload("app").environment.insert("SECRET_OTHER".into(), "SECRET-VALUE".into());
    world.workload("app").command.push("SECRET-MORE".into());
    world.write_config();
    world.ok(&["deploy", "app"]);
    let server = Server::start(&world);
    let restore = server.restore(&snapshot).send().expect(202).json()["id"].as_str().unwrap().to_owned();
    server.ended(&restore);
    let plan = json!({ "snapshot": snapshot });
    let asked = |viewer: bool| {
        let send = |method: &str, path: &str| match viewer {
            true => server.as_viewer(method, path),
            false => server.as_admin(method, path),
        };
        let mut answers = Vec::new();
        for path in [
            "/api/v1/workloads",
            "/api/v1/workloads/app",
            "/api/v1/workloads/app/snapshots",
            &format!("/api/v1/workloads/app/snapshots/{snapshot}"),
            "/api/v1/restores",
            &format!("/api/v1/restores/{restore}"),
            &format!("/api/v1/restores/{restore}/events"),
            "/api/v1/recovery",
            "/api/v1/audit?lines=1000",
            "/api/v1/plugins",
            "/api/v1/openapi.json",
        ] {
            answers.push((path.to_owned(), send("GET", path).send().expect(200).text()));
        }
        answers.push(("plan".into(), send("POST", "/api/v1/workloads/app/plan").json(&plan).send().expect(200).text()));
        answers
    };
    for (path, answer) in asked(true) {
        assert!(!answer.contains("SECRET"), "{path}: {answer}");
    }
    let told: Vec<String> =
        asked(false).into_iter().filter(|(_, answer)| answer.contains("SECRET")).map(|(path, _)| path).collect();
    assert!(told.len() >= 4, "an admin is told as before: {told:?}");
    let document: Value = server.as_viewer("GET", "/api/v1/workloads/app").send().expect(200).json();
    assert_eq!(document["image"]["reference"], "/bin/sh", "what runs is still said");
}
