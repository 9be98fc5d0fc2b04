//! A start settles what a crash left before anything else, by the journal alone; what it cannot settle blocks its
//! workload until a person has decided.

use std::path::PathBuf;

use crate::support::bench::{Bench, fill, signatures};
use crate::support::explorer::points;
use crate::support::signature;
use crate::support::{Volume, Workload, World};

/// A restore that was killed at an effect after the record; `new` was live before.
fn killed_after(bench: &Bench, record: &str, effect: &str) -> String {
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let effects = points::addressed(&bench.world.effects_of(&bench.restore()));
    bench.tidy();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let from = effects.iter().position(|name| *name == format!("record-{record}#1")).unwrap();
    let at = effects[from..].iter().find(|name| name.starts_with(effect)).unwrap();
    let killed = bench.world.faulty(&format!("{at}:after"), &bench.restore());
    assert_eq!(killed.code, None, "{killed:?}");
    bench.world.transactions().pop().unwrap()
}

/// The two names of a volume change places, by somebody's hand.
fn exchange_by_hand(bench: &Bench, volume: usize) {
    let (live, sibling) = (&bench.lives[volume], bench.world.siblings(&bench.lives[volume]).remove(0));
    let aside = live.with_extension("aside");
    std::fs::rename(live, &aside).unwrap();
    std::fs::rename(&sibling, live).unwrap();
    std::fs::rename(&aside, &sibling).unwrap();
}

/// Committed, and then one volume was put back by hand: no row of the protocol.
fn needs_operator() -> (Bench, String) {
    let bench = Bench::new();
    let id = killed_after(&bench, "commit", "sync-commit");
    exchange_by_hand(&bench, 1);
    bench.world.reforge(&["recover"]).expect(5).expect_said(&id).expect_said("resolve");
    (bench, id)
}

#[test]
fn a_workload_that_waits_for_a_person_is_not_deployed_captured_or_restored_by_anything() {
    let (mut bench, id) = needs_operator();
    let stage = Workload { project: "app".into(), stage: "test".into(), ..Workload::idle("app-test", []) };
    bench.world.workloads.push(stage);
    bench.world.write_config();
    bench.world.ok(&["deploy", "app-test"]);
    let before = (signatures(&bench.lives), bench.world.transactions());
    for arguments in [
        &["deploy", "app"][..],
        &["rollback", "app"],
        &["promote", "app-test", "app"],
        &["preview", "app", "/bin/sleep 2000000"],
        &["start", "app"],
        &["workload", "forget", "app", "--yes"],
        &["snapshot", "create", "app"],
        &["restore", "run", "app", &bench.snapshot, "--yes"],
        &["restore", "undo", &id, "--yes"],
        &["restore", "finish", &id, "--yes"],
    ] {
        let output = bench.world.reforge(arguments);
        assert!(matches!(output.code, Some(2 | 3 | 5)), "{arguments:?}: {output:?}");
        assert!(!bench.world.is_running("app"), "{arguments:?} started it");
        assert_eq!((signatures(&bench.lives), bench.world.transactions()), before, "{arguments:?}");
    }
    let shown = bench.world.ok(&["workload", "show", "app"]);
    shown.expect_said(&id).expect_said("unfinished");
    assert_eq!(bench.world.ok(&["workload", "show", "app", "--json"]).json()["blocked"][0]["code"], "needs-operator");
    bench.world.ok(&["restore", "list"]).expect_said(&id);
    // What is taken down stays down, and another workload does not notice.
    bench.world.ok(&["stop", "app"]);
    bench.world.ok(&["deploy", "app-test"]);
}

/// What a person keeps is live in all volumes, the rest stays beside, and the workload is free again.
fn resolved(keep: &str) {
    let (bench, id) = needs_operator();
    let world = &bench.world;
    let trees = world.ok(&["restore", "resolve", &id, "--json"]).json();
    let trees = trees["trees"].as_array().unwrap().clone();
    assert_eq!(trees.len(), 4, "two volumes with two trees each: {trees:?}");
    for tree in &trees {
        assert!(tree["entries"].as_u64() > Some(1) && tree["bytes"].as_u64() > Some(0), "{tree}");
        assert!(tree["newest"].is_string(), "no age: {tree}");
    }
    let live: Vec<&str> =
        trees.iter().filter(|tree| tree["place"] == "live").map(|tree| tree["is"].as_str().unwrap()).collect();
    assert_eq!(live, ["new", "old"]);
    let shown = world.ok(&["restore", "resolve", &id]);
    shown.expect_said("NEWEST CHANGE").expect_said("DATA").expect_said("--keep");
    let everything = || {
        let mut trees: Vec<_> = bench
            .lives
            .iter()
            .cloned()
            .chain(bench.lives.iter().flat_map(|live| world.siblings(live)))
            .map(|tree| signature::of(&tree))
            .collect();
        trees.sort_by_key(|tree| format!("{tree:?}"));
        trees
    };
    let before = everything();
    let restored = bench.old.clone();
    world.ok(&["restore", "resolve", &id, "--keep", keep, "--yes"]);
    assert_eq!(everything(), before, "no tree was lost");
    let now = signatures(&bench.lives);
    match keep {
        "new" => assert_eq!(now, restored),
        _ => assert!(now.iter().all(|tree| tree.contains_key(&b"only-in-new"[..])), "{keep}"),
    }
    world.ok(&["recover"]).expect_said("nothing was unfinished");
    let audit = world.ok(&["audit"]);
    audit.expect_said("resolve").expect_said(&id);
    world.ok(&["deploy", "app"]);
    assert!(world.is_running("app"));
    for keep in ["old", "new", "live"] {
        world.reforge(&["restore", "resolve", &id, "--keep", keep, "--yes"]).expect(2).expect_said("needs no decision");
    }
    assert!(world.is_running("app"), "what was decided once is not decided again");
    assert_eq!(signatures(&bench.lives), now);
}

