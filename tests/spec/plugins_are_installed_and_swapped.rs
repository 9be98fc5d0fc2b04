//! The registry: a file becomes a plugin only when everything about it was checked, and the one in use is swapped under
//! a host that runs.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use reforge_config::Config;
use reforge_host::host::Host;
use reforge_host::restore::preflight::Choice;
use reforge_host::restore::progress::Progress;
use reforge_host::restore::run;
use reforge_plugins::plugin::DEFAULT;
use reforge_plugins::{ActivePlugin, PluginEngine, Registry};
use serde_json::Value;

use crate::support::process::{is_alone, run as program};
use crate::support::{Volume, Workload, World, guests};

/// The default plugin with something behind it that no engine looks at: another digest, the same behaviour.
fn variant(of: &Path, number: u8) -> PathBuf {
    // A custom section: id, length, name, content.
    let section = [0, 3, 1, b'v', number];
    let file = of.join(format!("variant-{number}.wasm"));
    std::fs::write(&file, [DEFAULT, &section].concat()).unwrap();
    file
}

fn deployed() -> (World, String) {
    let world = World::deployed([Workload::idle("app", [Volume::project("data")])]);
    std::fs::write(world.volume("app", "data").join("file"), "captured").unwrap();
    let snapshot = world.snapshot("app");
    (world, snapshot)
}

fn install(world: &World, file: &Path) -> String {
    let installed = world.ok(&["plugin", "install", file.to_str().unwrap(), "--json"]).json();
    installed["digest"].as_str().unwrap().to_owned()
}

fn in_use(world: &World) -> Value {
    world.ok(&["plugin", "show", "--json"]).json()["digest"].clone()
}

fn installed(world: &World) -> usize {
    world.ok(&["plugin", "list", "--json"]).json()["plugins"].as_array().unwrap().len()
}

#[test]
fn an_installed_plugin_is_used_kept_and_removed() {
    let (world, snapshot) = deployed();
    let built_in = in_use(&world);
    let digest = install(&world, &variant(&world.path(""), 1));
    assert_eq!(in_use(&world), built_in, "installing is not using");
    world.ok(&["plugin", "use", &digest[..12]]);
    assert_eq!(in_use(&world), digest.as_str());
    world.restore("app", &snapshot, &[]).expect(0);
    assert_eq!(world.receipt()["plugin_digest"], digest.as_str());
    let other = install(&world, &variant(&world.path(""), 2));
    world.reforge(&["plugin", "use", "reforge-plugin"]).expect(2).expect_clear();
    world.ok(&["plugin", "use", &other]);
    world.ok(&["plugin", "use", "previous"]);
    assert_eq!(in_use(&world), digest.as_str());
    world.reforge(&["plugin", "remove", &digest]).expect(3).expect_said("in use").expect_clear();
    world.ok(&["plugin", "use", "built-in"]);
    assert_eq!(in_use(&world), built_in);
    world.ok(&["plugin", "remove", &digest]);
    world.reforge(&["plugin", "use", &digest]).expect(2).expect_said("no plugin").expect_clear();
    assert_eq!(installed(&world), 1);
}

#[test]
fn a_plugin_that_reads_no_snapshot_of_this_host_says_so_when_it_is_installed_and_put_in_use() {
    let (world, _) = deployed();
    let zstd = guests::zstd();
    let install = ["plugin", "install", zstd.to_str().unwrap()];
    world.ok(&install).expect_said("it reads none of your 1 snapshot");
    world.ok(&["plugin", "use", "restore-zstd"]).expect_said("it reads none of your 1 snapshot");
    let json = world.ok(&["plugin", "use", "restore-zstd", "--json"]).json();
    assert_eq!(json["reads_none_of"], 1);
    world.ok(&["plugin", "use", "built-in"]).expect_unsaid("it reads none");
}

