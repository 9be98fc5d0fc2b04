use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::atomic::Ordering;

use super::fixture::{Fixture, HandMade, SIBLING, exactly, generous, metadata};
use crate::inode_flags::Wanted;
use crate::staging::{Expected, Quota, Staging};
use crate::tree_digest::{DigestedKind, Metadata, Mtime};
use reforge_base::failure::Code;
use reforge_testing::{Disk, run};

fn xattr(path: &Path, name: &str) -> Vec<u8> {
    let mut value = Vec::with_capacity(70_000);
    rustix::fs::lgetxattr(path, name, rustix::buffer::spare_capacity(&mut value)).unwrap();
    value
}

/// Access ACL `u::rw-,u:1234:r--,g::r--,m::r--,o::---`, as the kernel stores it.
fn access_acl() -> Vec<u8> {
    let mut bytes = 2u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in
        [(1u16, 6u16, u32::MAX), (2, 4, 1234), (4, 4, u32::MAX), (0x10, 4, u32::MAX), (0x20, 0, u32::MAX)]
    {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(permissions.to_le_bytes());
        bytes.extend(id.to_le_bytes());
    }
    bytes
}

fn assert_is(path: &Path, wanted: &Metadata) {
    let facts = fs::symlink_metadata(path).unwrap();
    let found = (facts.mode() & 0o7777, facts.uid(), facts.gid(), facts.mtime(), facts.mtime_nsec() as u32);
    let mode = if facts.is_symlink() { 0o777 } else { wanted.mode };
    let wanted_facts = (mode, wanted.uid, wanted.gid, wanted.mtime.seconds, wanted.mtime.nanoseconds);
    assert_eq!(found, wanted_facts, "{}", path.display());
    for (name, value) in &wanted.xattrs {
        assert_eq!(xattr(path, std::str::from_utf8(name).unwrap()), *value, "{}", path.display());
    }
}

#[test]
fn every_kind_of_metadata_comes_back() {
    let before_1970 = Mtime { seconds: -86_400, nanoseconds: 999_999_999 };
    let far = Mtime { seconds: 1 << 33, nanoseconds: 1 };
    let capability = vec![1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let acl = ("system.posix_acl_access", access_acl());
    let with = |mode, uid, gid, mtime, xattrs: &[(&str, Vec<u8>)]| {
        let xattrs = xattrs.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.clone())).collect();
        Metadata { mode, uid, gid, mtime, xattrs }
    };
    let plain = metadata(0o644).mtime;
    let files = [
        ("plain", with(0o644, 0, 0, plain, &[])),
        ("none", with(0, 0, 0, plain, &[])),
        ("open", with(0o666, 0, 0, plain, &[])),
        ("owned", with(0o640, 1000, 1001, before_1970, &[])),
        ("setuid", with(0o4755, 1000, 1000, plain, &[])),
        ("setgid", with(0o2755, 1, 2, far, &[])),
        ("noted", with(0o444, 5, 5, plain, &[("user.a", b"1".to_vec()), ("user.b", vec![0, 255])])),
        ("acl", with(0o640, 1000, 1000, plain, std::slice::from_ref(&acl))),
        ("capable", with(0o755, 33, 33, plain, &[("security.capability", capability)])),
        ("trusted", with(0o600, 0, 0, plain, &[("trusted.t", b"x".to_vec())])),
        ("sub/deep/file", with(0o600, 7, 8, before_1970, &[])),
    ];
    let directories = [
        ("", with(0o2750, 999, 998, before_1970, &[("user.root", b"r".to_vec())])),
        ("sub", with(0o1777, 3, 4, plain, &[("system.posix_acl_default", access_acl())])),
        ("sub/deep", with(0o000, 0, 0, far, &[])),
        ("empty", with(0o640, 0, 0, plain, &[acl])),
    ];
    let link = with(0o777, 1, 2, before_1970, &[("trusted.link", b"l".to_vec())]);
    let mut tree = HandMade::default();
    directories.iter().for_each(|(path, metadata)| tree.add(path, metadata, DigestedKind::Directory));
    files.iter().for_each(|(path, metadata)| tree.add_file(path, metadata, path.as_bytes()));
    tree.add("sub/link", &link, DigestedKind::Symlink { target: b"/etc/passwd" });
    tree.add("sub/name", &files[4].1, DigestedKind::HardLink { leader: b"setuid" });

    let fixture = Fixture::new();
    let staging = fixture.stage(exactly(&tree));
    files.iter().for_each(|(path, metadata)| staging.file(path.as_bytes(), metadata, path.as_bytes()).unwrap());
    staging.symlink(b"sub/link", &link, b"/etc/passwd").unwrap();
    staging.hard_link(b"sub/name", &files[4].1, b"setuid").unwrap();
    directories.iter().for_each(|(path, metadata)| staging.directory(path.as_bytes(), metadata).unwrap());
    let sealed = staging.seal().unwrap();
    assert_eq!((Some(sealed.tree_digest), sealed.entries), (tree.expected().tree_digest, 17));
    sealed.tree.open_up(&fixture.parent, SIBLING).unwrap();

    for (path, wanted) in directories.iter().chain(&files) {
        assert_is(&fixture.root().join(path), wanted);
    }
    for (path, _) in &files {
        assert_eq!(fs::read(fixture.root().join(path)).unwrap(), path.as_bytes());
    }
    assert_is(&fixture.root().join("sub/link"), &link);
    assert_eq!(fs::read_link(fixture.root().join("sub/link")).unwrap(), Path::new("/etc/passwd"));
    assert_eq!(fs::metadata(fixture.root().join("sub/name")).unwrap().nlink(), 2);
}

