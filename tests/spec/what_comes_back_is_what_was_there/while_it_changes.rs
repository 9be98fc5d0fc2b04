//! Captures of an app that writes a thousand times a second: none fails for it, each says what changed, and none is a corrupt
//! archive.

use crate::support::process::run;
use crate::support::world::names;
use crate::support::{Volume, Workload, World, eventually};

/// Replaces, grows, cuts, removes and renames, as fast as it can, and puts fifos and links where files were.
const CHURN: &str = r#"
import os, random, sys, time
root, outside = sys.argv[1:]
random.seed(1)

def file_of(path, flags):
    # Never through a link, and never waiting for somebody at the other end of a fifo.
    return os.fdopen(os.open(path, flags | os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600), "wb", 0)

for number in range(7):
    os.makedirs("%s/d%d" % (root, number), exist_ok=True)
while True:
    path = "%s/d%d/f%d" % (root, random.randrange(7), random.randrange(60))
    other = "%s/d%d/f%d" % (root, random.randrange(7), random.randrange(60))
    what = random.randrange(9)
    time.sleep(0.001)
    try:
        if what < 3:
            with file_of(path, os.O_CREAT | os.O_TRUNC) as file:
                file.write(os.urandom(random.choice([10, 5000, 400000])))
        elif what == 3:
            with file_of(path, 0) as file:
                file.truncate(random.randrange(300000))
        elif what == 4:
            os.remove(path)
        elif what == 5:
            os.rename(path, other)
        elif what == 6:
            os.link(path, other)
        elif what == 7:
            os.remove(path)
            random.choice([os.mkfifo, lambda path: os.symlink(outside + "/secret", path)])(path)
        elif random.randrange(20) == 0:
            os.rename(root + "/d6", root + "/away")
            os.symlink(outside, root + "/d6")
            os.remove(root + "/d6")
            os.rename(root + "/away", root + "/d6")
        else:
            with file_of(path, os.O_APPEND) as file:
                file.write(b"more" * 1000)
    except OSError:
        pass
"#;

#[test]
fn every_capture_of_an_app_that_writes_is_whole_and_names_what_changed() {
    let mut app = Workload::idle("app", [Volume::project("data")]);
    app.links = true;
    let mut world = World::new([app]);
    let outside = world.path("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("secret"), "a secret of the host").unwrap();
    let words = ["/usr/bin/python3", "-c", CHURN, "{volume:data}", outside.to_str().unwrap()];
    world.workload("app").command = words.map(String::from).into();
    world.write_config();
    world.ok(&["deploy", "app"]);
    let live = world.volume("app", "data");
    eventually("the app has written", || names(&live.join("d3")).len() > 3);
    let mut named = 0;
    for round in 0..12 {
        let taken = world.ok(&["snapshot", "create", "app", "--consistency", "live", "--json"]).json();
        let remarks = taken["remarks"].as_array().into_iter().flatten();
        // On a busy machine the app may well have done nothing meanwhile.
        let changed = remarks.filter(|remark| remark["what"] == "changed").any(|changed| changed["count"] != 0);
        named += usize::from(changed);
        let id = taken["id"].as_str().unwrap();
        let (archive, _) = world.snapshot_files("app", id);
        let content = run("tar", &["-xzOf", archive.to_str().unwrap()]);
        assert!(!content.contains("a secret of the host"), "a link was followed");
        world.ok(&["snapshot", "verify", "app", id]);
        if round < 2 {
            let restored = world.restore("app", id, &[]);
            restored.expect(0);
            assert_eq!(restored.said().contains("changed while the snapshot was taken"), changed, "{restored:?}");
        }
    }
    assert!(named > 0, "in twelve captures nothing was named");
}

/// A log that is cut as `copytruncate` does it, over and over, larger than what is read at once.
#[test]
fn no_capture_fails_for_a_log_that_is_cut_while_it_is_read() {
    let mut world = World::new([Workload::idle("app", [Volume::project("data")])]);
    let lines = "while :; do head -c 12000000 /dev/urandom > $0/app.log; : > $0/app.log; done";
    world.workload("app").command = ["/bin/sh", "-c", lines, "{volume:data}"].map(String::from).into();
    world.write_config();
    world.ok(&["deploy", "app"]);
    let live = world.volume("app", "data");
    std::fs::write(live.join("still"), "as it was").unwrap();
    eventually("the log is written", || live.join("app.log").exists());
    let mut id = String::new();
    for _ in 0..6 {
        let taken = world.reforge(&["snapshot", "create", "app", "--consistency", "live", "--json"]);
        id = taken.expect(0).json()["id"].as_str().unwrap().to_owned();
        world.ok(&["snapshot", "verify", "app", &id]);
    }
    for command in [["snapshot", "show", "app", &id], ["restore", "plan", "app", &id]] {
        world.reforge(&command).expect(0).expect_said("changed").expect_said("`app.log`");
    }
    world.restore("app", &id, &[]).expect(0).expect_said("`app.log`");
}
