//! An engine that is not there, too old, silent, or failing in one call: each is said in words of its own, and nothing is
//! lost. The trouble is made by a proxy before a real engine.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::containers::{self, COUNTER};
use crate::support::engine::Engine;
use crate::support::proxy::{Proxy, Trouble};
use crate::support::{World, apps};

struct Scene {
    engine: &'static Engine,
    proxy: Proxy,
    world: World,
    id: String,
    snapshot: String,
}

fn scene() -> Scene {
    let engine = Engine::shared();
    let proxy = Proxy::before(&engine.socket());
    let id = containers::fresh_id("trouble");
    let mut workload = containers::shell(engine, &id, COUNTER);
    workload.stop_timeout = "1s".into();
    workload.lines += "restart = \"always\"\n";
    let mut world = containers::world(engine, [workload]);
    world.host_lines = format!("docker_socket = {:?}\n", proxy.socket());
    world.write_config();
    world.ok(&["deploy", &id]);
    apps::writes_on(&world.volume(&id, "data"));
    let snapshot = world.snapshot(&id);
    Scene { engine, proxy, world, id, snapshot }
}

impl Scene {
    /// When the trouble is over everything is settled, and the app runs once, with its policy.
    #[track_caller]
    fn assert_settled(&self, when: &str) {
        self.proxy.calm();
        self.world.ok(&["recover"]);
        apps::writes_on(&self.world.volume(&self.id, "data"));
        let all = containers::of(self.engine, &self.id);
        let running: Vec<_> = all.iter().filter(|container| container["State"] == "running").collect();
        assert_eq!(running.len(), 1, "{when}: {all:?}");
        let inspect = self.engine.container(running[0]["Id"].as_str().unwrap());
        assert_eq!(inspect["HostConfig"]["RestartPolicy"]["Name"], "always", "{when}");
    }
}

