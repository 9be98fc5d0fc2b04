//! What every runtime must do, one function per claim. A test file for a runtime gives each a fresh [`World`].
//!
//! Apps are shell scripts that leave marks in their volume; `{volume:data}` stands for it. Nothing sleeps to
//! synchronise: a condition is waited for, with a deadline.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use reforge_base::Code;
use reforge_base::spec::{AppState, Container, DeploySpec, Health, HealthCheck, Mount};
use reforge_runtime::Runtime;

/// Hands the name of every claim to the macro that makes tests of them, so that no runtime can leave one out.
macro_rules! every_claim {
    ($make:ident) => {
        $make! {
            an_app_that_was_never_deployed_is_absent_and_down
            a_created_app_runs_and_is_observed_with_its_spec
            a_stopped_app_is_down_and_can_be_stopped_again
            a_new_app_replaces_the_old_one
            an_app_runs_as_the_given_user_with_its_groups
            an_app_gets_the_environment_of_its_spec
            the_stop_signal_is_the_one_of_the_spec
            an_app_that_ignores_the_stop_signal_is_killed_at_the_limit
            a_child_that_left_its_session_ends_with_the_app
            an_app_is_not_down_while_a_child_outlives_it
            a_command_that_does_not_exist_is_app_bad_and_named
            an_app_that_ends_at_once_is_confirmed_bad_with_what_it_said
            an_app_without_a_check_is_healthy_when_it_has_settled
            an_app_is_healthy_when_its_check_passes
            a_check_that_never_passes_leaves_it_unknown
            a_check_that_hangs_is_killed_at_the_limit
            a_check_that_passes_without_the_app_is_not_believed
            waiting_for_health_can_be_cancelled
            an_app_that_ends_is_started_again_and_known_to_crash_loop
            the_pause_between_starts_grows
            a_held_app_is_not_started_again_until_it_is_released
            a_hold_ends_a_crash_loop
            an_app_created_under_a_hold_that_ends_once_is_confirmed_bad
            bringing_back_starts_what_ran_and_only_if_it_is_down
        }
    };
}

const DEADLINE: Duration = Duration::from_secs(30);

/// A volume and the specs of apps that use it.
pub(crate) struct World {
    pub root: tempfile::TempDir,
    pub live: PathBuf,
    /// What apps run from; none for what the machine has.
    pub image: Option<String>,
    pub container: Container,
}

impl World {
    pub(crate) fn new() -> World {
        let root = tempfile::tempdir().expect("temporary directory");
        let live = root.path().join("live");
        std::fs::create_dir(&live).expect("made");
        for path in [root.path(), &live] {
            let mode = std::os::unix::fs::PermissionsExt::from_mode(if path == live { 0o777 } else { 0o755 });
            std::fs::set_permissions(path, mode).expect("opened to the app's user");
        }
        World { root, live, image: None, container: Container::default() }
    }

    /// An app that is a shell script.
    pub(crate) fn spec(&self, script: &str) -> DeploySpec {
        let mut spec = DeploySpec::new("notes", self.image.as_deref().unwrap_or(script));
        spec.command = ["sh", "-c", script].map(str::to_owned).to_vec();
        spec.mounts = vec![Mount::new("data", &self.live, "/data")];
        spec.stop_timeout = Duration::from_secs(5);
        spec.container = self.container.clone();
        spec
    }

    /// What a script has written; empty if it has not.
    pub(crate) fn mark(&self, name: &str) -> String {
        std::fs::read_to_string(self.live.join(name)).unwrap_or_default().trim().to_owned()
    }

    pub(crate) fn wait_for_mark(&self, name: &str) -> String {
        eventually(name, || !self.mark(name).is_empty());
        self.mark(name)
    }

    pub(crate) fn count(&self, name: &str) -> usize {
        self.mark(name).lines().count()
    }
}

/// Waits until something is so.
pub(crate) fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < DEADLINE, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn state(runtime: &dyn Runtime) -> AppState {
    runtime.observe("notes").expect("observed").state
}

fn check(script: &str, limit: Duration) -> Option<HealthCheck> {
    let command = ["sh", "-c", script].map(str::to_owned).to_vec();
    Some(HealthCheck { member: None, command, interval: Duration::from_millis(20), limit })
}

fn never() -> bool {
    false
}

/// Whether a process that wrote its pid is alive.
pub(crate) fn is_alive(pid: &str) -> bool {
    Path::new("/proc").join(pid).join("exe").read_link().is_ok()
}

/// Runs until it is told not to, and marks each start.
pub(crate) const STEADY: &str = "echo x >> {volume:data}/starts; while :; do sleep 0.02; done";
/// Ends at once, and marks each start.
pub(crate) const BRIEF: &str = "echo x >> {volume:data}/starts; echo no config >&2; exit 3";

