//! The description and the routes are one: what is described is there, guarded as it says, and answers as it says.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::api::{Answer, CONFIRM, Server, sign_webhooks};
use crate::support::described;
use crate::support::{Volume, Workload, World};

/// What is looked for in every answer of the fuzzer's requests.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
const INSTALL: &str = "the API is fuzzed by schemathesis 4.32.5, which is not there; run \
    `python3 -m venv DIRECTORY && DIRECTORY/bin/pip install schemathesis==4.32.5` and set \
    SCHEMATHESIS=DIRECTORY/bin/schemathesis";

/// Who is answered without a token.
const OPEN: [&str; 3] = ["/healthz", "/readyz", "/api/v1/openapi.json"];

#[test]
fn every_route_is_described_and_none_is_open_by_accident() {
    let world = World::new([Workload::idle("app", [])]);
    let server = Server::start(&world);
    let description = server.without_token("GET", "/api/v1/openapi.json").send().expect(200).json();
    let paths = description["paths"].as_object().unwrap();
    let mut seen = 0;
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().unwrap() {
            seen += 1;
            let asked = || path.replace(['{', '}'], "");
            let with =
                |request: crate::support::api::Request| request.header("Content-Type", "application/json").body("{}");
            let method_name = method.to_uppercase();
            let is_open = OPEN.contains(&path.as_str());
            let is_signed = path.contains("/hooks");
            let request = match method.as_str() {
                "get" => server.without_token(&method_name, &asked()),
                _ => with(server.without_token(&method_name, &asked())),
            };
            let answer = request.send();
            // Many tries without a token are 429 from some number on.
            let expected: &[u16] = if is_open {
                &[200]
            } else if is_signed {
                &[404]
            } else {
                &[401, 429]
            };
            assert!(expected.contains(&answer.status), "{method} {path}: {}", answer.text());
            assert_eq!(operation["security"].is_array(), !is_open && !is_signed, "{method} {path}");
            let documented: Vec<&String> = operation["responses"].as_object().unwrap().keys().collect();
            assert!(documented.contains(&&answer.status.to_string()), "{method} {path}: {documented:?}");
            if method != "get" && !is_signed {
                let viewer = with(server.as_viewer(&method_name, &asked())).send();
                let may = path.ends_with("/plan") || path.ends_with("/verify");
                assert_eq!(viewer.status == 403, !may, "{method} {path}: {}", viewer.text());
            }
            guards(method, path, operation);
        }
    }
    assert!(seen > 25, "{seen}");
}

/// What destroys asks for its confirmation.
fn guards(method: &str, path: &str, operation: &Value) {
    let destroys = method == "delete"
        || ["/restores", "/undo", "/finish", "/resolve", "/use", "/plugins", "/prune"]
            .iter()
            .any(|end| path.ends_with(end));
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let confirmed =
        parameters.iter().any(|parameter| parameter["name"] == "X-Confirm-Restore" && parameter["required"] == true);
    assert_eq!(confirmed, destroys && method != "get", "{method} {path}");
}

#[test]
fn every_answer_says_what_it_holds() {
    for (method, path, operation) in described::operations() {
        let responses = operation["responses"].as_object().unwrap();
        let mut good = 0;
        for (status, response) in responses.iter().filter(|(status, _)| status.starts_with('2')) {
            good += 1;
            let content = response["content"].as_object().unwrap();
            // What is no JSON is an archive, figures, or events; and the description is described elsewhere.
            let json = content.get("application/json").filter(|_| path != "/api/v1/openapi.json");
            let Some(schema) = json.map(|json| &json["schema"]) else { continue };
            let name = schema["$ref"].as_str().unwrap_or_default().trim_start_matches("#/components/schemas/");
            assert!(!["", "Document"].contains(&name), "{method} {path}, {status}: {schema}");
        }
        assert!(good > 0, "{method} {path}");
    }
}

