//! Every fsync of the host, and the files and directories that are whole and durable once a call has returned
//! (protocol, rules 5 and 7).
//!
//! Descriptors are real, read-only ones: on O_PATH, which is what cap-std opens, a sync fails with EBADF. A sync that
//! fails is never repeated: the kernel reports a lost write once, and the next sync says OK over zeros. So every error
//! here is `sync-failed` and final, EBADF and EINVAL included, and no caller may try again.

#![expect(clippy::disallowed_methods, reason = "this is the one place that syncs")]

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags};

use crate::effects::effect;
use crate::escape;
use crate::failure::{Code, Failure, Result};
use crate::message;
use crate::random;

/// What a file is called while [`write_durably`] writes it. A leftover after a crash means nothing and may go.
const TEMPORARY_SUFFIX: &str = ".unfinished";

/// Of chance in its name.
const RANDOM_BYTES: usize = 8;

/// The mode of a file that only the host's user may read.
pub const PRIVATE_FILE: u32 = 0o600;

/// What is left of a mode when nobody but the owner has any rights.
const OWNERS_ALONE: u32 = 0o700;

/// The mode of a directory that only the host's user may enter.
pub const PRIVATE_DIRECTORY: u32 = 0o700;

/// Makes the directory's own entries durable: creations, renames and removals in it.
pub fn sync_directory(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let directory = open_directory(path).map_err(|error| Failure::io("open", path, &error))?;
    sync_open_directory(directory.as_fd(), path)
}

/// As [`sync_directory`], for a directory that is held open. The path is for the message.
pub fn sync_open_directory(directory: BorrowedFd<'_>, path: &Path) -> Result<()> {
    effect("sync-directory", || Ok(rustix::fs::fsync(directory)?)).map_err(|error| failed(path, &error))
}

/// Makes a file's content and metadata durable.
pub fn sync_file(file: &File) -> Result<()> {
    sync_file_as("sync-file", file)
}

/// The same as an effect with a name of its own.
pub fn sync_file_as(name: &str, file: &File) -> Result<()> {
    effect(name, || Ok(rustix::fs::fsync(file)?)).map_err(|error| failed(&name_of(file), &error))
}

/// One file system, through a descriptor that was opened before the first byte was written to it: a descriptor opened
/// later would miss an earlier write error.
#[derive(Debug)]
pub struct FileSystem {
    directory: File,
    path: PathBuf,
}

impl FileSystem {
    /// Opens the file system of a directory that is held open. The path is for messages.
    pub fn of(directory: BorrowedFd<'_>, path: &Path) -> Result<FileSystem> {
        let opened = rustix::fs::openat(directory, c".", READ_DIRECTORY, Mode::empty())
            .map_err(|error| Failure::io("open", path, &error.into()))?;
        Ok(FileSystem { directory: opened.into(), path: path.to_owned() })
    }

    /// Has the disk write what is there already. Promises nothing: only [`FileSystem::sync`] does, and on a descriptor
    /// of its own it sees the same errors. Not an effect: when it happens depends on how fast the disk is.
    pub fn start_writing(&self) {
        let _ = rustix::fs::syncfs(&self.directory);
    }

    /// Makes everything on it durable. Fails also for a write error since the descriptor was opened.
    pub fn sync(&self) -> Result<()> {
        let synced = effect("sync-file-system", || Ok(rustix::fs::syncfs(&self.directory)?));
        synced.map_err(|error| failed(&self.path, &error).context(message!("the-file-system-has-lost")))
    }
}

