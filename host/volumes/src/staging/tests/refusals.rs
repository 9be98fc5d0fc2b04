use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::fixture::{Fixture, HandMade, SIBLING, exactly, generous, metadata};
use crate::space::Budget;
use crate::staging::{Expected, Quota, Staging};
use crate::tree_digest::{Metadata, Mtime};
use reforge_base::failure::{Code, Failure};
use reforge_testing::Disk;

type Call = fn(&Staging) -> Result<(), Failure>;

fn file(staging: &Staging, path: &[u8], metadata: &Metadata) -> Result<(), Failure> {
    staging.file(path, metadata, b"x")
}

fn with_xattrs(xattrs: &[(&[u8], usize)]) -> Metadata {
    let xattrs = xattrs.iter().map(|(name, length)| (name.to_vec(), vec![0; *length])).collect();
    Metadata { xattrs, ..metadata(0o600) }
}

/// Refused by the call itself or at the latest by the seal, which then names the same reason.
fn assert_refused(rows: &[(&str, Code, Call)], quota: &Quota) {
    for (name, code, call) in rows {
        let fixture = Fixture::new();
        let staging = fixture.stage(quota.clone());
        staging.directory(b"", &metadata(0o700)).unwrap();
        let outcome = call(&staging);
        let failure = staging.seal().unwrap_err();
        assert_eq!(failure.code, *code, "{name}: {failure}");
        assert!(outcome.is_ok() || outcome.unwrap_err() == failure, "{name}: the seal reports the first failure");
        let outside = fs::read_dir(fixture.parent.path()).unwrap().count();
        assert_eq!(outside, 1, "{name}: something was made outside the staging");
    }
}

#[test]
fn an_entry_that_is_not_what_it_should_be_refuses_the_volume() {
    let refused = Code::ArchiveRefused;
    assert_refused(
        &[
            ("unclaimed parent", refused.clone(), |s| file(s, b"a/b", &metadata(0o600))),
            ("unclaimed grandparent", refused.clone(), |s| {
                s.directory(b"a/b", &metadata(0o700))?;
                file(s, b"a/b/c", &metadata(0o600))
            }),
            ("empty target", refused.clone(), |s| s.symlink(b"a", &metadata(0o777), b"")),
            ("target with a zero byte", refused.clone(), |s| s.symlink(b"a", &metadata(0o777), b"a\0b")),
            ("long target", refused.clone(), |s| s.symlink(b"a", &metadata(0o777), &[b'x'; 4096])),
            ("time that is not kept", Code::VolumeRefused, |s| {
                let mtime = Mtime { seconds: i64::MIN / 4, nanoseconds: 0 };
                file(s, b"a", &Metadata { mtime, ..metadata(0o600) })
            }),
            ("file too large to be whole", Code::TooLarge, |s| s.file(b"a", &metadata(0o600), &vec![0; (1 << 20) + 1])),
        ],
        &generous(),
    );
}

#[test]
fn a_staging_that_is_not_what_was_captured_is_damaged() {
    let mut tree = HandMade::with_root(&metadata(0o700));
    tree.add_file("a", &metadata(0o600), b"x");
    let damaged = Code::SnapshotDamaged;
    assert_refused(
        &[
            ("entry missing", damaged.clone(), |_| Ok(())),
            ("other bytes", damaged.clone(), |s| s.file(b"a", &metadata(0o600), b"y")),
            ("fewer bytes", damaged.clone(), |s| s.file(b"a", &metadata(0o600), b"")),
            ("other name", damaged.clone(), |s| file(s, b"b", &metadata(0o600))),
            ("other mode", damaged.clone(), |s| file(s, b"a", &metadata(0o601))),
            ("other kind", damaged.clone(), |s| s.directory(b"a", &metadata(0o600))),
            ("one byte too many", Code::TooLarge, |s| s.file(b"a", &metadata(0o600), b"xy")),
            ("one entry too many", Code::TooLarge, |s| {
                file(s, b"a", &metadata(0o600))?;
                s.directory(b"b", &metadata(0o700))
            }),
            ("large beyond", Code::TooLarge, |s| s.large_file(b"a", &metadata(0), u64::MAX).map(drop)),
        ],
        &exactly(&tree),
    );
}

#[test]
fn without_its_root_a_volume_is_refused() {
    let fixture = Fixture::new();
    let staging = fixture.stage(Quota { expected: Expected::default(), ..generous() });
    assert_eq!(staging.seal().unwrap_err().code, Code::ArchiveRefused);
    let fixture = Fixture::new();
    let staging = fixture.stage(Quota { expected: Expected { entries: 1, bytes: 1, tree_digest: None }, ..generous() });
    file(&staging, b"a", &metadata(0o600)).unwrap();
    assert_eq!(staging.seal().unwrap_err().code, Code::ArchiveRefused);
}

