//! Lists that are whole, damaged, cut off, of another archive, and large.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};

use super::*;
use reforge_base::failure::Result;
use reforge_volumes::tree_digest::{Metadata, Mtime, path_order};

const ARCHIVE: [u8; 32] = [7; 32];

fn metadata(seconds: i64) -> Metadata {
    Metadata {
        mode: 0o640,
        uid: 33,
        gid: 70_000,
        mtime: Mtime { seconds, nanoseconds: 999_999_999 },
        xattrs: Vec::new(),
    }
}

fn file(path: &[u8], size: u64) -> Entry {
    Entry::new(path, &metadata(1_700_000_000), Kind::File { size, content: Some([size as u8; 32]) })
}

fn directory(path: &[u8]) -> Entry {
    Entry::new(path, &metadata(-1), Kind::Directory)
}

/// Two volumes: names that are no text, links, an empty directory at the end, a file with a directory's name as beginning.
fn volumes() -> [Vec<Entry>; 2] {
    let attribute = |name: &[u8]| Metadata { xattrs: vec![(name.to_vec(), b"v".to_vec())], ..metadata(0) };
    let privileged = Entry::new(b"x", &attribute(b"security.capability"), Kind::File { size: 0, content: None });
    let first = vec![
        directory(b""),
        directory(b"a"),
        file(b"a/b", 5),
        directory(b"a/c"),
        file(b"a/c/\xff\n", 1 << 40),
        file(b"a-b", 0),
        Entry::new(b"link", &attribute(b"user.a"), Kind::Symlink { target: b"../../\xfe".to_vec() }),
        Entry::new(b"other", &metadata(1), Kind::HardLink { leader: b"a/b".to_vec() }),
        privileged,
        directory(b"z"),
    ];
    [first, vec![directory(b""), file(b"only", 3)]]
}

fn written(volumes: &[Vec<Entry>]) -> File {
    let mut list = ListWriter::new(std::io::BufWriter::new(tempfile::tempfile().unwrap())).unwrap();
    for (index, entries) in volumes.iter().enumerate() {
        entries.iter().for_each(|entry| list.push(index, entry).unwrap());
    }
    list.finish(volumes.len(), &ARCHIVE).unwrap().into_inner().unwrap()
}

fn opened(volumes: &[Vec<Entry>]) -> EntryList {
    EntryList::open(written(volumes)).unwrap()
}

#[test]
fn every_entry_comes_back_as_it_was_and_is_found_by_number_and_by_path() {
    let volumes = volumes();
    let list = opened(&volumes);
    let all: Vec<Entry> = list.from(0).map(|entry| entry.unwrap().1).collect();
    assert_eq!(all, volumes.concat());
    assert!(list.is_of(&"07".repeat(32)) && !list.is_of(&"08".repeat(32)));
    for (volume, entries) in volumes.iter().enumerate() {
        let range = list.volume(volume).unwrap();
        assert_eq!(range.end - range.start, entries.len() as u64);
        for (entry, number) in entries.iter().zip(range) {
            assert_eq!(list.find(volume, &entry.path).unwrap(), Some(number));
            assert_eq!(list.get(number).unwrap().as_ref(), Some(entry));
            assert_eq!(list.volume_of(number), Some(volume));
        }
    }
    assert_eq!(list.find(0, b"a/").unwrap(), None);
    assert_eq!(list.find(1, b"a").unwrap(), None);
    assert_eq!((list.get(12).unwrap(), list.volume_of(12), list.volume(2)), (None, None, None));
}

#[test]
fn what_lies_directly_in_a_directory_is_told_in_pages() {
    let list = opened(&volumes());
    let names = |number: u64, skip: u64, most: usize| -> Vec<u64> {
        list.children(number, skip, most).unwrap().into_iter().map(|(number, _)| number).collect()
    };
    assert_eq!(names(0, 0, 100), [1, 5, 6, 7, 8, 9]);
    assert_eq!((names(0, 2, 2), names(0, 5, 9), names(0, 6, 9)), (vec![6, 7], vec![9], vec![]));
    assert_eq!((names(1, 0, 9), names(3, 0, 9), names(9, 0, 9), names(2, 0, 9)), (vec![2, 3], vec![4], vec![], vec![]));
    assert_eq!(names(10, 0, 9), [11]);
    assert_eq!((list.count_children(0), list.count_children(9), list.count_children(2)), (6, 0, 0));
}

