//! The state directory: journals, locks, receipts, deployments. Without it the host knows nothing, so a wrong one is
//! worse than none.
//!
//! Implements the host id of rule 11: a disk that is not mounted looks like an empty state directory, and a host that
//! started on it would forget unfinished restores. So only [`StateDir::init`], asked for by a person, makes one; opening
//! never creates or repairs anything.

use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::durable::{self, PRIVATE_DIRECTORY, PRIVATE_FILE};
use crate::effects::effect;
use crate::escape;
use crate::failure::{Code, Failure, Result};
use crate::lock_file::Locked;
use crate::message;
use crate::message::Message;
use crate::random;

#[cfg(test)]
mod tests;

/// The host id, in the state directory.
const HOST_ID: &str = "host-id";
/// Its copy, in the snapshot directory.
const HOST_ID_COPY: &str = ".reforge-host";
/// The secret that environment values are digested with.
const ENVIRONMENT_KEY: &str = "environment-key";
/// What `init` writes into the state and the snapshot directory themselves.
const INIT_WRITES: [&str; 3] = [HOST_ID, HOST_ID_COPY, ENVIRONMENT_KEY];
/// Length of that secret.
const KEY_BYTES: usize = 32;
/// Length of the random part of a host id, before it is written in hexadecimal.
const HOST_ID_BYTES: usize = 16;
/// What the write check writes. A name of its own per process, since two may check at once.
const PROBE_PREFIX: &str = ".probe-";
/// No file that is read whole here is longer.
const SMALL_FILE_BYTES_MAX: u64 = 4096;

/// Made by `init` too, and by whoever needs one in a state directory of before.
const LATER_DIRECTORIES: [&str; 2] = ["generations", "captures"];

/// Made by `init`, expected by everything else.
const DIRECTORIES: [&str; 7] = ["transactions", "locks", "receipts", "deployments", "process", "plugins", CACHE];

/// May be deleted at any time: whoever wants it makes it.
const CACHE: &str = "cache";

/// A state directory that was checked.
#[derive(Clone, Debug)]
pub struct StateDir {
    root: PathBuf,
    host_id: String,
}

impl StateDir {
    /// Makes the state and snapshot directories with one host id, or completes what is there. Refuses to join two that
    /// belong to different hosts.
    pub fn init(root: &Path, snapshots: &Path) -> Result<StateDir> {
        for directory in [root, snapshots] {
            durable::make_directories_durably(directory, PRIVATE_DIRECTORY)?;
            check_directory(directory)?;
        }
        // Only this writes right here, so that with its lock whatever is unfinished is a dead one's.
        let _alone = lock_for_init(root)?;
        for directory in [root, snapshots] {
            durable::remove_temporaries(directory, |target| INIT_WRITES.contains(&target))?;
        }
        let kept = read_id(&root.join(HOST_ID))?;
        let copy = read_id(&snapshots.join(HOST_ID_COPY))?;
        let host_id = match (kept, copy) {
            (Some(kept), Some(copy)) if kept != copy => return Err(other_host(root, snapshots)),
            // A host that lost its state directory takes up its snapshots again.
            (Some(id), _) | (None, Some(id)) => id,
            (None, None) => hex::encode(random::bytes::<HOST_ID_BYTES>()?),
        };
        for name in DIRECTORIES.iter().chain(&LATER_DIRECTORIES) {
            durable::make_directories_durably(&root.join(name), PRIVATE_DIRECTORY)?;
        }
        let line = format!("{host_id}\n");
        if !root.join(ENVIRONMENT_KEY).exists() {
            write_environment_key(root)?;
        }
        durable::write_durably(snapshots, HOST_ID_COPY, line.as_bytes(), PRIVATE_FILE)?;
        durable::write_durably(root, HOST_ID, line.as_bytes(), PRIVATE_FILE)?;
        StateDir::open(root, snapshots)
    }

