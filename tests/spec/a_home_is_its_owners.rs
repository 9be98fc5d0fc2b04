//! A directory in a home is a volume like any other. Its owner may rename there whenever he likes, and harms nobody but himself.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::support::world::names;
use crate::support::{Volume, Workload, World};

const OWNER: u32 = 1000;

/// Another user, who has a directory in the owner's home.
const OTHER: u32 = 1234;

fn own(path: &Path, uid: u32) {
    chown(path, Some(uid), Some(uid)).unwrap();
}

/// `~/docker/app` as a volume, and the directory that it is.
fn world() -> (World, PathBuf) {
    let mut world = World::new([]);
    let live = world.path("data/home/docker/app");
    std::fs::create_dir_all(&live).unwrap();
    std::fs::write(live.join("file"), "old").unwrap();
    [&world.path("data/home"), &world.path("data/home/docker"), &live, &live.join("file")]
        .into_iter()
        .for_each(|path| own(path, OWNER));
    world.workloads = vec![Workload::idle("app", [Volume::absolute("data", &live)])];
    world.write_config();
    (world, live)
}

#[test]
fn a_directory_in_a_home_is_restored_undone_and_finished() {
    let (world, live) = world();
    world.ok(&["deploy", "app"]);
    let snapshot = world.snapshot("app");
    let read = || std::fs::read_to_string(live.join("file")).unwrap();
    std::fs::write(live.join("file"), "new").unwrap();
    world.restore("app", &snapshot, &[]).expect(0);
    let owner = |path: &Path| std::fs::metadata(path).unwrap().uid();
    assert_eq!((read().as_str(), owner(&live), owner(&live.join("file"))), ("old", OWNER, OWNER));
    world.undo(&world.transactions()[0]).expect(0);
    assert_eq!(read(), "new");
    world.ok(&["restore", "finish", world.transactions().last().unwrap(), "--yes"]);
    assert!(world.siblings(&live).is_empty());
}

#[test]
fn a_home_that_others_can_write_in_is_refused_with_the_command_that_mends_it() {
    let (world, live) = world();
    let (parent, home) = (live.parent().unwrap().to_owned(), world.path("data/home"));
    world.ok(&["deploy", "app"]);
    let snapshot = world.snapshot("app");
    let chmod = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    let refused = |says: String| {
        world.reforge(&["restore", "plan", "app", &snapshot]).expect(3).expect_said(&says);
    };
    chmod(&parent, 0o775);
    refused(format!("chmod go-w {}", parent.display()));
    chmod(&parent, 0o755);
    chmod(&home, 0o777);
    refused(format!("chmod go-w {}", home.display()));
    chmod(&home, 0o755);
    own(&home, OTHER);
    refused(format!("belongs to user {OTHER}"));
    own(&home, OWNER);
    own(&live, OTHER);
    refused(format!("belongs to user {OWNER}"));
    own(&live, OWNER);
    world.restore("app", &snapshot, &[]).expect(0);
    // Where there is no live nobody knows whose the parent should be.
    std::fs::rename(&live, parent.join("elsewhere")).unwrap();
    world.reforge(&["deploy", "app"]).expect(3);
    assert!(!live.exists());
}

/// What the owner does all the time: whatever is called like a sibling changes places with another user's directory, and with
/// one of his own, and live does, too.
const RACER: &str = r#"
import os, sys
parent, victim, own = sys.argv[1:4]
os.setgid(1000); os.setuid(1000)
os.chdir(parent)
def swap(one, other):
    for source, target in ((one, "between"), (other, one), ("between", other)):
        try:
            os.rename(source, target)
        except OSError:
            return
    print("swapped", flush=True)
turn = 0
print("racing", flush=True)
while True:
    turn += 1
    for name in os.listdir("."):
        if name.startswith(".reforge-"):
            swap(name, victim if turn % 2 else own)
            if turn % 3:
                swap(name, victim if turn % 2 else own)
"#;

struct Racer {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Racer {
    fn start(parent: &Path) -> Racer {
        let mut child = Command::new("python3")
            .args(["-c", RACER, parent.to_str().unwrap(), "victim", "decoy"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is there");
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        assert_eq!(line, "racing\n");
        Racer { child, said }
    }

    /// How often it exchanged something.
    fn end(mut self) -> usize {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let mut rest = String::new();
        self.said.read_to_string(&mut rest).unwrap();
        rest.lines().count()
    }
}

/// Where another user's directory is by now, with all that shows whether it was touched.
fn victims(parent: &Path) -> Vec<(u32, u32, u32, String)> {
    let secret = |path: PathBuf| {
        let facts = std::fs::metadata(&path).ok()?;
        let file = path.join("secret");
        let text = std::fs::read_to_string(&file).ok()?;
        Some((facts.uid(), facts.mode() & 0o7777, std::fs::metadata(&file).ok()?.uid(), text))
    };
    names(parent).into_iter().filter_map(secret).collect()
}

#[test]
fn an_owner_who_renames_all_the_time_harms_nothing_of_anybody_elses() {
    let mut exchanged = 0;
    for _ in 0..8 {
        let (world, live) = world();
        let parent = live.parent().unwrap().to_owned();
        for (name, uid) in [("victim", OTHER), ("decoy", OWNER)] {
            std::fs::create_dir(parent.join(name)).unwrap();
            std::fs::set_permissions(parent.join(name), std::fs::Permissions::from_mode(0o700)).unwrap();
            own(&parent.join(name), uid);
        }
        let secret = parent.join("victim/secret");
        std::fs::write(&secret, "of another").unwrap();
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        own(&secret, OTHER);
        let before = victims(&parent);
        assert_eq!(before, [(OTHER, 0o700, OTHER, "of another".to_owned())]);
        world.ok(&["deploy", "app"]);
        let snapshot = world.snapshot("app");
        std::fs::write(live.join("file"), "new").unwrap();
        let racer = Racer::start(&parent);
        let _ = world.restore("app", &snapshot, &[]);
        let _ = world.reforge(&["recover"]);
        exchanged += racer.end();
        assert_eq!(victims(&parent), before, "another user's directory was given away, filled or emptied");
    }
    assert!(exchanged > 0, "nobody was racing");
}
