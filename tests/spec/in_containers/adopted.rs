//! What somebody else made and was adopted is started again as it is: by a restore, an undo, a revert and a recovery. No
//! second container is ever there that could be started on live data.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::containers::{self, STAY};
use crate::support::engine::Engine;
use crate::support::{World, apps};

/// A container that counts into its volume, and keeps something that no volume has.
pub(super) const COUNTS: &str = "trap exit TERM; test -e /mine || echo x > /mine; log=/data/log;
    n=$(wc -l < $log 2>/dev/null || echo 0); while :; do n=$((n + 1)); echo $n >> $log; usleep 20000; done";

pub(super) struct Adopted {
    pub engine: &'static Engine,
    pub world: World,
    pub name: String,
    pub live: PathBuf,
    pub snapshot: String,
}

impl Adopted {
    /// Runs this script, adopted, with a snapshot; `since` is in its volume afterwards.
    pub(super) fn running(script: &str, host: Value) -> Adopted {
        let engine = Engine::shared();
        let world = containers::world(engine, []);
        let name = containers::fresh_id("theirs");
        let live = world.path("elsewhere/data");
        std::fs::create_dir_all(&live).unwrap();
        let mut app = Adopted { engine, world, name, live, snapshot: String::new() };
        app.create(app.body(script, host));
        app.start(&app.name);
        app.world.ok(&["workload", "adopt", &app.name]);
        app.snapshot = app.world.snapshot(&app.name);
        std::fs::write(app.live.join("since"), "").unwrap();
        app
    }

    pub(super) fn body(&self, script: &str, host: Value) -> Value {
        let mounts = json!([{ "Type": "bind", "Source": self.live, "Target": "/data" }]);
        let mut settings = json!({ "NetworkMode": "none", "RestartPolicy": { "Name": "always" }, "Mounts": mounts });
        settings.as_object_mut().unwrap().extend(host.as_object().unwrap().clone());
        json!({ "Cmd": ["sh", "-c", script], "Env": ["SECRET=hunter2"], "StopTimeout": 1, "HostConfig": settings })
    }

    pub(super) fn create(&self, body: Value) {
        containers::stranger(self.engine, &self.name, false, body);
    }

    pub(super) fn start(&self, name: &str) {
        self.engine.call("POST", &format!("/containers/{name}/start"), &Value::Null);
    }

    pub(super) fn stop(&self, name: &str) {
        self.engine.call("POST", &format!("/containers/{name}/stop?t=0"), &Value::Null);
    }

    pub(super) fn container(&self) -> Value {
        self.engine.container(&self.name)
    }

    pub(super) fn id(&self) -> String {
        self.container()["Id"].as_str().unwrap().to_owned()
    }

    pub(super) fn is_restored(&self) -> bool {
        !self.live.join("since").exists()
    }

    pub(super) fn restore(&self) -> [&str; 5] {
        ["restore", "run", &self.name, &self.snapshot, "--yes"]
    }

    /// Everything on the engine that has the volume.
    pub(super) fn holders(&self) -> Vec<String> {
        let has = |container: &&Value| container["Mounts"].to_string().contains(self.live.to_str().unwrap());
        let all = self.engine.containers();
        all.iter().filter(has).map(|container| container["Id"].as_str().unwrap().to_owned()).collect()
    }

    /// It is the one container, and as it was made.
    #[track_caller]
    pub(super) fn assert_is(&self, before: &Value) {
        let now = self.container();
        for same in ["/Id", "/Config", "/HostConfig", "/State/Status"] {
            assert_eq!(now.pointer(same), before.pointer(same), "{same}");
        }
        assert_eq!(self.holders(), [before["Id"].as_str().unwrap()], "nothing else could be started");
    }
}

impl Drop for Adopted {
    fn drop(&mut self) {
        for id in self.holders() {
            let _ = self.engine.try_call("DELETE", &format!("/containers/{id}?force=1"), &[]);
        }
    }
}

