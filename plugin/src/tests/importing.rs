//! Foreign archives written anew: what comes of them is an archive of ours, and says what it is without.

use std::cell::RefCell;

use super::fake_host::FakeHost;
use super::tarball::{Archive, Head, Tarball, manifest};
use crate::host::{Job, Metadata, Output, Timestamp};
use crate::import::convert::convert;
use crate::import::survey::{Contents, survey};
use crate::import::{Remark, Rules, Source};
use crate::inspect::inspect;
use crate::{Failure, Result};

/// Keeps what is put.
#[derive(Default)]
struct Kept(RefCell<Vec<u8>>);

impl Output for Kept {
    fn put(&self, bytes: &[u8]) -> Result<()> {
        assert!(bytes.len() <= crate::archive::limits::PIECE_BYTES_MAX);
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(())
    }
}

fn rules() -> Rules {
    Rules {
        strip: 0,
        earliest: Timestamp { seconds: 0, nanoseconds: 0 },
        latest: Timestamp { seconds: 1 << 33, nanoseconds: 0 },
        attribute_bytes_max: 1000,
        policy: Vec::new(),
    }
}

fn foreign(bytes: Vec<u8>) -> Archive {
    Archive { descriptor: serde_json::Value::Null, bytes }
}

fn surveyed(tarball: Tarball) -> Result<Contents> {
    survey(&FakeHost::default(), &foreign(tarball.end().finish().0), &rules())
}

/// Writes an archive anew and has what comes of it inspected.
fn converted(bytes: Vec<u8>, prefixes: &[&str], rules: &Rules) -> Result<(Vec<u8>, Vec<Remark>)> {
    let missing = Metadata { mode: 0o750, uid: 7, gid: 8, ..Metadata::default() };
    let source =
        |(index, prefix): (u32, &&str)| Source { index, prefix: prefix.as_bytes().to_vec(), missing: missing.clone() };
    let sources: Vec<_> = (0..).zip(prefixes).map(source).collect();
    let kept = Kept::default();
    let manifest = manifest(prefixes.len()).to_string();
    let remarks = convert(&FakeHost::default(), &foreign(bytes), &kept, &manifest, &sources, rules)?;
    let tar = kept.0.into_inner();
    let packed = Tarball::empty().raw(&tar).finish().0;
    let job = Job { policy: rules.policy.clone(), imported: true, thorough: true, ..Job::default() };
    inspect(&FakeHost::default(), &foreign(packed), &job).expect("what comes of a conversion is an archive of ours");
    Ok((tar, remarks))
}

/// Names in a tar that needs no records for them.
fn names(tar: &[u8]) -> Vec<String> {
    let mut archive = tar::Archive::new(tar);
    let entries = archive.entries().unwrap();
    entries.map(|entry| String::from_utf8(entry.unwrap().path_bytes().into_owned()).unwrap()).collect()
}

#[test]
fn what_the_sources_take_is_written_below_their_volumes_and_the_rest_is_remarked() {
    let tarball =
        Tarball::empty().directory("./").directory("./a/").file("./a/x", b"x").file("./b/y", b"y").file("./c", b"");
    let (tar, remarks) = converted(tarball.end().finish().0, &["a", "b"], &rules()).unwrap();
    let wanted = ["manifest.json", "volumes/0/", "volumes/0/x", "volumes/1/y", "volumes/1/"];
    assert_eq!(names(&tar), wanted);
    let remarks: Vec<_> = remarks.iter().map(|remark| (remark.class, remark.count)).collect();
    assert_eq!(remarks, [("directories", 1), ("outside", 1)]);
}

