//! Snapshots are taken when they are due and pruned as `keep` says, whatever the clock, the disk and the host do; and what a
//! later restore makes of no use goes by itself.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::api::{CONFIRM, Server};
use crate::support::disks::Disk;
use crate::support::process::Output;
use crate::support::{Volume, Workload, World, eventually};

/// A workload of this name with these further lines, deployed.
fn world(lines: &[(&str, &str)]) -> World {
    let workload = |(id, lines): &(&str, &str)| {
        let mut workload = Workload::idle(id, [Volume::project("data")]);
        workload.lines = (*lines).to_owned();
        workload
    };
    let world = World::deployed(lines.iter().map(workload));
    for (id, _) in lines {
        std::fs::write(world.volume(id, "data").join("list"), "milk").unwrap();
    }
    world
}

/// `snapshot due` at that instant.
fn due_at(world: &World, instant: &str) -> Output {
    world.set_clock(instant);
    world.reforge(&["snapshot", "due", "--json"])
}

/// Instants every four hours.
fn every_four_hours(from: &str, until: &str) -> Vec<String> {
    let (mut now, until): (jiff::Timestamp, jiff::Timestamp) = (from.parse().unwrap(), until.parse().unwrap());
    let mut all = Vec::new();
    while now <= until {
        all.push(now.to_string());
        now += jiff::SignedDuration::from_hours(4);
    }
    all
}

/// What was due at these instants, as the commands that a timer calls say it.
fn due_in(world: &World, instants: &[String]) -> Vec<String> {
    let mut due = Vec::new();
    for instant in instants {
        let document = due_at(world, instant).expect(0).json();
        for one in document["due"].as_array().unwrap() {
            assert_eq!(one["outcome"], "done", "{document}");
            due.push(one["due"].as_str().unwrap().to_owned());
        }
    }
    due
}

fn snapshots(world: &World, workload: &str) -> Vec<Value> {
    let listed = world.ok(&["snapshot", "list", workload, "--json"]).json();
    listed["snapshots"].as_array().unwrap().clone()
}

/// Audit lines of this kind.
fn audited(world: &World, what: &str) -> usize {
    let text = std::fs::read_to_string(world.state_dir().join("audit.jsonl")).unwrap();
    let is_it = |line: &&str| serde_json::from_str::<Value>(line).unwrap()["what"] == what;
    text.lines().filter(is_it).count()
}

#[test]
fn a_week_with_a_host_off_for_two_days_and_both_changes_of_the_clock_has_each_snapshot_once_and_keeps_what_was_asked() {
    let lines = "schedule = { at = \"02:30\", zone = \"Europe/Berlin\" }\nkeep = { last = 2, daily = 4 }\n";
    let world = world(&[("notes", lines)]);
    let before = every_four_hours("2026-03-25T14:00:00Z", "2026-03-26T14:00:00Z");
    assert_eq!(due_in(&world, &before), ["2026-03-26T01:30:00Z"]);
    let shown = |field: &str| world.ok(&["workload", "show", "notes", "--json"]).json()["schedule"][field].clone();
    assert_eq!((shown("next"), shown("overdue")), (json!("2026-03-27T01:30:00Z"), json!(false)));
    // The host is off. On 29 March Berlin goes from 02:00 to 03:00, at 01:00 UTC.
    world.set_clock("2026-03-28T12:00:00Z");
    assert_eq!((shown("overdue"), shown("overdue_since")), (json!(true), json!("2026-03-27T01:30:00Z")));
    assert_eq!(audited(&world, "overdue"), 0, "a command that looks tells nobody");
    let after = every_four_hours("2026-03-28T14:00:00Z", "2026-04-01T14:00:00Z");
    let due = ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z"];
    assert_eq!(due_in(&world, &after), [&due[..], &["2026-04-01T00:30:00Z"]].concat());
    assert_eq!(audited(&world, "overdue"), 1);
    let days: Vec<String> = snapshots(&world, "notes")
        .iter()
        .map(|one| {
            assert_eq!(one["reason"], "scheduled", "{one}");
            one["created"].as_str().unwrap()[5..10].to_owned()
        })
        .collect();
    assert_eq!(days, ["04-01", "03-31", "03-30", "03-29"], "the older two went");
    assert_eq!(audited(&world, "prune"), 2);
    // On 25 October it goes from 03:00 to 02:00, so 02:30 comes twice.
    let autumn = every_four_hours("2026-10-24T14:00:00Z", "2026-10-26T14:00:00Z");
    let due = ["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"];
    assert_eq!(due_in(&world, &autumn), due);
    world.ok(&["workload", "show", "notes"]).expect_said("2026-10-27 01:30");
}

