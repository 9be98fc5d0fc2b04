use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::*;
use reforge_base::Message;
use reforge_base::spec::{AppState, Observation};
use reforge_config::scope::Scope;
use reforge_testing::world::{WithVolume as _, World, workload};

/// A runtime that does what its script says and writes down what it was asked.
#[derive(Default)]
struct Scripted {
    calls: Mutex<Vec<String>>,
    running: Mutex<BTreeMap<String, DeploySpec>>,
    /// What the file of the image is now.
    digest: Mutex<String>,
    create_fails: Mutex<Option<Code>>,
    bad: Mutex<bool>,
    unstoppable: Mutex<bool>,
    /// What is moved away while an image is fetched.
    loses: Mutex<Option<PathBuf>>,
}

impl Scripted {
    fn call(&self, what: String) {
        self.calls.lock().unwrap().push(what);
    }

    fn taken_calls(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    fn spec(&self, name: &str) -> DeploySpec {
        self.running.lock().unwrap()[name].clone()
    }
}

impl Runtime for Scripted {
    fn observe(&self, workload: &str) -> Result<Observation> {
        let spec = self.running.lock().unwrap().get(workload).cloned();
        let state = if spec.is_some() { AppState::Running } else { AppState::Absent };
        Ok(Observation::new(state, spec))
    }
    fn create(&self, spec: &DeploySpec) -> Result<()> {
        self.call(format!("create {}", spec.workload));
        if let Some(code) = self.create_fails.lock().unwrap().clone() {
            return Err(Failure::new(code, "the script says no"));
        }
        self.running.lock().unwrap().insert(spec.workload.clone(), spec.clone());
        Ok(())
    }
    fn bring_back(&self, _: &Observation) -> Result<()> {
        unreachable!("no deploy brings an old instance back")
    }
    fn members(&self, _: &str) -> Result<Vec<i32>> {
        unreachable!("no deploy asks who holds a volume")
    }
    fn hold(&self, _: &str) -> Result<()> {
        unreachable!("no deploy holds the app")
    }
    fn release(&self, workload: &str) -> Result<()> {
        self.call(format!("release {workload}"));
        Ok(())
    }
    fn stop(&self, workload: &str) -> Result<()> {
        self.call(format!("stop {workload}"));
        self.running.lock().unwrap().remove(workload);
        Ok(())
    }
    fn is_down(&self, workload: &str) -> Result<bool> {
        Ok(!*self.unstoppable.lock().unwrap() && !self.running.lock().unwrap().contains_key(workload))
    }
    fn await_healthy(&self, workload: &str, _: &dyn Fn() -> bool) -> Result<HealthReport> {
        self.call(format!("await {workload}"));
        let bad = *self.bad.lock().unwrap();
        let health = if bad { Health::ConfirmedBad } else { Health::Healthy };
        Ok(HealthReport::new(health, "it says so"))
    }
    fn fetch_image(&self, _: &DeploySpec, _: &dyn Fn(&Message), _: &dyn Fn() -> bool) -> Result<()> {
        if let Some(lost) = self.loses.lock().unwrap().take() {
            std::fs::rename(&lost, lost.with_file_name("aside")).unwrap();
        }
        Ok(())
    }
    fn resolve_image(&self, spec: &DeploySpec) -> Result<String> {
        Ok(format!("{} of {}", self.digest.lock().unwrap(), spec.image))
    }
}

struct Scene {
    world: World,
    runtime: Arc<Scripted>,
    deployer: Deployer,
}

/// `a` in prod and `b` in test of `notes`, `c` of another project, `d` in docker; each with `data` of its stage.
fn scene() -> Scene {
    scene_with(|_| {}, Arc::new(|_| Ok(())))
}

fn scene_with(change: impl FnOnce(&mut Config), gate: Gate) -> Scene {
    let app = |id: &str, project: &str, stage: &str| {
        let mut app = workload(id, project, stage).volume("data", Scope::Stage, "deep/data");
        app.command = ["/bin/app", "{volume:data}"].map(str::to_owned).into();
        app
    };
    let mut docker = app("d", "docker", "prod");
    docker.runtime = reforge_config::DOCKER.into();
    docker.image = Some("acme/notes:1".to_owned());
    let mut world =
        World::new().with([app("a", "notes", "prod"), app("b", "notes", "test"), app("c", "other", "prod"), docker]);
    change(&mut world.config);
    let runtime = Arc::new(Scripted::default());
    let deployer = deployer(&world, &runtime, gate);
    Scene { world, runtime, deployer }
}

fn deployer(world: &World, runtime: &Arc<Scripted>, gate: Gate) -> Deployer {
    let runtimes = Runtimes::from([(reforge_config::PROCESS.into(), runtime.clone() as Arc<dyn Runtime>)]);
    Deployer::new(Arc::new(world.config.clone()), &world.state, Locks::new(&world.state), runtimes, gate)
}

impl Scene {
    fn run(&self, request: DeployRequest) -> Result<Deployed> {
        self.deployer.dispatch(&request, false, &|| false)
    }

