//! Who is started again, when, and who is not.

use serde_json::{Value, json};

use super::engine;
use crate::support::engine::Engine;
use crate::support::projects::{Project, STAYS};
use crate::support::{containers, eventually};

fn lines(project: &Project<'_>, file: &str) -> Vec<String> {
    let text = std::fs::read_to_string(project.directory.join(file)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn exactly_what_ran_is_started_again_by_its_id_and_what_others_wait_for_comes_first() {
    let project = Project::of(
        engine(),
        r#"services:
  db:
    image: BUSYBOX
    command: ["sh", "-c", "rm -f /tmp/up; echo db >> /log/starts; trap exit TERM; usleep 300000; touch /tmp/up; while :; do usleep 50000; done"]
    volumes: ["./data:/data", "./log:/log"]
    healthcheck: { test: ["CMD", "test", "-e", "/tmp/up"], interval: 100ms, retries: 50 }
    restart: always
  migrate:
    image: BUSYBOX
    command: ["sh", "-c", "echo migrate >> /log/starts"]
    volumes: ["./log:/log"]
    depends_on: { db: { condition: service_healthy } }
  web:
    image: BUSYBOX
    command: ["sh", "-c", "echo web >> /log/starts; STAYS"]
    volumes: ["./log:/log"]
    depends_on: { db: { condition: service_healthy } }
  byhand:
    image: BUSYBOX
    command: ["sh", "-c", "echo byhand >> /log/starts; STAYS"]
    volumes: ["./log:/log"]
    restart: always
"#,
    );
    project.compose(&["up", "-d"]);
    eventually("the migration is done", || lines(&project, "log/starts").contains(&"migrate".to_owned()));
    let byhand = project.id("byhand");
    project.engine.call("POST", &format!("/containers/{byhand}/stop?t=1"), &Value::Null);
    project.adopt();
    // What the log says is of this test: it is not captured.
    let config = project.world.path("reforge.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    assert!(text.contains("runtime = \"compose\""), "{text}");
    let snapshot = project.world.snapshot(&project.name);
    let (policies, members) = (project.policies(), project.members().len());
    std::fs::write(project.bound("data/since"), "").unwrap();
    let before = lines(&project, "log/starts");
    project.world.restore(&project.name, &snapshot, &[]).expect(0);
    project.eventually_runs(&["db", "web"]);
    let after = lines(&project, "log/starts");
    // The snapshot has what was before, and one more start of those that ran.
    assert_eq!(after[after.len() - 2..], ["db", "web"], "{before:?} {after:?}");
    assert_eq!(after.iter().filter(|line| *line == "migrate").count(), 1, "{after:?}");
    assert_eq!(after.iter().filter(|line| *line == "byhand").count(), 1, "{after:?}");
    assert!(!project.bound("data/since").exists(), "restored");
    assert_eq!((project.policies(), project.members().len()), (policies, members), "the same containers");
}

#[test]
fn policies_are_off_for_all_while_the_app_is_down_also_over_a_power_cut() {
    let engine = Engine::apart();
    let project = Project::up(
        &engine,
        r#"services:
  a: { image: "BUSYBOX", command: ["sh", "-c", "STAYS"], volumes: ["./a:/data"], restart: always }
  b: { image: "BUSYBOX", command: ["sh", "-c", "STAYS"], volumes: ["b:/data"], restart: unless-stopped }
  c: { image: "BUSYBOX", command: ["sh", "-c", "STAYS"], volumes: ["./a:/a", "b:/b"], restart: "on-failure:3" }
  d: { image: "BUSYBOX", command: ["sh", "-c", "echo >> /a/byhand; STAYS"], volumes: ["./a:/a"], restart: always }
volumes: { b: {} }
"#,
    );
    let stopped = project.id("d");
    engine.call("POST", &format!("/containers/{stopped}/stop?t=1"), &Value::Null);
    std::fs::remove_file(project.bound("a/byhand")).unwrap();
    project.adopt();
    let snapshot = project.world.snapshot(&project.name);
    std::fs::write(project.bound("a/since"), "").unwrap();
    std::fs::write(project.volume("b").join("since"), "").unwrap();
    let policies = project.policies();
    // Between the exchanges of the two volumes.
    let arguments = ["restore", "run", &project.name, &snapshot, "--yes"];
    let mut restore = project.world.start_pausing("exchange#4", &arguments);
    assert!(restore.reaches_its_pause(), "{}", restore.complaints());
    engine.cut_power();
    restore.go_on();
    assert_ne!(restore.wait().code, Some(0), "no engine answers");
    engine.run();
    assert_eq!(project.running(), Vec::<String>::new(), "nobody starts it");
    project.world.ok(&["recover"]);
    project.eventually_runs(&["a", "b", "c"]);
    assert_eq!(project.policies(), policies);
    assert!(!project.bound("a/byhand").exists(), "what a person had stopped never ran");
    let since = [project.bound("a/since").exists(), project.volume("b").join("since").exists()];
    assert_eq!(since[0], since[1], "all volumes or none");
}

/// A container of somebody else's in the network of `vpn`.
fn joins(project: &Project<'_>, name: &str, mounts: Value) {
    let host = json!({ "NetworkMode": format!("container:{}", project.id("vpn")), "Mounts": mounts });
    containers::stranger(project.engine, name, true, json!({ "Cmd": ["sh", "-c", STAYS], "HostConfig": host }));
}

#[test]
fn whoever_has_a_members_namespace_goes_down_and_comes_up_with_it() {
    let project = Project::up(
        engine(),
        r#"services:
  vpn: { image: "BUSYBOX", command: ["sh", "-c", "httpd -p 8080 -h /etc; STAYS"], volumes: ["./vpn:/data"] }
  tor: { image: "BUSYBOX", command: ["sh", "-c", "STAYS"], network_mode: "service:vpn" }
  dbg: { image: "BUSYBOX", command: ["sh", "-c", "STAYS"], pid: "service:vpn" }
"#,
    );
    let outside = format!("{}-outside", project.name);
    joins(&project, &outside, json!([]));
    project.adopt();
    let snapshot = project.world.snapshot(&project.name);
    project.world.restore(&project.name, &snapshot, &[]).expect(0);
    project.eventually_runs(&["dbg", "tor", "vpn"]);
    project.inside("tor", "wget -q -O- http://127.0.0.1:8080/tag");
    assert!(project.inside("dbg", "ps").contains("httpd"));
    assert_eq!(project.engine.container(&outside)["State"]["Running"], true);
    // One that is a workload of its own has a lock of its own.
    std::fs::create_dir(project.world.path("elsewhere/own")).unwrap();
    containers::remove(project.engine, &outside);
    let own = json!({ "Type": "bind", "Source": project.world.path("elsewhere/own"), "Target": "/own" });
    joins(&project, &outside, json!([own]));
    project.world.ok(&["workload", "adopt", &outside]);
    let said = format!("belongs to workload `{outside}`");
    project.world.restore(&project.name, &snapshot, &[]).expect(3).expect_said(&said).expect_clear();
    containers::remove(project.engine, &outside);
}

#[test]
fn one_that_lives_by_its_policy_is_not_judged_by_its_first_end() {
    let project = Project::up(
        engine(),
        r#"services:
  adb: { image: "BUSYBOX", command: ["sh", "-c", "trap 'rm -f /data/ready; exit' TERM; usleep 600000; touch /data/ready; while :; do usleep 50000; done"], volumes: ["./data:/data"], restart: always }
  web: { image: "BUSYBOX", command: ["sh", "-c", "[ -e /data/ready ] || exit 1; STAYS"], volumes: ["./data:/data"], restart: unless-stopped }
"#,
    );
    project.eventually_runs(&["adb", "web"]);
    project.adopt();
    let snapshot = project.world.snapshot(&project.name);
    project.world.restore(&project.name, &snapshot, &[]).expect(0);
    project.eventually_runs(&["adb", "web"]);
}

#[test]
fn an_empty_volume_comes_back_empty_with_its_owner_and_mode() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let project = Project::up(
        engine(),
        r#"services:
  app: { image: "BUSYBOX", command: ["sh", "-c", "STAYS"], volumes: ["etc:/etc"] }
volumes: { etc: {} }
"#,
    );
    let volume = project.volume("etc");
    assert!(volume.join("tag").exists(), "the image's files were copied when the container was made");
    for entry in std::fs::read_dir(&volume).unwrap().flatten() {
        let _ = std::fs::remove_file(entry.path());
    }
    std::fs::set_permissions(&volume, std::fs::Permissions::from_mode(0o700)).unwrap();
    std::os::unix::fs::chown(&volume, Some(33), Some(33)).unwrap();
    project.adopt();
    let snapshot = project.world.snapshot(&project.name);
    std::fs::write(volume.join("later"), "").unwrap();
    project.world.restore(&project.name, &snapshot, &[]).expect(0);
    assert!(!volume.join("later").exists() && !volume.join("tag").exists());
    let metadata = std::fs::metadata(&volume).unwrap();
    assert_eq!((metadata.mode() & 0o7777, metadata.uid(), metadata.gid()), (0o700, 33, 33));
}