#[test]
fn a_restore_and_its_undo_start_the_same_container_with_all_that_is_in_it() {
    let app = Adopted::running(COUNTS, json!({ "Tmpfs": { "/scratch": "size=65536" }, "Memory": 67_108_864 }));
    apps::writes_on(&app.live);
    let before = app.container();
    let started = |container: &Value| container["State"]["StartedAt"].clone();
    app.world.ok(&["restore", "plan", &app.name, &app.snapshot]).expect_unsaid("anew");
    app.world.reforge(&app.restore()).expect(0);
    assert!(app.is_restored());
    app.assert_is(&before);
    assert_ne!(started(&app.container()), started(&before));
    let changed = app.engine.call("GET", &format!("/containers/{}/changes", app.name), &Value::Null);
    assert!(changed.to_string().contains("/mine"), "what it wrote elsewhere is there: {changed}");
    apps::writes_on(&app.live);
    app.world.undo(&app.world.transactions()[0]).expect(0);
    assert!(!app.is_restored());
    app.assert_is(&before);
    apps::writes_on(&app.live);
    app.world.ok(&["restore", "finish", app.world.transactions().last().unwrap(), "--yes"]);
    app.assert_is(&before);
}

#[test]
fn a_container_that_was_stopped_or_paused_is_that_afterwards() {
    let app = Adopted::running(COUNTS, json!({}));
    app.engine.call("POST", &format!("/containers/{}/pause", app.name), &Value::Null);
    let before = app.container();
    app.world.reforge(&app.restore()).expect(0);
    assert!(app.is_restored());
    app.assert_is(&before);
    app.engine.call("POST", &format!("/containers/{}/unpause", app.name), &Value::Null);
    app.world.ok(&["stop", &app.name]);
    let before = app.container();
    app.world.undo(&app.world.transactions()[0]).expect(0);
    app.assert_is(&before);
}

#[test]
fn an_app_that_lives_by_its_policy_has_it_before_its_first_start() {
    // It ends twice, as one does whose database does not answer yet.
    let script = "trap exit TERM; if test -e /data/needs; then n=$(cat /tries 2>/dev/null || echo 0);
        echo $((n + 1)) > /tries; test $n -ge 2 || exit 1; fi; sleep 1000000 & wait";
    let app = Adopted::running(script, json!({ "RestartPolicy": { "Name": "on-failure", "MaximumRetryCount": 9 } }));
    std::fs::write(app.live.join("needs"), "").unwrap();
    let snapshot = app.world.live_snapshot(&app.name);
    std::fs::remove_file(app.live.join("needs")).unwrap();
    let before = app.container();
    app.world.restore(&app.name, &snapshot, &[]).expect(0);
    assert!(app.live.join("needs").exists());
    app.assert_is(&before);
    assert!(app.container()["RestartCount"].as_u64() >= Some(2), "its policy brought it up");
}

#[test]
fn a_bad_restore_goes_back_to_the_same_container() {
    let script = "test ! -e /data/poison || exit 3; ".to_owned() + STAY;
    let no = json!({ "RestartPolicy": { "Name": "no" } });
    let app = Adopted::running(&script, no);
    let before = app.container();
    std::fs::write(app.live.join("poison"), "").unwrap();
    let bad = app.world.live_snapshot(&app.name);
    std::fs::remove_file(app.live.join("poison")).unwrap();
    app.world.restore(&app.name, &bad, &[]).expect(4).expect_said("status 3");
    assert!(!app.live.join("poison").exists());
    app.assert_is(&before);
}

#[test]
fn a_job_that_has_done_what_it_had_to_do_is_not_taken_for_a_bad_one() {
    let script = "test -e /data/since || exit 0; ".to_owned() + STAY;
    let app = Adopted::running("sleep 1000000 & trap exit TERM; wait", json!({}));
    containers::remove(app.engine, &app.name);
    app.create(app.body(&script, json!({ "RestartPolicy": { "Name": "no" } })));
    app.start(&app.name);
    app.world.ok(&["workload", "adopt", &app.name]);
    app.world.reforge(&app.restore()).expect(7);
    assert!(app.is_restored());
}

