//! A deployer with an engine, a lock and a panel of its own, which restores through `reforge-host`: all that
//! `docs/embedding.md` shows, in one program that does it. It needs nothing but a directory, and `cargo test` runs it.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod engine;
mod lock;

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::routing::get;
use reforge_host::config::{Scope, Volume, Workload};
use reforge_host::runtime::Health;
use reforge_host::{
    Caller, Code, Config, Event, Failure, Host, HostBuilder, Outcome, OuterLock as _, Recovered, Restore, Result,
    Runtime as _,
};
use reforge_server::{Api, Role, Tokens};
use tower::ServiceExt as _;

use engine::Engine;
use lock::PanelLock;

/// What the app of this example does: it counts, in a file of its volume.
const APP: &str = r#"n=0; while :; do n=$((n+1)); echo $n >"$0/count"; sleep 0.05; done"#;

fn configuration(root: &Path) -> Config {
    let notes = Workload::new("notes", "notes", "prod", "mine")
        .with_command(["/bin/sh", "-c", APP, "{volume:data}"])
        .with_volume(Volume::new("data", Scope::Project, "data"));
    Config::new(root.join("state")).with_volume_root(root.join("volumes")).with_workload(notes)
}

type Told = Arc<Mutex<Vec<String>>>;

/// Everything of the deployer's own that the host is given.
fn builder(config: Config, root: &Path, lock: &PanelLock, told: &Told) -> HostBuilder {
    let (engine, told) = (Engine { directory: root.join("engine") }, told.clone());
    let tell = move |event: &Event<'_>| {
        let line = match event {
            Event::Phase { workload, phase, .. } => format!("{workload}: {phase}"),
            Event::Note { workload, message, .. } => format!("{workload} says: {message}"),
            Event::Audit(line) => format!("{} by {}", line.what, line.who),
            other => format!("{other:?}"),
        };
        told.lock().map(|mut told| told.push(line)).unwrap_or_default();
    };
    Host::from_config(config).runtime("mine", Arc::new(engine)).lock(Arc::new(lock.clone())).events(tell)
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let root = directory.path().canonicalize()?;
    for name in ["volumes", "engine"] {
        fs::create_dir(root.join(name))?;
    }
    let (lock, told) = (PanelLock::default(), Told::default());
    let builder = builder(configuration(&root), &root, &lock, &told);
    builder.init()?;
    let host = builder.build()?;
    let recovered = host.recover()?;
    assert!(recovered.is_empty(), "this host is new");

    let ended = Ended { host: &host, engine: Engine { directory: root.join("engine") } };
    restored_and_undone(&host, &root)?;
    refused(&host, &root, &lock)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(asked_over_http(&host, &recovered))?;
    drop(ended);

    let told = told.lock().map_err(|_| "the sink panicked")?;
    for line in ["notes: extracting", "notes: swapping", "restore by the panel", "undo by the panel"] {
        assert!(told.iter().any(|one| one == line), "`{line}` is not among {told:#?}");
    }
    println!("{}", told.join("\n"));
    Ok(())
}

/// Snapshot, plan, restore, undo and finish.
fn restored_and_undone(host: &Host, root: &Path) -> Result<()> {
    let live = root.join("volumes/notes/data");
    let file = live.join("letter");
    let write = |text: &str| fs::write(&file, text).map_err(|error| Failure::io("write", &file, &error));
    let read = || fs::read_to_string(&file).map_err(|error| Failure::io("read", &file, &error));

    let panel = Caller::new("the panel").waiting();
    assert_eq!(host.deploy("notes", &panel)?, Health::Healthy);
    write("dear")?;
    let snapshot = host.capture("notes", "before the upgrade", &panel)?;
    host.verify("notes", &snapshot.id, &panel)?;
    write("damaged")?;

    let restore = Restore::of("notes", &snapshot.id);
    let plan = host.plan(&restore, &panel)?;
    assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
    for volume in &plan.volumes {
        println!("{}: {:?} now, {:?} then, {:?}", volume.name, volume.live, volume.snapshot, volume.changes);
    }
    let report = host.restore(&restore.as_planned(&plan), &panel);
    assert_eq!(report.outcome, Outcome::Done, "{report:?}");
    assert_eq!(read()?, "dear");
    let receipt = report.receipt.ok_or_else(|| Failure::new(Code::Io, "a restore that is done has a receipt"))?;

    // While its window lasts.
    let undone = host.undo(&receipt.id, &panel);
    assert_eq!(undone.outcome, Outcome::Done, "{undone:?}");
    assert_eq!(read()?, "damaged");

    // And once more, this time for good.
    let again = host.restore(&restore, &panel);
    let again = again.receipt.ok_or_else(|| Failure::new(Code::Io, "a restore that is done has a receipt"))?;
    assert!(host.finish(&again.id, &panel)?.is_empty(), "nothing was left behind");
    assert_eq!(read()?, "dear");
    assert_eq!(host.undo(&again.id, &panel).outcome, Outcome::Refused);
    Ok(())
}