#[test]
fn once_cancelled_every_call_fails() {
    let cancelled = Arc::new(AtomicBool::new(false));
    let fixture = Fixture::new();
    let staging = fixture.stage(Quota { cancelled: Arc::clone(&cancelled), ..generous() });
    staging.directory(b"", &metadata(0o700)).unwrap();
    let mut large = staging.large_file(b"large", &metadata(0o600), 10).unwrap();
    cancelled.store(true, Ordering::Relaxed);
    let calls = [
        staging.directory(b"d", &metadata(0o700)),
        file(&staging, b"f", &metadata(0o600)),
        staging.large_file(b"l", &metadata(0o600), 1).map(drop),
        staging.large_file_part(b"l", 1).map(drop),
        staging.symlink(b"s", &metadata(0o777), b"x"),
        staging.hard_link(b"h", &metadata(0o600), b"f"),
        large.write(0, b"x"),
        large.finish(),
        staging.seal().map(drop),
    ];
    assert!(calls.into_iter().all(|call| call.unwrap_err().code == Code::Cancelled));
    assert_eq!(fs::read_dir(fixture.root()).unwrap().count(), 1);
}

#[test]
fn after_the_first_failure_and_after_the_seal_nothing_is_taken() {
    let fixture = Fixture::new();
    let staging = fixture.stage(generous());
    let first = file(&staging, b"..", &metadata(0o600)).unwrap_err();
    assert_eq!(staging.directory(b"", &metadata(0o700)).unwrap_err(), first);
    assert_eq!(staging.seal().unwrap_err(), first);
    let fixture = Fixture::new();
    let expected = Expected { tree_digest: None, entries: 1, bytes: 0 };
    let staging = fixture.stage(Quota { expected, ..generous() });
    staging.directory(b"", &metadata(0o700)).unwrap();
    staging.seal().unwrap();
    assert_eq!(file(&staging, b"a", &metadata(0o600)).unwrap_err().code, Code::OutOfOrder);
    assert_eq!(staging.seal().unwrap_err().code, Code::OutOfOrder);
}

#[test]
fn only_an_empty_directory_becomes_a_staging() {
    let fixture = Fixture::new();
    let create = || Staging::create(&fixture.parent, SIBLING, None::<&cap_std::fs::Dir>, generous());
    assert_eq!(create().unwrap_err().code, Code::Io, "absent");
    fixture.parent.make_directory(SIBLING).unwrap();
    fs::write(fixture.root().join("foreign"), b"precious").unwrap();
    assert_eq!(create().unwrap_err().code, Code::VolumeRefused);
    assert_eq!(fs::read(fixture.root().join("foreign")).unwrap(), b"precious");
    fs::remove_file(fixture.root().join("foreign")).unwrap();
    fs::remove_dir(fixture.root()).unwrap();
    symlink("/tmp", fixture.root()).unwrap();
    assert_eq!(create().unwrap_err().code, Code::VolumeRefused);
}

#[test]
fn a_full_disk_is_said_and_the_reserve_stays_free() {
    for reserve_bytes in [0, 6 << 20] {
        let disk = Disk::ext4(16);
        let fixture = Fixture::on(disk.path());
        let budget = Budget { reserve_bytes, reserve_inodes: 0 };
        let staging = fixture.stage(Quota { budget, ..generous() });
        let mut file = staging.large_file(b"large", &metadata(0o600), 64 << 20).unwrap();
        let failure = (0..64).find_map(|block| file.write(block << 20, &vec![1; 1 << 20]).err()).unwrap();
        assert_eq!(failure.code, Code::NoSpace, "{failure}");
        assert!(!failure.hint.is_empty() || reserve_bytes == 0);
        let written = staging.progress().bytes.load(Ordering::Relaxed);
        assert_eq!(written >= 9 << 20, reserve_bytes == 0, "{written} bytes were written");
        assert_eq!(staging.seal().unwrap_err(), failure);
    }
}

#[test]
fn a_disk_without_inodes_is_said() {
    let disk = Disk::ext4(16);
    let fixture = Fixture::on(disk.path());
    let staging = fixture.stage(Quota { budget: Budget { reserve_bytes: 0, reserve_inodes: 1 << 30 }, ..generous() });
    let failure = staging.directory(b"", &metadata(0o700)).unwrap_err();
    assert!(failure.code == Code::NoSpace && failure.message.contains("inodes"), "{failure}");
}

#[test]
fn a_file_system_without_room_for_attributes_is_an_error_and_not_a_difference() {
    let disk = Disk::ext4(16);
    let fixture = Fixture::on(disk.path());
    let staging = fixture.stage(generous());
    let failure = file(&staging, b"a", &with_xattrs(&[(b"user.a", 60_000)])).unwrap_err();
    assert!(matches!(failure.code, Code::NoSpace | Code::Io), "{failure}");
    assert!(failure.message.contains("user.a"));
    assert_eq!(staging.seal().unwrap_err(), failure);
}
