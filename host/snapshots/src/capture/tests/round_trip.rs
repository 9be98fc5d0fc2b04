//! What GNU tar brings back is what was there.

use std::process::Command;

use super::super::*;
use super::fixture::{World, capture_roots, run};
use super::signature::{self, With};
use crate::Unwatched;

const WITH_EVERYTHING: &[&str] = &["--xattrs", "--xattrs-include=*", "--acls"];

/// Every kind of name, time, owner, attribute and file.
const FULL_TREE: &str = r#"
    chown 1234:4321 . && chmod 0700 .
    printf plain > plain; : > empty; mkdir empty-dir -- '-dash dir'; printf x > ./-rf
    mkdir read-only && printf y > read-only/in && chmod 0555 read-only
    printf n > $'new\nline'; printf n > $'\xff\xfe not utf-8'; printf n > $'tab\tback\\slash'; mkdir $'d\n\xf0'; : > $'d\n\xf0/f'
    mkdir .reforge-abc-0 && printf keep > .reforge-abc-0/file
    mkdir a a-b && printf 1 > a/c && printf 2 > a-b/c && printf 3 > a.b
    printf old > old; touch -d '1901-12-25 00:00:00.25 UTC' old
    printf old > old-whole; touch -d '1960-01-01 00:00:00 UTC' old-whole
    printf edge > edge; touch -d '1969-12-31 23:59:59.000000001 UTC' edge
    printf new > new; touch -d '2399-01-01 00:00:00.999999999 UTC' new
    printf s > set-id; chown 3000000:4294967294 set-id; chmod 6755 set-id; mkdir sticky; chmod 3777 sticky
    ln plain z-link; ln plain a/also; ln -s plain soft; ln -s /nowhere/$(printf 'x%.0s' {1..150}) dangling; ln -s loop loop
    chown -h 77:88 soft; touch -h -d '1955-05-05 05:05:05.5 UTC' soft
    ln old-whole $(printf 'h%.0s' {1..200})
    long=$(printf 'l%.0s' {1..255}); printf l > $long
    deep=.; for i in $(seq 1 30); do deep=$deep/$(printf "d$i%.0s" {1..8}); done; mkdir -p $deep; printf d > $deep/f; ln $deep/f $deep/g
    setfattr -n user.note -v 'a value' plain; setfattr -n user.empty plain; setfattr -n 'user.a=b%c' -v $'two\nlines' plain
    setfattr -n user.binary -v 0x00ff0a3d00 a; setfattr -n trusted.t -v t soft; setfattr -n user.big -v $(printf 'v%.0s' {1..3000}) empty
    printf cap > cap; chown 5:5 cap; setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 cap
    printf acl > acl; setfacl -m u:1000:r,u:70000:rwx,g:50:rw,m:rx acl; setfacl -m d:u:1000:rwx,d:g:7:---,u:5:x a
    truncate -s 3M all-hole; printf end | dd of=tail-hole bs=4096 seek=0 status=none; truncate -s 1M tail-hole
    printf mid | dd of=holes bs=1M seek=5 status=none; printf more | dd of=holes bs=4096 seek=2000 conv=notrunc status=none; truncate -s 12345678 holes
    head -c 300000 /dev/urandom > medium; head -c 5000001 /dev/urandom > large; setfattr -n user.large -v 1 large
"#;

#[test]
fn gnu_tar_brings_back_the_same_tree_from_either_kind_of_archive() {
    for storage in [Storage::Compressed, Storage::Stored] {
        let world = World::made_by(FULL_TREE);
        let descriptor = world.capture(storage).unwrap();
        let out = world.extracted(&descriptor, WITH_EVERYTHING);
        pretty_assert(
            signature::of(&world.live(), With::Everything),
            signature::of(&out.join("volumes/0"), With::Everything),
        );
    }
}

#[test]
fn a_root_keeps_its_own_owner_mode_and_time() {
    let world = World::made_by(
        "printf x > f; setfattr -n user.root -v 1 .; chown 12:34 .; chmod 2750 .; touch -d '2001-02-03 04:05:06.7 UTC' .",
    );
    let descriptor = world.capture(Storage::Stored).unwrap();
    let out = world.extracted(&descriptor, WITH_EVERYTHING);
    assert_eq!(signature::of(&world.live(), With::Everything), signature::of(&out.join("volumes/0"), With::Everything));
}

#[test]
fn a_plain_tar_brings_back_all_but_attributes() {
    let world = World::made_by(FULL_TREE);
    let descriptor = world.capture(Storage::Compressed).unwrap();
    let out = world.extracted(&descriptor, &[]);
    // Without its mask the group bits of a file with an ACL are the mask's, as in the header.
    pretty_assert(signature::of(&world.live(), With::NoXattrs), signature::of(&out.join("volumes/0"), With::NoXattrs));
}

