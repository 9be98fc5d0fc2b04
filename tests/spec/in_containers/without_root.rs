//! A user who is no root and in the group of the engine's socket: what that user cannot do is said before anything is stopped.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::World;
use crate::support::containers;
use crate::support::engine::Engine;

const NOBODY: u32 = 65534;

#[test]
fn whoever_may_only_ask_the_engine_is_refused_while_the_app_runs() {
    let engine = Engine::start(&[]);
    let socket = engine.socket();
    std::fs::set_permissions(socket.parent().unwrap(), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::chown(&socket, None, Some(NOBODY)).unwrap();
    let mut world = World::of_ordinary_user([]);
    let id = containers::fresh_id("plain");
    let mut app = containers::shell(&engine, &id, containers::STAY);
    app.user = Some(format!("{NOBODY}:{NOBODY}"));
    world.workloads = vec![app];
    world.host_lines = format!("docker_socket = {socket:?}\n");
    world.write_config();
    world.ok(&["deploy", &id]);
    let live = world.volume(&id, "data");
    std::fs::write(live.join("file"), "old").unwrap();
    std::os::unix::fs::chown(live.join("file"), Some(NOBODY), Some(NOBODY)).unwrap();
    world.reforge(&["snapshot", "create", &id]).expect(3).expect_said("run the host as root");
    let snapshot = world.live_snapshot(&id);
    let seen = || {
        let one = containers::of(&engine, &id);
        let seen = engine.container(one[0]["Id"].as_str().unwrap());
        (one.len(), seen["State"].clone(), seen["HostConfig"]["RestartPolicy"].clone())
    };
    let before = seen();
    for arguments in
        [&["restore", "plan", &id, &snapshot][..], &["restore", "run", &id, &snapshot, "--yes"], &["deploy", &id]]
    {
        world.reforge(arguments).expect(3).expect_said("run the host as root").expect_unsaid("panicked");
        assert_eq!(seen(), before, "{arguments:?}");
    }
    // What rests on nothing of that works.
    world.ok(&["stop", &id]);
    world.ok(&["start", &id]);
    assert_eq!(containers::running(&engine, &id), 1);
    world.ok(&["stop", &id]);
}