#[test]
fn a_conversion_is_cut_off_like_every_reading_of_a_bomb() {
    // One member of zeros many times over: a file that is larger than what is let pass at any ratio.
    let member = Tarball::empty().raw(&vec![0; 16 << 20]).finish().0;
    let head = Tarball::empty().raw(&Head::new("f", b'0', 2 << 30).bytes()).finish().0;
    let bomb = [head, member.repeat(128)].concat();
    let rules = Rules { policy: vec!["import-ratio=50".to_owned()], ..rules() };
    let failure = converted(bomb, &[""], &rules).unwrap_err();
    assert_eq!(failure.code, "too-large", "{failure:?}");
    assert!(failure.hint.contains("import_ratio_max"), "{failure:?}");
}

#[test]
fn times_and_attributes_beyond_the_file_system_are_moved_and_left_out() {
    let value = [1; 1001];
    let tarball = Tarball::empty()
        .pax(&[("mtime", b"-5"), ("SCHILY.xattr.user.large", &value), ("SCHILY.xattr.user.small", b"s")])
        .file("x", b"x");
    let (tar, remarks) = converted(tarball.end().finish().0, &[""], &rules()).unwrap();
    let classes: Vec<_> = remarks.iter().map(|remark| remark.class).collect();
    assert_eq!(classes, ["attributes", "times", "directories"]);
    let text = String::from_utf8_lossy(&tar).into_owned();
    assert!(text.contains("user.small") && !text.contains("user.large"));
}

#[test]
fn a_file_system_of_whole_seconds_and_little_room_is_kept_to_and_one_without_access_lists_refuses_them() {
    let policy = ["time-unit=1000000000", "attributes=100", "no-access-lists"].map(str::to_owned).to_vec();
    let rules = Rules { policy, ..rules() };
    let value = [1; 60];
    let attributes: [(&str, &[u8]); 3] =
        [("mtime", b"1610612736.5"), ("SCHILY.xattr.user.one", &value), ("SCHILY.xattr.user.two", b"2")];
    let tarball = Tarball::empty().directory("./").pax(&attributes).file("x", b"x").file("y", b"y");
    let (tar, remarks) = converted(tarball.end().finish().0, &[""], &rules).unwrap();
    let told: Vec<_> = remarks.iter().map(|remark| (remark.class, remark.count)).collect();
    assert_eq!(told, [("attributes", 1), ("times", 1)]);
    let text = String::from_utf8_lossy(&tar).into_owned();
    assert!(text.contains("user.two") && !text.contains("user.one"));
    let listed = Tarball::empty().pax(&[("SCHILY.xattr.system.posix_acl_access", &value)]).file("x", b"x").end();
    let failure = converted(listed.finish().0, &[""], &rules).unwrap_err();
    assert!(failure.message.contains("access list"), "{failure:?}");
}

#[test]
fn an_owner_without_a_number_is_the_one_of_its_name_and_names_count_everywhere_when_they_are_asked_for() {
    let blank = |name: &str, user: &str| {
        let mut bytes = Head::new(name, b'0', 0).bytes();
        bytes[108..124].fill(b' ');
        bytes[257..265].copy_from_slice(b"ustar\x0000");
        bytes[265..265 + user.len()].copy_from_slice(user.as_bytes());
        bytes[297..302].copy_from_slice(b"staff");
        let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
        bytes[148..156].fill(b' ');
        let sum = format!("{:06o}\0 ", sum(&bytes));
        bytes[148..156].copy_from_slice(sum.as_bytes());
        bytes
    };
    let names: [(&str, &[u8]); 2] = [("uname", b"app"), ("gname", b"staff")];
    let tarball = Tarball::empty()
        .directory("./")
        .raw(&blank("known", "app"))
        .raw(&blank("unknown", "nobody-here"))
        .pax(&names)
        .file("numbered", b"");
    let bytes = tarball.end().finish().0;
    let owners = |tar: &[u8]| -> Vec<(u64, u64)> {
        let mut archive = tar::Archive::new(tar);
        let owner = |header: &tar::Header| (header.uid().unwrap(), header.gid().unwrap());
        archive.entries().unwrap().skip(2).map(|entry| owner(entry.unwrap().header())).collect()
    };
    let known = ["owner=105:app", "group=50:staff"].map(str::to_owned).to_vec();
    let (tar, remarks) = converted(bytes.clone(), &[""], &Rules { policy: known.clone(), ..rules() }).unwrap();
    let numbered = owners(&tar)[2];
    assert_eq!((owners(&tar)[..2].to_vec(), numbered.0), (vec![(105, 50), (7, 50)], 1000));
    let told: Vec<_> = remarks.iter().map(|remark| (remark.class, remark.count)).collect();
    assert_eq!(told, [("owners", 1), ("unknown-owners", 1)]);
    let policy = [known, vec!["owners-by-name".to_owned()]].concat();
    let (tar, _) = converted(bytes, &[""], &Rules { policy, ..rules() }).unwrap();
    assert_eq!(owners(&tar)[2], (105, 50));
}