/// Asked in tests of their own, since they need more than an app: whatever a test is answered is compared.
const ELSEWHERE: [(&str, &str); 8] = [
    ("POST", "/api/v1/workloads/{workload}/prune"),
    ("POST", "/api/v1/notifications/test"),
    ("POST", "/api/v1/restores/{restore}/cancel"),
    ("GET", "/api/v1/restores/{restore}/trees"),
    ("POST", "/api/v1/restores/{restore}/resolve"),
    ("POST", "/api/v1/plugins"),
    ("DELETE", "/api/v1/plugins/{plugin}"),
    ("GET", "/api/v1/restores/{restore}/events"),
];

fn described_path(method: &str, asked: &str) -> &'static str {
    described::operation_of(method, asked.split('?').next().unwrap()).unwrap().0
}

#[test]
fn a_real_answer_of_every_route_is_as_it_is_described() {
    const SECRET: &str = "a secret that nobody guesses";
    let mut world = World::new([]);
    let stage = |id: &str, seconds: &str| Workload {
        project: "app".into(),
        stage: id.into(),
        command: ["/bin/sleep", seconds].map(String::from).into(),
        ..Workload::idle(id, [])
    };
    let app = Workload { volumes: vec![Volume::project("data")], ..stage("app", "1000001") };
    world.workloads = vec![app, stage("app-test", "1000002")];
    sign_webhooks(&mut world, SECRET);
    ["app", "app-test"].iter().for_each(|id| drop(world.ok(&["deploy", id])));
    std::fs::write(world.volume("app", "data").join("file"), "old").unwrap();
    let server = Server::start(&world);
    let mut seen: BTreeSet<(String, &str)> = BTreeSet::new();
    let mut ask = |method: &str, path: &str, confirmed: &str, body: Option<Value>| {
        let asked = server.as_admin(method, path).header(CONFIRM, confirmed);
        let answer = if let Some(body) = body { asked.json(&body) } else { asked }.send();
        assert!((200..300).contains(&answer.status), "{method} {path}: {}", answer.text());
        seen.insert((method.to_owned(), described_path(method, path)));
        answer
    };
    for path in ["/healthz", "/readyz", "/api/v1/openapi.json", "/api/v1/me", "/api/v1/plugins", "/metrics"] {
        ask("GET", path, "", None);
    }
    let of = |name: &str| format!("/api/v1/workloads/app/{name}");
    let id_of = |answer: Answer| answer.json()["id"].as_str().unwrap().to_owned();
    let snapshot = id_of(ask("POST", &of("snapshots"), "", Some(json!({ "reason": "a test" }))));
    let snapshot_path = of(&format!("snapshots/{snapshot}"));
    ask("GET", &snapshot_path, "", None);
    ask("POST", &format!("{snapshot_path}/verify"), "", None);
    for path in ["entries", "entries?under=0", "entries/1/content", "diff"] {
        ask("GET", &format!("{snapshot_path}/{path}"), "", None);
    }
    ask("GET", &of("versions?path=file"), "", None);
    let archive = ask("GET", &format!("{snapshot_path}/archive"), "", None).bytes;
    let import = server.as_admin("POST", &of("snapshots/import")).header("Content-Type", "application/gzip");
    let imported = id_of(import.body(archive).send().expect(201));
    ask("GET", &of("snapshots"), "", None);
    ask("POST", &of("plan"), "", Some(json!({ "snapshot": snapshot })));
    let restore = id_of(ask("POST", &of("restores"), &snapshot, Some(json!({ "snapshot": snapshot }))));
    server.ended(&restore);
    let restore_path = format!("/api/v1/restores/{restore}");
    let undo = id_of(ask("POST", &format!("{restore_path}/undo"), &restore, None));
    server.ended(&undo);
    ask("POST", &format!("/api/v1/restores/{undo}/finish"), &undo, None);
    ask("DELETE", &of(&format!("snapshots/{imported}")), &imported, None);
    ask("POST", &of("promote"), "", Some(json!({ "from": "app-test" })));
    ask("POST", &of("rollback"), "", None);
    ask("POST", &of("preview"), "", Some(json!({ "image": "/bin/sleep 1000003" })));
    ask("POST", &of("deploy"), "", None);
    ask("POST", &of("stop"), "", None);
    ask("POST", &of("start"), "", None);
    ask("POST", "/api/v1/plugins/built-in/use", "built-in", None);
    for path in [&restore_path, "/api/v1/restores", "/api/v1/workloads", "/api/v1/workloads/app", "/api/v1/recovery"] {
        ask("GET", path, "", None);
    }
    ask("GET", "/api/v1/audit?lines=1000", "", None);
    ask("GET", "/api/v1/notifications", "", None);
    ask("GET", &of("retention"), "", None);
    ask("POST", &of("drills"), "", Some(json!({})));
    ask("GET", &of("drills"), "", None);
    for change in ["pin", "unpin"] {
        ask("POST", &format!("{snapshot_path}/{change}"), "", None);
    }
    let delivery = json!({ "delivery": "1", "action": { "deploy": { "workload": "app" } } }).to_string();
    for (path, body) in [("/api/v1/hooks", delivery.as_str()), (&of("hooks/deploy"), "{}")] {
        server.deliver(path, body, SECRET).expect(202);
        seen.insert(("POST".to_owned(), described_path("POST", path)));
    }
    seen.insert(("POST".to_owned(), described_path("POST", &of("snapshots/import"))));
    seen.extend(ELSEWHERE.map(|(method, path)| (method.to_owned(), path)));
    let all: BTreeSet<_> = described::operations().map(|(method, path, _)| (method, path)).collect();
    assert_eq!(seen, all);
}

