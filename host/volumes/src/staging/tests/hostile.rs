//! The staging alone, as if the plugin had no rule of its own: every name in every call, every two calls of one path,
//! and metadata that cannot be or may not be. Around it nothing changes, whatever is asked.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::fixture::{Fixture, SIBLING, generous, metadata};
use crate::staging::{Expected, Policy, Quota, Staging};
use crate::tree_digest::{Metadata, Mtime};
use reforge_base::escape;
use reforge_base::failure::{Code, Failure};

/// A way to put something at a path.
type Call = (&'static str, fn(&Staging, &[u8], &Metadata) -> Result<(), Failure>);

/// What is in the staging before anything hostile is.
const KNOWN: &[u8] = b"known";

/// With content, so that an empty file is never what passes. The last one names a leader instead.
const CALLS: &[Call] = &[
    ("directory", |staging, path, metadata| staging.directory(path, metadata)),
    ("file", |staging, path, metadata| staging.file(path, metadata, b"evil")),
    ("large file", |staging, path, metadata| {
        let mut file = staging.large_file(path, metadata, 4)?;
        file.write(0, b"evil")?;
        file.finish()
    }),
    ("symbolic link", |staging, path, metadata| staging.symlink(path, metadata, b"../outside")),
    ("hard link", |staging, path, metadata| staging.hard_link(path, metadata, b"known")),
    ("part of a file", |staging, path, _| {
        let mut file = staging.large_file_part(path, 4)?;
        file.write(0, b"evil")?;
        file.finish()
    }),
    ("leader", |staging, path, metadata| staging.hard_link(b"new", metadata, path)),
];

/// Terms that are met by the known file and one more entry of so many bytes: whatever is refused then is refused for
/// what it is.
fn one_more(bytes: u64) -> Quota {
    Quota { expected: Expected { tree_digest: None, entries: 3, bytes: KNOWN.len() as u64 + bytes }, ..generous() }
}

/// The calls that take metadata, by how they put an entry down.
fn entries() -> &'static [Call] {
    &CALLS[..5]
}

/// A parent with a live volume and a neighbour, in a directory with something precious.
struct Surrounded {
    directory: tempfile::TempDir,
    fixture: Fixture,
}

impl Surrounded {
    fn new() -> Surrounded {
        let directory = tempfile::tempdir().unwrap();
        for (name, content) in [("outside", "precious"), ("volumes/live/file", "live"), ("volumes/other/file", "other")]
        {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let fixture = Fixture::on(&directory.path().canonicalize().unwrap().join("volumes"));
        Surrounded { directory, fixture }
    }

    /// A staging with its root and one file in it.
    fn stage(&self, quota: Quota) -> Staging {
        let staging = self.fixture.stage(quota);
        staging.directory(b"", &metadata(0o700)).unwrap();
        staging.file(b"known", &metadata(0o600), KNOWN).unwrap();
        staging
    }

    /// Takes the staging away again, past a failure in which a call may have left anything.
    fn clear(&self) {
        fs::remove_dir_all(self.fixture.root()).unwrap();
    }

    /// Everything but the staging, and when the directories in which it comes and goes changed.
    fn look(&self) -> Vec<u8> {
        let all = ["-printf", "%P %y %m %U %G %s %n %l %T@\n"];
        let sibling = format!("*/{SIBLING}");
        let output = Command::new("find")
            .arg(self.directory.path())
            .args(["(", "-path", &sibling, "-prune", ")", "-o", "(", "-path", "*/volumes", "-o"])
            .args(["-type", "f", "-exec", "cat", "{}", ";", ")", "-o"])
            .args(all)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout.windows(8).any(|bytes| bytes == b"precious"));
        output.stdout
    }
}

/// The calls, and the seal after them: one of them refuses, the seal says the same, and nothing around has changed.
#[track_caller]
fn refuses(
    surrounded: &Surrounded,
    quota: Quota,
    what: &str,
    code: Code,
    calls: impl FnOnce(&Staging) -> Result<(), Failure>,
) -> Failure {
    let before = surrounded.look();
    let staging = surrounded.stage(quota);
    let outcome = calls(&staging);
    let failure = staging.seal().expect_err(what);
    assert_eq!(failure.code, code, "{what}: {failure}");
    assert!(outcome.is_ok() || outcome.unwrap_err() == failure, "{what}: the seal reports the first failure");
    assert!(surrounded.look() == before, "{what}: something changed outside of the staging");
    drop(staging);
    surrounded.clear();
    failure
}