pub(crate) fn an_app_that_was_never_deployed_is_absent_and_down(runtime: &dyn Runtime, _world: &World) {
    let observation = runtime.observe("notes").expect("observed");
    assert_eq!((observation.state, observation.spec), (AppState::Absent, None));
    assert!(runtime.is_down("notes").expect("told"));
    runtime.stop("notes").expect("nothing to do");
    runtime.release("notes").expect("nothing to do");
    assert_eq!(state(runtime), AppState::Absent);
}

pub(crate) fn a_created_app_runs_and_is_observed_with_its_spec(runtime: &dyn Runtime, world: &World) {
    let spec = world.spec(STEADY);
    runtime.create(&spec).expect("created");
    world.wait_for_mark("starts");
    let observation = runtime.observe("notes").expect("observed");
    let mut seen = observation.spec.expect("it is deployed");
    // Where nobody said which image it is to be, a runtime may say which one it was.
    seen.image_digest.clone_from(&spec.image_digest);
    assert_eq!((observation.state, seen), (AppState::Running, spec));
    assert!(!runtime.is_down("notes").expect("told"));
}

pub(crate) fn a_stopped_app_is_down_and_can_be_stopped_again(runtime: &dyn Runtime, world: &World) {
    runtime.create(&world.spec("echo $$ > {volume:data}/pid; while :; do sleep 0.02; done")).expect("created");
    let pid = world.wait_for_mark("pid");
    for _ in 0..2 {
        runtime.stop("notes").expect("stopped");
        assert!(!is_alive(&pid));
        assert!(runtime.is_down("notes").expect("told"));
        assert_eq!(state(runtime), AppState::Stopped);
    }
}

pub(crate) fn a_new_app_replaces_the_old_one(runtime: &dyn Runtime, world: &World) {
    runtime.create(&world.spec("echo $$ > {volume:data}/old; while :; do sleep 0.02; done")).expect("created");
    let old = world.wait_for_mark("old");
    runtime.create(&world.spec("echo $$ > {volume:data}/new; while :; do sleep 0.02; done")).expect("created");
    assert!(!is_alive(&old));
    world.wait_for_mark("new");
    assert_eq!(state(runtime), AppState::Running);
}

pub(crate) fn an_app_runs_as_the_given_user_with_its_groups(runtime: &dyn Runtime, world: &World) {
    let mut spec = world.spec("id -u > {volume:data}/uid; id -G > {volume:data}/groups; exec sleep 60");
    spec.user = Some("nobody".to_owned());
    runtime.create(&spec).expect("created");
    let id = |what| std::process::Command::new("id").args([what, "nobody"]).output().expect("id runs").stdout;
    assert_eq!(world.wait_for_mark("uid").as_bytes(), id("-u").trim_ascii());
    assert_eq!(world.wait_for_mark("groups").as_bytes(), id("-G").trim_ascii());
}

pub(crate) fn an_app_gets_the_environment_of_its_spec(runtime: &dyn Runtime, world: &World) {
    let mut spec = world.spec("echo \"$GREETING/$HOME\" > {volume:data}/said; exec sleep 60");
    spec.environment.push(("GREETING".to_owned(), "hello $HOME".to_owned()));
    runtime.create(&spec).expect("created");
    assert!(world.wait_for_mark("said").starts_with("hello $HOME/"));
}

pub(crate) fn the_stop_signal_is_the_one_of_the_spec(runtime: &dyn Runtime, world: &World) {
    let script = "trap 'echo int > {volume:data}/got; exit' INT; trap 'echo term > {volume:data}/got' TERM;
        echo x > {volume:data}/ready; while :; do sleep 0.02; done";
    let mut spec = world.spec(script);
    spec.stop_signal = "SIGINT".to_owned();
    runtime.create(&spec).expect("created");
    world.wait_for_mark("ready");
    runtime.stop("notes").expect("stopped");
    assert_eq!(world.mark("got"), "int");
}

pub(crate) fn an_app_that_ignores_the_stop_signal_is_killed_at_the_limit(runtime: &dyn Runtime, world: &World) {
    let mut spec = world.spec("trap '' TERM; echo $$ > {volume:data}/pid; while :; do sleep 0.02; done");
    spec.stop_timeout = Duration::from_millis(300);
    runtime.create(&spec).expect("created");
    let pid = world.wait_for_mark("pid");
    let start = Instant::now();
    runtime.stop("notes").expect("stopped");
    assert!(start.elapsed() >= spec.stop_timeout, "killed before its time");
    assert!(!is_alive(&pid));
}

/// Leaves a child that has its own session, whose parent has ended, and that does not end when asked.
const LEAVES_A_CHILD: &str =
    "(setsid sh -c 'trap \"\" TERM; echo $$ > {volume:data}/child; while :; do sleep 0.02; done' &)
    while [ ! -s {volume:data}/child ]; do sleep 0.02; done; ";

