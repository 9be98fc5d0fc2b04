//! The order of the crates, and what only one of them may use.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Each may use those before it.
const ORDER: [&str; 20] = [
    "text",
    "base",
    "volumes",
    "holders",
    "snapshots",
    "transaction",
    "runtime",
    "docker",
    "plugins",
    "notify",
    "schedule",
    "config",
    "deployer",
    "host",
    "looking",
    "drills",
    "conformance",
    "documents",
    "server",
    "cli",
];
/// They belong to tests and to the sandbox: no crate of the host is built with them.
const BESIDE: [&str; 2] = ["plugin", "testing"];
/// What is known to one crate alone.
const ONLY_IN: [(&str, &str); 6] = [
    ("bollard", "docker"),
    ("wasmtime", "plugins"),
    ("wasmtime-wasi", "plugins"),
    ("axum", "server"),
    ("lettre", "notify"),
    ("rustls", "notify"),
];
/// Up to this one, nothing is asynchronous and nothing is executed that somebody else wrote.
const PLAIN_UP_TO: &str = "transaction";
const NOT_PLAIN: [&str; 3] = ["tokio", "wasmtime", "wasmtime-wasi"];

const PREFIX: &str = "reforge-";

/// A crate of this workspace, by its name without `reforge-`, and what it is built with.
pub(crate) struct Crate {
    pub name: String,
    pub uses: Vec<String>,
}

/// What Cargo says of this workspace.
pub(crate) fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--no-deps", "--format-version", "1", "--offline", "--locked"]);
    let output = command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR"))).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The crates of Reforge, with their normal dependencies: what only tests and build scripts use may come from anywhere.
pub(crate) fn crates(metadata: &Value) -> Vec<Crate> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let uses = |package: &Value| {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        dependencies.filter(|one| one["kind"].is_null()).map(|one| text(&one["name"])).collect()
    };
    let packages = metadata["packages"].as_array().unwrap().iter();
    let known = packages.filter_map(|package| {
        let name = package["name"].as_str().unwrap().strip_prefix(PREFIX)?.to_owned();
        Some(Crate { name, uses: uses(package) })
    });
    known.collect()
}

/// Every edge that must not be, in words.
pub(crate) fn against_the_order(crates: &[Crate]) -> Vec<String> {
    let place = |name: &str| ORDER.iter().position(|known| *known == name);
    let mut wrong = Vec::new();
    for missing in ORDER.iter().filter(|name| crates.iter().all(|known| known.name != **name)) {
        wrong.push(format!("{missing} is not there"));
    }
    for Crate { name, uses } in crates.iter().filter(|known| !BESIDE.contains(&known.name.as_str())) {
        let Some(here) = place(name) else {
            wrong.push(format!("{name} has no place in the order"));
            continue;
        };
        for used in uses {
            let is_later = used.strip_prefix(PREFIX).is_some_and(|used| place(used).is_none_or(|there| there >= here));
            let is_another_s = ONLY_IN.iter().any(|(only, owner)| only == used && owner != name);
            let is_not_plain = Some(here) <= place(PLAIN_UP_TO) && NOT_PLAIN.contains(&used.as_str());
            if is_later || is_another_s || is_not_plain {
                wrong.push(format!("{name} uses {used}"));
            }
        }
    }
    wrong
}

#[test]
fn an_edge_against_the_order_is_found() {
    for (name, uses, expected) in [
        ("volumes", "reforge-base", None),
        ("base", "reforge-volumes", Some("base uses reforge-volumes")),
        ("host", "reforge-server", Some("host uses reforge-server")),
        ("host", "reforge-testing", Some("host uses reforge-testing")),
        ("docker", "bollard", None),
        ("host", "bollard", Some("host uses bollard")),
        ("cli", "axum", Some("cli uses axum")),
        ("runtime", "wasmtime-wasi", Some("runtime uses wasmtime-wasi")),
        ("docker", "tokio", None),
        ("transaction", "tokio", Some("transaction uses tokio")),
    ] {
        let dependency = |name: &str, kind: Value| serde_json::json!({ "name": name, "kind": kind });
        let packages = ORDER.map(|one| {
            // What only tests use is no edge.
            let mut dependencies = vec![dependency("reforge-cli", "dev".into())];
            dependencies.extend((one == name).then(|| dependency(uses, Value::Null)));
            serde_json::json!({ "name": format!("{PREFIX}{one}"), "dependencies": dependencies })
        });
        let found = against_the_order(&crates(&serde_json::json!({ "packages": packages })));
        assert_eq!(found, Vec::from_iter(expected.map(str::to_owned)), "{name} {uses}");
    }
}

#[test]
fn a_crate_without_a_place_is_found() {
    let named = |name: &str| Crate { name: name.to_owned(), uses: Vec::new() };
    let mut crates: Vec<Crate> = ORDER.into_iter().chain(BESIDE).map(named).collect();
    assert!(against_the_order(&crates).is_empty());
    crates.push(named("extra"));
    assert_eq!(against_the_order(&crates), ["extra has no place in the order"]);
    crates.retain(|known| known.name != "holders" && known.name != "extra");
    assert_eq!(against_the_order(&crates), ["holders is not there"]);
}