/// What is tried, with which arguments, and what is said.
type Refused = (&'static str, fn(&World) -> PathBuf, &'static [&'static str], i32, &'static str);

fn written(world: &World, bytes: &[u8]) -> PathBuf {
    let file = world.path("file.wasm");
    std::fs::write(&file, bytes).unwrap();
    file
}

const REFUSED: &[Refused] = &[
    ("no file", |world| world.path("nothing"), &[], 2, "cannot read the plugin"),
    ("a directory", |world| world.path(""), &[], 2, "cannot read the plugin"),
    ("text", |world| written(world, b"text"), &[], 3, "not a plugin"),
    ("a module", |world| written(world, b"\0asm\x01\0\0\0"), &[], 3, "not a plugin"),
    ("an empty component", |world| written(world, b"\0asm\x0d\0\x01\0"), &[], 3, "not a plugin"),
    ("half of a plugin", |world| written(world, &DEFAULT[..DEFAULT.len() / 2]), &[], 3, "not a plugin"),
    ("another digest", |world| variant(&world.path(""), 1), &["--sha256", "00"], 3, "the SHA-256 of"),
    ("no signature file", |world| variant(&world.path(""), 1), &["--signature", "/nowhere"], 2, "the signature"),
];

#[test]
fn what_is_refused_is_not_installed_and_is_audited() {
    let (world, _) = deployed();
    for (tried, (what, file, more, exit, says)) in REFUSED.iter().enumerate() {
        let file = file(&world);
        let arguments = [&["plugin", "install", file.to_str().unwrap()][..], more].concat();
        let output = world.reforge(&arguments);
        assert_eq!(output.code, Some(*exit), "{what}: {output:?}");
        output.expect_said(says).expect_clear();
        assert_eq!(std::fs::read_dir(world.state_dir().join("plugins")).unwrap().count(), 0, "{what}");
        let lines = world.ok(&["audit", "--json", "--lines", "1000"]).json();
        let audited = lines["lines"].as_array().unwrap().iter().filter(|line| line["what"] == "plugin-install");
        assert_eq!(audited.count(), tried + 1, "{what}");
    }
}

#[test]
fn where_keys_are_configured_only_what_they_signed_is_installed_and_loaded() {
    let (mut world, _) = deployed();
    let path = |name: &str| world.path(name).to_str().unwrap().to_owned();
    for name in ["ours", "theirs"] {
        program("minisign", &["-G", "-W", "-f", "-p", &path(&format!("{name}.pub")), "-s", &path(name)]);
    }
    let (first, second) = (variant(&world.path(""), 1), variant(&world.path(""), 2));
    let sign = |key: &str, file: &Path| {
        program("minisign", &["-S", "-s", &path(key), "-m", file.to_str().unwrap()]);
    };
    let unsigned = install(&world, &first);
    let key = std::fs::read_to_string(path("ours.pub")).unwrap().lines().nth(1).unwrap().to_owned();
    sign("theirs", &second);
    let (first_text, second_text) = (first.to_str().unwrap().to_owned(), second.to_str().unwrap().to_owned());
    let theirs = path("variant-2.wasm.minisig");
    world.host_lines = format!("plugin_keys = [{key:?}]\n");
    world.write_config();
    world.reforge(&["plugin", "install", &first_text]).expect(3).expect_said("no signature").expect_clear();
    world.reforge(&["plugin", "use", &unsigned]).expect(3).expect_said("no signature").expect_clear();
    world.reforge(&["plugin", "install", &second_text]).expect(3).expect_said("none of the configured keys");
    let ours = world.path("ours").to_str().unwrap().to_owned();
    program("minisign", &["-S", "-s", &ours, "-m", &second_text]);
    world.reforge(&["plugin", "install", &first_text, "--signature", &theirs]).expect(3);
    let signed = install(&world, &second);
    world.ok(&["plugin", "use", &signed]);
    assert_eq!(in_use(&world), signed.as_str());
}

#[test]
fn a_plugin_that_breaks_its_promises_is_not_installed() {
    let (world, _) = deployed();
    let (_directory, guest) = guests::behaving("claims-success");
    let output = world.reforge(&["plugin", "install", guest.to_str().unwrap()]);
    output.expect(1).expect_said("promises").expect_clear();
    assert_eq!(installed(&world), 0);
}

#[test]
fn an_installed_plugin_that_was_damaged_is_refused_and_the_built_in_one_restores() {
    let (world, snapshot) = deployed();
    let digest = install(&world, &variant(&world.path(""), 1));
    world.ok(&["plugin", "use", &digest]);
    let file = world.state_dir().join("plugins").join(format!("{digest}.wasm"));
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let output = world.restore("app", &snapshot, &[]);
    output.expect(1).expect_said("damaged").expect_said("plugin use built-in").expect_clear();
    assert!(world.is_running("app"));
    world.ok(&["plugin", "use", "built-in"]);
    world.restore("app", &snapshot, &[]).expect(0);
}

/// The host of a world inside this process, as a service would have it, with the plugin in use.
fn service(world: &World) -> (Arc<Host>, Registry, ActivePlugin) {
    let config = Config::load(&world.path("reforge.toml")).unwrap();
    let supervisor = vec![env!("CARGO_BIN_EXE_reforge").into(), "supervise".into()];
    let host = Arc::new(Host::open(config, supervisor, Vec::new()).unwrap());
    let registry = host.registry();
    let engine = PluginEngine::new(Some(&host.state.cache())).unwrap();
    let active_plugin = ActivePlugin::open(engine, None, registry.clone());
    (host, registry, active_plugin)
}

fn request(snapshot: &str) -> run::Request {
    run::Request {
        workload: "app".into(),
        snapshot: snapshot.into(),
        choice: Choice::default(),
        plan: None,
        wait: false,
        who: "a test".into(),
    }
}

#[test]
fn no_plan_of_eight_clients_fails_while_the_plugin_is_swapped_a_hundred_times() {
    const NAME: &str =
        "plugins_are_installed_and_swapped::no_plan_of_eight_clients_fails_while_the_plugin_is_swapped_a_hundred_times";
    if !is_alone(NAME) {
        return;
    }
    const CLIENTS: usize = 8;
    const SWAPS: usize = 100;
    let (world, snapshot) = deployed();
    let digests = [install(&world, &variant(&world.path(""), 1)), install(&world, &variant(&world.path(""), 2))];
    let (host, registry, active_plugin) = service(&world);
    let (over, plans, ready) = (AtomicBool::new(false), AtomicUsize::new(0), Barrier::new(CLIENTS + 1));
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                ready.wait();
                while !over.load(Ordering::Relaxed) {
                    let progress = Arc::new(Progress::unwatched());
                    let planned =
                        run::plan(&host, &active_plugin.current().unwrap(), &request(&snapshot), &progress).unwrap();
                    assert!(planned.preflight.refusals.is_empty(), "{:?}", planned.preflight.refusals);
                    plans.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        ready.wait();
        for swap in 0..SWAPS {
            let wanted = registry.find(&digests[swap % 2]).unwrap();
            registry.select(active_plugin.engine(), wanted.as_ref()).unwrap();
        }
        over.store(true, Ordering::Relaxed);
    });
    assert_eq!(active_plugin.current().unwrap().digest(), digests[(SWAPS - 1) % 2], "the last one is in use");
    assert!(active_plugin.refused().is_none());
    assert!(plans.load(Ordering::Relaxed) >= CLIENTS);
}