#[test]
fn a_rollback_whose_program_changed_is_412_and_described() {
    let mut world = World::new([Workload::idle("app", [])]);
    let program = world.script("program", "exec sleep 1000\n");
    for seconds in ["1001", "1002"] {
        world.workload("app").command = vec![program.clone(), seconds.into()];
        world.write_config();
        world.ok(&["deploy", "app"]);
    }
    world.script("program", "exec sleep 2000\n");
    let server = Server::start(&world);
    server.as_admin("POST", "/api/v1/workloads/app/rollback").send().expect_problem(412, "drift");
    let description = server.without_token("GET", "/api/v1/openapi.json").send().expect(200).json();
    for verb in ["rollback", "promote"] {
        let responses = &description["paths"][format!("/api/v1/workloads/{{workload}}/{verb}")]["post"]["responses"];
        assert!(responses["412"].is_object(), "{verb}: {responses}");
    }
}

#[test]
fn a_fuzzer_that_reads_the_description_finds_no_failure_and_no_answer_that_is_not_in_it() {
    let world = World::deployed([Workload::idle("app", [Volume::project("data")])]);
    std::fs::write(world.volume("app", "data").join("file"), "old").unwrap();
    let snapshot = world.snapshot("app");
    let server = Server::start(&world);
    let restore = server.restore(&snapshot).send().expect(202).json()["id"].as_str().unwrap().to_owned();
    server.ended(&restore);
    // Names that are there, so that more is asked than whether nothing is.
    let settings = world.path("schemathesis.toml");
    let names = format!("workload = \"app\"\nsnapshot = {snapshot:?}\nrestore = {restore:?}\n");
    std::fs::write(&settings, format!("[parameters]\n{names}\"header.X-Confirm-Restore\" = {restore:?}\n")).unwrap();
    let tool = std::env::var_os("SCHEMATHESIS").unwrap_or_else(|| "schemathesis".into());
    let output = Command::new(tool)
        .args(["--no-color", "--config-file"])
        .arg(&settings)
        .args(["run", &format!("{}/api/v1/openapi.json", server.url), "--header"])
        .arg(format!("Authorization: Bearer {}", server.admin))
        .args(["--checks", CHECKS, "--phases", "coverage,fuzzing", "--max-examples", "15", "--seed", "1"])
        .args(["--continue-on-failure", "--generation-database", "none", "--warnings", "off"])
        .current_dir(world.path(""))
        .output()
        .unwrap_or_else(|error| panic!("{INSTALL} ({error})"));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(server.as_viewer("GET", "/readyz").send().status, 200, "{said}");
}
