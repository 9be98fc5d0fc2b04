//! Archives of other people's tar, in every format they write, restored by us and by GNU tar as root: the same trees.

use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::support::process::run;
use crate::support::signature::{self, assert_same};
use crate::support::{Volume, Workload, World};

/// A directory to be archived: `manifest.json` and two volumes of a workload `app`.
struct Source {
    world: World,
}

impl Source {
    fn new(fill: impl Fn(&Path)) -> Source {
        let mut app = Workload::idle("app", [Volume::project("data"), Volume::project("more")]);
        app.links = true;
        app.privileged = true;
        let world = World::deployed([app]);
        let volume = |index: u32, name: &str| json!({"index": index, "name": name, "scope": "project", "source": "", "target": ""});
        let manifest = json!({
            "format": 1, "workload": "app", "created": "2026-01-01T00:00:00Z", "reason": "manual",
            "image": {"reference": "", "digest": ""}, "volumes": [volume(0, "data"), volume(1, "more")],
        });
        for index in ["0", "1"] {
            let root = world.path("source/volumes").join(index);
            std::fs::create_dir_all(&root).unwrap();
            fill(&root);
        }
        std::fs::write(world.path("source/manifest.json"), manifest.to_string()).unwrap();
        Source { world }
    }

    /// Has the archive made by a program that stands in the source and writes to the path that `%` stands for, then
    /// compares what the two make of it.
    #[track_caller]
    fn same_by_us_and_by_tar(&self, name: &str, program: &[&str]) {
        let archive = self.world.path("run/archive.tar.gz");
        let _ = std::fs::remove_file(&archive);
        let words = program.iter().map(|word| if *word == "%" { archive.to_str().unwrap() } else { word });
        let words: Vec<&str> = words.collect();
        let output = Command::new(words[0]).args(&words[1..]).current_dir(self.world.path("source")).output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let archive = archive.to_str().unwrap();
        let by_tar = self.world.path("by-tar");
        std::fs::create_dir(&by_tar).unwrap();
        // Where a hard link comes long after its directory, GNU tar forgets the directory's time unless it is told to wait.
        let words = ["--xattrs", "--xattrs-include=*", "--acls", "--delay-directory-restore", "-xzpf", archive];
        run("tar", &[&words[..], &["-C", by_tar.to_str().unwrap()]].concat());
        let output = self.world.reforge(&["snapshot", "import", archive, "--workload", "app", "--json"]);
        assert_eq!(output.code, Some(0), "{name}: {output:?}");
        let restored = self.world.restore("app", output.json()["id"].as_str().unwrap(), &["--json"]);
        assert_eq!(restored.code, Some(0), "{name}: {restored:?}");
        for (volume, index) in [("data", "0"), ("more", "1")] {
            let ours = signature::of(&self.world.volume("app", volume));
            let theirs = signature::of(&by_tar.join("volumes").join(index));
            assert!(ours.len() > 5, "{name}: the volume is empty");
            assert_same(&ours, &theirs, name);
        }
        let id = self.world.receipt()["id"].as_str().unwrap().to_owned();
        self.world.ok(&["restore", "finish", &id, "--yes"]);
        run("rm", &["-r", by_tar.to_str().unwrap()]);
    }
}

/// What the oldest formats can say.
fn plain(root: &Path) {
    std::fs::create_dir(root.join("directory")).unwrap();
    for (name, content) in [("empty", ""), ("directory/file", "content"), ("mode", "mode"), ("-dash", "dash")] {
        std::fs::write(root.join(name), content).unwrap();
    }
    std::fs::write(root.join("large"), vec![b'l'; (2 << 20) + 77]).unwrap();
    run("chmod", &["6751", root.join("mode").to_str().unwrap()]);
    run("chown", &["4711:4712", root.join("directory").to_str().unwrap()]);
    run("chmod", &["1750", root.join("directory").to_str().unwrap()]);
    run("touch", &["-d", "1980-01-01 00:00:00 UTC", root.join("empty").to_str().unwrap()]);
    std::fs::hard_link(root.join("directory/file"), root.join("zz hard")).unwrap();
    symlink("directory/file", root.join("soft")).unwrap();
    sparse(root);
    run("chmod", &["2770", root.to_str().unwrap()]);
    for directory in [root.join("directory"), root.to_owned()] {
        run("touch", &["-d", "2001-02-03 04:05:06 UTC", directory.to_str().unwrap()]);
    }
}

fn sparse(root: &Path) {
    let file = std::fs::File::create(root.join("sparse")).unwrap();
    file.set_len(5_000_000).unwrap();
    for at in [0, 70_000, 140_000, 1_000_000, 2_000_000, 3_000_000, 4_999_992] {
        std::os::unix::fs::FileExt::write_all_at(&file, b"not zero", at).unwrap();
    }
    std::fs::File::create(root.join("only a hole")).unwrap().set_len(1 << 20).unwrap();
}

