//! What volumes are filled with: half of it compresses, half does not. The same bytes in every run.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::Result;

const WORDS: &[&str] = &[
    "volume", "snapshot", "restore", "the", "a", "of", "before", "after", "previous", "tree", "digest", "and", "is",
    "was", "lease", "journal", "commit", "0", "17", "4096", "\n", "{", "}", "\"id\":", "null", "true", "undo",
    "window",
];
/// Text and noise alternate in runs of this length.
const RUN_BYTES: usize = 16 << 10;

/// 8 files of 64 MiB.
pub(crate) fn large(volume: &Path) -> Result<()> {
    let mut source = Source(0x9e37_79b9_7f4a_7c15);
    for index in 0..8 {
        let mut file = File::create(volume.join(format!("large-{index}")))?;
        for _ in 0..64 {
            file.write_all(&source.mixed(1 << 20, RUN_BYTES))?;
        }
    }
    Ok(())
}

/// 40,000 files of 1 to 8 KiB, 200 in a directory.
pub(crate) fn small(volume: &Path) -> Result<()> {
    let mut source = Source(0x2545_f491_4f6c_dd1d);
    for directory in 0..200 {
        let directory = volume.join(format!("directory-{directory}"));
        std::fs::create_dir(&directory)?;
        for file in 0..200 {
            let bytes = 1024 + (source.next() % (7 << 10)) as usize;
            let content = source.mixed(bytes, bytes.div_ceil(2));
            std::fs::write(directory.join(format!("file-{file}.dat")), content)?;
        }
    }
    Ok(())
}

/// A million empty files, 1,000 in a directory.
pub(crate) fn million(volume: &Path) -> Result<()> {
    for directory in 0..1000 {
        let directory = volume.join(format!("directory-{directory}"));
        std::fs::create_dir(&directory)?;
        for file in 0..1000 {
            File::create(directory.join(format!("entry-{file}")))?;
        }
    }
    Ok(())
}

/// Numbers that look random (xorshift) and are the same every time.
struct Source(u64);

impl Source {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn mixed(&mut self, bytes: usize, run: usize) -> Vec<u8> {
        let mut mixed = Vec::with_capacity(bytes + run);
        while mixed.len() < bytes {
            let end = mixed.len() + run;
            while mixed.len() < end {
                mixed.extend_from_slice(&self.next().to_le_bytes());
            }
            let end = mixed.len() + run;
            while mixed.len() < end {
                let word = WORDS[(self.next() % WORDS.len() as u64) as usize];
                mixed.extend_from_slice(word.as_bytes());
                mixed.push(b' ');
            }
        }
        mixed.truncate(bytes);
        mixed
    }
}