#[test]
fn whoever_starts_it_while_it_is_down_is_found_even_if_it_ended_again() {
    for how in ["starts", "starts and stops", "replaces"] {
        let app = Adopted::running(COUNTS, json!({}));
        let before = app.container();
        let mut restore = app.world.start_pausing("record-swapped", &app.restore());
        assert!(restore.reaches_its_pause(), "{:?}", restore.wait());
        if how == "replaces" {
            containers::remove(app.engine, &app.id());
            app.create(app.body(COUNTS, json!({})));
        }
        app.start(&app.name);
        if how == "starts and stops" {
            app.stop(&app.name);
        }
        restore.go_on();
        let output = restore.wait();
        assert_ne!(output.code, Some(0), "{output:?}");
        output.expect_said("something else");
        assert!(!app.is_restored(), "as it was: {output:?}");
        assert_eq!(app.container()["State"]["Running"], false, "it is not started on what may be a mixture");
        assert_eq!(app.container()["HostConfig"], before["HostConfig"], "{how}: its policy is what it was");
        assert_eq!(app.holders(), [app.id()]);
    }
}

#[test]
fn a_container_that_is_gone_before_the_commit_reverts_and_is_said() {
    let app = Adopted::running(COUNTS, json!({}));
    let mut restore = app.world.start_pausing("record-swapping", &app.restore());
    assert!(restore.reaches_its_pause(), "{:?}", restore.wait());
    containers::remove(app.engine, &app.id());
    restore.go_on();
    let output = restore.wait();
    assert_ne!(output.code, Some(0));
    output.expect_said("is gone").expect_said("with what made it");
    assert!(!app.is_restored());
    assert_eq!(app.holders(), Vec::<String>::new(), "it is not made anew");
    assert_eq!(app.world.siblings(&app.live), Vec::<PathBuf>::new());
    app.world.ok(&["recover"]);
}

#[test]
fn a_container_that_is_gone_after_the_commit_is_waited_for_and_another_with_the_same_is_taken_for_it() {
    let app = Adopted::running(COUNTS, json!({}));
    let mut restore = app.world.start_pausing("record-starting-app", &app.restore());
    assert!(restore.reaches_its_pause(), "{:?}", restore.wait());
    containers::remove(app.engine, &app.id());
    restore.go_on();
    restore.wait().expect(5).expect_said("is gone").expect_said("reforge recover");
    assert!(app.is_restored());
    app.world.reforge(&["recover"]).expect(5).expect_said("is gone");
    app.create(app.body(COUNTS, json!({})));
    app.world.ok(&["recover"]);
    apps::writes_on(&app.live);
    assert_eq!(app.holders(), [app.id()]);
    assert_eq!(app.container()["HostConfig"]["RestartPolicy"]["Name"], "always");
    app.world.ok(&["restore", "plan", &app.name, &app.snapshot]);
}