pub(crate) fn a_child_that_left_its_session_ends_with_the_app(runtime: &dyn Runtime, world: &World) {
    let mut spec = world.spec(&format!("{LEAVES_A_CHILD} exec sleep 60"));
    spec.stop_timeout = Duration::from_millis(100);
    runtime.create(&spec).expect("created");
    let child = world.wait_for_mark("child");
    runtime.stop("notes").expect("stopped");
    assert!(!is_alive(&child));
}

pub(crate) fn an_app_is_not_down_while_a_child_outlives_it(runtime: &dyn Runtime, world: &World) {
    let mut spec = world.spec(&format!("{LEAVES_A_CHILD} echo x > {{volume:data}}/over"));
    spec.stop_timeout = Duration::from_millis(100);
    runtime.hold("notes").expect("held");
    runtime.create(&spec).expect("created");
    let child = world.wait_for_mark("child");
    world.wait_for_mark("over");
    eventually("down or the child alive", || is_alive(&child) != runtime.is_down("notes").expect("told"));
    eventually("down in the end", || runtime.is_down("notes").expect("told"));
    assert!(!is_alive(&child));
}

pub(crate) fn a_command_that_does_not_exist_is_app_bad_and_named(runtime: &dyn Runtime, world: &World) {
    let mut spec = world.spec("");
    for (command, says) in [("/nonexistent/notes-server", "no such file"), ("/etc/passwd", "not executable")] {
        spec.command = vec![command.to_owned()];
        let failure = runtime.create(&spec).expect_err("cannot be started");
        assert_eq!(failure.code, Code::AppBad);
        assert!(failure.message.contains(command) && failure.message.contains(says), "{}", failure.message);
        assert!(runtime.is_down("notes").expect("told"));
        assert_eq!(state(runtime), AppState::Stopped);
    }
}

pub(crate) fn an_app_that_ends_at_once_is_confirmed_bad_with_what_it_said(runtime: &dyn Runtime, world: &World) {
    runtime.create(&world.spec(BRIEF)).expect("created");
    let report = runtime.await_healthy("notes", &never).expect("told");
    assert_eq!(report.health, Health::ConfirmedBad, "{}", report.reason);
    assert!(report.reason.contains("status 3") && report.reason.contains("no config"), "{}", report.reason);
}

pub(crate) fn an_app_without_a_check_is_healthy_when_it_has_settled(runtime: &dyn Runtime, world: &World) {
    runtime.create(&world.spec(STEADY)).expect("created");
    let report = runtime.await_healthy("notes", &never).expect("told");
    assert_eq!(report.health, Health::Healthy, "{}", report.reason);
    assert_eq!(world.count("starts"), 1);
}

pub(crate) fn an_app_is_healthy_when_its_check_passes(runtime: &dyn Runtime, world: &World) {
    let mut spec = world.spec("sleep 0.3; id -u > {volume:data}/up; while :; do sleep 0.02; done");
    spec.user = Some("nobody".to_owned());
    spec.health = check("test -s {volume:data}/up && id -u > {volume:data}/probe", DEADLINE);
    runtime.create(&spec).expect("created");
    let report = runtime.await_healthy("notes", &never).expect("told");
    assert_eq!(report.health, Health::Healthy, "{}", report.reason);
    assert_eq!(world.mark("probe"), world.mark("up"), "the check runs as the app's user");
}

pub(crate) fn a_check_that_never_passes_leaves_it_unknown(runtime: &dyn Runtime, world: &World) {
    let mut spec = world.spec(STEADY);
    spec.health = check("exit 7", Duration::from_millis(500));
    runtime.create(&spec).expect("created");
    let report = runtime.await_healthy("notes", &never).expect("told");
    assert_eq!(report.health, Health::Unknown, "{}", report.reason);
    assert!(report.reason.contains("status 7"), "{}", report.reason);
    assert_eq!(state(runtime), AppState::Running);
}

pub(crate) fn a_check_that_hangs_is_killed_at_the_limit(runtime: &dyn Runtime, world: &World) {
    let mut spec = world.spec(STEADY);
    spec.health = check("echo $$ > {volume:data}/probe; sleep 60; :", Duration::from_millis(500));
    runtime.create(&spec).expect("created");
    let report = runtime.await_healthy("notes", &never).expect("told");
    assert_eq!(report.health, Health::Unknown, "{}", report.reason);
    assert!(!is_alive(&world.wait_for_mark("probe")));
}

