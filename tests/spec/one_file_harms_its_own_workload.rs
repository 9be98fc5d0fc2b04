//! The state directory grows old and is damaged: what is over costs nothing, and one file that is stray, lost or damaged
//! harms its own workload and no other.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use reforge_transaction::event::{Begin, Event, Moment, TransactionKind};
use reforge_transaction::journal::Journal;
use reforge_transaction::receipt::{self, Ending, Outcome};

use crate::support::api::{Server, sign_webhooks};
use crate::support::bench::{Bench, fill, signatures};
use crate::support::process::{eventually, run};
use crate::support::{Volume, Workload, World};

/// What most systems and services give at least.
const FEW_FILES: u32 = 64;

/// So many restores of a workload that went well, one each second from a month ago on. `Undone` is over, the others wait
/// for the end of a window that is long.
fn old_restores(world: &World, workload: &str, many: i64, over: bool) {
    let (transactions, receipts) = (world.state_dir().join("transactions"), world.state_dir().join("receipts"));
    let now = Moment::now();
    for number in 0..many {
        let wall = now.wall - jiff::SignedDuration::from_hours(24 * 20) + jiff::SignedDuration::from_secs(number);
        let begin = Begin {
            id: format!("{}.000-{number:06x}", wall.strftime("%Y%m%dT%H%M%S")),
            workload: workload.into(),
            kind: TransactionKind::Restore { snapshot: "20260101T000000Z-abcdef".into() },
            runtime: "process".into(),
            at: Moment { wall, ..now.clone() },
            who: "a test".into(),
            plan_digest: String::new(),
            plugin_digest: None,
            deployed: None,
            volumes: Vec::new(),
            left: Vec::new(),
            not_captured: Vec::new(),
            remarks: Vec::new(),
            consistency: None,
            // On purpose: of others, a start ends all but the newest.
            keep_previous: true,
            undo_window_ms: 90 * 24 * 3_600_000,
        };
        let mut journal = Journal::create(&transactions, &begin).unwrap();
        let (attachment, at) = ("0".repeat(64), begin.at.clone());
        let to_swapped =
            [Event::Sealed, Event::Stopping { attachment }, Event::Stopped, Event::Safety { snapshot: None }];
        let to_end = [Event::Swapping, Event::Swapped, Event::Commit, Event::Completed { at }];
        to_swapped.into_iter().chain(to_end).for_each(|event| journal.append(event).unwrap());
        if over {
            journal.append(Event::Undone).unwrap();
        }
        let ending = Ending {
            outcome: Outcome::Done,
            failure: None,
            app: String::new().into(),
            left_behind: Vec::new(),
            later_writes: Vec::new(),
        };
        receipt::write(&receipts, &receipt::draw_up(&journal, &begin, ending)).unwrap();
    }
}

#[test]
fn every_command_works_with_few_files_however_many_restores_there_were() {
    let mut bench = Bench::new();
    old_restores(&bench.world, "app", i64::from(FEW_FILES) / 2, true);
    old_restores(&bench.world, "of-before", i64::from(FEW_FILES), false);
    bench.world.open_files_max = Some(FEW_FILES);
    let world = &bench.world;
    for arguments in [
        &["restore", "list"][..],
        &["workload", "list"],
        &["recover"],
        &["deploy", "app"],
        &["restore", "plan", "app", &bench.snapshot],
        &bench.restore(),
        &["stop", "app"],
    ] {
        world.ok(arguments);
    }
    assert_eq!(signatures(&bench.lives), bench.old);
}

#[test]
fn a_list_shows_the_newest_and_all_only_when_asked() {
    let world = World::new([Workload::idle("app", [Volume::project("data")])]);
    old_restores(&world, "app", 120, true);
    let count = |arguments: &[&str]| {
        let list = world.ok(arguments).json();
        (list["restores"].as_array().unwrap().len(), list["older"].as_bool().unwrap())
    };
    assert_eq!(count(&["restore", "list", "--json"]), (100, true));
    assert_eq!(count(&["restore", "list", "app", "--json"]), (100, true));
    assert_eq!(count(&["restore", "list", "--all", "--json"]), (120, false));
    world.ok(&["restore", "list"]).expect_said("--all");
    // The same once a start has put summaries in place.
    world.ok(&["recover"]);
    assert_eq!(count(&["restore", "list", "--json"]), (100, true));
    assert_eq!(count(&["restore", "list", "--all", "--json"]), (120, false));
    let oldest = world.transactions().remove(0);
    world.ok(&["restore", "show", &oldest]).expect_said("undone");
}