#[test]
fn what_was_missed_is_left_out_where_nothing_is_to_be_caught_up() {
    let lines = "schedule = { every = \"6h\", catch_up = false }\n";
    let world = world(&[("notes", lines)]);
    assert_eq!(due_in(&world, &["2026-11-01T00:00:00Z".into()]), ["2026-11-01T00:00:00Z"], "the first is due at once");
    let missed = due_at(&world, "2026-11-01T16:00:00Z").expect(0).json();
    assert_eq!(missed["due"][0]["outcome"], "missed", "{missed}");
    assert_eq!(
        (&missed["due"][0]["due"], &missed["next"][0]["next"]),
        (&json!("2026-11-01T12:00:00Z"), &json!("2026-11-01T18:00:00Z"))
    );
    assert_eq!(
        due_in(&world, &["2026-11-01T18:30:00Z".into()]),
        ["2026-11-01T18:00:00Z"],
        "less than an hour late is not missed"
    );
    assert_eq!(snapshots(&world, "notes").len(), 2);
}

#[test]
fn one_that_is_due_during_a_restore_waits_for_it_and_holds_no_other_up() {
    let lines = "schedule = { cron = \"0 3 * * *\", zone = \"UTC\", wait = \"1s\" }\n";
    let world = world(&[("app", lines), ("notes", lines)]);
    due_at(&world, "2026-11-01T00:00:00Z").expect(0);
    let snapshot = world.snapshot("app");
    let mut restore = world.start_pausing("exchange", &["restore", "run", "app", &snapshot, "--yes"]);
    assert!(restore.reaches_its_pause());
    let output = due_at(&world, "2026-11-01T03:00:00Z");
    let due = output.expect(1).json()["due"].clone();
    let outcomes = |due: &Value| -> Vec<(String, String)> {
        let text = |one: &Value, field: &str| one[field].as_str().unwrap().to_owned();
        due.as_array().unwrap().iter().map(|one| (text(one, "workload"), text(one, "outcome"))).collect()
    };
    let pair = |workload: &str, outcome: &str| (workload.to_owned(), outcome.to_owned());
    assert_eq!(outcomes(&due), [pair("notes", "done"), pair("app", "failed")], "{due}");
    assert_eq!(due[1]["failure"]["code"], "busy", "it says why not: {due}");
    restore.go_on();
    restore.wait().expect(0);
    let next = due_at(&world, "2026-11-02T03:00:01Z").expect(0).json()["due"].clone();
    assert_eq!(outcomes(&next), [pair("app", "done"), pair("notes", "done")]);
    assert_eq!((&next[0]["failures_before"], &next[1]["failures_before"]), (&json!(1), &json!(0)));
}

#[test]
fn a_host_that_ends_in_a_due_snapshot_takes_it_again_but_not_for_ever() {
    let world = world(&[("notes", "schedule = { every = \"6h\" }\n")]);
    world.set_clock("2026-11-01T00:00:00Z");
    for _ in 0..3 {
        assert_eq!(world.faulty("create-file:before", &["snapshot", "due"]).code, None);
    }
    let given_up = world.reforge(&["snapshot", "due", "--json"]);
    assert_eq!(given_up.expect(1).json()["due"][0]["outcome"], "failed");
    assert_eq!(due_in(&world, &["2026-11-01T06:00:00Z".into()]), ["2026-11-01T06:00:00Z"]);
    assert_eq!(snapshots(&world, "notes").len(), 1);
}