/// What goes wrong is a type, too.
fn refused(host: &Host, root: &Path, lock: &PanelLock) -> Result<()> {
    let panel = Caller::new("the panel");
    let report = host.restore(&Restore::of("notes", "none"), &panel);
    let failure = report.failure.ok_or_else(|| Failure::new(Code::Io, "there is no such snapshot"))?;
    assert_eq!((report.outcome, failure.code), (Outcome::Refused, Code::NotFound));
    println!("{}: {}", failure.message, failure.hint);

    // The panel is at it, so the host is not; and the other way round.
    let taken = lock.try_lock("notes", "a rename")?;
    assert!(host.capture("notes", "now", &panel).is_err_and(|failure| failure.code == Code::Busy));
    drop(taken);
    let lease = host.hold("notes", "a deploy by the panel", &panel)?;
    assert!(lock.try_lock("notes", "a rename").is_err_and(|failure| failure.code == Code::Busy));
    drop(lease);

    // The same configuration as a file: the name of the runtime means something only to whoever has registered it.
    let file = root.join("reforge.toml");
    let text = "[host]\nstate_dir = \"state\"\nvolume_root = \"volumes\"\n\n[[workload]]\nid = \"notes\"\n\
                project = \"notes\"\nstage = \"prod\"\nruntime = \"mine\"\nimage = \"acme/notes:1.4\"\n";
    fs::write(&file, text).map_err(|error| Failure::io("write", &file, &error))?;
    Host::from_toml(&file).runtime("mine", Arc::new(Engine { directory: root.join("engine") })).build()?;
    let unknown = Host::from_toml(&file).docker().build();
    assert!(unknown.is_err_and(|failure| failure.message.contains("the key `runtime` cannot be `mine`")));
    Ok(())
}

/// The API in the panel's own server. Nothing listens here: the router is asked directly.
async fn asked_over_http(host: &Host, recovered: &[Recovered]) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let tokens = Tokens::of_host(host);
    let token = tokens.create("panel", Role::Admin)?;
    let api = Api::new(host, tokens, recovered)?;
    let panel = axum::Router::new().route("/", get(async || "the panel")).merge(api.router());

    let ask = async |request: Request<Body>| -> std::result::Result<(StatusCode, String), Box<dyn std::error::Error>> {
        let answer = panel.clone().oneshot(request).await?;
        let status = answer.status();
        let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20).await?;
        Ok((status, String::from_utf8(bytes.to_vec())?))
    };
    let request = |method: &str, path: &str| {
        let builder = Request::builder().method(method).uri(path).header(header::HOST, "localhost");
        builder.header(header::AUTHORIZATION, format!("Bearer {token}"))
    };
    assert_eq!(ask(request("GET", "/").body(Body::empty())?).await?, (StatusCode::OK, "the panel".to_owned()));
    let (status, workloads) = ask(request("GET", "/api/v1/workloads").body(Body::empty())?).await?;
    assert!(status.is_success() && workloads.contains("\"runtime\":\"mine\""), "{workloads}");
    let taken = request("POST", "/api/v1/workloads/notes/snapshots").header(header::CONTENT_TYPE, "application/json");
    let (status, snapshot) = ask(taken.body(Body::from("{\"reason\":\"over HTTP\"}"))?).await?;
    assert_eq!(status, StatusCode::CREATED, "{snapshot}");

    api.stop(true).await;
    Ok(())
}

/// Ends the app, however this ends.
struct Ended<'a> {
    host: &'a Host,
    engine: Engine,
}

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        for workload in &self.host.config().workloads {
            if let Err(failure) = self.engine.stop(&workload.id) {
                println!("{failure}");
            }
        }
    }
}

#[test]
fn it_does_all_of_it() {
    main().unwrap();
}
