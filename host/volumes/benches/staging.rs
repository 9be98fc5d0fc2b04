//! How long it takes to stage 40,000 small files: what an extraction does on the host's side, without the plugin.
//!
//! `cargo bench -p reforge-volumes [-- DIRECTORY]` prints one line a run, in milliseconds: staging, the walk before the
//! exchange, removal. Two builds are compared by running them in turns.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "it prints figures, and works where it is told to"
)]

use std::path::Path;
use std::time::Instant;

use reforge_volumes::live_tree;
use reforge_volumes::parent::Parent;
use reforge_volumes::remove::remove_tree;
use reforge_volumes::staging::{Expected, Quota, Staging};
use reforge_volumes::tree_digest::{Metadata, Mtime};

const SIBLING: &str = ".reforge-bench";
const DIRECTORIES: usize = 400;
const FILES: usize = 40_000;
const FILE_BYTES: usize = 1 << 10;
const RUNS: usize = 5;

fn main() {
    let directory = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let place = directory.map_or_else(tempfile::tempdir, tempfile::tempdir_in).expect("a directory to work in");
    let parent = Parent::open(&place.path().canonicalize().expect("its real path")).expect("it can be opened");
    for _ in 0..RUNS {
        println!("{}", run(&parent).map(|milliseconds| format!("{milliseconds:8.1}")).join(" "));
    }
}

fn run(parent: &Parent) -> [f64; 3] {
    let now = Mtime { seconds: 1_700_000_000, nanoseconds: 7 };
    let metadata = |mode| Metadata { mode, mtime: now, ..Metadata::default() };
    let content = vec![b'x'; FILE_BYTES];
    let entries = (FILES + DIRECTORIES + 1) as u64;
    let expected = Expected { tree_digest: None, entries, bytes: (FILES * FILE_BYTES) as u64 };
    parent.make_directory(SIBLING).expect("made");
    let quota = Quota { expected, ..Quota::default() };
    let staging = Staging::create(parent, SIBLING, parent.open_live(SIBLING).expect("opened"), quota).expect("begun");
    let staged = measured(|| {
        staging.directory(b"", &metadata(0o755)).expect("staged");
        for directory in 0..DIRECTORIES {
            let name = format!("directory-{directory:04}");
            staging.directory(name.as_bytes(), &metadata(0o755)).expect("staged");
            for file in 0..FILES / DIRECTORIES {
                let path = format!("{name}/file-{file:06}.dat");
                staging.file(path.as_bytes(), &metadata(0o644), &content).expect("staged");
            }
        }
        staging.seal().expect("sealed");
    });
    let tree = parent.open_live(SIBLING).expect("opened").expect("there");
    let walked = measured(|| assert_eq!(live_tree::totals(&tree).expect("walked").entries, entries));
    let removed = measured(|| {
        let removal = remove_tree(parent, Path::new(SIBLING)).expect("removed");
        assert_eq!(removal.unremoved, 0);
    });
    [staged, walked, removed]
}

fn measured(what: impl FnOnce()) -> f64 {
    let start = Instant::now();
    what();
    start.elapsed().as_secs_f64() * 1000.0
}