/// Every file below a directory, but for those that are only locked.
fn files(below: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in crate::support::world::names(below) {
        if path.is_dir() && !path.is_symlink() {
            found.extend(files(&path));
        } else if path.is_file() {
            found.push(path);
        }
    }
    found
}

#[test]
fn one_damaged_file_harms_its_own_workload() {
    let mut bench = Bench::new();
    let other = Workload { project: "app".into(), ..Workload::idle("other", [Volume::project("beside")]) };
    bench.world.workloads.push(other);
    bench.world.write_config();
    let world = &bench.world;
    world.ok(&["deploy", "other"]);
    fill(&world.volume("app", "beside"), "beside");
    world.ok(&bench.restore());
    world.ok(&["restore", "finish", &world.transactions()[0], "--yes"]);
    // One that is over, and one in its window, whose trees lie beside the other workload's volume, too.
    world.ok(&bench.restore());
    world.ok(&["token", "create", "t", "--role", "viewer"]);
    // What supervisors talk through cannot be put back from a copy.
    world.ok(&["stop", "app"]);
    world.ok(&["stop", "other"]);
    let before = signatures(&bench.lives);
    let (kept, state) = (world.path("kept"), world.state_dir());
    run("cp", &["-a", state.to_str().unwrap(), kept.to_str().unwrap()]);
    let is_meant = |path: &PathBuf| {
        let name = path.strip_prefix(&state).unwrap().to_str().unwrap();
        !(name.starts_with("process/") || name.contains("other") || name == "host-id")
    };
    let damages = ["empty", "half", "flip", "gone", "directory"];
    let mut tried = 0;
    for (number, path) in files(&state).into_iter().filter(is_meant).enumerate() {
        // A lock is found by its name, and two that held one of the same name would be two.
        let damages: &[&str] = match path.extension().is_some_and(|extension| extension == "lock") {
            true => &["directory"],
            false => &damages[number % 5..=number % 5],
        };
        for damage in damages {
            let bytes = std::fs::read(&path).unwrap();
            match *damage {
                "empty" => std::fs::write(&path, "").unwrap(),
                "half" => std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap(),
                "flip" => {
                    let at = bytes.len().saturating_sub(1).min(40);
                    let flipped =
                        bytes.iter().enumerate().map(|(index, byte)| if index == at { byte ^ 0x20 } else { *byte });
                    std::fs::write(&path, flipped.collect::<Vec<u8>>()).unwrap();
                }
                "gone" => std::fs::remove_file(&path).unwrap(),
                _ => {
                    std::fs::remove_file(&path).unwrap();
                    std::fs::create_dir(&path).unwrap();
                }
            }
            let output = world.reforge(&["snapshot", "create", "other"]);
            assert_eq!(output.code, Some(0), "{damage}: {}: {}", path.display(), output.said());
            world.ok(&["restore", "list"]);
            tried += 1;
            std::fs::remove_dir_all(&state).unwrap();
            run("cp", &["-a", kept.to_str().unwrap(), state.to_str().unwrap()]);
        }
    }
    assert!(tried > 12, "{tried}");
    assert_eq!(signatures(&bench.lives), before);
}

#[test]
fn what_lies_about_among_the_transactions_is_none() {
    let bench = Bench::new();
    let world = &bench.world;
    world.ok(&bench.restore());
    let transactions = world.state_dir().join("transactions");
    let id = world.transactions().remove(0);
    std::fs::write(transactions.join(format!("{id}~")), "an editor's").unwrap();
    std::fs::write(transactions.join(".DS_Store"), "a browser's").unwrap();
    std::fs::create_dir(transactions.join("copy of it")).unwrap();
    std::fs::write(transactions.join("copy of it/journal"), "not even one").unwrap();
    for arguments in [&["restore", "list"][..], &["recover"], &["deploy", "app"], &bench.restore(), &["stop", "app"]] {
        world.ok(arguments);
    }
    assert!(transactions.join(format!("{id}~")).exists(), "it is not ours to remove");
}

