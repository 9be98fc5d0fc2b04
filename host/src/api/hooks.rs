//! Webhooks: deliveries that are signed, each taken once, and the deploys that they ask for, one after the other per
//! workload. While one waits for its workload, a newer one takes its place.
//!
//! A delivery is its body: what is not signed does not tell two apart. It is written down before anything is done, so
//! that a crash can lose a deploy, which can be asked for again, and never do one twice.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;
use tokio::sync::watch;

use crate::deployer::dispatch::DeployRequest;
use crate::durable::{self, PRIVATE_FILE};
use crate::escape;
use crate::failure::{Code, Failure, Result};
use crate::host::Host;

/// Deliveries that are remembered.
const TAKEN_MAX: usize = 1024;
/// A shorter secret can be guessed.
const SECRET_BYTES_MIN: usize = 16;

/// All webhooks of a host.
pub struct Hooks {
    secret: Option<Vec<u8>>,
    file: PathBuf,
    directory: PathBuf,
    /// The newest last.
    taken: Mutex<Vec<String>>,
    /// By workload: what it shall be asked for next. One thread per workload that is here.
    waiting: Mutex<BTreeMap<String, Option<DeployRequest>>>,
    working: watch::Sender<usize>,
    closed: AtomicBool,
}

impl Hooks {
    pub fn new(host: &Host) -> Result<Hooks> {
        let secret = host.config.api.webhook_secret_file.as_ref().map(|file| secret(file)).transpose()?;
        let file = host.state.deliveries();
        let taken = match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                let message = format!("`{}` does not read: {error}", escape::path(&file));
                Failure::new(Code::StateRefused, message).hint("remove it: deliveries from before can come again then")
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(Failure::io("read", &file, &error)),
        };
        Ok(Hooks {
            secret,
            file,
            directory: host.state.root().to_owned(),
            taken: Mutex::new(taken),
            waiting: Mutex::default(),
            working: watch::channel(0).0,
            closed: AtomicBool::new(false),
        })
    }

    pub fn are_there(&self) -> bool {
        self.secret.is_some()
    }

    /// The delivery that a body is, if `signature` (`sha256=HEX`) is its own.
    pub fn delivery(&self, body: &[u8], signature: &str) -> Option<String> {
        let given = hex::decode(signature.strip_prefix("sha256=")?).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_ref()?).ok()?;
        mac.update(body);
        mac.clone().verify_slice(&given).ok()?;
        Some(hex::encode(mac.finalize().into_bytes()))
    }

    /// Writes a delivery down. False if it was taken before.
    pub fn take(&self, delivery: &str) -> Result<bool> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.iter().any(|one| one == delivery) {
            return Ok(false);
        }
        let mut now = taken.clone();
        now.push(delivery.to_owned());
        now.drain(..now.len().saturating_sub(TAKEN_MAX));
        let bytes = serde_json::to_vec(&now).map_err(|error| Failure::new(Code::Io, error.to_string()))?;
        let name = self.file.file_name().unwrap_or_default();
        durable::write_durably(&self.directory, name, &bytes, PRIVATE_FILE)?;
        *taken = now;
        Ok(true)
    }

    /// Has something deployed as soon as its workload is free.
    pub fn ask(self: &Arc<Self>, host: &Arc<Host>, request: DeployRequest, who: &str) -> Result<()> {
        let workload = request.workload().to_owned();
        let mut waiting = self.waiting();
        if let Some(next) = waiting.get_mut(&workload) {
            let older = next.replace(request);
            drop(waiting);
            return older.map_or(Ok(()), |older| skipped(host, &older, who, "a newer delivery took its place"));
        }
        waiting.insert(workload.clone(), Some(request));
        self.working.send_modify(|working| *working += 1);
        drop(waiting);
        let (hooks, host, who) = (self.clone(), host.clone(), who.to_owned());
        let name = workload.clone();
        let work = move || {
            let _working = Working { hooks: hooks.clone(), workload: name.clone() };
            while let Some(request) = hooks.next(&name) {
                hooks.deploy(&host, &request, &who);
            }
        };
        let thread = std::thread::Builder::new().name("webhook".to_owned()).spawn(work);
        thread.map(drop).map_err(|error| {
            drop(Working { hooks: self.clone(), workload });
            Failure::new(Code::Io, format!("cannot begin a thread: {error}"))
        })
    }

    /// Nothing that waits is begun any more.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Waits until nothing is being deployed.
    pub async fn idle(&self) {
        // The sender is this one's own: it cannot be gone.
        let _ = self.working.subscribe().wait_for(|working| *working == 0).await;
    }

    fn next(&self, workload: &str) -> Option<DeployRequest> {
        let mut waiting = self.waiting();
        let next = waiting.get_mut(workload).and_then(Option::take);
        if next.is_none() {
            // In the same breath: whoever asks now begins a thread.
            waiting.remove(workload);
        }
        next
    }

    /// What becomes of it is in the audit log: nobody waits for an answer.
    fn deploy(&self, host: &Host, request: &DeployRequest, who: &str) {
        let closed = || self.closed.load(Ordering::Relaxed);
        if closed() {
            let _ = skipped(host, request, who, "the host is stopping");
            return;
        }
        // What cannot be settled blocks the workload, and that is what the deploy is refused for.
        let _ = host.recover();
        let _ = host.dispatch(request, true, who, &closed);
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<String, Option<DeployRequest>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread that deploys, also one that panicked.
struct Working {
    hooks: Arc<Hooks>,
    workload: String,
}

impl Drop for Working {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.hooks.waiting().remove(&self.workload);
        }
        self.hooks.working.send_modify(|working| *working -= 1);
    }
}

fn skipped(host: &Host, request: &DeployRequest, who: &str, why: &str) -> Result<()> {
    let details = json!({ "workload": request.workload(), "outcome": "skipped", "reason": why });
    host.audit_event(request.verb(), who, details)
}

fn secret(file: &std::path::Path) -> Result<Vec<u8>> {
    let refused = |why: &str, hint: &str| {
        Failure::new(Code::StateRefused, format!("`{}` {why}", escape::path(file))).hint(hint.to_owned())
    };
    let failed = |error: std::io::Error| Failure { code: Code::StateRefused, ..Failure::io("read", file, &error) };
    if std::fs::metadata(file).map_err(failed)?.mode() & 0o077 != 0 {
        return Err(refused("can be read by others", "`chmod 600` it, and change the secret if others had it"));
    }
    let secret = std::fs::read(file).map_err(failed)?.trim_ascii().to_vec();
    match secret.len() < SECRET_BYTES_MIN {
        true => Err(refused("holds a secret of less than 16 bytes", "`openssl rand -hex 32` makes a good one")),
        false => Ok(secret),
    }
}