#[test]
fn what_gnu_tar_joins_is_one_archive_unless_a_name_comes_twice_and_what_is_only_joined_is_refused() {
    let first = || Tarball::empty().directory("./").file("./a", b"a");
    // `tar --concatenate` takes the first one's end away: nothing is left to tell it by, and nothing is missing.
    let (tar, _) = converted(first().file("./b", b"b").end().finish().0, &[""], &rules()).unwrap();
    assert_eq!(names(&tar), ["manifest.json", "volumes/0/", "volumes/0/a", "volumes/0/b"]);
    for (what, joined) in [
        ("`tar --concatenate` of two backups", first().directory("./").file("./b", b"b").end()),
        ("`tar --append` of a newer file", first().file("./a", b"b").end()),
        ("`cat` of two archives", first().end().file("./b", b"b").end()),
        ("`cat` of two backups", first().end().directory("./").file("./a", b"b").end()),
    ] {
        let plain = joined.tar().to_vec();
        for bytes in [plain, joined.finish().0] {
            let failure = converted(bytes, &[""], &rules()).unwrap_err();
            assert!(failure.hint.contains("tar -xif"), "{what}: {failure:?}");
        }
    }
}

#[test]
fn a_survey_says_where_a_single_volume_begins_and_finds_a_manifest_anywhere() {
    let contents = surveyed(Tarball::empty().directory("data/").file("data/x", b"x")).unwrap();
    assert_eq!((contents.root.as_deref(), contents.manifest.as_str()), (Some(&b"data"[..]), ""));
    assert_eq!((contents.entries, contents.bytes), (2, 1));
    let text = manifest(1).to_string();
    let late =
        Tarball::empty().directory("./volumes/0/").file("./volumes/0/x", b"").file("./manifest.json", text.as_bytes());
    let contents = surveyed(late).unwrap();
    assert_eq!((contents.manifest, contents.volumes), (text, vec![b"volumes/0".to_vec()]));
}

#[test]
fn a_plain_tar_is_read_and_a_file_of_another_kind_is_called_by_its_name() {
    let tarball = Tarball::empty().file("x", b"x").end();
    let (tar, _) = converted(tarball.tar().to_vec(), &[""], &rules()).unwrap();
    assert!(names(&tar).contains(&"volumes/0/x".to_owned()));
    let says = |bytes: &[u8]| survey(&FakeHost::default(), &foreign(bytes.to_vec()), &rules()).unwrap_err();
    let Failure { code, message, hint } = says(b"PK\x03\x04 and so on");
    assert_eq!((&*code, &*message), ("snapshot-damaged", "this is a zip archive"));
    assert!(hint.contains("unzip"));
}

#[test]
fn everything_that_refuses_is_said_at_once() {
    let head = |name: &str| Head::new(name, b'3', 0);
    let tarball = Tarball::empty().entry(&head("one"), b"").file("good", b"").entry(&head("two"), b"");
    let failure = converted(tarball.end().finish().0, &[""], &rules()).unwrap_err();
    assert!(failure.message.contains("`one`") && failure.message.contains("`two`"), "{failure:?}");
}
