//! What lies in an extracted volume, looked at before the app is started on it.

use std::fs::Metadata;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::Timestamp;
use reforge_base::effects::effect;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::{escape, message};

/// How a file begins that SQLite has written.
const SQLITE: &[u8; 16] = b"SQLite format 3\0";
/// What stands beside one: its log of what is not in it yet, and of what was in it.
const SQLITE_BESIDE: [&str; 2] = ["-wal", "-journal"];
/// What is asked of each.
const QUICK_CHECK: &str = "PRAGMA quick_check(1);";

/// What a directory holds below it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub files: u64,
    /// When the newest file was changed.
    pub newest: Option<Timestamp>,
}

/// Counts the files below a path of a volume; links are not followed.
pub(crate) fn held(volume: &Path, path: &str) -> Result<Held> {
    let mut held = Held::default();
    let below = volume.join(path.trim_start_matches('/'));
    each_file(&below, &mut |_, metadata| {
        held.files += 1;
        let changed = metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
        held.newest = held.newest.max(changed);
        Ok(())
    })?;
    Ok(held)
}

fn each_file(below: &Path, act: &mut dyn FnMut(&Path, &Metadata) -> Result<()>) -> Result<()> {
    let failed = |path: &Path, error: &std::io::Error| Failure::io("look at", path, error);
    let metadata = match below.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(below, &error)),
    };
    if metadata.is_file() {
        return act(below, &metadata);
    }
    if !metadata.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(below).map_err(|error| failed(below, &error))? {
        each_file(&entry.map_err(|error| failed(below, &error))?.path(), act)?;
    }
    Ok(())
}

/// Checks every SQLite file of a volume in a copy, since a check may write. Answers how many there are; none if there is nothing here
/// that could check one. The first that is malformed is a failure.
pub(crate) fn check_sqlite(volume: &Path, scratch: &Path) -> Result<Option<u64>> {
    let mut found: Vec<PathBuf> = Vec::new();
    each_file(volume, &mut |path, _| {
        let mut first = [0; SQLITE.len()];
        let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut first));
        if read.is_ok() && first == *SQLITE {
            found.push(path.to_owned());
        }
        Ok(())
    })?;
    if found.is_empty() {
        return Ok(Some(0));
    }
    for file in &found {
        match quick_check(file, scratch)? {
            None => return Ok(None),
            Some(said) if said == "ok" => {}
            Some(said) => {
                let path = file.strip_prefix(volume).unwrap_or(file);
                let message = message!("a-sqlite-file-is-malformed", path = escape::path(path), said);
                return Err(Failure::new(Code::AppBad, message));
            }
        }
    }
    Ok(Some(found.len() as u64))
}

/// What SQLite says of a copy; none if there is no program for it.
fn quick_check(file: &Path, scratch: &Path) -> Result<Option<String>> {
    let copy = scratch.join("checked.sqlite");
    copy_file(file, &copy)?;
    for suffix in SQLITE_BESIDE {
        let beside = with_suffix(file, suffix);
        if beside.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
            copy_file(&beside, &with_suffix(&copy, suffix))?;
        }
    }
    let mut command = Command::new("sqlite3");
    command.arg("-batch").arg(&copy).arg(QUICK_CHECK).stdin(Stdio::null());
    let said = command.output();
    for path in SQLITE_BESIDE.iter().chain(&["-shm", ""]).map(|suffix| with_suffix(&copy, suffix)) {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::io("remove", &path, &error));
            }
            _ => {}
        }
    }
    match said {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::io("run", Path::new("sqlite3"), &error)),
        Ok(output) if output.status.success() => Ok(Some(escape::bytes(output.stdout.trim_ascii()))),
        Ok(output) => Ok(Some(escape::bytes(output.stderr.trim_ascii()))),
    }
}

fn copy_file(from: &Path, to: &Path) -> Result<()> {
    let copied = effect("copy-for-a-check", || std::fs::copy(from, to));
    copied.map(drop).map_err(|error| Failure::io("copy", from, &error))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_counted_below_a_path_and_links_are_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        for name in ["a/one", "a/b/two", "three"] {
            std::fs::write(root.join(name), name).unwrap();
        }
        std::os::unix::fs::symlink("/etc", root.join("a/link")).unwrap();
        assert_eq!(held(root, "").unwrap().files, 3);
        assert_eq!(held(root, "a").unwrap().files, 2);
        assert_eq!(held(root, "absent").unwrap(), Held::default());
        assert!(held(root, "").unwrap().newest.is_some());
    }
}
