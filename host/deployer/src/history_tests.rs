//! What was deployed is written down under the lease of its workload, and a damaged record is kept.

use reforge_base::failure::Code;
use reforge_testing::{spec, world::World};
use reforge_transaction::deployments::History;
use reforge_transaction::lease::Locks;

#[test]
fn a_rollback_goes_to_the_last_other_image_also_after_the_same_was_deployed_again() {
    let world = World::new();
    let (history, locks) = (History::new(&world.state), Locks::new(&world.state));
    let lease = locks.try_lease("a", "a test").unwrap();
    for image in ["one", "two", "two"] {
        history.deploying(&lease, &spec("a", image)).unwrap();
    }
    let record = history.read("a").unwrap();
    assert_eq!(record.current, Some(spec("a", "two")));
    assert_eq!(record.previous, Some(spec("a", "one")));
    let mut moved = spec("a", "two");
    moved.image_digest = "another".to_owned();
    history.deploying(&lease, &moved).unwrap();
    assert_eq!(history.read("a").unwrap().previous, Some(spec("a", "two")), "one tag, another digest");
}

#[test]
fn a_damaged_record_is_said_and_kept_and_stops_no_redeploy() {
    let world = World::new();
    let (history, locks) = (History::new(&world.state), Locks::new(&world.state));
    let file = world.state.deployments().join("a.json");
    let damaged: [Option<&str>; 3] = [
        Some("{\"version\":1,\"cur"),
        Some("{\"version\":2,\"current\":null,\"previous\":null,\"preview\":null}"),
        None,
    ];
    for (kept, text) in damaged.into_iter().enumerate() {
        let _ = std::fs::remove_file(&file);
        match text {
            Some(text) => std::fs::write(&file, text).unwrap(),
            None => std::fs::create_dir(&file).unwrap(),
        }
        assert_eq!(history.read("a").unwrap_err().code, Code::NeedsOperator);
        let lease = locks.try_lease("a", "a test").unwrap();
        history.deploying(&lease, &spec("a", "one")).unwrap();
        assert_eq!(history.read("a").unwrap().current, Some(spec("a", "one")));
        let names = std::fs::read_dir(world.state.deployments()).unwrap().map(|entry| entry.unwrap().file_name());
        let asides = names.filter(|name| name.to_string_lossy().starts_with("a.json.damaged")).count();
        assert_eq!(asides, kept + 1, "each is kept");
    }
}

#[test]
fn a_record_is_written_only_under_its_own_lease() {
    let world = World::new();
    let lease = Locks::new(&world.state).try_lease("a", "a test").unwrap();
    let failure = History::new(&world.state).deploying(&lease, &spec("b", "one")).unwrap_err();
    assert_eq!(failure.code, Code::OutOfOrder);
}