#[test]
fn a_capture_that_lacks_room_first_prunes_what_is_dropped_anyway_and_never_the_newest_or_a_pinned_one() {
    let disk = Disk::tmpfs(200);
    let mut world = World::new([Workload::idle("notes", [Volume::project("data")])]);
    world.snapshot_dir = disk.path().join("snapshots");
    world.write_config();
    world.ok(&["init"]);
    world.ok(&["deploy", "notes"]);
    let mut noise = vec![0; 30 << 20];
    rustix::rand::getrandom(&mut noise[..], rustix::rand::GetRandomFlags::empty()).unwrap();
    std::fs::write(world.volume("notes", "data").join("noise"), &noise).unwrap();
    let keep = |world: &mut World, lines: &str| {
        world.workload("notes").lines = lines.to_owned();
        world.write_config();
    };
    keep(&mut world, "keep = { last = 9 }\n");
    let mut taken: Vec<String> = (0..4).map(|_| world.snapshot("notes")).collect();
    world.reforge(&["snapshot", "create", "notes"]).expect(3).expect_said("needs");
    assert_eq!(snapshots(&world, "notes").len(), 4, "nothing went: all of them shall stay");
    world.ok(&["snapshot", "pin", "notes", &taken[0]]);
    keep(&mut world, "keep = { last = 1 }\n");
    world.ok(&["snapshot", "create", "notes"]).expect_said("not enough room");
    let left: Vec<Value> = snapshots(&world, "notes").iter().map(|one| one["id"].clone()).collect();
    let newest = taken.pop().unwrap();
    assert_eq!(left[1..], [json!(newest), json!(taken[0])], "the newest then, and the pinned one");
    assert!(!taken.iter().any(|id| left[0] == json!(id)), "and a new one");
    keep(&mut world, "keep = { last = 1 }\nmin_free = \"190 MiB\"\n");
    world.reforge(&["snapshot", "create", "notes"]).expect(3).expect_said("needs");
    assert_eq!(
        snapshots(&world, "notes").len(),
        2,
        "what is dropped anyway went, and the newest and the pinned one stay"
    );
    drop(world);
}

#[test]
fn a_pruning_says_of_each_why_it_stays_and_deletes_nothing_that_somebody_needs() {
    let mut world = world(&[("app", "keep = { last = 1, monthly = 1 }\n")]);
    let take = |world: &World, instant: &str| {
        world.set_clock(instant);
        world.snapshot("app")
    };
    let [goes, pinned, restored, newest] =
        ["01", "02", "03", "04"].map(|day| take(&world, &format!("2026-11-{day}T00:00:00Z")));
    world.ok(&["snapshot", "pin", "app", &pinned[..22]]).expect_said("pinned");
    world.reforge(&["snapshot", "delete", "app", &pinned, "--yes"]).expect(3).expect_said("is pinned");
    world.set_clock("2026-11-05T00:00:00Z");
    world.restore("app", &restored, &[]).expect(0);
    let reasons = |document: &Value| -> Vec<(String, Value)> {
        let all = document["snapshots"].as_array().unwrap();
        all.iter().map(|one| (one["id"].as_str().unwrap().to_owned(), one["reasons"].clone())).collect()
    };
    let safety = snapshots(&world, "app")[0]["id"].as_str().unwrap().to_owned();
    let expected = [
        (safety.clone(), json!(["safety", "restore"])),
        (newest, json!(["last", "monthly", "newest"])),
        (restored, json!(["restore"])),
        (pinned.clone(), json!(["pinned"])),
        (goes.clone(), json!([])),
    ];
    let dry = world.ok(&["snapshot", "prune", "app", "--dry-run", "--json"]).json();
    assert_eq!((reasons(&dry), &dry["dry_run"]), (expected.to_vec(), &json!(true)));
    assert_eq!(snapshots(&world, "app").len(), 5, "it deleted nothing");
    world.ok(&["snapshot", "prune", "app", "--dry-run"]).expect_said("would go").expect_said("a restore needs it");
    world.reforge(&["snapshot", "prune", "app"]).expect(2).expect_said("--yes");
    let pruned = world.ok(&["snapshot", "prune", "app", "--yes", "--json"]).json();
    assert_eq!((reasons(&pruned), &pruned["dry_run"]), (expected.to_vec(), &json!(false)));
    assert!(snapshots(&world, "app").iter().all(|one| one["id"] != json!(goes)));
    assert_eq!(snapshots(&world, "app").len(), 4);
    let shown = world.ok(&["snapshot", "show", "app", &pinned, "--json"]).json();
    assert_eq!(shown["pinned"], true);
    world.ok(&["snapshot", "unpin", "app", &pinned]);
    world.ok(&["snapshot", "delete", "app", &pinned, "--yes"]);
    world.workload("app").lines = String::new();
    world.write_config();
    world.reforge(&["snapshot", "prune", "app", "--yes"]).expect(2).expect_said("has no `keep`");
}