#[test]
fn names_that_are_not_text_come_back() {
    let fixture = Fixture::new();
    let name = b"\xff\xfe \n\x1b[2J'\\";
    let expected = Expected { tree_digest: None, entries: 2, bytes: 1 };
    let staging = fixture.stage(Quota { expected, ..generous() });
    staging.directory(b"", &metadata(0o700)).unwrap();
    staging.file(name, &metadata(0o600), b"x").unwrap();
    staging.seal().unwrap();
    assert_eq!(fs::read(fixture.root().join(OsStr::from_bytes(name))).unwrap(), b"x");
}

#[test]
fn attributes_in_any_order_have_one_digest() {
    let mut noted = metadata(0o600);
    noted.xattrs = vec![(b"user.a".to_vec(), b"1".to_vec()), (b"user.b".to_vec(), b"2".to_vec())];
    let mut tree = HandMade::with_root(&metadata(0o700));
    tree.add_file("file", &noted, b"");
    let fixture = Fixture::new();
    let staging = fixture.stage(exactly(&tree));
    staging.directory(b"", &metadata(0o700)).unwrap();
    noted.xattrs.reverse();
    staging.file(b"file", &noted, b"").unwrap();
    staging.seal().unwrap();
}

#[test]
fn a_default_acl_and_set_gid_of_the_parent_do_not_leak_in() {
    let fixture = Fixture::new();
    let parent = fixture.parent.path().to_str().unwrap().to_owned();
    run("setfacl", &["-d", "-m", "u:1234:rwx,g:1234:rwx", &parent]);
    std::os::unix::fs::chown(&parent, None, Some(4321)).unwrap();
    fs::set_permissions(&parent, fs::Permissions::from_mode(0o2755)).unwrap();
    let mut tree = HandMade::with_root(&metadata(0o750));
    tree.add("sub", &metadata(0o755), DigestedKind::Directory);
    tree.add_file("file", &metadata(0o640), b"secret");
    tree.add_file("sub/file", &metadata(0o640), b"secret");
    let staging = fixture.stage(exactly(&tree));
    assert_eq!(fs::metadata(fixture.root()).unwrap().mode() & 0o7777, 0o700);
    staging.file(b"file", &metadata(0o640), b"secret").unwrap();
    staging.file(b"sub/file", &metadata(0o640), b"secret").unwrap();
    staging.directory(b"sub", &metadata(0o755)).unwrap();
    staging.directory(b"", &metadata(0o750)).unwrap();
    staging.seal().unwrap().tree.open_up(&fixture.parent, SIBLING).unwrap();
    for (path, mode) in [("", 0o750), ("sub", 0o755), ("file", 0o640), ("sub/file", 0o640)] {
        let path = fixture.root().join(path);
        assert_is(&path, &metadata(mode));
        let mut names = Vec::with_capacity(4096);
        rustix::fs::llistxattr(&path, rustix::buffer::spare_capacity(&mut names)).unwrap();
        assert!(!String::from_utf8_lossy(&names).contains("posix_acl"), "{}", path.display());
    }
}