#[test]
fn an_engine_that_cannot_be_asked_is_named_with_what_is_wrong_and_nothing_happens() {
    let scene = scene();
    let too_old = json!({ "ApiVersion": "1.24", "MinAPIVersion": "1.12", "Version": "1.12" });
    for (call, trouble, code, says) in [
        ("", Trouble::Hangup, "engine-unreachable", "cannot be reached"),
        ("/version", Trouble::Answer(200, too_old.to_string()), "engine-too-old", "too old"),
        (
            "/containers/json",
            Trouble::Answer(500, r#"{"message":"database is locked"}"#.into()),
            "runtime",
            "database is locked",
        ),
        ("/containers/json", Trouble::Answer(200, "nonsense".into()), "runtime", "is not understood"),
        ("/containers/json", Trouble::Silence, "engine-unreachable", "did not answer within"),
    ] {
        scene.proxy.cause(&[call], trouble);
        let output = scene.world.reforge(&["--json", "deploy", &scene.id]);
        assert_ne!(output.code, Some(0), "{says}: {output:?}");
        output.expect_said(code).expect_said(says);
        scene.assert_settled(says);
    }
}

#[test]
fn an_engine_that_fails_in_one_call_of_a_restore_loses_nothing() {
    let scene = scene();
    for call in ["/update", "/stop", "/containers/create", "/start", "/rename", "/tag"] {
        let failing = Trouble::Answer(500, r#"{"message":"no space left in the engine"}"#.into());
        scene.proxy.cause(&[call], failing);
        let output = scene.world.restore(&scene.id, &scene.snapshot, &[]);
        assert!(output.code.is_some(), "{call}: {output:?}");
        if output.code != Some(0) {
            output.expect_said("no space left in the engine");
        }
        scene.assert_settled(call);
    }
}

#[test]
fn a_container_that_ends_while_its_policy_is_switched_off_is_asked_about_again() {
    let scene = scene();
    let ended = r#"{"message":"Cannot update container 0: cannot update a stopped container: unknown"}"#;
    scene.proxy.cause(&["/update"], Trouble::AnswerOnce(500, ended.into()));
    scene.world.restore(&scene.id, &scene.snapshot, &[]).expect(0);
    scene.assert_settled("ended meanwhile");
}

#[test]
fn a_name_that_is_taken_refuses_a_deploy_before_anything_is_stopped() {
    let mut scene = scene();
    let taken = format!("taken-{}", scene.id);
    containers::stranger(scene.engine, &taken, false, json!({ "HostConfig": { "NetworkMode": "none" } }));
    let id = scene.id.clone();
    scene.world.workload(&id).lines += &format!("container_name = {taken:?}\n");
    scene.world.write_config();
    let output = scene.world.reforge(&["deploy", &id]);
    containers::remove(scene.engine, &taken);
    output.expect(3).expect_said("is taken by one that is not ours").expect_clear();
    apps::writes_on(&scene.world.volume(&id, "data"));
}

#[test]
fn an_image_that_is_gone_refuses_a_restore_before_anything_is_stopped() {
    let scene = scene();
    let running = || {
        let all = containers::of(scene.engine, &scene.id);
        all.into_iter().find(|container| container["State"] == "running").map(|up| up["Id"].clone())
    };
    let before = running();
    scene.proxy.cause(&["/images/"], Trouble::Answer(404, r#"{"message":"No such image"}"#.into()));
    let restore = ["restore", "run", &scene.id, &scene.snapshot, "--yes"];
    for arguments in [&["restore", "plan", &scene.id, &scene.snapshot][..], &restore] {
        let output = scene.world.reforge(arguments);
        output.expect(3).expect_said("could not be started again").expect_said("is not there any more");
        assert_eq!(running(), before, "{arguments:?}");
    }
    scene.assert_settled("an image that is back");
}

#[test]
fn a_container_that_somebody_removed_is_created_again() {
    let scene = scene();
    let effects = scene.world.effects_of(&["restore", "run", &scene.id, &scene.snapshot, "--yes"]);
    let stop = effects.iter().position(|name| name == "docker-stop").unwrap() + 1;
    let container = containers::of(scene.engine, &scene.id);
    let up = container.iter().find(|container| container["State"] == "running").unwrap();
    let mut restore = scene.world.start_pausing(stop, &["restore", "run", &scene.id, &scene.snapshot, "--yes"]);
    assert!(restore.reaches_its_pause(), "{:?}", restore.wait());
    containers::remove(scene.engine, up["Id"].as_str().unwrap());
    restore.go_on();
    restore.wait().expect(0);
    scene.assert_settled("removed by somebody");
}

#[test]
fn a_container_that_cannot_be_killed_keeps_its_data_and_a_slow_engine_is_waited_for() {
    let scene = scene();
    let stuck = r#"{"message":"tried to kill container, but did not receive an exit event"}"#;
    scene.proxy.cause(&["/stop", "/kill"], Trouble::Answer(500, stuck.into()));
    let since = scene.world.volume(&scene.id, "data").join("since");
    std::fs::write(&since, "").unwrap();
    scene.world.restore(&scene.id, &scene.snapshot, &[]).expect(3).expect_said("did not receive an exit event");
    assert!(since.exists(), "nothing was exchanged");
    apps::writes_on(&scene.world.volume(&scene.id, "data"));
    scene.assert_settled("a stuck kill");
    scene.proxy.cause(&[""], Trouble::Late(Duration::from_millis(100)));
    scene.world.restore(&scene.id, &scene.snapshot, &[]).expect(0);
    assert!(!since.exists(), "restored");
    scene.assert_settled("a slow engine");
}

#[test]
fn recovery_waits_for_an_engine_that_does_not_answer_and_touches_nothing_meanwhile() {
    let scene = scene();
    let restore = ["restore", "run", &scene.id, &scene.snapshot, "--yes"];
    let effects = scene.world.effects_of(&restore);
    scene.world.ok(&["restore", "finish", &scene.world.transactions()[0], "--yes"]);
    let commit = effects.iter().position(|name| name == "record-commit").unwrap() + 1;
    let since = scene.world.volume(&scene.id, "data").join("since");
    std::fs::write(&since, "").unwrap();
    scene.world.faulty(&format!("{commit}:before"), &restore);
    assert!(!since.exists(), "exchanged and not committed");
    let failing = Trouble::Answer(500, r#"{"message":"the engine is ill"}"#.into());
    for (trouble, says) in [(Trouble::Hangup, "cannot be reached"), (failing, "the engine is ill")] {
        scene.proxy.cause(&[""], trouble);
        let output = scene.world.reforge(&["recover"]);
        assert_ne!(output.code, Some(0), "{output:?}");
        output.expect_said(says);
        assert!(!since.exists(), "nothing moves while nobody knows whether the app is down");
    }
    scene.assert_settled("an engine that came back");
    assert!(since.exists(), "as before");
}

#[test]
fn an_engine_that_accepts_and_never_answers_is_named_after_one_limit_by_every_command_that_asks_it() {
    let scene = scene();
    let limit = Duration::from_secs(2);
    let (id, snapshot) = (scene.id.as_str(), scene.snapshot.as_str());
    scene.proxy.cause(&[""], Trouble::Silence);
    for arguments in [
        &["workload", "adopt", "--compose", "shop"][..],
        &["workload", "adopt", "shop"],
        &["snapshot", "create", id],
        &["restore", "plan", id, snapshot],
        &["restore", "run", id, snapshot, "--yes"],
    ] {
        let began = Instant::now();
        let output = scene.world.command(arguments).env("REFORGE_ENGINE_MS", "2000").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success() && said.contains("did not answer within"), "{arguments:?}: {said}");
        assert!(began.elapsed() < 3 * limit, "{arguments:?} took {:?}", began.elapsed());
    }
    scene.assert_settled("it answers again");
}