#[test]
fn a_journal_of_which_nothing_is_known_blocks_the_workload_beside_which_its_trees_lie_and_no_other() {
    let mut bench = Bench::new();
    let volume = Volume::absolute("elsewhere", &bench.world.path("data/elsewhere"));
    bench.world.workloads.push(Workload::idle("other", [volume]));
    bench.world.write_config();
    let world = &bench.world;
    world.ok(&["deploy", "other"]);
    bench.lives.iter().for_each(|live| fill(live, "new"));
    world.ok(&bench.restore());
    let restore = world.transactions().remove(0);
    // An undo in the middle, behind the probes of its two parents: it has no siblings of its own.
    let killed = world.faulty("exchange#3:after", &["restore", "undo", &restore, "--yes"]);
    assert_eq!(killed.code, None, "{killed:?}");
    let mixed = signatures(&bench.lives);
    for id in world.transactions().into_iter().rev() {
        let directory = world.state_dir().join("transactions").join(&id);
        std::fs::remove_dir_all(&directory).unwrap();
        std::fs::write(&directory, "what a disk made of it").unwrap();
        world.reforge(&["deploy", "app"]).expect(5).expect_said(&id);
        world.reforge(&["restore", "finish", &restore, "--yes"]);
        world.ok(&["deploy", "other"]);
        world.ok(&["snapshot", "create", "other"]);
        world.reforge(&["recover"]).expect(5).expect_said(&id);
        assert_eq!(signatures(&bench.lives), mixed, "nothing was removed or moved");
        assert_eq!(bench.lives.iter().flat_map(|live| world.siblings(live)).count(), 2);
    }
}

#[test]
fn a_completion_that_fails_again_and_again_never_stops_the_app() {
    let bench = Bench::new();
    let world = &bench.world;
    world.faulty("release:EIO", &bench.restore()).expect(5);
    let running = world.processes("app");
    assert_eq!(running.len(), 1);
    for _ in 0..3 {
        world.faulty("release:EIO", &["recover"]).expect(5);
        assert_eq!(world.processes("app"), running);
    }
    let records = || {
        let journal = world.state_dir().join("transactions").join(&world.transactions()[0]).join("journal");
        crate::support::explorer::durable_state::records(&std::fs::read(journal).unwrap())
    };
    assert_eq!(records().last().unwrap(), "healthy");
    world.ok(&["recover"]);
    assert_eq!(world.processes("app"), running);
    assert_eq!(records().last().unwrap(), "completed");
    assert_eq!(world.receipt()["outcome"], "done");
    // What stopped meanwhile is brought up all the same.
    world.faulty("release:EIO", &bench.restore()).expect(5);
    world.kill_processes();
    world.ok(&["recover"]);
    assert!(world.is_running("app"));
}

#[test]
fn values_of_the_environment_do_not_outlive_a_restore_in_its_journal() {
    const SECRET: &str = "correct-horse-battery";
    let mut bench = Bench::new();
    bench.world.workload("app").environment = [("PASSWORD".to_owned(), SECRET.to_owned())].into();
    bench.world.write_config();
    let world = &bench.world;
    world.ok(&["deploy", "app"]);
    let holds = || {
        let found = files(&world.state_dir().join("transactions"))
            .into_iter()
            .filter(|path| std::fs::read(path).unwrap().windows(SECRET.len()).any(|part| part == SECRET.as_bytes()));
        found.collect::<Vec<_>>()
    };
    world.ok(&bench.restore());
    assert!(!holds().is_empty(), "a way back needs them");
    let restore = world.transactions().remove(0);
    world.ok(&["restore", "undo", &restore, "--yes"]);
    assert!(holds().iter().all(|path| !path.to_str().unwrap().contains(&restore)), "{:?}", holds());
    let undo = world.transactions().pop().unwrap();
    world.ok(&["restore", "finish", &undo, "--yes"]);
    assert_eq!(holds(), Vec::<PathBuf>::new());
    for id in [&restore, &undo] {
        world.ok(&["restore", "show", id]).expect_said("done");
    }
    world.ok(&bench.restore());
}

#[test]
fn a_lost_environment_key_is_made_anew_and_said() {
    let mut bench = Bench::new();
    bench.world.workload("app").environment = [("PASSWORD".to_owned(), "one".to_owned())].into();
    bench.world.write_config();
    let world = &bench.world;
    let snapshot = world.snapshot("app");
    std::fs::remove_file(world.state_dir().join("environment-key")).unwrap();
    world.ok(&["restore", "plan", "app", &snapshot]).expect_said("is not known");
    assert!(!world.state_dir().join("environment-key").exists(), "a plan changes nothing");
    world.ok(&["snapshot", "create", "app"]).expect_said("made anew");
    world.ok(&["restore", "plan", "app", &snapshot]).expect_said("is not known").expect_unsaid("PASSWORD");
    world.ok(&["restore", "run", "app", &snapshot, "--yes"]).expect_unsaid("was made anew, since");
    world.ok(&["audit"]).expect_said("environment-key");
}