#[test]
fn project_id_and_inode_flags_of_live_are_there_before_the_first_entry() {
    let disk = Disk::xfs();
    let fixture = Fixture::on(disk.path());
    fixture.parent.make_directory("live").unwrap();
    let live_path = disk.path().join("live");
    run("chattr", &["-p", "77", live_path.to_str().unwrap()]);
    run("chattr", &["+P", "+A", "+d", live_path.to_str().unwrap()]);
    fixture.parent.make_directory(SIBLING).unwrap();
    let live = fixture.parent.open_live("live").unwrap();
    let expected = Expected { tree_digest: None, entries: 2, bytes: 1 };
    let staging = Staging::create(&fixture.parent, SIBLING, live, Quota { expected, ..generous() }).unwrap();
    staging.directory(b"", &metadata(0o755)).unwrap();
    staging.file(b"file", &metadata(0o600), b"x").unwrap();
    staging.seal().unwrap();
    for path in [fixture.root(), fixture.root().join("file")] {
        let output = std::process::Command::new("lsattr").args(["-d", "-p"]).arg(&path).output().unwrap();
        let line = String::from_utf8(output.stdout).unwrap();
        let mut fields = line.split_whitespace();
        assert_eq!(fields.next(), Some("77"), "{line}");
        let flags = fields.next().unwrap();
        assert!(flags.contains('A') && flags.contains('d') && flags.contains('P') || path.ends_with("file"), "{line}");
    }
    fixture.parent.exchange("live", SIBLING).unwrap();
}

#[test]
fn a_live_without_copy_on_write_gets_a_new_tree_without_it() {
    let disk = Disk::btrfs();
    let fixture = Fixture::on(disk.path());
    fixture.parent.make_directory("live").unwrap();
    run("chattr", &["+C", disk.path().join("live").to_str().unwrap()]);
    fixture.parent.make_directory(SIBLING).unwrap();
    let live = fixture.parent.open_live("live").unwrap();
    let expected = Expected { tree_digest: None, entries: 3, bytes: 1 };
    let staging = Staging::create(&fixture.parent, SIBLING, live, Quota { expected, ..generous() }).unwrap();
    staging.directory(b"", &metadata(0o755)).unwrap();
    staging.directory(b"sub", &metadata(0o755)).unwrap();
    staging.file(b"sub/file", &metadata(0o600), b"x").unwrap();
    staging.seal().unwrap();
    for path in ["", "sub", "sub/file"] {
        let opened = fs::File::open(fixture.root().join(path)).unwrap();
        let flags = rustix::fs::ioctl_getflags(&opened).unwrap();
        assert!(flags.contains(rustix::fs::IFlags::NOCOW), "{path}");
    }
}

#[test]
fn flags_that_are_wanted_are_there_before_the_first_byte_and_are_inherited() {
    let disk = Disk::btrfs();
    let fixture = Fixture::on(disk.path());
    let mut flags = Wanted::default();
    for (path, letters) in
        [("db", "C"), ("deep/er", "C"), ("one", "C"), ("large", "CA"), ("quiet", "A?i"), ("db/cow", "")]
    {
        flags.add(path.as_bytes(), letters);
    }
    let expected = Expected { tree_digest: None, entries: 13, bytes: 7 + (3 << 20) };
    let staging = fixture.stage(Quota { flags, expected, ..generous() });
    staging.directory(b"", &metadata(0o755)).unwrap();
    // Made as somebody's missing parents, before they are claimed.
    staging.file(b"deep/er/file", &metadata(0o600), b"x").unwrap();
    for directory in ["db", "db/sub", "deep", "deep/er"] {
        staging.directory(directory.as_bytes(), &metadata(0o755)).unwrap();
    }
    for file in ["db/file", "db/sub/file", "db/cow", "one", "quiet", "plain"] {
        staging.file(file.as_bytes(), &metadata(0o600), b"x").unwrap();
    }
    let mut large = staging.large_file(b"large", &metadata(0o600), 3 << 20).unwrap();
    large.write(1 << 20, &[7; 1 << 20]).unwrap();
    large.finish().unwrap();
    let sealed = staging.seal().unwrap();
    assert_eq!(sealed.without_flags.count(), 0);
    let has = |path: &str| {
        use rustix::fs::IFlags;
        let flags = rustix::fs::ioctl_getflags(fs::File::open(fixture.root().join(path)).unwrap()).unwrap();
        (flags.contains(IFlags::NOCOW), flags.contains(IFlags::NOATIME), flags.contains(IFlags::IMMUTABLE))
    };
    for path in ["db", "db/sub", "db/file", "db/sub/file", "deep/er", "deep/er/file", "one"] {
        assert_eq!(has(path), (true, false, false), "{path}");
    }
    assert_eq!(has("large"), (true, true, false));
    assert_eq!(has("db/cow"), (false, false, false));
    assert_eq!(has("quiet"), (false, true, false));
    assert_eq!(
        (has(""), has("deep"), has("plain")),
        ((false, false, false), (false, false, false), (false, false, false))
    );
}

