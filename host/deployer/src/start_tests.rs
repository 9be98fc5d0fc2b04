use std::sync::Mutex;

use super::*;
use crate::dispatch::{DeployRequest, Runtimes};
use reforge_base::Message;
use reforge_base::spec::{AppState, HealthReport, Observation};
use reforge_testing::world::{World, workload};
use reforge_transaction::lease::Locks;

/// One app that runs, or does not.
#[derive(Default)]
struct One {
    runs: Mutex<bool>,
    spec: Mutex<Option<DeploySpec>>,
    started: Mutex<Vec<Observation>>,
}

impl Runtime for One {
    fn observe(&self, _: &str) -> Result<Observation> {
        let state = if *self.runs.lock().unwrap() { AppState::Running } else { AppState::Stopped };
        Ok(Observation::new(state, self.spec.lock().unwrap().clone()).with_detail(serde_json::json!({ "id": "1" })))
    }
    fn create(&self, spec: &DeploySpec) -> Result<()> {
        *self.runs.lock().unwrap() = true;
        *self.spec.lock().unwrap() = Some(spec.clone());
        Ok(())
    }
    fn bring_back(&self, observation: &Observation) -> Result<()> {
        self.started.lock().unwrap().push(observation.clone());
        *self.runs.lock().unwrap() = true;
        Ok(())
    }
    fn hold(&self, _: &str) -> Result<()> {
        Ok(())
    }
    fn release(&self, _: &str) -> Result<()> {
        Ok(())
    }
    fn stop(&self, _: &str) -> Result<()> {
        *self.runs.lock().unwrap() = false;
        Ok(())
    }
    fn members(&self, _: &str) -> Result<Vec<i32>> {
        Ok(Vec::new())
    }
    fn is_down(&self, _: &str) -> Result<bool> {
        Ok(!*self.runs.lock().unwrap())
    }
    fn await_healthy(&self, _: &str, _: &dyn Fn() -> bool) -> Result<HealthReport> {
        Ok(HealthReport::new(Health::Healthy, "it says so"))
    }
    fn resolve_image(&self, spec: &DeploySpec) -> Result<String> {
        Ok(format!("digest of {}", spec.image))
    }
}

struct Scene {
    world: World,
    runtime: Arc<One>,
    deployer: Deployer,
    told: Arc<Mutex<Vec<Message>>>,
}

fn scene(refusal: Option<Failure>) -> Scene {
    let mut app = workload("a", "notes", "prod");
    app.command = vec!["/bin/app".to_owned()];
    let world = World::new().with([app]);
    let runtime = Arc::new(One::default());
    let runtimes = Runtimes::from([(reforge_config::PROCESS.into(), runtime.clone() as Arc<dyn Runtime>)]);
    let gate = Arc::new(move |_: &str| refusal.clone().map_or(Ok(()), Err));
    let told: Arc<Mutex<Vec<Message>>> = Arc::default();
    let hears = told.clone();
    let deployer =
        Deployer::new(Arc::new(world.config.clone()), &world.state, Locks::new(&world.state), runtimes, gate)
            .telling(Arc::new(move |message| hears.lock().unwrap().push(message.clone())));
    Scene { world, runtime, deployer, told }
}

impl Scene {
    fn run(&self, request: DeployRequest) -> Result<Deployed> {
        self.deployer.dispatch(&request, false, &|| false)
    }

    fn deployed(&self) {
        self.run(DeployRequest::Deploy { workload: "a".into(), make_empty: Vec::new(), replace: false }).unwrap();
    }

    fn stop(&self) {
        self.run(DeployRequest::Stop { workload: "a".into() }).unwrap();
    }

    fn start(&self) -> Result<Deployed> {
        self.run(DeployRequest::Start { workload: "a".into() })
    }
}

#[test]
fn what_ran_before_the_stop_is_what_is_started() {
    let scene = scene(None);
    assert_eq!(scene.start().unwrap_err().code, Code::NotFound, "nothing was stopped");
    scene.deployed();
    let before = scene.runtime.observe("a").unwrap();
    scene.stop();
    scene.stop();
    let done = scene.start().unwrap();
    assert_eq!(done.spec, before.spec);
    assert_eq!(*scene.runtime.started.lock().unwrap(), [before]);
    // It runs: nothing is started twice.
    scene.start().unwrap();
    assert_eq!(scene.runtime.started.lock().unwrap().len(), 1);
    // A deploy is what there is from then on.
    scene.deployed();
    *scene.runtime.runs.lock().unwrap() = false;
    assert_eq!(scene.start().unwrap_err().code, Code::NotFound);
}

#[test]
fn a_workload_that_may_not_be_touched_is_not_started_and_can_be_stopped() {
    let scene = scene(Some(Failure::new(Code::Unfinished, "a restore is unfinished")));
    *scene.runtime.runs.lock().unwrap() = true;
    *scene.runtime.spec.lock().unwrap() = Some(DeploySpec::new("a", "/bin/app"));
    scene.stop();
    assert_eq!(scene.start().unwrap_err().code, Code::Unfinished);
    assert!(scene.runtime.started.lock().unwrap().is_empty());
}

#[test]
fn a_stop_that_cannot_be_written_down_is_a_stop() {
    let scene = scene(None);
    scene.deployed();
    std::fs::remove_dir_all(scene.world.state.deployments()).unwrap();
    scene.stop();
    assert!(!*scene.runtime.runs.lock().unwrap());
    assert_eq!(scene.told.lock().unwrap().len(), 1);
}
