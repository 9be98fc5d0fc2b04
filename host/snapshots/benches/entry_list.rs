//! How long a list of a million entries takes to be written, to be opened and checked, and to show one directory.
//!
//! `cargo bench -p reforge-snapshots [-- DIRECTORY]` prints one line a run: milliseconds of each, and the list's bytes.

#![expect(clippy::print_stdout, reason = "it prints figures")]

use std::io::BufWriter;
use std::time::Instant;

use reforge_snapshots::entries::{Entry, EntryList, Kind, ListWriter};
use reforge_volumes::tree_digest::{Metadata, Mtime};

const ENTRIES: u64 = 1_000_000;
const IN_A_DIRECTORY: u64 = 1000;
const RUNS: usize = 5;

fn main() {
    let directory = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let directory = directory.map_or_else(std::env::temp_dir, Into::into);
    for _ in 0..RUNS {
        let began = Instant::now();
        let file = tempfile::tempfile_in(&directory).expect("a file to write");
        let mut list = ListWriter::new(BufWriter::with_capacity(1 << 20, file)).expect("it begins");
        push(&mut list, "", Kind::Directory);
        for number in 0..ENTRIES {
            if number % IN_A_DIRECTORY == 0 {
                push(&mut list, &above(number), Kind::Directory);
            }
            let content = Some(*blake3::hash(&number.to_le_bytes()).as_bytes());
            let path = format!("{}/file-{number:07}.dat", above(number));
            push(&mut list, &path, Kind::File { size: number, content });
        }
        let file = list.finish(1, &[0; 32]).expect("it ends").into_inner().expect("it is written");
        let written = began.elapsed();
        let opened = EntryList::open(file).and_then(EntryList::whole).expect("it is whole");
        let checked = began.elapsed();
        let middle = opened.find(0, above(ENTRIES / 2).as_bytes()).expect("it reads").expect("it is there");
        assert_eq!(opened.children(middle, 0, usize::MAX).expect("it reads").len() as u64, IN_A_DIRECTORY);
        let shown = began.elapsed();
        let figures = [written, checked - written, shown - checked].map(|time| time.as_secs_f64() * 1e3);
        println!("{:8.1} {:8.1} {:8.2} {}", figures[0], figures[1], figures[2], opened.bytes());
    }
}

fn above(number: u64) -> String {
    format!("some-directory-{:04}", number / IN_A_DIRECTORY)
}

fn push(list: &mut ListWriter<BufWriter<std::fs::File>>, path: &str, kind: Kind) {
    let mtime = Mtime { seconds: 1_700_000_000, nanoseconds: 123_456_789 };
    let metadata = Metadata { mode: 0o644, uid: 1000, gid: 1000, mtime, ..Metadata::default() };
    list.push(0, &Entry::new(path.as_bytes(), &metadata, kind)).expect("it is in order");
}