#[test]
fn a_person_gets_out_of_needs_operator_with_what_was_there() {
    resolved("old");
}

#[test]
fn a_person_gets_out_of_needs_operator_with_what_was_restored() {
    resolved("new");
}

#[test]
fn a_tree_that_nobody_knows_is_kept_and_only_live_can_be_chosen() {
    let bench = Bench::new();
    let id = killed_after(&bench, "swapping", "exchange");
    let live = &bench.lives[0];
    let aside = live.with_extension("aside");
    std::fs::rename(live, &aside).unwrap();
    std::fs::create_dir(live).unwrap();
    std::fs::write(live.join("somebodys"), "only copy").unwrap();
    bench.world.reforge(&["recover"]).expect(5);
    assert!(!bench.world.is_running("app"), "a mixture must not run");
    for keep in ["old", "new"] {
        bench.world.reforge(&["restore", "resolve", &id, "--keep", keep, "--yes"]).expect(5).expect_said("neither");
        assert_eq!(std::fs::read_to_string(live.join("somebodys")).unwrap(), "only copy");
    }
    assert_eq!(bench.world.siblings(live).len(), 1, "the tree that was there before is kept");
    bench.world.ok(&["restore", "resolve", &id, "--keep", "live", "--yes"]);
    assert_eq!(std::fs::read_to_string(live.join("somebodys")).unwrap(), "only copy");
    assert_eq!(bench.world.siblings(live).len(), 1);
    bench.world.ok(&["deploy", "app"]);
}

/// A crash, then a start without the workload in the configuration, or with another one of that name.
fn configuration_gone(record: &str, effect: &str, change: impl Fn(&mut World)) {
    let mut bench = Bench::new();
    let before = killed_after(&bench, record, effect);
    let (old_path, running) = (bench.lives.clone(), vec!["/bin/sleep".to_owned(), "1000000".to_owned()]);
    change(&mut bench.world);
    bench.world.write_config();
    bench.world.ok(&["recover"]).expect_said(&before);
    let now = signatures(&old_path);
    match record {
        "commit" => assert_eq!(now, bench.old),
        _ => assert!(now.iter().all(|tree| tree.contains_key(&b"only-in-new"[..]))),
    }
    let processes = bench.world.processes("app");
    assert_eq!(processes.len(), 1, "the app that ran is back");
    let command = std::fs::read(format!("/proc/{}/cmdline", processes[0])).unwrap();
    let words: Vec<String> =
        command.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect();
    assert_eq!(words[..2], running, "it runs as the journal says");
}

fn deleted(world: &mut World) {
    world.workloads.clear();
}