    /// Opens the directory that `init` made, and checks that it is that one, whole, and can be written.
    pub fn open(root: &Path, snapshots: &Path) -> Result<StateDir> {
        check_directory(root)?;
        let refused =
            |what: Message| Failure::new(Code::StateRefused, what).hint(message!("if-its-disk-is-not-mounted"));
        let host_id = read_id(&root.join(HOST_ID))?
            .ok_or_else(|| refused(message!("the-state-directory-has-no-host", root = escape::path(root))))?;
        for name in DIRECTORIES.iter().filter(|name| **name != CACHE) {
            if !root.join(name).is_dir() {
                return Err(refused(message!("the-state-directory-lacks", root = escape::path(root), name)));
            }
        }
        check_directory(snapshots)?;
        match read_id(&snapshots.join(HOST_ID_COPY))? {
            Some(copy) if copy == host_id => {}
            Some(_) => return Err(other_host(root, snapshots)),
            None => {
                return Err(refused(message!(
                    "the-snapshot-directory-has-no-host",
                    snapshots = escape::path(snapshots)
                )));
            }
        }
        check_writable(root)?;
        Ok(StateDir { root: root.to_owned(), host_id })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn host_id(&self) -> &str {
        &self.host_id
    }

    /// One journal per transaction.
    pub fn transactions(&self) -> PathBuf {
        self.root.join("transactions")
    }

    /// One lock file per workload, never deleted.
    pub fn locks(&self) -> PathBuf {
        self.root.join("locks")
    }

    pub fn receipts(&self) -> PathBuf {
        self.root.join("receipts")
    }

    /// The generation of each workload's volumes, a file per workload.
    pub fn generations(&self) -> PathBuf {
        self.root.join("generations")
    }

    /// Snapshots that are being taken of apps that are stopped or frozen for them, a file per workload.
    pub fn captures(&self) -> PathBuf {
        self.root.join("captures")
    }

    /// What is and was deployed, a file per workload.
    pub fn deployments(&self) -> PathBuf {
        self.root.join("deployments")
    }

    /// The process runtime's own.
    pub fn process(&self) -> PathBuf {
        self.root.join("process")
    }

    /// The Docker runtime's own.
    pub fn docker(&self) -> PathBuf {
        self.root.join("docker")
    }

    /// The Compose runtime's own.
    pub fn compose(&self) -> PathBuf {
        self.root.join("compose")
    }

    /// How far each workload is with its schedule, a file per workload. Made when the first is due.
    pub fn schedules(&self) -> PathBuf {
        self.root.join("schedules")
    }

    /// The newest capture of each workload that went well, a file per workload. Made at the first.
    pub fn captured(&self) -> PathBuf {
        self.root.join("captured")
    }

    /// What was drilled and is drilled, a file per drill. Made at the first.
    pub fn drills(&self) -> PathBuf {
        self.root.join("drills")
    }

    /// What is known of each workload's snapshots by drills and verifications, a file per workload. Made at the first.
    pub fn proofs(&self) -> PathBuf {
        self.root.join("proofs")
    }

    pub fn plugins(&self) -> PathBuf {
        self.root.join("plugins")
    }

    /// May be deleted at any time.
    pub fn cache(&self) -> PathBuf {
        self.root.join(CACHE)
    }

    /// Removes what processes left that died while they looked whether they can write here.
    pub fn remove_probes(&self) -> Result<()> {
        let failed = |error: io::Error| Failure::io("list", &self.root, &error);
        for entry in std::fs::read_dir(&self.root).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.file_name().as_encoded_bytes().starts_with(PROBE_PREFIX.as_bytes()) {
                remove_probe(&entry.path())?;
            }
        }
        Ok(())
    }

    pub fn audit(&self) -> PathBuf {
        self.root.join("audit.jsonl")
    }

    /// Who may use the API.
    pub fn tokens(&self) -> PathBuf {
        self.root.join("tokens.json")
    }

    /// Which deliveries of webhooks were taken.
    pub fn deliveries(&self) -> PathBuf {
        self.root.join("deliveries.json")
    }

    /// What people elsewhere are told of, on its way; made when there is something to tell.
    pub fn notify(&self) -> PathBuf {
        self.root.join("notify")
    }

    /// What environment values are digested with.
    pub fn environment_key(&self) -> Result<EnvironmentKey> {
        let path = self.root.join(ENVIRONMENT_KEY);
        let text = read_small(&path)?.ok_or_else(|| damaged(message!("is-missing", path = escape::path(&path))))?;
        let (secret, since) = text.split_once('\n').unwrap_or((&text, ""));
        let mut key = EnvironmentKey { secret: [0; KEY_BYTES], since: since.trim().parse().ok() };
        hex::decode_to_slice(secret.trim(), &mut key.secret)
            .map_err(|_| damaged(message!("is-damaged", path = escape::path(&path))))?;
        Ok(key)
    }

    /// Makes the key anew if it does not read: it tells nothing but whether variables changed, so a lost one must keep no
    /// workload from anything. Answers why, if it did.
    pub fn renew_environment_key(&self) -> Result<Option<Message>> {
        let Err(failure) = self.environment_key() else { return Ok(None) };
        let _alone = match lock_for_init(&self.root) {
            Ok(alone) => alone,
            // Somebody else makes it right now.
            Err(failure) if failure.code == Code::Busy => return Ok(None),
            Err(failure) => return Err(failure),
        };
        if self.environment_key().is_ok() {
            return Ok(None);
        }
        let path = self.root.join(ENVIRONMENT_KEY);
        if path.symlink_metadata().is_ok() {
            durable::move_aside(&path)?;
        }
        write_environment_key(&self.root)?;
        Ok(Some(failure.message))
    }
}

/// What environment values are digested with.
pub struct EnvironmentKey {
    pub secret: [u8; KEY_BYTES],
    /// When it was made: digests from before are of another one. None for one from before this was written down, which
    /// is as old as the host.
    pub since: Option<jiff::Timestamp>,
}

