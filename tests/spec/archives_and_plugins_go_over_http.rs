//! What is large: archives go out and come in, plugins are installed and swapped under a server that runs. Whatever is
//! refused leaves nothing.

use reforge_plugins::plugin::DEFAULT;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::support::api::{CONFIRM, Request, Server};
use crate::support::archives::{self, Member};
use crate::support::bench::{Bench, fill, signatures};

#[test]
fn an_archive_goes_out_whole_and_comes_in_again_and_is_restored() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let server = Server::start(&bench.world);
    let path = format!("/api/v1/workloads/app/snapshots/{}/archive", bench.snapshot);
    server.as_viewer("GET", &path).send().expect_problem(403, "forbidden");
    let archive = server.as_admin("GET", &path).send().expect(200);
    let (file, _) = bench.world.snapshot_files("app", &bench.snapshot);
    assert!(archive.bytes == std::fs::read(file).unwrap(), "the archive as it is stored");
    let import = |content_type: &str, bytes: &[u8]| {
        let asked = server.as_admin("POST", "/api/v1/workloads/app/snapshots/import");
        asked.header("Content-Type", content_type).body(bytes).send()
    };
    import("application/json", &archive.bytes).expect_problem(415, "content-type");
    let imported = import("application/gzip", &archive.bytes).expect(201);
    let id = imported.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(imported.header("location"), format!("/api/v1/workloads/app/snapshots/{id}"));
    let begun = server.restore(&id).send().expect(202).json();
    assert_eq!(server.ended(begun["id"].as_str().unwrap())["receipt"]["outcome"], "done");
    assert_eq!(signatures(&bench.lives), bench.old);
}

#[test]
fn an_upload_that_is_turned_down_at_once_is_told_why_however_much_was_on_its_way() {
    let bench = Bench::new();
    let server = Server::start(&bench.world);
    // More than what the kernel takes on the way.
    let upload = vec![b'x'; 24 << 20];
    let import = "/api/v1/workloads/app/snapshots/import";
    let send = |asked: Request, kind: &str| asked.header("Content-Type", kind).body(upload.clone()).send();
    send(server.without_token("POST", import), "application/gzip").expect_problem(401, "unauthorized");
    send(server.as_viewer("POST", import), "application/gzip").expect_problem(403, "forbidden");
    send(server.as_admin("POST", import), "text/plain").expect_problem(415, "content-type");
    let nobody = "/api/v1/workloads/nobody/snapshots/import";
    send(server.as_admin("POST", nobody), "application/gzip").expect_problem(404, "not-found");
    send(server.as_admin("POST", "/api/v1/plugins"), "application/wasm").expect_problem(428, "confirmation");
    send(server.as_admin("POST", "/api/v1/nothing"), "application/wasm").expect_problem(404, "not-found");
}

#[test]
fn a_hostile_archive_is_refused_with_its_name_escaped_and_leaves_nothing() {
    let bench = Bench::new();
    let server = Server::start(&bench.world);
    let stored = bench.world.stored("app");
    let import = |bytes: Vec<u8>| {
        let asked = server.as_admin("POST", "/api/v1/workloads/app/snapshots/import");
        asked.header("Content-Type", "application/gzip").body(bytes).send()
    };
    import(b"this is no archive".to_vec()).expect_problem(422, "snapshot-damaged");
    let (archive, _) = bench.world.snapshot_files("app", &bench.snapshot);
    let hostile = bench.world.path("hostile.tar.gz");
    std::fs::copy(archive, &hostile).unwrap();
    archives::rewrite(&hostile, |members| members.push(Member::file("volumes/0/../gnp\u{202e}exe", b"")));
    let problem = import(std::fs::read(hostile).unwrap()).expect_problem(422, "archive-refused");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("\\u{202e}") && !detail.contains('\u{202e}'), "{detail}");
    assert_eq!(bench.world.stored("app"), stored);
}

#[test]
fn a_plugin_is_installed_used_and_removed_under_a_server_that_runs() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let server = Server::start(&bench.world);
    // A custom section, which no engine looks at: another digest, the same behaviour.
    let plugin = [DEFAULT, &[0, 3, 1, b'v', 1]].concat();
    let sha256 = hex::encode(Sha256::digest(&plugin));
    let install = |confirmed: &str| {
        let asked = server.as_admin("POST", "/api/v1/plugins").header("Content-Type", "application/wasm");
        asked.header(CONFIRM, confirmed).body(plugin.clone()).send()
    };
    install(&"0".repeat(64)).expect_problem(422, "policy-refused");
    let installed = install(&sha256).expect(201).json();
    let digest = installed["digest"].as_str().unwrap();
    let select = |wanted: &str, confirmed: &str| {
        let path = format!("/api/v1/plugins/{wanted}/use");
        server.as_admin("POST", &path).header(CONFIRM, confirmed).send()
    };
    // What is acted on is confirmed, and not how it was called.
    let (name, start) = (installed["name"].as_str().unwrap(), &digest[..12]);
    for wanted in [name, start, "previous"] {
        let status = select(wanted, wanted).status;
        assert!([404, 428].contains(&status), "{wanted}: {status}");
    }
    assert_eq!(select(start, digest).expect(200).json()["in_use"], true);
    assert_eq!(server.get("/api/v1/plugins")["in_use"], digest);
    let begun = server.restore(&bench.snapshot).send().expect(202).json();
    let ended = server.ended(begun["id"].as_str().unwrap());
    assert_eq!((&ended["receipt"]["outcome"], &ended["receipt"]["plugin_digest"]), (&json!("done"), &json!(digest)));
    let path = format!("/api/v1/plugins/{digest}");
    let remove = || server.as_admin("DELETE", &path).header(CONFIRM, digest).send();
    remove().expect_problem(422, "policy-refused");
    assert_eq!(select("built-in", "built-in").expect(200).json()["in_use"], true);
    select("previous", "previous").expect_problem(428, "confirmation");
    select("previous", digest).expect(200);
    select("built-in", "built-in").expect(200);
    remove().expect(200);
    assert_eq!(server.get("/api/v1/plugins")["plugins"], json!([]));
    let cache = std::fs::read_dir(bench.world.state_dir().join("cache")).unwrap();
    let left = cache.filter(|entry| entry.as_ref().unwrap().file_name().to_str().unwrap().starts_with(".upload"));
    assert_eq!(left.count(), 0);
}

#[test]
fn a_plugin_that_the_configuration_names_goes_before_the_selected_one_and_the_answer_says_so() {
    let mut bench = Bench::new();
    let file = bench.world.path("named.wasm");
    std::fs::write(&file, [DEFAULT, &[0, 3, 1, b'v', 9]].concat()).unwrap();
    bench.world.host_lines.push_str(&format!("plugin = {file:?}\n"));
    bench.world.write_config();
    let server = Server::start(&bench.world);
    let selected = server.as_admin("POST", "/api/v1/plugins/built-in/use").header(CONFIRM, "built-in").send();
    let selected = selected.expect(200).json();
    assert_eq!((&selected["in_use"], &selected["file"]), (&json!(false), &json!(file)));
    let listed = server.get("/api/v1/plugins");
    assert_eq!(listed["built_in"]["in_use"], false, "{listed}");
    assert_ne!(listed["in_use"], listed["built_in"]["digest"]);
}