fn another(world: &mut World) {
    let elsewhere = world.path("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let workload = world.workload("app");
    workload.command = ["/bin/sleep", "77"].map(str::to_owned).into();
    workload.volumes = vec![Volume::absolute("data", &elsewhere.join("data"))];
}

#[test]
fn a_revert_goes_by_the_journal_when_the_workload_is_gone_from_the_configuration() {
    configuration_gone("swapping", "exchange", deleted);
}

#[test]
fn a_revert_goes_by_the_journal_when_the_configuration_says_something_else() {
    configuration_gone("swapping", "exchange", another);
}

#[test]
fn a_commit_is_completed_by_the_journal_when_the_workload_is_gone_from_the_configuration() {
    configuration_gone("commit", "sync-commit", deleted);
}

#[test]
fn a_commit_is_completed_by_the_journal_when_the_configuration_says_something_else() {
    configuration_gone("commit", "sync-commit", another);
}

#[test]
fn going_back_and_going_forward_need_no_plugin() {
    for (record, effect) in [("swapping", "exchange"), ("commit", "sync-commit")] {
        let mut bench = Bench::new();
        killed_after(&bench, record, effect);
        bench.world.host_lines = "plugin = \"/nowhere/plugin.wasm\"\n".into();
        bench.world.write_config();
        bench.world.ok(&["recover"]);
        assert!(bench.world.is_running("app"));
        if record == "commit" {
            assert_eq!(signatures(&bench.lives), bench.old);
            let id = bench.world.transactions().pop().unwrap();
            bench.world.undo(&id).expect(0);
            bench.tidy();
        }
        assert!(signatures(&bench.lives).iter().all(|tree| tree.contains_key(&b"only-in-new"[..])));
    }
}

#[test]
fn a_state_directory_whose_disk_is_not_mounted_is_not_taken_for_an_empty_one() {
    let disk = crate::support::disks::Disk::ext4(64);
    let mut world = World::new([]);
    world.keep_state_in(disk.path(), &world.path("").to_owned());
    world.workloads = vec![Workload::idle("app", [Volume::project("data")])];
    world.write_config();
    world.ok(&["deploy", "app"]);
    let live = world.volume("app", "data");
    fill(&live, "old");
    let snapshot = world.snapshot("app");
    fill(&live, "new");
    let arguments = ["restore", "run", "app", &snapshot, "--yes"];
    world.faulty("record-swapped:before", &arguments);
    let mixed = signature::of(&live);
    disk.unmount();
    let empty = |path: PathBuf| std::fs::read_dir(path).unwrap().count() == 0;
    for arguments in [&["recover"][..], &["deploy", "app"], &arguments, &["restore", "list"]] {
        world.reforge(arguments).expect(2).expect_said("mount");
        assert!(empty(disk.path().to_owned()), "{arguments:?} made something where the disk should be");
        assert_eq!(signature::of(&live), mixed);
    }
    disk.mount();
    world.ok(&["recover"]);
    assert!(signature::of(&live).contains_key(&b"only-in-new"[..]));
    assert!(world.is_running("app"));
}

#[test]
fn a_journal_that_says_nothing_any_more_blocks_all_until_a_person_keeps_what_is_live() {
    let bench = Bench::new();
    let world = &bench.world;
    world.ok(&bench.restore());
    let id = world.transactions().pop().unwrap();
    let directory = world.state_dir().join("transactions").join(&id);
    std::fs::remove_file(directory.join("workload")).unwrap();
    std::fs::write(directory.join("journal"), "what a disk made of it").unwrap();
    world.reforge(&["deploy", "app"]).expect(5).expect_said(&id).expect_said("resolve");
    let keep = |tree: &str| world.reforge(&["restore", "resolve", &id, "--keep", tree, "--yes"]);
    keep("old").expect(5).expect_said("--keep live");
    let siblings = bench.lives.each_ref().map(|live| world.siblings(live).remove(0));
    let called = format!(".reforge-{id}-");
    keep("live").expect(0).expect_said(&called).expect_said("move them away").expect_unsaid("is stopped");
    assert!(world.is_running("app"), "nothing said that it had to be stopped");
    assert_eq!(signatures(&bench.lives), bench.old);
    world.reforge(&["deploy", "app"]).expect(5).expect_said(&called);
    siblings.iter().for_each(|sibling| std::fs::rename(sibling, sibling.with_file_name("kept")).unwrap());
    world.ok(&["deploy", "app"]);
}

#[test]
fn what_a_start_cannot_remove_is_named_by_the_receipt() {
    let bench = Bench::new();
    let world = &bench.world;
    world.ok(&bench.restore());
    let id = world.transactions().pop().unwrap();
    let finish = world.faulty("sync-dropping#1:after", &["restore", "finish", &id, "--yes"]);
    assert_eq!(finish.code, None, "{finish:?}");
    // What fails while trees are emptied side by side is tried once more.
    let faults = [1, 2, 3, 4].map(|number| format!("unlink#{number}:EIO")).join(",");
    world.faulty(&faults, &["recover"]).expect(0);
    let left: Vec<PathBuf> = bench.lives.iter().flat_map(|live| world.siblings(live)).collect();
    let [left] = left.as_slice() else { panic!("one tree could not be removed: {left:?}") };
    let name = left.file_name().unwrap().to_str().unwrap();
    let told = world.receipt();
    assert!(told["left_behind"].to_string().contains(name), "{told}");
    assert_eq!(told["outcome"], "done");
    world.ok(&["restore", "show", &id]).expect_said(name);
    world.ok(&["--lang", "ru", "restore", "show", &id]).expect_said("(ошибка ввода-вывода)");
    world.ok(&["recover"]);
    assert_eq!(world.receipt(), told, "a second start changes nothing");
}

#[test]
fn restores_that_end_in_a_crash_pile_no_safety_snapshots_up() {
    let bench = Bench::new();
    let world = &bench.world;
    let captured = world.stored("app").len();
    for _ in 0..6 {
        let killed = world.faulty("record-swapping#1:before", &bench.restore());
        assert_eq!(killed.code, None, "{killed:?}");
        world.ok(&["recover"]);
    }
    let safety = world.stored("app").len() - captured;
    assert_eq!(safety, 2 * 3, "an archive and a descriptor of each of the newest three");
}
