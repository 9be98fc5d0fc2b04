//! Nothing is changed on a disk but through the one seam (`host/src/effects.rs`): otherwise what is proven by failing and
//! cutting every effect would be proven of less than all.

use crate::support::explorer::{Explorer, scene};
use crate::support::trace;

#[test]
fn every_call_that_changes_a_file_is_made_inside_an_effect() {
    let explorer = Explorer::new();
    let world = &explorer.world;
    let arguments = ["deploy", "app", "--make-empty", "late"].map(str::to_owned);
    let deploy = || scene::Scene { arguments: arguments.clone().into(), faults: String::new(), endings: Vec::new() };
    let capture = || scene::Scene { arguments: ["snapshot", "create", "app"].map(str::to_owned).into(), ..deploy() };
    let recover = || scene::Scene { arguments: vec!["recover".into()], ..deploy() };
    let restored = scene::restore(&explorer);
    // What the engine compiled is its own, and may be deleted at any time.
    let compiled_plugins = world.state_dir().join("cache").canonicalize().unwrap();
    let mut inside = Vec::new();
    let mut traced = |name: &str, scene: scene::Scene, faults: &str| {
        let arguments: Vec<&str> = scene.arguments.iter().map(String::as_str).collect();
        let (trace, list) = world.traced(&arguments, faults);
        let roots = [world.path(""), explorer.disk.path().to_owned()];
        let roots = roots.each_ref().map(|root| root.as_path());
        let found = trace::read(&trace, &roots, &list, &compiled_plugins);
        assert_eq!(found.outside, Vec::<String>::new(), "{name} changes something that no effect stands for");
        inside.push((name.to_owned(), found.inside));
    };
    traced("a restore", restored, "");
    traced("an undo", scene::undo(&explorer), "");
    traced("a finish", scene::finish(&explorer), "");
    traced("a restore of bad data", scene::restore_of_bad_data(&explorer), "");
    traced("a capture", capture(), "");
    traced("a deploy", deploy(), "");
    traced("a restore that is cut", scene::restore(&explorer), "record-swapped:before");
    traced("a start", recover(), "");
    let of = |name: &str| inside.iter().find(|(traced, _)| traced == name).unwrap().1;
    assert!(of("a restore") > 100 && of("a start") > 20, "the trace saw too little: {inside:?}");
}