#[test]
fn whatever_the_umask_only_the_hosts_user_can_look_into_the_state_directory() {
    for umask in [0o000, 0o277] {
        let mut bench = Bench::new();
        bench.world.umask = Some(umask);
        let world = &bench.world;
        world.ok(&["init"]);
        world.ok(&["deploy", "app"]);
        world.ok(&bench.restore());
        world.ok(&["token", "create", "t", "--role", "viewer"]);
        world.snapshot("app");
        let mut todo = vec![world.state_dir(), world.snapshot_dir.clone()];
        while let Some(path) = todo.pop() {
            let metadata = path.symlink_metadata().unwrap();
            let (mode, is_directory) = (metadata.permissions().mode() & 0o7777, metadata.is_dir());
            if path.is_symlink() {
                continue;
            }
            let is_private = mode == 0o700 || (!is_directory && mode == 0o600);
            assert!(is_private, "{umask:o}: {} has {mode:o}", path.display());
            todo.extend(crate::support::world::names(&path));
        }
    }
}

#[test]
fn an_app_may_have_as_many_files_open_as_the_host_was_started_with() {
    let mut world = World::new([]);
    let seen = world.path("run/seen");
    let script = world.script("app", &format!("ulimit -Sn > {}\nexec sleep 1000000\n", seen.display()));
    world.workloads = vec![Workload { command: vec![script], ..Workload::idle("app", []) }];
    world.write_config();
    let mut command = Command::new("prlimit");
    command.arg("--nofile=333:4096").arg(env!("CARGO_BIN_EXE_reforge")).arg("--config").arg(world.path("reforge.toml"));
    assert!(command.args(["deploy", "app"]).status().unwrap().success());
    assert_eq!(std::fs::read_to_string(seen).unwrap().trim(), "333");
}

#[test]
fn where_no_thread_can_be_had_a_restore_is_refused_in_words() {
    let bench = Bench::new();
    let world = &bench.world;
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let new = signatures(&bench.lives);
    for mebibytes in (4..32).step_by(2) {
        // Nothing was compiled yet, which takes the most threads.
        let cache = world.state_dir().join("cache");
        std::fs::remove_file(&cache).or_else(|_| std::fs::remove_dir_all(&cache)).unwrap();
        std::fs::create_dir(&cache).unwrap();
        let mut command = Command::new("prlimit");
        command.arg(format!("--data={}", mebibytes << 20)).arg(env!("CARGO_BIN_EXE_reforge"));
        command.arg("--config").arg(world.path("reforge.toml")).args(bench.restore());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("panicked") && !output.status.success(), "{mebibytes} MiB: {:?}: {said}", output.status);
        assert_eq!(signatures(&bench.lives), new, "{mebibytes} MiB");
    }
}

#[test]
fn a_server_starts_without_what_is_damaged_and_does_all_else() {
    let mut bench = Bench::new();
    sign_webhooks(&mut bench.world, "a secret that nobody guesses");
    let plugins = bench.world.state_dir().join("plugins");
    std::fs::create_dir_all(&plugins).unwrap();
    std::fs::write(plugins.join("selection.json"), "{\"active\":").unwrap();
    std::fs::write(bench.world.state_dir().join("deliveries.json"), "[{").unwrap();
    let server = Server::start(&bench.world);
    let path = "/api/v1/workloads/app/hooks/deploy";
    let refused = server.deliver(path, "{}", "a secret that nobody guesses").expect(503);
    assert!(refused.text().contains("deliveries.json"), "{}", refused.text());
    let refused = server.restore(&bench.snapshot).send();
    assert!(refused.text().contains("selection.json"), "{}", refused.text());
    assert_eq!(server.get("/api/v1/workloads")["workloads"].as_array().unwrap().len(), 1);
    assert!(server.get("/api/v1/plugins")["error"].is_object());
    bench.world.ok(&["plugin", "use", "built-in"]);
    server.restore(&bench.snapshot).send().expect(202);
    eventually("it is restored", || signatures(&bench.lives) == bench.old);
}