/// Names in a directory that end so, without that ending, sorted. What a crash left half-written begins with a dot and is none of
/// them; a directory that is not there has none.
pub fn names(directory: &Path, ending: &str) -> Result<Vec<String>> {
    let listed = |error: io::Error| Failure::io("list", directory, &error);
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(listed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(listed)?.file_name();
        let name = name.to_str().and_then(|name| name.strip_suffix(ending)).filter(|name| !name.starts_with('.'));
        names.extend(name.map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// Replaces `name` in `directory` so that after a crash it holds either what it held or all of `bytes`.
pub fn write_durably(directory: &Path, name: impl AsRef<OsStr>, bytes: &[u8], mode: u32) -> Result<()> {
    let path = directory.join(name.as_ref());
    let held = open_directory(directory).map_err(|error| Failure::io("open", directory, &error))?;
    let temporary = temporary_name(directory, name.as_ref())?;
    let written = write_temporary(&temporary, bytes, mode).and_then(|()| {
        effect("rename-file", || std::fs::rename(&temporary, &path))
            .map_err(|error| Failure::io("replace", &path, &error))
    });
    if let Err(failure) = written {
        // Nothing refers to it and the failure that matters is the first one; a start removes what stays.
        let _ = effect("remove-file", || std::fs::remove_file(&temporary));
        return Err(failure);
    }
    sync_open_directory(held.as_fd(), directory)
}

/// Makes a file that must not be there, so that after a crash it is there whole or not at all.
pub fn create_durably(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Failure::new(Code::Io, message!("is-no-file", path = escape::path(path))));
    };
    let temporary = temporary_name(directory, name)?;
    let written = write_temporary(&temporary, bytes, mode).and_then(|()| {
        effect("rename-file", || {
            Ok(rustix::fs::renameat_with(CWD, &temporary, CWD, path, rustix::fs::RenameFlags::NOREPLACE)?)
        })
        .map_err(|error| Failure::io("make", path, &error))
    });
    if let Err(failure) = written {
        // Nothing refers to it, and the failure that matters is the first one.
        let _ = effect("remove-file", || std::fs::remove_file(&temporary));
        return Err(failure);
    }
    sync_directory(directory)
}

/// Replaces a file of a person, unless it no longer holds `before`: then it stays as somebody has made it meanwhile. It
/// keeps its owner, and of its mode what is its owner's alone. Both files change places, so that what was replaced is
/// seen after it cannot be changed by its name any more.
pub fn replace_unchanged(path: &Path, before: &[u8], bytes: &[u8]) -> Result<()> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Failure::new(Code::Io, message!("is-no-file", path = escape::path(path))));
    };
    let held = open_directory(directory).map_err(|error| Failure::io("open", directory, &error))?;
    let known = std::fs::metadata(path).map_err(|error| Failure::io("look at", path, &error))?;
    let temporary = temporary_name(directory, name)?;
    let prepared = write_temporary(&temporary, bytes, known.mode() & OWNERS_ALONE)
        .and_then(|()| give(&temporary, &known))
        .and_then(|()| refuse_changed(path, path, before))
        .and_then(|()| exchange_files(&temporary, path));
    if let Err(failure) = prepared {
        // Ours still, and the failure that matters is the first one.
        let _ = effect("remove-file", || std::fs::remove_file(&temporary));
        return Err(failure);
    }
    // From here on it is what was replaced.
    let changed = refuse_changed(&temporary, path, before).err();
    if let Some(changed) = &changed {
        let stays = message!("what-it-held-is-in-now", temporary = escape::path(&temporary));
        exchange_files(&temporary, path).map_err(|failure| failure.context(&changed.message).hint(stays))?;
    }
    sync_open_directory(held.as_fd(), directory)?;
    effect("remove-file", || std::fs::remove_file(&temporary))
        .map_err(|error| Failure::io("remove", &temporary, &error))?;
    sync_open_directory(held.as_fd(), directory)?;
    changed.map_or(Ok(()), Err)
}

/// Gives a new file the owner of the one that it replaces.
fn give(new: &Path, known: &std::fs::Metadata) -> Result<()> {
    let own = std::fs::metadata(new).map_err(|error| Failure::io("look at", new, &error))?;
    let user = (own.uid() != known.uid()).then_some(known.uid());
    // The group has no rights in it: that it cannot be kept matters to nobody.
    let _ = effect("give-file", || std::os::unix::fs::chown(new, None, Some(known.gid())));
    match user {
        None => Ok(()),
        Some(_) => effect("give-file", || std::os::unix::fs::chown(new, user, None))
            .map_err(|error| Failure::io("keep the owner of", new, &error).hint(message!("run-as-root"))),
    }
}

/// Refuses unless `file` holds this. `named` is what the message is about.
fn refuse_changed(file: &Path, named: &Path, before: &[u8]) -> Result<()> {
    let now = std::fs::read(file).map_err(|error| Failure::io("read", named, &error))?;
    if now == before {
        return Ok(());
    }
    let message = message!("changed-meanwhile-and-was-left", named = escape::path(named));
    Err(Failure::new(Code::Drift, message).hint(message!("try-again")))
}

fn exchange_files(one: &Path, other: &Path) -> Result<()> {
    let exchanged = effect("exchange-file", || {
        Ok(rustix::fs::renameat_with(CWD, one, CWD, other, rustix::fs::RenameFlags::EXCHANGE)?)
    });
    exchanged.map_err(|error| Failure::io("replace", other, &error))
}