#[test]
fn another_process_swaps_the_plugin_of_a_running_host_and_one_that_does_not_load_leaves_the_old_one() {
    let (world, snapshot) = deployed();
    let digest = install(&world, &variant(&world.path(""), 1));
    let (host, _, active_plugin) = service(&world);
    let built_in = active_plugin.current().unwrap();
    world.ok(&["plugin", "use", &digest]);
    assert_eq!(active_plugin.current().unwrap().digest(), digest);
    let other = install(&world, &variant(&world.path(""), 2));
    let selection = world.state_dir().join("plugins/selection.json");
    let text = std::fs::read_to_string(&selection).unwrap().replace(&digest, &other);
    std::fs::remove_file(world.state_dir().join("plugins").join(format!("{other}.wasm"))).unwrap();
    std::fs::write(&selection, text).unwrap();
    assert_eq!(active_plugin.current().unwrap().digest(), digest, "the old one stays");
    assert!(active_plugin.refused().is_some(), "and it is told why");
    // Whoever began with the one before that still has it.
    let planned = run::plan(&host, &built_in, &request(&snapshot), &Arc::new(Progress::unwatched())).unwrap();
    assert!(planned.preflight.refusals.is_empty());
}

#[test]
fn our_plugin_keeps_every_promise() {
    let directory = tempfile::tempdir().unwrap();
    let file = variant(directory.path(), 0);
    let checked = check(&[file.to_str().unwrap(), "--json"]);
    assert_eq!((&checked["broken"], checked["kept"].as_u64()), (&Value::from(0), Some(PROMISES)), "{checked:#}");
}

/// How many promises there are.
const PROMISES: u64 = 18;

/// What `reforge plugin check` answers, which needs no host.
fn check(arguments: &[&str]) -> Value {
    let output =
        Command::new(env!("CARGO_BIN_EXE_reforge")).args(["plugin", "check"]).args(arguments).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// What keeps the one promise that the guest can keep, and what each other behaviour breaks it with.
#[test]
fn every_misbehaving_guest_breaks_its_promise_where_it_should() {
    for (behaviour, says) in [
        ("forged-seal", "plugin"),
        ("dropped-handle", "plugin"),
        ("swaps-a-part", "out-of-order"),
        ("other-bytes", "snapshot-damaged"),
        ("other-owner", "snapshot-damaged"),
        ("one-file-too-few", "snapshot-damaged"),
        ("stages-outside", "archive-refused"),
        ("stages-too-much", "too-large"),
        ("names-a-neighbour", "not-found"),
        ("never-swaps", "plugin"),
        ("claims-success", "plugin"),
        ("says-cancelled", "plugin"),
        ("allocates-without-end", "plugin"),
        ("recurses", "plugin"),
        ("exits", "plugin"),
        ("opens-sockets", "denied"),
        ("traps-when-sealed", "plugin"),
    ] {
        let (_directory, guest) = guests::behaving(behaviour);
        let checked = check(&[guest.to_str().unwrap(), "--only", "restores", "--json"]);
        let promise = &checked["promises"][0];
        assert_eq!(promise["verdict"], "broken", "{behaviour}: {checked:#}");
        assert!(promise["why"].as_str().unwrap().contains(&format!("({says})")), "{behaviour}: {checked:#}");
    }
    let (_directory, guest) = guests::behaving("good");
    let checked = check(&[guest.to_str().unwrap(), "--only", "restores", "--json"]);
    assert_eq!(checked["promises"][0]["verdict"], "kept", "{checked:#}");
}
