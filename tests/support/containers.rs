//! Deployments whose apps are containers of an engine of the tests' own.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use super::engine::Engine;
use super::world::{Volume, Workload, World};

/// A counter, as [`super::apps::counter`] in a container.
pub(crate) const COUNTER: &str = "trap exit TERM; log={volume:data}/log; n=$(wc -l < $log 2>/dev/null || echo 0); \
     while :; do n=$((n + 1)); echo $n >> $log; usleep 20000; done";

/// The end of a script that goes on doing nothing until it is asked to end: the first process of a container is not ended
/// by a signal that it does not handle.
pub(crate) const STAY: &str = "trap exit TERM; sleep 1000000 & wait";

/// An id that no other test on the engine uses: containers are called by it.
pub(crate) fn fresh_id(name: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{name}{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A deployment on this engine; nothing is deployed yet.
pub(crate) fn world(engine: &Engine, workloads: impl IntoIterator<Item = Workload>) -> World {
    let mut world = World::new([]);
    world.host_lines = format!("docker_socket = {:?}\n", engine.socket());
    world.workloads = workloads.into_iter().collect();
    world.write_config();
    world
}

/// A workload as a container from an image, without a network, that sees these directories as they are here.
pub(crate) fn contained(mut workload: Workload, image: String, directories: &[&Path]) -> Workload {
    let bind = |path: &&Path| format!("{{ Type = \"bind\", Source = {path:?}, Target = {path:?} }}");
    let mounts: Vec<String> = directories.iter().map(bind).collect();
    workload.image = Some(image);
    workload.lines +=
        &format!("request = {{ HostConfig = {{ NetworkMode = \"none\", Mounts = [{}] }} }}\n", mounts.join(", "));
    workload
}

/// A shell script in a container, with a volume `data`. What it writes to it is the test's own concern.
pub(crate) fn shell(engine: &Engine, id: &str, script: &str) -> Workload {
    let workload = Workload::idle(id, [Volume::project("data")]).command(&["sh", "-c", script]);
    contained(workload, engine.busybox("1"), &[])
}

/// The containers of a workload on the engine, newest first, as the engine lists them.
pub(crate) fn of(engine: &Engine, workload: &str) -> Vec<Value> {
    let ours = |container: &Value| container["Labels"]["reforge.workload"] == workload;
    engine.containers().into_iter().filter(ours).collect()
}

/// How many of them run.
pub(crate) fn running(engine: &Engine, workload: &str) -> usize {
    of(engine, workload).iter().filter(|container| container["State"] == "running").count()
}

/// Creates a container of somebody else's, and starts it if told to.
pub(crate) fn stranger(engine: &Engine, name: &str, start: bool, more: Value) {
    let mut body = json!({ "Image": engine.busybox("1"), "Cmd": ["sleep", "1000000"] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    engine.call("POST", &format!("/containers/create?name={name}"), &body);
    if start {
        engine.call("POST", &format!("/containers/{name}/start"), &Value::Null);
    }
}

/// Removes one.
pub(crate) fn remove(engine: &Engine, name: &str) {
    engine.call("DELETE", &format!("/containers/{name}?force=1"), &Value::Null);
}