    /// What a restore does under its own lease.
    fn redeploy(&self, lease: &Lease, spec: &DeploySpec) -> Result<HealthReport> {
        let runtime = self.deployer.runtime_named("process")?;
        self.deployer.create_under(lease, spec, runtime)?;
        self.deployer.await_under(lease, runtime, &|| false)
    }

    /// The same host after its configuration changed.
    fn reconfigured(mut self, change: impl FnOnce(&mut Config)) -> Scene {
        change(&mut self.world.config);
        self.deployer = deployer(&self.world, &self.runtime, Arc::new(|_| Ok(())));
        self
    }
}

fn deploy(workload: &str) -> DeployRequest {
    DeployRequest::Deploy { workload: workload.to_owned(), make_empty: Vec::new(), replace: false }
}

fn rollback(workload: &str) -> DeployRequest {
    DeployRequest::Rollback { workload: workload.to_owned() }
}

fn promote(from: &str, to: &str) -> DeployRequest {
    DeployRequest::Promote { from: from.to_owned(), to: to.to_owned() }
}

fn preview(image: &str) -> DeployRequest {
    DeployRequest::Preview { workload: "a".to_owned(), image: image.to_owned() }
}

fn stop() -> DeployRequest {
    DeployRequest::Stop { workload: "a".to_owned() }
}

/// Where `{volume:NAME}` leads.
fn directories(spec: &DeploySpec) -> Vec<&Path> {
    spec.mounts.iter().map(|mount| mount.live.as_path()).collect()
}

fn mode_and_owner(path: &Path) -> (u32, u32, u32) {
    let metadata = std::fs::metadata(path).unwrap();
    (metadata.mode() & 0o7777, metadata.uid(), metadata.gid())
}

#[test]
fn a_deploy_makes_absent_volumes_for_the_apps_user_and_runs_the_configuration() {
    let scene = scene_with(|config| config.workloads[0].user = Some("1234:99".to_owned()), Arc::new(|_| Ok(())));
    let deployed = scene.run(deploy("a")).unwrap();
    let live = scene.world.root.join("volumes/notes/prod/deep/data");
    assert_eq!(mode_and_owner(&live), (0o755, 1234, 99));
    for parent in ["volumes/notes", "volumes/notes/prod", "volumes/notes/prod/deep"] {
        assert_eq!(mode_and_owner(&scene.world.root.join(parent)), (0o755, 0, 0), "{parent}");
    }
    assert_eq!(scene.runtime.taken_calls(), ["release a", "create a", "await a"]);
    let spec = deployed.spec.unwrap();
    assert_eq!(spec.command, ["/bin/app", "{volume:data}"]);
    assert_eq!(directories(&spec), [live.as_path()]);
    assert_eq!(spec, scene.runtime.spec("a"));
    assert_eq!(spec.image_digest, format!(" of {}", spec.image));
    assert_eq!(scene.deployer.history().read("a").unwrap().current, Some(spec));
    std::fs::write(live.join("kept"), "x").unwrap();
    scene.run(deploy("a")).unwrap();
    assert!(live.join("kept").exists());
}

#[test]
fn a_deploy_names_what_it_makes_and_makes_nothing_for_a_volume_that_had_a_directory_unless_asked() {
    let scene = scene();
    let made = |name: &str| scene.world.root.join("volumes/notes/prod/deep").join(name);
    let one = |name: &str| vec![Made { volume: "data".to_owned(), path: made(name) }];
    assert_eq!(scene.run(deploy("a")).unwrap().made, one("data"));
    assert_eq!(scene.run(deploy("a")).unwrap().made, []);
    let (data, typo) = (made("data"), made("typo"));
    let lost = scene;
    std::fs::rename(&data, data.with_file_name("aside")).unwrap();
    lost.runtime.taken_calls();
    for request in [deploy("a"), rollback("a")] {
        let failure = lost.run(request).unwrap_err();
        assert!(matches!(failure.code, Code::VolumeRefused | Code::NotFound), "{failure}");
    }
    std::fs::rename(data.with_file_name("aside"), &data).unwrap();
    let lost = lost.reconfigured(|config| config.workloads[0].volumes[0].source = Some("deep/typo".to_owned()));
    let failure = lost.run(deploy("a")).unwrap_err();
    let (shown, had) = (typo.display(), data.display());
    let message = format!("volume `data` of `a` has no directory `{shown}`, and the deployed app has it at `{had}`");
    assert_eq!((failure.code, failure.message), (Code::VolumeRefused, message.into()));
    assert!(failure.hint.contains("--make-empty data"), "{}", failure.hint);
    assert_eq!(lost.runtime.taken_calls(), [] as [&str; 0]);
    assert!(!typo.exists());
    let asked = |name: &str| {
        let make_empty = vec![name.to_owned()];
        DeployRequest::Deploy { workload: "a".to_owned(), make_empty, replace: false }
    };
    assert_eq!(lost.run(asked("dta")).unwrap_err().code, Code::Usage);
    assert_eq!(lost.run(asked("data")).unwrap().made, [Made { volume: "data".to_owned(), path: typo }]);
}

#[test]
fn a_directory_that_is_lost_while_the_image_comes_is_not_made_again() {
    let scene = scene();
    let data = scene.run(deploy("a")).unwrap().made.remove(0).path;
    scene.runtime.taken_calls();
    *scene.runtime.loses.lock().unwrap() = Some(data.clone());
    assert_eq!(scene.run(deploy("a")).unwrap_err().code, Code::VolumeRefused);
    assert_eq!(scene.runtime.taken_calls(), [] as [&str; 0]);
    assert!(!data.exists());
}

#[test]
fn a_deploy_that_is_refused_makes_and_starts_nothing() {
    let outside = |config: &mut Config| {
        let app = config.workloads[0].clone();
        config.workloads[0] = app.volume("etc", Scope::Absolute, "/etc/x").volume("usr", Scope::Absolute, "/usr/x");
    };
    let scene = scene_with(outside, Arc::new(|_| Ok(())));
    let failure = scene.run(deploy("a")).unwrap_err();
    assert_eq!(failure.code, Code::VolumeRefused);
    assert!(failure.message.contains("`etc`") && failure.message.contains("`usr`"), "{}", failure.message);
    assert!(!scene.world.root.join("volumes/notes").exists());
    assert_eq!(scene.runtime.taken_calls(), [] as [&str; 0]);
}

#[test]
fn a_deploy_does_not_go_through_links_to_make_directories() {
    let scene = scene();
    let elsewhere = scene.world.live("elsewhere");
    scene.world.live("volumes/notes");
    std::os::unix::fs::symlink(&elsewhere, scene.world.root.join("volumes/notes/prod")).unwrap();
    assert_eq!(scene.run(deploy("a")).unwrap_err().code, Code::VolumeRefused);
    assert_eq!(std::fs::read_dir(elsewhere).unwrap().count(), 0);
}

#[test]
fn every_request_takes_the_lease_and_is_refused_while_a_restore_holds_it() {
    let scene = scene();
    scene.run(deploy("a")).unwrap();
    scene.run(deploy("b")).unwrap();
    scene.runtime.taken_calls();
    let lease = scene.deployer.locks().try_lease("a", "restore 2026").unwrap();
    for request in [deploy("a"), rollback("a"), promote("b", "a"), preview("/bin/x"), stop()] {
        let failure = scene.run(request.clone()).unwrap_err();
        assert_eq!(failure.code, Code::Busy, "{request:?}");
        assert!(failure.message.starts_with("`a` is held by restore 2026 "), "{}", failure.message);
        let failure = scene.deployer.dispatch(&request, true, &|| true).unwrap_err();
        assert_eq!(failure.code, Code::Cancelled, "{request:?}");
    }
    assert_eq!(scene.runtime.taken_calls(), [] as [&str; 0]);
    scene.run(promote("a", "b")).expect("only the lease of the target is taken");
    drop(lease);
    scene.run(deploy("a")).unwrap();
}

#[test]
fn what_blocks_a_workload_blocks_every_deploy_of_it_but_not_a_stop() {
    let gate: Gate = Arc::new(|workload| match workload {
        "a" => Err(Failure::new(Code::NeedsOperator, "a restore needs a person")),
        _ => Ok(()),
    });
    let scene = scene_with(|_| {}, gate);
    scene.run(deploy("b")).unwrap();
    scene.runtime.taken_calls();
    for request in [deploy("a"), rollback("a"), promote("b", "a"), preview("/bin/x")] {
        assert_eq!(scene.run(request).unwrap_err().code, Code::NeedsOperator);
    }
    assert_eq!(scene.runtime.taken_calls(), [] as [&str; 0]);
    assert!(!scene.world.root.join("volumes/notes/prod").exists());
    scene.run(stop()).unwrap();
}

#[test]
fn a_rollback_goes_to_the_previous_image_and_back_again() {
    let scene = scene();
    let failure = scene.run(rollback("a")).unwrap_err();
    assert_eq!((failure.code, failure.message.as_str()), (Code::NotFound, "`a` has no previous image"));
    let first = scene.run(deploy("a")).unwrap().spec.unwrap();
    let scene = scene.reconfigured(|config| config.workloads[0].command[0] = "/bin/newer".to_owned());
    let second = scene.run(deploy("a")).unwrap().spec.unwrap();
    assert_eq!(second.command[0], "/bin/newer");
    assert_eq!(scene.run(rollback("a")).unwrap().spec.unwrap(), first);
    assert_eq!(scene.run(rollback("a")).unwrap().spec.unwrap(), second);
}

#[test]
fn a_rollback_to_a_file_that_changed_is_refused() {
    let scene = scene();
    scene.run(deploy("a")).unwrap();
    *scene.runtime.digest.lock().unwrap() = "upgraded".to_owned();
    scene.run(deploy("a")).unwrap();
    scene.runtime.taken_calls();
    assert_eq!(scene.run(rollback("a")).unwrap_err().code, Code::Drift);
    assert_eq!(scene.runtime.taken_calls(), [] as [&str; 0]);
}

#[test]
fn a_promotion_runs_the_image_of_one_stage_on_the_volumes_of_the_other() {
    let scene = scene().reconfigured(|config| config.workloads[1].command[0] = "/bin/newer".to_owned());
    let failure = scene.run(promote("b", "a")).unwrap_err();
    assert_eq!(failure.message, "cannot promote `b` to `a`: `b` was never deployed");
    scene.run(deploy("b")).unwrap();
    let promoted = scene.run(promote("b", "a")).unwrap();
    let live = scene.world.root.join("volumes/notes/prod/deep/data");
    assert_eq!(promoted.name, "a");
    let spec = promoted.spec.unwrap();
    assert_eq!((spec.command[0].as_str(), directories(&spec)), ("/bin/newer", vec![live.as_path()]));
    for (from, to, clause) in [("a", "a", "they are the same"), ("c", "a", "their projects are `other` and `notes`")] {
        let message = scene.run(promote(from, to)).unwrap_err().message;
        assert_eq!(message, format!("cannot promote `{from}` to `{to}`: {clause}"));
    }
    assert_eq!(scene.run(promote("nobody", "a")).unwrap_err().code, Code::NotFound);
}

#[test]
fn a_bad_deploy_is_a_failure_that_is_left_as_it_is_and_can_be_rolled_back() {
    let scene = scene();
    let good = scene.run(deploy("a")).unwrap().spec;
    let scene = scene.reconfigured(|config| config.workloads[0].command[0] = "/bin/bad".to_owned());
    *scene.runtime.bad.lock().unwrap() = true;
    let failure = scene.run(deploy("a")).unwrap_err();
    assert_eq!((failure.code, failure.message.as_str()), (Code::AppBad, "`a` was deployed and is bad: it says so"));
    assert_eq!(scene.runtime.spec("a").command[0], "/bin/bad");
    *scene.runtime.bad.lock().unwrap() = false;
    assert_eq!(scene.run(rollback("a")).unwrap().spec, good);
}

#[test]
fn a_create_that_replaced_nothing_leaves_the_record_and_one_that_started_something_bad_does_not() {
    let scene = scene();
    scene.run(deploy("a")).unwrap();
    let before = scene.deployer.history().read("a").unwrap();
    let scene = scene.reconfigured(|config| config.workloads[0].command[0] = "/bin/newer".to_owned());
    for (code, recorded) in [(Code::Runtime, false), (Code::AppBad, true)] {
        *scene.runtime.create_fails.lock().unwrap() = Some(code.clone());
        assert_eq!(scene.run(deploy("a")).unwrap_err().code, code);
        assert_eq!(scene.deployer.history().read("a").unwrap() != before, recorded, "{code}");
    }
    assert_eq!(scene.deployer.history().read("a").unwrap().previous, before.current);
}

#[test]
fn a_stop_that_does_not_stop_is_a_failure() {
    let scene = scene();
    scene.run(deploy("a")).unwrap();
    *scene.runtime.unstoppable.lock().unwrap() = true;
    assert_eq!(scene.run(stop()).unwrap_err().code, Code::NotDown);
}

#[test]
fn a_restore_redeploys_under_its_own_lease_and_no_other() {
    let scene = scene();
    let spec = scene.run(deploy("a")).unwrap().spec.unwrap();
    let record = scene.deployer.history().read("a").unwrap();
    let (lease, other) = (
        scene.deployer.locks().try_lease("a", "restore").unwrap(),
        scene.deployer.locks().try_lease("b", "x").unwrap(),
    );
    let report = scene.redeploy(&lease, &spec).unwrap();
    assert_eq!(report.health, Health::Healthy);
    assert_eq!(scene.deployer.history().read("a").unwrap(), record);
    let failure = scene.redeploy(&other, &spec).unwrap_err();
    assert_eq!((failure.code, failure.message.as_str()), (Code::OutOfOrder, "the lease of `b` was used for `a`"));
    *scene.runtime.bad.lock().unwrap() = true;
    let report = scene.redeploy(&lease, &spec).unwrap();
    assert_eq!(report.health, Health::ConfirmedBad, "what follows is the restore's to decide");
}

#[test]
fn a_runtime_that_this_build_lacks_is_named() {
    let scene = scene();
    let failure = scene.run(deploy("d")).unwrap_err();
    assert_eq!(failure.code, Code::Runtime);
    assert_eq!(failure.message, "`d` needs the runtime `docker`, which this build does not have");
}

#[test]
fn an_app_that_the_configuration_lost_still_has_its_runtime() {
    let scene = scene();
    let spec = scene.run(deploy("a")).unwrap().spec.unwrap();
    let scene = scene.reconfigured(|config| config.workloads.clear());
    let lease = scene.deployer.locks().try_lease("a", "recovery").unwrap();
    scene.redeploy(&lease, &spec).unwrap();
}

#[path = "preview_tests.rs"]
mod previews;