#[test]
fn what_a_file_system_has_no_flags_for_goes_without_and_is_named() {
    let disk = Disk::ext4(32);
    let fixture = Fixture::on(disk.path());
    let mut flags = Wanted::default();
    flags.add(b"db", "C");
    flags.add(b"quiet", "d");
    let expected = Expected { tree_digest: None, entries: 4, bytes: 2 };
    let staging = fixture.stage(Quota { flags, expected, ..generous() });
    staging.directory(b"", &metadata(0o755)).unwrap();
    staging.directory(b"db", &metadata(0o755)).unwrap();
    staging.file(b"db/file", &metadata(0o600), b"x").unwrap();
    staging.file(b"quiet", &metadata(0o600), b"x").unwrap();
    let without = staging.seal().unwrap().without_flags.remark("data", reforge_base::remark::About::Flags).unwrap();
    assert_eq!((without.count, &*without.names), (1, &["db".to_owned()][..]));
}

#[test]
fn an_immutable_or_append_only_live_is_refused() {
    let fixture = Fixture::new();
    fixture.parent.make_directory("live").unwrap();
    let path = fixture.parent.path().join("live").to_str().unwrap().to_owned();
    for (flag, says) in [("i", "immutable"), ("a", "append-only")] {
        run("chattr", &[&format!("+{flag}"), &path]);
        let live = fixture.parent.open_live("live").unwrap().unwrap();
        let refused = crate::inode_flags::refuse_unsupported(&live, Path::new(&path));
        run("chattr", &[&format!("-{flag}"), &path]);
        let failure = refused.unwrap_err();
        assert!(failure.code == Code::VolumeRefused && failure.message.contains(says), "{failure}");
    }
}

#[test]
fn twenty_thousand_entries_from_four_threads_are_all_there_once() {
    const FILES: usize = 20_000;
    let path = |number: usize| format!("d{}/e{}/f{number}", number % 7, number % 131);
    let directories: std::collections::BTreeSet<String> = (0..FILES)
        .flat_map(|number| [format!("d{}", number % 7), format!("d{}/e{}", number % 7, number % 131)])
        .collect();
    let mut tree = HandMade::with_root(&metadata(0o700));
    directories.iter().for_each(|path| tree.add(path, &metadata(0o750), DigestedKind::Directory));
    (0..FILES).for_each(|number| tree.add_file(&path(number), &metadata(0o640), path(number).as_bytes()));

    let disk = Disk::tmpfs();
    let fixture = Fixture::on(disk.path());
    let staging = fixture.stage(exactly(&tree));
    staging.directory(b"", &metadata(0o700)).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (staging, directories) = (&staging, &directories);
            scope.spawn(move || {
                for number in (thread..FILES).step_by(4) {
                    staging.file(path(number).as_bytes(), &metadata(0o640), path(number).as_bytes()).unwrap();
                }
                for directory in directories.iter().skip(thread).step_by(4) {
                    staging.directory(directory.as_bytes(), &metadata(0o750)).unwrap();
                }
            });
        }
    });
    let sealed = staging.seal().unwrap();
    assert_eq!(staging.progress().entries.load(Ordering::Relaxed), sealed.entries);
    assert_eq!(staging.progress().bytes.load(Ordering::Relaxed), sealed.bytes);
    for number in (0..FILES).step_by(997) {
        assert_eq!(fs::read(fixture.root().join(path(number))).unwrap(), path(number).as_bytes());
    }
    assert_is(&fixture.root().join("d0"), &metadata(0o750));
}

#[test]
fn after_the_seal_nothing_of_the_tree_is_open() {
    let fixture = Fixture::new();
    let expected = Expected { tree_digest: None, entries: 4, bytes: 2 << 20 };
    let staging = fixture.stage(Quota { expected, ..generous() });
    staging.directory(b"", &metadata(0o700)).unwrap();
    staging.directory(b"sub", &metadata(0o700)).unwrap();
    staging.file(b"sub/file", &metadata(0o600), b"").unwrap();
    let mut large = staging.large_file(b"large", &metadata(0o600), 2 << 20).unwrap();
    large.finish().unwrap();
    staging.seal().unwrap();
    let root = fixture.root();
    for entry in fs::read_dir("/proc/self/fd").unwrap() {
        let target = fs::read_link(entry.unwrap().path()).unwrap_or_default();
        assert!(!target.starts_with(&root), "{} is still open", target.display());
    }
    drop((staging, large));
}