fn write_environment_key(root: &Path) -> Result<()> {
    let secret = hex::encode(random::bytes::<KEY_BYTES>()?);
    let text = format!("{secret}\n{}\n", jiff::Timestamp::now());
    durable::write_durably(root, ENVIRONMENT_KEY, text.as_bytes(), PRIVATE_FILE)
}

/// The directories in a state directory that are the host's own.
pub fn own_directories(state_dir: &Path) -> impl Iterator<Item = PathBuf> {
    DIRECTORIES.iter().chain(&LATER_DIRECTORIES).map(move |name| state_dir.join(name))
}

fn lock_for_init(root: &Path) -> Result<Locked> {
    let directory = std::fs::File::open(root).map_err(|error| Failure::io("open", root, &error))?;
    match Locked::try_alone(directory) {
        Ok(Some(locked)) => Ok(locked),
        Ok(None) => {
            let message = message!("is-being-initialised-by-another-process", root = escape::path(root));
            Err(Failure::new(Code::Busy, message).hint(message!("try-again-when-it-is-done")))
        }
        Err(errno) => Err(Failure::io("lock", root, &errno.into())),
    }
}

fn other_host(root: &Path, snapshots: &Path) -> Failure {
    Failure::new(
        Code::StateRefused,
        message!(
            "the-state-directory-and-the-snapshot",
            root = escape::path(root),
            snapshots = escape::path(snapshots)
        ),
    )
    .hint(message!("mount-the-right-disk-or-correct", host_id_copy = HOST_ID_COPY))
}

fn damaged(how: Message) -> Failure {
    Failure::new(Code::StateRefused, how).hint(message!("put-the-file-back"))
}

/// A directory of this user's, which no other can change.
fn check_directory(path: &Path) -> Result<()> {
    let refused = |what: Message, hint: Message| Err(Failure::new(Code::StateRefused, what).hint(hint));
    let shown = escape::path(path);
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return refused(message!("does-not-exist", shown), message!("if-its-disk-is-not-mounted"));
        }
        Err(error) => {
            return Err(Failure { code: Code::StateRefused, ..Failure::io("look at", path, &error) }
                .hint(message!("run-as-the-user-who-owns")));
        }
    };
    if !metadata.is_dir() {
        return refused(message!("is-not-a-directory", shown), message!("name-a-directory-in-host"));
    }
    let uid = rustix::process::geteuid().as_raw();
    if metadata.uid() != uid {
        return refused(message!("path-belongs-to-another-user", shown), message!("run-as-the-user-who-owns-it", uid));
    }
    if metadata.mode() & 0o022 != 0 {
        return refused(message!("can-be-written-by-others", shown), message!("chmod-700", shown, uid));
    }
    Ok(())
}

/// Really writes: permission bits say nothing about a disk that turned read-only or is full.
fn check_writable(root: &Path) -> Result<()> {
    let path = root.join(format!("{PROBE_PREFIX}{}", hex::encode(random::bytes::<8>()?)));
    let failed = |error: io::Error| Failure::io("write in", root, &error);
    let write = || {
        let mut options = std::fs::OpenOptions::new();
        let made = effect("probe-state", || options.write(true).create_new(true).mode(PRIVATE_FILE).open(&path));
        let mut file = made.map_err(failed)?;
        let written = effect("probe-state", || file.write_all(b"probe")).map_err(failed);
        let written = written.and_then(|()| durable::sync_file_as("probe-state", &file));
        remove_probe(&path)?;
        written
    };
    write().map_err(|failure: Failure| {
        let failure = failure.context(message!("the-state-directory-is-not-writable"));
        Failure { code: Code::StateRefused, ..failure }.hint(message!("make-room-there-or-mount"))
    })
}

/// Who is alive removes its own right away, so that nobody misses one that a start took for left behind.
fn remove_probe(path: &Path) -> Result<()> {
    match effect("probe-state", || std::fs::remove_file(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Failure::io("remove", path, &error)),
        _ => Ok(()),
    }
}

/// A host id, if the file is there.
fn read_id(path: &Path) -> Result<Option<String>> {
    let Some(text) = read_small(path)? else { return Ok(None) };
    let id = text.trim();
    if id.len() != 2 * HOST_ID_BYTES || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(damaged(message!("is-damaged", path = escape::path(path))));
    }
    Ok(Some(id.to_owned()))
}

fn read_small(path: &Path) -> Result<Option<String>> {
    let mut options = std::fs::OpenOptions::new();
    let file = match options.read(true).custom_flags(libc::O_NOFOLLOW).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure { code: Code::StateRefused, ..Failure::io("open", path, &error) }),
    };
    let mut text = String::new();
    match file.take(SMALL_FILE_BYTES_MAX).read_to_string(&mut text) {
        Ok(_) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(damaged(message!("is-damaged", path = escape::path(path))))
        }
        Err(error) => Err(Failure { code: Code::StateRefused, ..Failure::io("read", path, &error) }),
    }
}