/// Moves what does not read out of the way, so that a new one can be made. It is kept beside, as `NAME.damaged`; one that
/// was kept there before goes on being kept, under another name.
pub fn move_aside(path: &Path) -> Result<PathBuf> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".damaged");
    let mut aside = path.with_file_name(&name);
    if aside.symlink_metadata().is_ok() {
        name.push(format!("-{}", hex::encode(random::bytes::<RANDOM_BYTES>()?)));
        aside = path.with_file_name(&name);
    }
    effect("rename-file", || std::fs::rename(path, &aside)).map_err(|error| Failure::io("move aside", path, &error))?;
    sync_directory(path.parent().unwrap_or(Path::new("/")))?;
    Ok(aside)
}

/// What a file of this name was to become, if it is one that [`write_durably`] writes or left behind.
pub fn target_of_temporary(name: &OsStr) -> Option<&str> {
    let (target, random) = name.to_str()?.strip_prefix('.')?.strip_suffix(TEMPORARY_SUFFIX)?.rsplit_once('.')?;
    let is_ours = random.len() == 2 * RANDOM_BYTES && random.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_ours && !target.is_empty()).then_some(target)
}

/// Removes what a crash left of [`write_durably`]: files that were to become something of which `is_dead` says that
/// nobody is writing it. Whoever asks holds the lock under which that is written. Answers how many there were.
pub fn remove_temporaries(directory: &Path, mut is_dead: impl FnMut(&str) -> bool) -> Result<u64> {
    let listed = |error: io::Error| Failure::io("list", directory, &error);
    let mut removed = 0;
    for entry in std::fs::read_dir(directory).map_err(listed)? {
        let entry = entry.map_err(listed)?;
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        let (name, path) = (entry.file_name(), entry.path());
        if is_file && target_of_temporary(&name).is_some_and(&mut is_dead) {
            effect("remove-file", || std::fs::remove_file(&path))
                .map_err(|error| Failure::io("remove", &path, &error))?;
            removed += 1;
        }
    }
    if removed > 0 {
        sync_directory(directory)?;
    }
    Ok(removed)
}

/// Makes a directory and its missing parents, each durable in the directory above it, up to the first that existed.
pub fn make_directories_durably(path: &Path, mode: u32) -> Result<()> {
    let mut missing = Vec::new();
    let mut first_existing = path;
    while !first_existing.as_os_str().is_empty() && !first_existing.is_dir() {
        missing.push(first_existing);
        first_existing = first_existing.parent().unwrap_or(Path::new(""));
    }
    for directory in missing.into_iter().rev() {
        let made = effect("make-directory", || std::fs::DirBuilder::new().mode(mode).create(directory));
        match made {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && directory.is_dir() => {}
            Err(error) => return Err(Failure::io("make", directory, &error)),
            Ok(()) => effect("set-mode", || std::fs::set_permissions(directory, std::fs::Permissions::from_mode(mode)))
                .map_err(|error| Failure::io("set the mode of", directory, &error))?,
        }
        let above = directory.parent().filter(|above| !above.as_os_str().is_empty());
        sync_directory(above.unwrap_or(Path::new(".")))?;
    }
    Ok(())
}

/// How a directory is opened wherever it may be synced.
const READ_DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

fn open_directory(path: &Path) -> io::Result<File> {
    let flags = READ_DIRECTORY.difference(OFlags::NOFOLLOW);
    Ok(rustix::fs::openat(CWD, path, flags, Mode::empty())?.into())
}

fn temporary_name(directory: &Path, name: &OsStr) -> Result<PathBuf> {
    let random = random::bytes::<RANDOM_BYTES>()?;
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}{TEMPORARY_SUFFIX}", hex::encode(random)));
    Ok(directory.join(temporary))
}

fn write_temporary(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let file = effect("write-file", || {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(bytes)?;
        // Past the umask: the mode is what was asked for.
        file.set_permissions(std::fs::Permissions::from_mode(mode))?;
        Ok(file)
    })
    .map_err(|error| Failure::io("write", path, &error))?;
    sync_file(&file)
}