#[test]
fn entries_out_of_order_and_twice_are_refused() {
    let push = |entries: &[(usize, Entry)]| -> Result<()> {
        let mut list = ListWriter::new(Vec::new()).unwrap();
        entries.iter().try_for_each(|(volume, entry)| list.push(*volume, entry))
    };
    assert!(push(&[(0, file(b"b", 0)), (0, file(b"a", 0))]).is_err());
    assert!(push(&[(0, file(b"a", 0)), (0, file(b"a", 0))]).is_err());
    assert!(push(&[(1, file(b"a", 0)), (0, file(b"b", 0))]).is_err());
    assert!(push(&[(0, file(b"b", 0)), (1, file(b"a", 0))]).is_ok());
}

#[test]
fn what_is_read_side_by_side_is_sorted() {
    let [entries, _] = volumes();
    let mut unsorted = Unsorted::default();
    let digest = |entry: &Entry| [entry.path.len() as u8; 32];
    entries.iter().rev().for_each(|entry| unsorted.push(entry, digest(entry)));
    let sorted = unsorted.sorted().unwrap().collect::<Result<Vec<_>>>().unwrap();
    assert_eq!(sorted, entries.iter().map(|entry| (entry.clone(), digest(entry))).collect::<Vec<_>>());
}

#[test]
fn a_list_without_any_entry_is_one() {
    let list = opened(&[Vec::new(), Vec::new()]);
    assert!(list.is_empty() && list.volume(1) == Some(0..0) && list.find(0, b"").unwrap().is_none());
}

/// Whether all of it still reads as the same.
fn reads(bytes: &[u8]) -> bool {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let read =
        EntryList::open(file).and_then(|list| list.from(0).map(|entry| Ok(entry?.1)).collect::<Result<Vec<_>>>());
    match read {
        Ok(entries) => entries == volumes().concat(),
        Err(failure) => {
            assert_eq!(failure.code, reforge_base::failure::Code::SnapshotDamaged, "{}", failure.message);
            false
        }
    }
}

#[test]
fn a_list_that_is_cut_off_longer_or_damaged_anywhere_is_told_from_a_whole_one() {
    let mut file = written(&volumes());
    let mut whole = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut whole).unwrap();
    assert!(reads(&whole));
    for length in 0..whole.len() {
        assert!(!reads(&whole[..length]), "cut off at {length}");
    }
    assert!(!reads(&[&whole[..], b"x"].concat()));
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x41;
        assert!(!reads(&damaged), "damaged at {at}");
    }
}

#[test]
fn a_million_entries_take_less_than_a_hundred_bytes_each_and_a_path_is_found_among_them() {
    let path = |number: u64| format!("some-directory-{:04}/file-{:07}.dat", number / 1000, number).into_bytes();
    let mut list = ListWriter::new(std::io::BufWriter::new(tempfile::tempfile().unwrap())).unwrap();
    list.push(0, &directory(b"")).unwrap();
    for number in 0..1_000_000 {
        if number % 1000 == 0 {
            list.push(0, &directory(&path(number)[..19])).unwrap();
        }
        list.push(0, &file(&path(number), number)).unwrap();
    }
    let list = EntryList::open(list.finish(1, &ARCHIVE).unwrap().into_inner().unwrap()).unwrap();
    assert_eq!(list.len(), 1_001_001);
    assert!(list.bytes() < 100_000_000, "{}", list.bytes());
    let number = list.find(0, &path(777_777)).unwrap().unwrap();
    assert_eq!(list.get(number).unwrap().unwrap().size(), 777_777);
    assert_eq!(list.count_children(0), 1000);
    let above = list.find(0, b"some-directory-0500").unwrap().unwrap();
    let page = list.children(above, 900, 100).unwrap();
    assert_eq!((page.len(), &page[99].1.path), (100, &path(500_999)));
    assert!(path_order(&page[0].1.path, &page[1].1.path).is_lt());
}
