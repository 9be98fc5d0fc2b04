//! Archives that are small and would become large: cut off while they are read, within 64 MiB, before they cost disk.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::hostile::Attacked;
use crate::support::tarball::{Head, Tarball};

const MIB: u64 = 1 << 20;
/// Far more than any of them needs, far less than one that is read to its end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A member of `count` times the same bytes.
fn member_of(bytes: &[u8], count: u64) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..count {
        gzip.write_all(bytes).unwrap();
    }
    gzip.finish().unwrap()
}

/// One member that inflates to `mib` MiB of zeros; a stream of it over and over costs no time to make.
fn zeros(mib: u64) -> Vec<u8> {
    member_of(&[0; MIB as usize], 64).repeat((mib / 64) as usize)
}

/// The archive up to here, and what follows it compressed already.
fn begun(attacked: &Attacked, head: Option<Head>) -> Vec<u8> {
    let tarball = attacked.tarball();
    let tarball = head.map_or(tarball.clone(), |head| tarball.raw(&head.bytes()));
    tarball.finish().0
}

#[track_caller]
fn bounces(attacked: &Attacked, name: &str, bytes: &[u8], import: (&str, &str), restore: (&str, &str)) {
    let began = std::time::Instant::now();
    attacked.refuses_import(name, bytes, import.0, import.1);
    attacked.refuses_restore(
        name,
        bytes,
        vec![serde_json::json!({"offset": 0, "first_entry": 0})],
        restore.0,
        restore.1,
    );
    assert!(began.elapsed() < PATIENCE, "{name}: {:?}", began.elapsed());
}

#[test]
fn what_unpacks_to_far_more_than_it_is_is_cut_off() {
    let attacked = Attacked::new(false);
    let large =
        |mib: u64| Head { size: format!("{:011o}\0", mib * MIB).into(), ..Head::new("volumes/0/bomb", b'0', 0) };
    let ratio = ("too-large", "times its size");
    // 7 GiB in 7 MiB.
    let bomb = [begun(&attacked, Some(large(7 * 1024))), zeros(7 * 1024), member_of(&[0; 1024], 1)].concat();
    bounces(&attacked, "zeros in one file", &bomb, ratio, ("too-large", "`volumes/0/bomb`"));
    let endless = [begun(&attacked, None), zeros(8 * 1024)].concat();
    let behind = ("archive-refused", "behind the end");
    bounces(&attacked, "zeros behind the end", &endless, behind, behind);
    attacked.can_still_be_restored();
}

#[test]
fn what_has_entries_or_headers_without_end_is_cut_off() {
    let attacked = Attacked::new(false);
    let global =
        [Head::new("g", b'g', 512).bytes(), b"512 comment=".to_vec(), vec![b'x'; 499], b"\n".to_vec()].concat();
    assert_eq!(global.len(), 1024);
    let global = member_of(&global.repeat(1024), 64).repeat(24);
    let refused = ("archive-refused", "more than 1024 global headers");
    let bomb = [begun(&attacked, None), global, member_of(&[0; 1024], 1)].concat();
    bounces(&attacked, "global headers", &bomb, refused, refused);
    attacked.can_still_be_restored();
}

#[test]
fn a_million_entries_more_than_anybody_has_are_cut_off() {
    let attacked = Attacked::new(false);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    for number in 0..1_000_001 {
        gzip.write_all(&Head::new(format!("volumes/0/{number}"), b'0', 0).bytes()).unwrap();
    }
    gzip.write_all(&[0; 1024]).unwrap();
    let bomb = [begun(&attacked, None), gzip.finish().unwrap()].concat();
    let entries = ("too-large", "more than 1000000 entries");
    bounces(&attacked, "a million entries", &bomb, entries, ("too-large", "is more than the descriptor says"));
    attacked.can_still_be_restored();
}

#[test]
fn names_that_come_to_more_than_anybody_has_are_cut_off() {
    let attacked = Attacked::new(false);
    let directory = [vec![b'd'; 240], vec![b'/']].concat().repeat(16);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    for number in 0..70_000 {
        let name = [b"volumes/0/", &*directory, format!("{number}").as_bytes()].concat();
        let entry = Tarball::empty().pax(&[("path", &name)]).file("x", b"");
        gzip.write_all(entry.tar()).unwrap();
    }
    let bomb = [begun(&attacked, None), gzip.finish().unwrap()].concat();
    let names = ("too-large", "names and attributes in the archive come to more than 268435456 bytes");
    bounces(&attacked, "names", &bomb, names, ("too-large", "is more than the descriptor says"));
    attacked.can_still_be_restored();
}

#[test]
fn what_costs_memory_to_read_is_read_within_64_mib() {
    let attacked = Attacked::new(true);
    // The largest map of holes, the largest extended header, the most attributes, and names that are not described.
    let runs = (0..1 << 19).map(|n| format!("{}\n1\n", n * 2)).collect::<String>();
    let mut map = format!("{}\n{runs}", 1 << 19).into_bytes();
    map.resize(map.len().next_multiple_of(512), 0);
    map.extend(vec![b'x'; 1 << 19]);
    let pairs: &[(&str, &[u8])] =
        &[("GNU.sparse.major", b"1"), ("GNU.sparse.minor", b"0"), ("GNU.sparse.realsize", b"1048577")];
    let values: Vec<(String, Vec<u8>)> =
        (0..15).map(|n| (format!("SCHILY.xattr.user.{n}"), vec![b'v'; 64 << 10])).collect();
    let values: Vec<(&str, &[u8])> = values.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
    let mut tarball =
        attacked.tarball().pax(pairs).file("volumes/0/sparse", &map).pax(&values).file("volumes/0/attributes", b"");
    for number in 0..100_000 {
        tarball = tarball.file(format!("volumes/0/{number}/f"), b"");
    }
    let (bytes, _) = tarball.file("volumes/0/../evil", b"").end().finish();
    attacked.refuses_import("all that costs memory", &bytes, "archive-refused", "`volumes/0/../evil` leaves");
    attacked.can_still_be_restored();
}

#[test]
fn a_sandbox_of_2_mib_reads_nothing_so_that_the_limit_of_the_others_is_one() {
    let mut attacked = Attacked::new(false);
    attacked.world.sandbox_mib = Some(2);
    let output = attacked.world.restore("app", &attacked.snapshot, &["--json"]);
    assert_eq!(output.json()["error"]["code"], "plugin", "{output:?}");
}

#[test]
fn archives_in_an_archive_are_bytes() {
    let attacked = Attacked::new(false);
    let mut nested = member_of(&[0; 512], 2);
    for _ in 0..10 {
        nested = attacked.tarball().file("volumes/0/nested.tar.gz", &nested).end().finish().0;
    }
    let file = attacked.world.path("run/nested.tar.gz");
    std::fs::write(&file, &nested).unwrap();
    let before = attacked.world.stored("app").len();
    let output = attacked.world.ok(&["snapshot", "import", file.to_str().unwrap(), "--workload", "app", "--json"]);
    assert_eq!(attacked.world.stored("app").len(), before + 2);
    attacked.world.restore("app", output.json()["id"].as_str().unwrap(), &[]).expect(0);
    let names = crate::support::world::names(&attacked.world.volume("app", "data"));
    assert_eq!(names.len(), 1, "{names:?}");
}
