//! Promises 3 and 8 at their edges: whatever a capture takes, the plugin and the host's staging take too. Each limit is
//! reached on a real file system and restored; one step further the capture refuses, and names the entry.

#![allow(clippy::unwrap_used, reason = "a test ends where something unexpected happens")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use reforge_base::failure::Code;
use reforge_host::host::Host;
use reforge_host::restore::progress::Progress;
use reforge_transaction::receipt::Outcome;

mod fixture;

/// A workload that was never deployed, with one volume on a file system of its own.
struct World {
    host: Arc<Host>,
    disk: PathBuf,
    directory: Option<tempfile::TempDir>,
}

impl World {
    fn new(mount: impl FnOnce(&Path, &Path)) -> World {
        let directory = tempfile::tempdir().unwrap();
        let disk = directory.path().join("volumes");
        std::fs::create_dir(&disk).unwrap();
        mount(directory.path(), &disk);
        let host = fixture::host(directory.path(), "links = \"contained\"\ncommand = [\"/bin/true\"]", "");
        let world = World { host, disk, directory: Some(directory) };
        std::fs::create_dir_all(world.live()).unwrap();
        world
    }

    fn tmpfs() -> World {
        World::new(|_, point| {
            run_program("mount", &["-t", "tmpfs", "-o", "mode=755", "tmpfs", point.to_str().unwrap()])
        })
    }

    fn xfs() -> World {
        World::new(|directory, point| {
            let image = directory.join("image");
            std::fs::File::create(&image).unwrap().set_len(300 << 20).unwrap();
            run_program("mkfs.xfs", &["-q", image.to_str().unwrap()]);
            run_program("mount", &["-o", "loop", image.to_str().unwrap(), point.to_str().unwrap()]);
        })
    }

    fn live(&self) -> PathBuf {
        self.disk.join("notes/data")
    }

    fn python(&self, script: &str) {
        let output = Command::new("python3").args(["-c", script]).current_dir(self.live()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn capture(&self) -> reforge_base::Result<String> {
        let workload = self.host.config.workload("notes").unwrap().clone();
        Ok(self.host.capture(&workload, "manual", false, &Progress::unwatched())?.id)
    }

    /// Captures, empties live, restores and compares by capturing again.
    #[track_caller]
    fn comes_back(&self) {
        let snapshot = self.capture().unwrap();
        let before = self.tree_digest(&snapshot);
        for entry in std::fs::read_dir(self.live()).unwrap() {
            run_program("rm", &["-r", entry.unwrap().path().to_str().unwrap()]);
        }
        let report = fixture::restore(&self.host, &fixture::plugin(), &snapshot);
        assert_eq!(report.outcome, Outcome::Done, "{report:#?}");
        assert_eq!(self.tree_digest(&self.capture().unwrap()), before);
    }

    fn tree_digest(&self, snapshot: &str) -> Option<String> {
        let text =
            std::fs::read_to_string(self.host.config.host.snapshot_dir.join("notes").join(format!("{snapshot}.json")));
        let descriptor: serde_json::Value = serde_json::from_str(&text.unwrap()).unwrap();
        descriptor["volumes"][0]["tree_digest"].as_str().map(str::to_owned)
    }

    #[track_caller]
    fn refuses(&self, script: &str, what: &str) {
        self.python(script);
        let failure = self.capture().unwrap_err();
        assert_eq!(failure.code, Code::PolicyRefused, "{failure}");
        assert!(failure.message.contains(what), "{failure}");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.disk).status().is_ok_and(|status| status.success());
        if !unmounted && let Some(directory) = self.directory.take() {
            // What is mounted must not be emptied with the directory.
            let _ = directory.keep();
        }
    }
}

fn run_program(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_longest_names_paths_targets_and_oldest_times_come_back() {
    let world = World::tmpfs();
    world.python(
        r#"
import os
open("n" * 255, "w").write("name")
path = b"/".join([b"p" * 200] * 20)
os.makedirs(path)
here = os.open(path, os.O_RDONLY)
name = b"\xff" * (4096 - len(path) - 1)
os.close(os.open(name, os.O_CREAT | os.O_WRONLY, dir_fd=here))
os.link(name, b"l" * len(name), src_dir_fd=here, dst_dir_fd=here)
os.makedirs("/".join(["d"] * 127))
open("/".join(["d"] * 127) + "/file", "w").write("deep")
os.symlink("t" * 4095, "link")
open("old", "w").close()
os.utime("old", ns=(0, -(1 << 62)))
"#,
    );
    world.comes_back();
    world.refuses("import os; os.makedirs('e/' * 129)", "is 129 directories deep");
}

#[test]
fn files_with_more_holes_than_a_map_may_have_come_back_and_the_largest_is_refused() {
    let world = World::tmpfs();
    world.python(
        r#"
import os
with open("holes", "wb") as file:
    for at in range(66000):
        os.pwrite(file.fileno(), b"x", at * 8192)
with open("ends-in-a-hole", "wb") as file:
    os.pwrite(file.fileno(), b"x", 5 << 20)
    file.truncate(1 << 30)
"#,
    );
    world.comes_back();
    world.refuses("open('large', 'wb').truncate((16 << 40) + 1)", "volume `data`: `large` is a file of");
}

#[test]
fn as_many_and_as_large_attributes_as_are_captured_come_back() {
    let world = World::xfs();
    world.python(
        r#"
import os, struct
with open("full", "wb") as file:
    file.write(b"c" * (1 << 20))
left = 512 << 10
for n in range(7):
    name = "user.large%d" % n
    value = b"v" * (64 << 10)
    os.setxattr("full", name, value)
    left -= len(name) + len(value)
names = ["user." + "%=" * 20 + "%04d" % n for n in range(400)]
for name in names:
    os.setxattr("full", name, b"")
    left -= len(name)
os.setxattr("full", "user.rest", b"r" * (left - len("user.rest")))

open("many", "wb").close()
for n in range(1024):
    os.setxattr("many", "user.%04d" % n, b"")

# The longest list that the file system takes, on a directory as its default too.
entry = lambda tag, bits, who: struct.pack("<HHI", tag, bits, who)
none = 0xffffffff
def acl(users):
    named = b"".join(entry(2, 6, 4000000000 + n) for n in range(users))
    return struct.pack("<I", 2) + entry(1, 7, none) + named + entry(4, 5, none) + entry(16, 7, none) + entry(32, 0, none)
os.mkdir("acl")
for name in ["system.posix_acl_access", "system.posix_acl_default"]:
    for users in [8000, 5400, 2700, 1000, 500, 20]:
        try:
            os.setxattr("acl", name, acl(users))
            break
        except OSError:
            pass
    else:
        raise Exception("no list was taken")
"#,
    );
    world.comes_back();
    world.refuses("import os; os.setxattr('many', 'user.more', b'')", "has 1025 extended attributes");
}

#[test]
fn more_bytes_of_attributes_than_cross_in_one_call_are_refused_by_the_capture() {
    let world = World::xfs();
    world.refuses(
        r#"
import os
open("full", "wb").close()
for n in range(9):
    os.setxattr("full", "user.large%d" % n, b"v" * (60 << 10))
"#,
        "bytes of extended attributes; the limit is 524288",
    );
}