#[test]
fn bsdtar_python_and_gzip_read_it() {
    let world = World::made_by(FULL_TREE);
    for storage in [Storage::Compressed, Storage::Stored] {
        let descriptor = world.capture(storage).unwrap();
        let archive = world.archive(&descriptor);
        run(Command::new("gzip").arg("-t").arg(&archive));
        let listed = run(Command::new("bsdtar").arg("-tf").arg(&archive).env("LC_ALL", "C.UTF-8"));
        let entries = usize::try_from(descriptor.volumes[0].entries).unwrap() + 1;
        assert_eq!(listed.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count(), entries);
        let script = "import datetime, sys, tarfile
members = tarfile.open(sys.argv[1]).getmembers()
assert members[0].name == 'manifest.json' and members[1].name == 'volumes/0', members[:2]
old = [m for m in members if m.name == 'volumes/0/old'][0]
day = datetime.datetime(1901, 12, 25, tzinfo=datetime.timezone.utc).timestamp()
assert old.mtime == day + 0.25, old.mtime
holes = [m for m in members if m.name == 'volumes/0/holes'][0]
assert holes.size == 12345678 and holes.issparse()
print(len(members))";
        let counted = run(Command::new("python3").args(["-c", script]).arg(&archive));
        assert_eq!(String::from_utf8(counted).unwrap().trim(), entries.to_string());
    }
}

#[test]
fn totals_say_what_the_volume_holds() {
    let world = World::made_by(
        "mkdir d; printf 12345 > d/f; ln d/f g; ln -s f l; truncate -s 1M hole; printf x | dd of=hole bs=4096 seek=9 conv=notrunc status=none; mkfifo p; python3 -c \"import socket; socket.socket(socket.AF_UNIX).bind('s')\"",
    );
    let descriptor = world.capture(Storage::Stored).unwrap();
    let totals = &descriptor.volumes[0];
    assert_eq!((totals.entries, totals.bytes, totals.symlinks, totals.hard_links), (6, 5 + (1 << 20), 1, 1));
    assert_eq!(totals.disk_bytes, 2 * 4096 + 4096 + 4096 + 4096);
    assert_eq!((totals.special, &totals.special_names), (2, &vec!["p".to_owned(), "s".to_owned()]));
}

#[test]
fn links_to_one_inode_from_two_volumes_are_two_files() {
    let world = World::made_by("mkdir one two; printf shared > one/f; ln one/f two/f; ln one/f two/g");
    let roots = [world.live().join("one"), world.live().join("two")];
    let descriptor = capture_roots(&world.store, &[&roots[0], &roots[1]], Storage::Compressed, &Unwatched).unwrap();
    let links: Vec<u64> = descriptor.volumes.iter().map(|totals| totals.hard_links).collect();
    assert_eq!(links, [0, 1]);
    let out = world.extracted(&descriptor, &[]);
    for (index, root) in roots.iter().enumerate() {
        let extracted = out.join(format!("volumes/{index}"));
        assert_eq!(signature::of(root, With::Everything), signature::of(&extracted, With::Everything));
    }
}

#[test]
fn the_tree_digest_knows_no_holes() {
    let world = World::made_by(
        "mkdir a b; printf data > a/f; truncate -s 5000000 a/f; cp --sparse=never a/f b/f; touch -d @5 a b a/f b/f",
    );
    let digest = |name: &str| {
        let root = world.live().join(name);
        let descriptor = capture_roots(&world.store, &[&root], Storage::Compressed, &Unwatched).unwrap();
        (descriptor.volumes[0].tree_digest.clone().unwrap(), descriptor.volumes[0].disk_bytes)
    };
    let (sparse, plain) = (digest("a"), digest("b"));
    assert_eq!(sparse.0, plain.0);
    assert!(sparse.1 < plain.1);
}

#[test]
fn the_tree_digest_is_the_one_that_its_definition_gives() {
    use reforge_volumes::tree_digest::{self as tree, DigestedKind, Metadata, Mtime};
    let world =
        World::made_by("head -c 2500000 /dev/zero | tr '\\0' q > f; ln f g; touch -d @7 f .; chmod 640 f; chmod 711 .");
    let descriptor = world.capture(Storage::Stored).unwrap();
    let bytes = vec![b'q'; 2_500_000];
    let blocks: Vec<_> = bytes.chunks(1 << 20).map(tree::block).collect();
    let content = tree::content(&blocks);
    let metadata = |mode| Metadata { mode, mtime: Mtime { seconds: 7, nanoseconds: 0 }, ..Metadata::default() };
    let mut hasher = tree::TreeHasher::default();
    hasher.push(&tree::entry(b"", &metadata(0o711), DigestedKind::Directory));
    hasher.push(&tree::entry(b"f", &metadata(0o640), DigestedKind::File { size: 2_500_000, content: &content }));
    hasher.push(&tree::entry(b"g", &metadata(0o640), DigestedKind::HardLink { leader: b"f" }));
    assert_eq!(descriptor.volumes[0].tree_digest, Some(hasher.finish()));
}

#[test]
fn an_extracted_tree_has_the_digest_of_the_captured_one() {
    let world = World::made_by(FULL_TREE);
    let first = world.capture(Storage::Compressed).unwrap();
    let out = world.extracted(&first, WITH_EVERYTHING).join("volumes/0");
    let second = capture_roots(&world.store, &[&out], Storage::Stored, &Unwatched).unwrap();
    assert_eq!(first.volumes, second.volumes);
}

#[track_caller]
fn pretty_assert(left: std::collections::BTreeMap<String, String>, right: std::collections::BTreeMap<String, String>) {
    let difference: Vec<_> = left
        .keys()
        .chain(right.keys())
        .filter(|key| left.get(*key) != right.get(*key))
        .map(|key| format!("{key}\n  live {:?}\n  back {:?}", left.get(key), right.get(key)))
        .collect();
    assert!(difference.is_empty(), "{}", difference.join("\n"));
}