#[test]
fn no_call_takes_a_name_that_leads_elsewhere_or_cannot_be() {
    let surrounded = Surrounded::new();
    let outside = surrounded.directory.path().join("outside").to_str().unwrap().to_owned();
    let names: Vec<Vec<u8>> = [
        "..",
        "../outside",
        "../live/file",
        "../other/evil",
        "../../outside",
        "a/..",
        "a/../..",
        "a/../../live/file",
        "known/..",
        "known/../known",
        "../.reforge-1-0/x",
        "/",
        "//",
        "/evil",
        "/proc/self/cwd/evil",
        ".",
        "./",
        "./known",
        "a/.",
        "a/./b",
        "a//b",
        "a/",
        "known/",
        "a\0b",
        "\0",
        "a/../../outside\0/b",
    ]
    .iter()
    .map(|name| name.as_bytes().to_vec())
    .chain([
        outside.into_bytes(),
        vec![b'n'; 256],
        [&b"a/"[..], &[b'n'; 256], b"/b"].concat(),
        [vec![b'p'; 240], vec![b'/']].concat().repeat(17)[..4097].to_vec(),
        vec!["d"; 129].join("/").into_bytes(),
        vec!["d"; 500_000].join("/").into_bytes(),
        b"/proc/self/fd/3/evil".to_vec(),
    ])
    .collect();
    for name in &names {
        for (call, put) in CALLS {
            let what = format!("{call} `{}`", escape::bytes(&name[..name.len().min(300)]));
            let failure = refuses(&surrounded, generous(), &what, Code::ArchiveRefused, |staging| {
                put(staging, name, &metadata(0o700))
            });
            assert!(failure.message.contains(&format!("entry `{}`", escape::bytes(name))), "{what}: {failure}");
        }
    }
}

#[test]
fn only_a_directory_is_the_root() {
    let surrounded = Surrounded::new();
    for (call, put) in CALLS {
        // The root is there already, so a directory comes twice.
        refuses(&surrounded, generous(), call, Code::ArchiveRefused, |staging| put(staging, b"", &metadata(0o700)));
    }
}

#[test]
fn no_two_calls_take_one_path() {
    let surrounded = Surrounded::new();
    for (first, put_first) in entries() {
        for (second, put_second) in entries() {
            refuses(&surrounded, generous(), &format!("{first}, then {second}"), Code::ArchiveRefused, |staging| {
                put_first(staging, b"a", &metadata(0o700))?;
                put_second(staging, b"a", &metadata(0o700))
            });
        }
    }
}

#[test]
fn nothing_lies_below_what_is_no_directory() {
    let surrounded = Surrounded::new();
    for (above, put_above) in &entries()[1..] {
        for (below, put_below) in entries() {
            for swapped in [false, true] {
                let what = format!("{below} below {above}, swapped: {swapped}");
                refuses(&surrounded, generous(), &what, Code::ArchiveRefused, |staging| {
                    let (first, second) = if swapped { ("a/b/c", "a") } else { ("a", "a/b/c") };
                    let (put_first, put_second) = if swapped { (put_below, put_above) } else { (put_above, put_below) };
                    put_first(staging, first.as_bytes(), &metadata(0o700))?;
                    put_second(staging, second.as_bytes(), &metadata(0o700))
                });
            }
        }
    }
}

#[test]
fn no_entry_has_metadata_that_cannot_be() {
    let with =
        |name: &[u8], bytes: usize| Metadata { xattrs: vec![(name.to_vec(), vec![0; bytes])], ..metadata(0o600) };
    let mtime = |seconds, nanoseconds| Metadata { mtime: Mtime { seconds, nanoseconds }, ..metadata(0o600) };
    let twice =
        Metadata { xattrs: vec![(b"user.a".to_vec(), vec![1]), (b"user.a".to_vec(), vec![2])], ..metadata(0o600) };
    let many = (0..1025).map(|number| (format!("user.{number}").into_bytes(), Vec::new())).collect();
    let large = (0..9).map(|number| (format!("user.{number}").into_bytes(), vec![0; 60 << 10])).collect();
    for (what, metadata) in [
        ("an owner that is none", Metadata { uid: u32::MAX, ..metadata(0o600) }),
        ("a group that is none", Metadata { gid: u32::MAX, ..metadata(0o600) }),
        ("the type of a device in its mode", metadata(0o020_600)),
        ("all bits in its mode", metadata(u32::MAX)),
        ("a second of nanoseconds", mtime(0, 1_000_000_000)),
        ("an endless fraction", mtime(0, u32::MAX)),
        ("an attribute without a name", with(b"", 1)),
        ("an attribute of no space", with(b"name", 1)),
        ("an attribute of a space without a name", with(b".name", 1)),
        ("a space without an attribute", with(b"user.", 1)),
        ("an attribute with a zero byte", with(b"user.a\0b", 1)),
        ("an attribute with a long name", with(&[&b"user."[..], &[b'n'; 251]].concat(), 1)),
        ("an attribute that is too large", with(b"user.a", (64 << 10) + 1)),
        ("an attribute twice", twice),
        ("too many attributes", Metadata { xattrs: many, ..metadata(0o600) }),
        ("too large attributes together", Metadata { xattrs: large, ..metadata(0o600) }),
    ] {
        let surrounded = Surrounded::new();
        for (call, put) in entries() {
            refuses(&surrounded, generous(), &format!("{call} with {what}"), Code::ArchiveRefused, |staging| {
                put(staging, b"a", &metadata)
            });
        }
    }
}