/// The path that an open file was opened by, for a message.
pub fn name_of(file: &File) -> PathBuf {
    let link = format!("/proc/self/fd/{}", file.as_raw_fd());
    std::fs::read_link(&link).unwrap_or_else(|_| PathBuf::from(link))
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    let mut failure = Failure::io("sync", path, error);
    failure.code = Code::SyncFailed;
    failure.hint(message!("look-for-disk-errors", path = escape::path(path)))
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;

    use super::*;

    #[test]
    fn a_sync_on_a_path_descriptor_is_a_final_failure() {
        let directory = tempfile::tempdir().unwrap();
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let path_only: OwnedFd = rustix::fs::openat(CWD, directory.path(), flags, Mode::empty()).unwrap();
        let failure = sync_open_directory(path_only.as_fd(), directory.path()).unwrap_err();
        assert_eq!(failure.code, Code::SyncFailed);
        assert_eq!(sync_file(&File::from(path_only)).unwrap_err().code, Code::SyncFailed);
    }

    #[test]
    fn a_sync_of_something_that_cannot_be_synced_is_a_final_failure() {
        let (reader, _writer) = rustix::pipe::pipe().unwrap();
        assert_eq!(sync_file(&File::from(reader)).unwrap_err().code, Code::SyncFailed);
    }

    #[test]
    fn a_file_is_replaced_whole_with_its_mode_and_leaves_nothing_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        write_durably(directory.path(), "state", b"first", 0o600).unwrap();
        write_durably(directory.path(), "state", b"second", 0o666).unwrap();
        assert_eq!(std::fs::read(directory.path().join("state")).unwrap(), b"second");
        let mode = std::fs::metadata(directory.path().join("state")).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o666);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_of_a_person_is_replaced_as_it_was_known_or_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, b"one").unwrap();
        for (mode, kept) in [(0o644, 0o600), (0o640, 0o600), (0o600, 0o600), (0o400, 0o400)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let before = std::fs::read(&path).unwrap();
            let after = [&before[..], b" more"].concat();
            replace_unchanged(&path, &before, &after).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), after);
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777, kept, "{mode:o}");
        }
        let now = std::fs::read(&path).unwrap();
        let failure = replace_unchanged(&path, b"one", b"two").unwrap_err();
        assert_eq!(failure.code, Code::Drift);
        assert_eq!(std::fs::read(&path).unwrap(), now);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_cannot_replace_its_target_leaves_nothing_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("state")).unwrap();
        write_durably(directory.path(), "state", b"bytes", 0o600).unwrap_err();
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn only_what_a_crash_left_of_a_dead_writer_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let make = |name: &OsStr| std::fs::write(directory.path().join(name), b"").unwrap();
        let temporary = |target: &str| {
            let path = temporary_name(directory.path(), OsStr::new(target)).unwrap();
            assert_eq!(target_of_temporary(path.file_name().unwrap()), Some(target));
            path.file_name().unwrap().to_owned()
        };
        let (dead, alive) = (temporary("dead.json"), temporary("alive.json"));
        let others =
            ["dead.json", ".unfinished", "a.unfinished", ".dead.json.0123.unfinished", "x.0123456789abcdef.unfinished"];
        others.iter().map(OsStr::new).chain([&*dead, &*alive]).for_each(make);
        let linked = temporary("dead.json");
        std::os::unix::fs::symlink("dead.json", directory.path().join(&linked)).unwrap();
        assert_eq!(remove_temporaries(directory.path(), |target| target == "dead.json").unwrap(), 1);
        assert!(!directory.path().join(&dead).exists());
        for kept in others.iter().map(OsStr::new).chain([&*alive, &*linked]) {
            assert!(directory.path().join(kept).symlink_metadata().is_ok(), "{kept:?}");
        }
    }

    #[test]
    fn missing_directories_are_made_with_the_mode_asked_for() {
        let directory = tempfile::tempdir().unwrap();
        let deep = directory.path().join("a/b/c");
        make_directories_durably(&deep, 0o777).unwrap();
        make_directories_durably(&deep, 0o700).unwrap();
        assert_eq!(std::fs::metadata(&deep).unwrap().permissions().mode() & 0o7777, 0o777);
        std::fs::write(deep.join("file"), b"").unwrap();
        assert_eq!(make_directories_durably(&deep.join("file/d"), 0o700).unwrap_err().code, Code::Io);
    }

    #[test]
    fn a_file_system_is_synced_through_its_descriptor() {
        let directory = tempfile::tempdir().unwrap();
        let held = File::open(directory.path()).unwrap();
        FileSystem::of(held.as_fd(), directory.path()).unwrap().sync().unwrap();
    }
}
