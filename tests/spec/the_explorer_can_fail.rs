//! The explorer finds what it looks for: three orders that would lose data, each acted out on the real host, are
//! each found by the same checks that otherwise pass; a fourth is held by the host itself.
//!
//! The host under test is the one that is shipped. An order is made wrong by a seam that says that an effect was done
//! and leaves it out, or by a start that the test plays itself.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use crate::support::explorer::scene::Scene;
use crate::support::explorer::{Explorer, points, scene};
use crate::support::signature;

/// A restore that is cut at a point, and the verdict after a start. What is done in between is the test's.
fn cut_at(explorer: &Explorer, faults: &str, between: impl FnOnce(&Scene)) -> Result<&'static str, String> {
    let scene = scene::restore(explorer);
    let known = explorer.world.transactions();
    let output = explorer.run(&scene.arguments, faults);
    assert_eq!(output.code, None, "it was to be killed: {output:?}");
    between(&scene);
    explorer.settled(&scene, &known)
}

/// The exchanges of the swap, after those of the probe: `exchange#4` and so on.
fn exchanges(explorer: &Explorer) -> Vec<String> {
    let scene = scene::restore(explorer);
    let arguments: Vec<&str> = scene.arguments.iter().map(String::as_str).collect();
    let effects = explorer.world.effects_of(&arguments);
    let swapping = effects.iter().position(|name| name == "record-swapping").unwrap();
    let addressed = points::addressed(&effects);
    addressed[swapping..].iter().filter(|effect| effect.starts_with("exchange#")).cloned().collect()
}

#[test]
fn a_rename_before_its_record_is_found() {
    let explorer = Explorer::new();
    let first = exchanges(&explorer).remove(0);
    let found = cut_at(&explorer, &format!("record-swapping:skip,{first}:after"), |_| ());
    assert!(found.is_err(), "not found: {found:?}");
    let explorer = Explorer::new();
    assert_eq!(cut_at(&explorer, &format!("{first}:after"), |_| ()), Ok("nothing happened"));
}

#[test]
fn siblings_dropped_by_name_are_found() {
    let explorer = Explorer::new();
    let second = exchanges(&explorer).remove(1);
    // A start that takes what is called like a sibling for what was staged.
    let found = cut_at(&explorer, &format!("{second}:before"), |_| {
        explorer.siblings().iter().for_each(|sibling| std::fs::remove_dir_all(sibling).unwrap());
    });
    assert!(found.is_err(), "not found: {found:?}");
    let explorer = Explorer::new();
    assert_eq!(cut_at(&explorer, &format!("{second}:before"), |_| ()), Ok("nothing happened"));
}

/// Something that starts the app when it likes, in the middle of a swap.
fn foreign_start(explorer: &Explorer) {
    let place = explorer.world.state_dir().join("process/app");
    // The restore holds the app until its end; an engine that was not told so starts it all the same.
    let mut supervisor = Command::new(env!("CARGO_BIN_EXE_reforge"));
    supervisor.arg("supervise").arg(&place).env_clear().current_dir("/");
    supervisor.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    assert!(supervisor.status().unwrap().success());
    crate::support::eventually("the app runs", || explorer.world.is_running("app"));
}

/// The fourth order cannot be acted out any more: whoever leaves the stop out is held by the look that follows it.
#[test]
fn a_recovery_that_left_the_stop_out_exchanges_nothing_below_the_app() {
    let explorer = Explorer::new();
    let second = exchanges(&explorer).remove(1);
    let mut scene = scene::restore(&explorer);
    // It is stopped, since its writes may be a mixture, and not started again; what it may have written is kept.
    let kept = explorer.lives.len();
    scene.endings.iter_mut().for_each(|ending| (ending.app, ending.siblings) = (Some(false), kept));
    let known = explorer.world.transactions();
    explorer.run(&scene.arguments, &format!("{second}:before"));
    foreign_start(&explorer);
    let look =
        || explorer.lives.iter().filter(|live| live.exists()).map(|live| signature::of(live)).collect::<Vec<_>>();
    let before = look();
    explorer.world.faulty("stop:skip", &["recover"]).expect(5);
    assert_eq!(look(), before);
    assert!(explorer.world.is_running("app"), "it was not stopped");
    assert_eq!(explorer.settled(&scene, &known), Ok("nothing happened"));
}

/// A power cut right after the commit, on a disk that keeps only what was synced.
fn power_cut_after_the_commit(leave_out: impl Fn(&[String]) -> String) -> Result<&'static str, String> {
    let explorer = Explorer::new();
    let scene = scene::restore(&explorer);
    let arguments: Vec<&str> = scene.arguments.iter().map(String::as_str).collect();
    let effects = points::addressed(&explorer.world.effects_of(&arguments));
    let leave_out = leave_out(&effects);
    let scene = scene::restore(&explorer);
    let known = explorer.world.transactions();
    // What was done for the test itself reaches the disk; the file system writes nothing more by itself for a while.
    crate::support::process::run("sync", &["-f", explorer.disk.path().to_str().unwrap()]);
    crate::support::process::run("mount", &["-o", "remount,commit=300", explorer.disk.path().to_str().unwrap()]);
    let faults = [leave_out, "record-starting-app:pause".to_owned()].join(",");
    let faults = faults.trim_start_matches(',');
    let mut restore = explorer.world.start_with(faults, &arguments);
    assert!(restore.reaches_its_pause(), "{:?}", restore.wait());
    let kept = explorer.disk.image().with_extension("kept");
    crate::support::process::run(
        "cp",
        &["--sparse=always", explorer.disk.image().to_str().unwrap(), kept.to_str().unwrap()],
    );
    drop(restore);
    explorer.disk.unmount();
    std::fs::rename(&kept, explorer.disk.image()).unwrap();
    explorer.disk.mount();
    explorer.settled(&scene, &known)
}

#[test]
fn a_commit_before_the_last_parent_was_synced_is_found() {
    let found = power_cut_after_the_commit(|effects| {
        // Of the volume on the disk that loses power.
        let swap = effects.iter().position(|effect| effect.starts_with("record-swapping")).unwrap();
        let exchange = swap + effects[swap..].iter().position(|effect| effect.starts_with("exchange#")).unwrap();
        let second =
            exchange + 1 + effects[exchange + 1..].iter().position(|effect| effect.starts_with("exchange#")).unwrap();
        assert!(effects[second + 1].starts_with("sync-directory#"), "{effects:?}");
        format!("{}:skip", effects[second + 1])
    });
    assert!(found.is_err(), "not found: {found:?}");
    assert_eq!(power_cut_after_the_commit(|_| String::new()), Ok("it happened"));
}