#[test]
fn a_host_that_serves_takes_what_is_due_and_says_so_in_api_and_figures() {
    let lines = "schedule = { at = \"03:00\", zone = \"UTC\" }\nkeep = { daily = 1 }\n";
    let world = world(&[("notes", lines)]);
    world.set_clock("2026-11-01T02:59:59Z");
    let server = Server::start(&world);
    let workload = || server.get("/api/v1/workloads/notes")["schedule"].clone();
    eventually("the schedule is seen", || workload()["next"] == json!("2026-11-01T03:00:00Z"));
    // It has to be seen before it is due: what was due before anybody looked was never due.
    eventually("it is written down", || world.state_dir().join("schedules/notes.json").exists());
    world.set_clock("2026-11-01T03:00:00Z");
    eventually("it is taken", || workload()["last"]["outcome"] == json!("done"));
    let figures = || server.as_viewer("GET", "/metrics").send().expect(200).text();
    let at = "2026-11-01T03:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second();
    for figure in [
        format!("reforge_snapshot_last_success_timestamp_seconds{{workload=\"notes\"}} {at}"),
        "reforge_snapshot_overdue{workload=\"notes\"} 0".into(),
        "reforge_undo_open{workload=\"notes\"} 0".into(),
        "reforge_decision_needed{workload=\"notes\"} 0".into(),
        format!("reforge_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION")),
    ] {
        let text = figures();
        assert!(text.lines().any(|line| line == figure), "{figure}\n{text}");
    }
    for begins in [
        "reforge_snapshot_last_duration_seconds{workload=\"notes\"} ",
        "reforge_snapshot_last_size_bytes{workload=\"notes\"} ",
        "reforge_store_bytes{kind=\"scheduled\"} ",
        "reforge_disk_free_bytes{directory=\"",
    ] {
        let positive = |line: &str| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() > 0.0;
        assert!(figures().lines().any(|line| line.starts_with(begins) && positive(line)), "{begins}");
    }
    // Whoever prunes over the API says what is meant, and only an admin may.
    let id = snapshots(&world, "notes")[0]["id"].as_str().unwrap().to_owned();
    let snapshot = format!("/api/v1/workloads/notes/snapshots/{id}");
    server.as_viewer("POST", &format!("{snapshot}/pin")).send().expect(403);
    server.as_admin("POST", &format!("{snapshot}/pin")).json(&json!({})).send().expect(200);
    server.as_admin("DELETE", &snapshot).header(CONFIRM, &id).send().expect(422);
    let kept = server.as_viewer("GET", "/api/v1/workloads/notes/retention").send().expect(200).json();
    assert_eq!(kept["snapshots"][0]["reasons"], json!(["daily", "newest", "pinned"]), "{kept}");
    server.as_admin("POST", "/api/v1/workloads/notes/prune").send().expect(428);
    let pruned = server.as_admin("POST", "/api/v1/workloads/notes/prune").header(CONFIRM, "notes").send().expect(200);
    assert_eq!(pruned.json()["freed_bytes"], 0);
    server.as_admin("POST", &format!("{snapshot}/unpin")).json(&json!({})).send().expect(200);
    world.set_clock("2026-11-02T09:00:00Z");
    eventually("the next is taken", || workload()["last"]["due"] == json!("2026-11-02T03:00:00Z"));
    assert_eq!(audited(&world, "overdue"), 1, "it was missing for more than two hours");
    eventually("the older one went", || snapshots(&world, "notes").len() == 1);
    server.stop();
}