#[test]
fn no_entry_has_privileges_or_is_a_link_where_the_policy_says_no() {
    let surrounded = Surrounded::new();
    let with = |name: &str| Metadata { xattrs: vec![(name.into(), vec![0; 20])], ..metadata(0o600) };
    let linked = || Quota { policy: Policy { links: true, privileged: false }, ..generous() };
    for (what, metadata) in [
        ("set-user-id", metadata(0o4755)),
        ("set-group-id", metadata(0o2755)),
        ("a capability", with("security.capability")),
        ("a label", with("security.selinux")),
        ("an attribute of the trusted", with("trusted.overlay.opaque")),
    ] {
        // Of a directory the set-group-id bit only says whose what is made in it will be.
        let is_privilege = |call: &str| (what, call) != ("set-group-id", "directory");
        for (call, put) in entries().iter().filter(|(call, _)| is_privilege(call)) {
            refuses(&surrounded, linked(), &format!("{call} with {what}"), Code::PolicyRefused, |staging| {
                put(staging, b"a", &metadata)
            });
        }
    }
    let unlinked = || Quota { policy: Policy { links: false, privileged: true }, ..generous() };
    for (call, put) in &entries()[3..] {
        refuses(&surrounded, unlinked(), call, Code::PolicyRefused, |staging| put(staging, b"a", &metadata(0o600)));
    }
}

#[test]
fn a_link_leads_to_a_file_of_its_volume_or_is_refused() {
    let surrounded = Surrounded::new();
    for (what, call) in [
        (
            "a directory",
            (|staging| {
                staging.directory(b"d", &metadata(0o600))?;
                staging.hard_link(b"a", &metadata(0o600), b"d")
            }) as fn(&Staging) -> Result<(), Failure>,
        ),
        ("a symbolic link", |staging| {
            staging.symlink(b"s", &metadata(0o600), b"../../outside")?;
            staging.hard_link(b"a", &metadata(0o600), b"s")
        }),
        ("what lies behind a symbolic link", |staging| {
            staging.symlink(b"s", &metadata(0o600), b"..")?;
            staging.hard_link(b"a", &metadata(0o600), b"s/outside")
        }),
        ("another hard link", |staging| {
            staging.hard_link(b"h", &metadata(0o600), b"known")?;
            staging.hard_link(b"a", &metadata(0o600), b"h")
        }),
        ("itself", |staging| staging.hard_link(b"a", &metadata(0o600), b"a")),
        ("nothing", |staging| staging.hard_link(b"a", &metadata(0o600), b"none")),
    ] {
        refuses(&surrounded, generous(), what, Code::ArchiveRefused, call);
    }
}

#[test]
fn a_hard_link_has_the_metadata_of_its_leader() {
    let surrounded = Surrounded::new();
    let late = Mtime { seconds: 1, nanoseconds: 0 };
    for (what, metadata) in [
        ("another owner", Metadata { uid: 1, ..metadata(0o600) }),
        ("another group", Metadata { gid: 1, ..metadata(0o600) }),
        ("another mode", metadata(0o666)),
        ("another time", Metadata { mtime: late, ..metadata(0o600) }),
    ] {
        refuses(&surrounded, one_more(0), what, Code::ArchiveRefused, |staging| {
            staging.hard_link(b"a", &metadata, b"known")
        });
    }
}

#[test]
fn what_a_plugin_plants_by_other_means_is_never_followed_or_overwritten() {
    // There are no other means; should there ever be, a name is still made new and below a real directory.
    let surrounded = Surrounded::new();
    let plant =
        |name: &str, target: &Path| std::os::unix::fs::symlink(target, surrounded.fixture.root().join(name)).unwrap();
    let outside = surrounded.directory.path().canonicalize().unwrap();
    for (call, put) in entries() {
        for (path, planted) in [("way/evil", "way"), ("evil", "evil")] {
            let quota = one_more(if call.ends_with("file") { 4 } else { 0 });
            refuses(&surrounded, quota, &format!("{call} over a planted link"), Code::ArchiveRefused, |staging| {
                plant(planted, if planted == "way" { &outside } else { Path::new("/dev/null") });
                put(staging, path.as_bytes(), &metadata(0o700))
            });
        }
    }
}