#[test]
fn another_container_in_its_place_is_compared_before_anything_is_done() {
    let app = Adopted::running(COUNTS, json!({}));
    let replace = |edit: &dyn Fn(&mut Value)| {
        containers::remove(app.engine, &app.id());
        let mut body = app.body(COUNTS, json!({}));
        edit(&mut body);
        app.create(body);
        app.start(&app.name);
    };
    // The labels are of whoever made it, and say nothing.
    replace(&|body: &mut Value| body["Labels"] = json!({ "com.docker.compose.config-hash": "another" }));
    app.world.ok(&["restore", "plan", &app.name, &app.snapshot]).expect_said("is taken for it");
    app.world.ok(&["workload", "show", &app.name]).expect_said("is taken for it");
    app.world.ok(&["snapshot", "create", &app.name]).expect_said("is taken for it");
    let elsewhere = app.world.path("elsewhere/other");
    std::fs::create_dir_all(&elsewhere).unwrap();
    app.engine.busybox("2");
    type Edit<'a> = (&'a dyn Fn(&mut Value), &'a str);
    let edits: [Edit<'_>; 4] = [
        (&|body: &mut Value| body["Image"] = "test/busybox:2".into(), "image `test/busybox:1`"),
        (&|body: &mut Value| body["Env"] = json!(["SECRET=hunter3", "MORE=1"]), "environment `MORE`, `SECRET`"),
        (&|body: &mut Value| body["HostConfig"]["Memory"] = (64 << 20).into(), "`HostConfig.Memory`"),
        (&|body: &mut Value| body["HostConfig"]["Mounts"][0]["Source"] = json!(elsewhere), "at `/data`"),
    ];
    for (edit, says) in edits {
        replace(edit);
        let started = app.container()["State"]["StartedAt"].clone();
        let plan = ["restore", "plan", &app.name, &app.snapshot];
        for command in [&["snapshot", "create", &app.name][..], &plan, &app.restore()] {
            let output = app.world.reforge(command);
            output.expect(3).expect_said(says).expect_unsaid("hunter");
        }
        assert_eq!(app.container()["State"]["StartedAt"], started, "{says}: it was not touched");
    }
    // The directory that moved is named with both paths; that the configuration has another one is for a person.
    let moved = app.world.reforge(&["workload", "adopt", &app.name]);
    moved.expect(3).expect_said(app.live.to_str().unwrap()).expect_said(elsewhere.to_str().unwrap()).expect_clear();
    replace(&|body: &mut Value| body["Env"] = json!(["SECRET=hunter3"]));
    app.world.ok(&["workload", "adopt", &app.name]).expect_unsaid("hunter");
    app.world.snapshot(&app.name);
    app.world.reforge(&app.restore()).expect(0);
    assert!(app.is_restored());
    app.world.ok(&["workload", "adopt", &app.name]).expect_said("already").expect_said("nothing was changed");
}

#[test]
fn what_it_needs_to_be_started_again_refuses_before_it_is_stopped_if_it_is_gone() {
    let engine = Engine::shared();
    let beside = containers::fresh_id("beside");
    containers::stranger(engine, &beside, true, json!({ "HostConfig": { "NetworkMode": "none" } }));
    let provider = engine.container(&beside)["Id"].as_str().unwrap().to_owned();
    let directory = tempfile::tempdir().unwrap();
    let seen = directory.path().join("seen");
    std::fs::create_dir(&seen).unwrap();
    let app = Adopted::running(COUNTS, json!({ "NetworkMode": format!("container:{provider}") }));
    containers::remove(engine, &beside);
    let refused = |says: &str| {
        let started = app.container()["State"]["StartedAt"].clone();
        app.world.reforge(&app.restore()).expect(3).expect_said(says).expect_clear();
        assert_eq!(app.container()["State"]["StartedAt"], started);
    };
    refused(&provider[..12]);
    containers::remove(engine, &app.id());
    let mut body = app.body(COUNTS, json!({}));
    let mount = json!({ "Type": "bind", "Source": seen, "Target": "/seen", "ReadOnly": true });
    body["HostConfig"]["Mounts"].as_array_mut().unwrap().push(mount);
    app.create(body);
    app.start(&app.name);
    app.world.ok(&["workload", "adopt", &app.name]);
    app.world.ok(&["restore", "plan", &app.name, &app.snapshot]);
    std::fs::remove_dir(&seen).unwrap();
    refused(seen.to_str().unwrap());
}

#[test]
fn a_container_that_does_not_see_what_is_live_is_not_left_to_write() {
    // It hides its volume from itself, as an engine does that kept an old mount of it.
    let script = "test -e /data/since || busybox mount -t tmpfs none /data; ".to_owned() + STAY;
    let app = Adopted::running(STAY, json!({}));
    containers::remove(app.engine, &app.id());
    app.create(app.body(&script, json!({ "CapAdd": ["SYS_ADMIN"] })));
    app.start(&app.name);
    app.world.ok(&["workload", "adopt", &app.name]);
    let before = app.container();
    let output = app.world.reforge(&app.restore());
    output.expect(4).expect_said("sees another directory at `/data`").expect_said(app.live.to_str().unwrap());
    assert!(!app.is_restored());
    app.assert_is(&before);
}