/// What lies beside a volume.
fn beside(world: &World, workload: &str) -> usize {
    world.siblings(&world.volume(workload, "data")).len()
}

#[test]
fn previous_data_goes_when_a_later_restore_has_made_its_undo_impossible() {
    let world = world(&[("app", "")]);
    let list = world.volume("app", "data").join("list");
    let snapshot = world.snapshot("app");
    for day in 0..7 {
        std::fs::write(world.volume("app", "data").join("list"), format!("day {day}")).unwrap();
        world.restore("app", &snapshot, &[]).expect(0);
        assert_eq!(beside(&world, "app"), 1, "one way back, after restore {day}");
    }
    world.ok(&["deploy", "app"]);
    let newest = world.transactions().pop().unwrap();
    world.ok(&["restore", "undo", &newest, "--yes"]);
    assert_eq!(std::fs::read_to_string(&list).unwrap(), "day 6", "the newest is undone as ever");
    assert_eq!(beside(&world, "app"), 1);
}

#[test]
fn previous_data_that_a_person_asked_to_keep_or_that_was_written_since_stays_until_a_person_ends_it() {
    let world = world(&[("app", "")]);
    let snapshot = world.snapshot("app");
    world.restore("app", &snapshot, &["--keep-previous"]).expect(0);
    world.restore("app", &snapshot, &[]).expect(0);
    assert_eq!(beside(&world, "app"), 2, "it was to be kept");
    let written = world.siblings(&world.volume("app", "data"));
    let newest = world.transactions().pop().unwrap();
    let of_newest = |path: &&std::path::PathBuf| is_of(path, &newest);
    let previous = written.iter().find(of_newest).unwrap();
    std::fs::write(previous.join("late"), "a word of somebody who had it open").unwrap();
    world.restore("app", &snapshot, &[]).expect(0);
    assert_eq!(beside(&world, "app"), 3, "what was written since is never deleted");
    assert!(previous.join("late").exists());
    let dry = world.reforge(&["restore", "finish", "--all-but-newest", "app"]);
    dry.expect(2).expect_said("--yes");
    let finished = world.ok(&["restore", "finish", "--all-but-newest", "app", "--yes", "--json"]).json();
    assert_eq!(finished["finished"].as_array().unwrap().len(), 2, "{finished}");
    assert_eq!(beside(&world, "app"), 1);
    world.ok(&["restore", "undo", &world.transactions().pop().unwrap(), "--yes"]);
}

/// Siblings are named after the restore that made them.
fn is_of(sibling: &Path, restore: &str) -> bool {
    sibling.file_name().unwrap().to_str().unwrap().contains(restore)
}

#[test]
fn previous_data_that_takes_more_than_it_may_ends_the_oldest_window_and_never_the_newest() {
    let mut world = world(&[("app", ""), ("notes", "")]);
    for id in ["app", "notes"] {
        std::fs::write(world.volume(id, "data").join("large"), vec![1; 2 << 20]).unwrap();
    }
    let (app, notes) = (world.snapshot("app"), world.snapshot("notes"));
    world.restore("app", &app, &[]).expect(0);
    world.restore("notes", &notes, &[]).expect(0);
    assert_eq!((beside(&world, "app"), beside(&world, "notes")), (1, 1), "each has its window");
    world.host_lines = "previous_max = \"3 MiB\"\n".into();
    world.write_config();
    world.restore("notes", &notes, &[]).expect(0);
    assert_eq!((beside(&world, "app"), beside(&world, "notes")), (0, 1));
}