pub(crate) fn a_check_that_passes_without_the_app_is_not_believed(runtime: &dyn Runtime, world: &World) {
    let mut spec = world.spec(BRIEF);
    spec.health = check("sleep 0.3", DEADLINE);
    runtime.create(&spec).expect("created");
    let report = runtime.await_healthy("notes", &never).expect("told");
    assert_eq!(report.health, Health::ConfirmedBad, "{}", report.reason);
    assert!(report.reason.contains("3 times"), "{}", report.reason);
}

pub(crate) fn waiting_for_health_can_be_cancelled(runtime: &dyn Runtime, world: &World) {
    let mut spec = world.spec(STEADY);
    spec.health = check("exit 1", DEADLINE);
    runtime.create(&spec).expect("created");
    let asked = std::cell::Cell::new(0);
    let cancelled = || {
        asked.set(asked.get() + 1);
        asked.get() > 2
    };
    let report = runtime.await_healthy("notes", &cancelled).expect("told");
    assert_eq!(report.health, Health::Unknown);
    assert!(report.reason.contains("cancelled"), "{}", report.reason);
}

pub(crate) fn an_app_that_ends_is_started_again_and_known_to_crash_loop(runtime: &dyn Runtime, world: &World) {
    runtime.create(&world.spec(BRIEF)).expect("created");
    eventually("four starts", || world.count("starts") >= 4);
    assert_eq!(state(runtime), AppState::CrashLooping);
    assert!(!runtime.is_down("notes").expect("told"));
    runtime.stop("notes").expect("stopped");
    assert_eq!(state(runtime), AppState::Stopped);
}

pub(crate) fn the_pause_between_starts_grows(runtime: &dyn Runtime, world: &World) {
    let start = Instant::now();
    runtime.create(&world.spec(BRIEF)).expect("created");
    eventually("five starts", || world.count("starts") >= 5);
    assert!(start.elapsed() >= Duration::from_millis(100 + 200 + 400 + 800));
}

pub(crate) fn a_held_app_is_not_started_again_until_it_is_released(runtime: &dyn Runtime, world: &World) {
    let script = "echo x >> {volume:data}/starts; until test -e {volume:data}/end; do sleep 0.02; done";
    runtime.create(&world.spec(script)).expect("created");
    world.wait_for_mark("starts");
    runtime.hold("notes").expect("held");
    assert_eq!(state(runtime), AppState::Running, "a hold does not stop anything");
    std::fs::write(world.live.join("end"), b"").expect("written");
    eventually("stopped", || state(runtime) == AppState::Stopped);
    assert!(runtime.is_down("notes").expect("told"));
    assert_eq!(world.count("starts"), 1);
    runtime.release("notes").expect("released");
    eventually("started again", || world.count("starts") >= 2);
}

pub(crate) fn a_hold_ends_a_crash_loop(runtime: &dyn Runtime, world: &World) {
    runtime.create(&world.spec(BRIEF)).expect("created");
    eventually("a crash loop", || world.count("starts") >= 3);
    runtime.hold("notes").expect("held");
    eventually("down", || runtime.is_down("notes").expect("told"));
    assert_eq!(state(runtime), AppState::Stopped);
}

pub(crate) fn an_app_created_under_a_hold_that_ends_once_is_confirmed_bad(runtime: &dyn Runtime, world: &World) {
    runtime.create(&world.spec(STEADY)).expect("created");
    world.wait_for_mark("starts");
    runtime.hold("notes").expect("held");
    runtime.stop("notes").expect("stopped");
    let mut spec = world.spec(BRIEF);
    spec.health = check("exit 1", DEADLINE);
    runtime.create(&spec).expect("created");
    let report = runtime.await_healthy("notes", &never).expect("told");
    assert_eq!(report.health, Health::ConfirmedBad, "{}", report.reason);
    assert_eq!(world.count("starts"), 2, "not started again");
    assert_eq!(state(runtime), AppState::Stopped);
}

pub(crate) fn bringing_back_starts_what_ran_and_only_if_it_is_down(runtime: &dyn Runtime, world: &World) {
    runtime.create(&world.spec(STEADY)).expect("created");
    world.wait_for_mark("starts");
    let ran = runtime.observe("notes").expect("observed");
    runtime.bring_back(&ran).expect("nothing to do");
    assert_eq!(world.count("starts"), 1);
    runtime.stop("notes").expect("stopped");
    let stopped = runtime.observe("notes").expect("observed");
    runtime.bring_back(&stopped).expect("nothing to do");
    assert_eq!(state(runtime), AppState::Stopped, "stopped stays stopped");
    runtime.create(&world.spec("exec sleep 60")).expect("created");
    runtime.stop("notes").expect("stopped");
    runtime.bring_back(&ran).expect("brought back");
    eventually("the old app", || world.count("starts") == 2);
    assert_eq!(runtime.observe("notes").expect("observed").spec, ran.spec);
}