#[test]
fn what_a_version_before_wrote_down_goes_on_and_is_completed() {
    let app = Adopted::running(COUNTS, json!({}));
    let record = app.world.state_dir().join("docker").join(format!("{}.json", app.name));
    let mut written: Value = crate::support::world::read_json(&record);
    written["adopted"].as_object_mut().unwrap().remove("definition").unwrap();
    written.as_object_mut().unwrap().remove("images");
    std::fs::write(&record, written.to_string()).unwrap();
    let before = app.container();
    app.world.reforge(&app.restore()).expect(0);
    assert!(app.is_restored());
    app.assert_is(&before);
    let completed = crate::support::world::read_json(&record);
    assert!(completed["adopted"]["definition"]["image_id"].is_string());
    // It made one of its own in the place of what was adopted, and kept that beside.
    let original = app.id();
    app.engine.call("POST", &format!("/containers/{original}/stop?t=0"), &Value::Null);
    let kept = format!("{}.kept-{}", app.name, &original[..12]);
    app.engine.call("POST", &format!("/containers/{original}/rename?name={kept}"), &Value::Null);
    let mut body = app.body(COUNTS, json!({}));
    let host = app.world.ok(&["init", "--json"]).json();
    let labels = json!({ "reforge.host": host["host_id"], "reforge.workload": app.name, "reforge.name": app.name });
    body["Labels"] = labels;
    app.create(body);
    app.start(&app.name);
    let mut written = completed.clone();
    written["kept"] = json!({ original.clone(): original.clone() });
    std::fs::write(&record, written.to_string()).unwrap();
    let removes = format!("docker rm {}", &original[..12]);
    app.world.ok(&["workload", "show", &app.name]).expect_said(&removes);
    app.world.ok(&["restore", "plan", &app.name, &app.snapshot]).expect_said(&removes);
}

#[test]
fn a_container_that_had_the_volume_while_the_app_was_down_and_is_gone_again_is_named() {
    let app = Adopted::running(COUNTS, json!({}));
    let before = app.container();
    let mut restore = app.world.start_pausing("exchange#2", &app.restore());
    assert!(restore.reaches_its_pause(), "{}", restore.complaints());
    let name = containers::fresh_id("passing");
    let mounts = json!([{ "Type": "bind", "Source": app.live, "Target": "/data" }]);
    let host = json!({ "NetworkMode": "none", "Mounts": mounts });
    containers::stranger(app.engine, &name, true, json!({ "Cmd": ["true"], "HostConfig": host }));
    app.engine.call("POST", &format!("/containers/{name}/wait"), &Value::Null);
    let id = app.engine.container(&name)["Id"].as_str().unwrap()[..12].to_owned();
    containers::remove(app.engine, &name);
    restore.go_on();
    let image = app.engine.busybox("1");
    let said = format!("the container `{name}` ({id}) of the image `{image}` ran while the app was down");
    restore.wait().expect(4).expect_said(&said).expect_clear();
    assert!(!app.is_restored());
    app.assert_is(&before);
}

#[test]
fn one_directory_at_two_places_is_one_volume() {
    let engine = Engine::shared();
    let world = containers::world(engine, []);
    let (name, live) = (containers::fresh_id("twice"), world.path("elsewhere/data"));
    std::fs::create_dir_all(&live).unwrap();
    let mount = |target: &str| json!({ "Type": "bind", "Source": live, "Target": target });
    let host = json!({ "NetworkMode": "none", "Mounts": [mount("/two"), mount("/one")] });
    containers::stranger(engine, &name, true, json!({ "Cmd": ["sh", "-c", STAY], "HostConfig": host }));
    world.ok(&["workload", "adopt", &name]);
    let shown = world.ok(&["workload", "show", &name, "--json"]).json();
    assert_eq!(shown["volumes"].as_array().unwrap().len(), 1, "{shown}");
    let snapshot = world.snapshot(&name);
    std::fs::write(live.join("since"), "").unwrap();
    let planned = world.ok(&["restore", "plan", &name, &snapshot, "--json"]).json();
    assert_eq!(planned["not_captured"].as_array().map_or(0, Vec::len), 0, "{planned}");
    world.restore(&name, &snapshot, &[]).expect(0);
    assert!(!live.join("since").exists());
    let again = engine.container(&name);
    assert_eq!(again["Mounts"].as_array().unwrap().len(), 2, "it has both places");
    containers::remove(engine, &name);
}