/// What needs long names and numbers.
fn long(root: &Path) {
    plain(root);
    let deep = root.join(["d".repeat(60).as_str(); 8].join("/"));
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::write(deep.join("n".repeat(255)), "deep").unwrap();
    std::fs::hard_link(deep.join("n".repeat(255)), deep.join("zz".repeat(100))).unwrap();
    symlink("t".repeat(300), root.join("far")).unwrap();
    std::fs::write(root.join("owned"), "owned").unwrap();
    run("chown", &["3000000:4000000", root.join("owned").to_str().unwrap()]);
    for (name, time) in [("old", "1960-05-05 05:05:05 UTC"), ("future", "2399-01-01 00:00:00 UTC")] {
        std::fs::write(root.join(name), name).unwrap();
        run("touch", &["-d", time, root.join(name).to_str().unwrap()]);
    }
    std::fs::write(root.join("\u{e9}\u{301}\n'\"\\"), "odd").unwrap();
}

/// What only extended headers can say.
fn rich(root: &Path) {
    long(root);
    for (name, time) in [("nanoseconds", "2020-02-02 02:02:02.123456789 UTC"), ("before", "1969-12-31 23:59:59.25 UTC")]
    {
        std::fs::write(root.join(name), name).unwrap();
        run("touch", &["-d", time, root.join(name).to_str().unwrap()]);
    }
    let noted = root.join("noted");
    std::fs::write(&noted, "noted").unwrap();
    run("setfattr", &["-n", "user.note", "-v", "0x00ff0a3d", noted.to_str().unwrap()]);
    run("setfattr", &["-n", "user.note", "-v", "directory", root.join("directory").to_str().unwrap()]);
    assert_eq!(std::fs::metadata(&noted).unwrap().size(), 5);
}

fn with_lists(root: &Path) {
    rich(root);
    run("setfacl", &["-m", "u:4711:rw,g:4712:r", root.join("noted").to_str().unwrap()]);
    run("setfacl", &["-d", "-m", "u:4711:rwx", root.join("directory").to_str().unwrap()]);
    let capable = root.join("capable");
    std::fs::write(&capable, "capable").unwrap();
    let capability = "0x0100000200040000000000000000000000000000";
    run("setfattr", &["-n", "security.capability", "-v", capability, capable.to_str().unwrap()]);
}

#[test]
fn archives_of_gnu_tar_in_every_format() {
    let source = Source::new(plain);
    for format in ["v7", "oldgnu", "gnu", "ustar", "posix"] {
        for sparse in [&[][..], &["--sparse"]] {
            // What a format has no word for, GNU tar refuses to write.
            if sparse.is_empty() || !matches!(format, "v7" | "ustar") {
                let name = format!("{format} {sparse:?}");
                let format = format!("--format={format}");
                let words = [&["tar", &format][..], sparse, &["-czf", "%", "manifest.json", "volumes"]].concat();
                source.same_by_us_and_by_tar(&name, &words);
            }
        }
    }
}

#[test]
fn archives_of_gnu_tar_with_everything_that_a_format_can_say() {
    let source = Source::new(long);
    for format in ["oldgnu", "gnu", "posix"] {
        let flag = format!("--format={format}");
        source.same_by_us_and_by_tar(format, &["tar", &flag, "--sparse", "-czf", "%", "manifest.json", "volumes"]);
    }
    let source = Source::new(with_lists);
    for version in ["0.0", "0.1", "1.0"] {
        let flag = format!("--sparse-version={version}");
        let words =
            ["tar", "--format=posix", "--xattrs", "--xattrs-include=*", "--acls", "--sparse", &flag, "-czf", "%"];
        source.same_by_us_and_by_tar(version, &[&words[..], &["manifest.json", "volumes"]].concat());
    }
    let words = ["tar", "--format=posix", "--numeric-owner", "--sort=name", "--blocking-factor=1", "-b1", "-czf", "%"];
    source.same_by_us_and_by_tar("in small records", &[&words[..], &["manifest.json", "volumes"]].concat());
}

// Of its formats only v7 is left out: it has no type for a directory, only a slash behind what says that it is a file.
#[test]
fn archives_of_bsdtar() {
    for (format, fill) in [("ustar", plain as fn(&Path)), ("gnutar", plain), ("gnutar", long), ("pax", rich)] {
        let source = Source::new(fill);
        for sparse in ["--read-sparse", "--no-read-sparse"] {
            let flag = format!("--format={format}");
            let words = ["bsdtar", "--no-acls", sparse, &flag, "-czf", "%", "manifest.json", "volumes"];
            source.same_by_us_and_by_tar(&format!("{format} {sparse}"), &words);
        }
    }
}

#[test]
fn archives_of_python_in_every_format() {
    const SCRIPT: &str = "
import sys, tarfile
with tarfile.open(sys.argv[2], 'w:gz', format=getattr(tarfile, sys.argv[1])) as archive:
    archive.add('manifest.json')
    archive.add('volumes')
";
    for (format, fill) in
        [("USTAR_FORMAT", plain as fn(&Path)), ("GNU_FORMAT", plain), ("GNU_FORMAT", long), ("PAX_FORMAT", rich)]
    {
        Source::new(fill).same_by_us_and_by_tar(format, &["python3", "-c", SCRIPT, format, "%"]);
    }
}

#[test]
fn an_archive_of_our_own_comes_back_as_a_foreign_one() {
    let source = Source::new(with_lists);
    for volume in ["data", "more"] {
        with_lists(&source.world.volume("app", volume));
    }
    let snapshot = source.world.snapshot("app");
    let exported = source.world.path("run/exported.tar.gz");
    source.world.ok(&["snapshot", "export", "app", &snapshot, exported.to_str().unwrap()]);
    source.same_by_us_and_by_tar("our own", &["cp", exported.to_str().unwrap(), "%"]);
}
