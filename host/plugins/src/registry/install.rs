//! From a file to an installed plugin. It is read once, and everything is checked on those bytes: digest, signature,
//! compilation in a process of its own, imports and exports, what it says of itself without a single handle, and
//! whether it keeps its promises. Only then is it written down.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::{Installed, Registry, files};
use crate::plugin::read_file;
use crate::{Plugin, PluginEngine, compile};
use reforge_base::Message;
use reforge_base::Phase;
use reforge_base::durable;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// The longest signature file: two comments and two lines.
const SIGNATURE_BYTES_MAX: u64 = 4096;

/// What to install.
#[derive(Debug)]
pub struct InstallRequest {
    pub source: Source,
    /// What its SHA-256 must be, hexadecimal.
    pub sha256: Option<String>,
    pub who: String,
}

/// Where the bytes come from.
#[derive(Debug)]
pub enum Source {
    File {
        path: PathBuf,
        /// Its detached signature; beside it as `FILE.minisig` when none is named.
        signature: Option<PathBuf>,
    },
    /// A file that has no name, and its signature's text.
    Upload { file: File, signature: Option<String> },
}

/// What installing needs.
pub struct InstallContext<'a> {
    pub engine: &'a PluginEngine,
    /// Where compiled code is kept.
    pub cache: &'a Path,
    /// The command that compiles a plugin in a process of its own ([`compile::child`]).
    pub compiler: &'a [OsString],
    /// Refuses a plugin that breaks a promise.
    pub keeps_promises: &'a dyn Fn(&Plugin) -> Result<()>,
    /// Told before each step.
    pub step: &'a dyn Fn(Phase),
}

impl Registry {
    /// Installs a plugin. Nothing is written when anything is refused.
    pub fn install(&self, context: &InstallContext<'_>, request: &InstallRequest) -> Result<Installed> {
        (context.step)(Phase::Reading);
        let bytes = request.source.bytes()?;
        let sha256 = hex::encode(Sha256::digest(&bytes));
        check_sha256(&sha256, request)?;
        let signature = request.source.signature()?;
        self.keys.verify(&bytes, signature.as_deref())?;
        (context.step)(Phase::Compiling);
        compile::in_child_process(context.compiler, &bytes, context.cache)?;
        let plugin = Plugin::from_bytes(context.engine, &bytes, message!("so-called", name = request.source.name()))?;

        let description = plugin.describe()?;
        (context.step)(Phase::CheckingItsPromises);
        (context.keeps_promises)(&plugin)?;
        let installed = Installed {
            digest: plugin.digest().to_owned(),
            sha256,
            bytes: bytes.len() as u64,
            name: description.name,
            version: description.version,
            formats: description.formats,
            installed: jiff::Timestamp::now(),
            installed_by: request.who.clone(),
            signature,
        };
        let _changing = files::lock(&self.directory)?;
        // Whoever writes here holds the lock: these are of somebody who crashed.
        durable::remove_temporaries(&self.directory, |_| true)?;
        files::add(&self.directory, &installed, &bytes)?;
        Ok(installed)
    }
}

impl Source {
    /// What it is called, for people.
    pub fn name(&self) -> Message {
        match self {
            Source::File { path, .. } => Message::from(escape::path(path)),
            Source::Upload { .. } => message!("the-upload"),
        }
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        match self {
            Source::File { path, .. } => read_file(path),
            Source::Upload { file, .. } => files::read_bounded(file, &message!("the-upload")),
        }
    }

    /// The one that was given, or the one beside the file if there is one.
    fn signature(&self) -> Result<Option<String>> {
        match self {
            Source::File { path, signature } => {
                let beside = || {
                    let mut name = path.clone().into_os_string();
                    name.push(".minisig");
                    Some(PathBuf::from(name)).filter(|path| path.exists())
                };
                signature.clone().or_else(beside).map(|path| read_signature(&path)).transpose()
            }
            Source::Upload { signature, .. } => Ok(signature.clone()),
        }
    }
}

fn check_sha256(found: &str, request: &InstallRequest) -> Result<()> {
    match &request.sha256 {
        Some(wanted) if !wanted.eq_ignore_ascii_case(found) => {
            let message = message!("the-sha-256", source = request.source.name(), found);
            Err(Failure::new(Code::PolicyRefused, message).hint(message!("get-the-file-again-from-where")))
        }
        _ => Ok(()),
    }
}

fn read_signature(path: &Path) -> Result<String> {
    let read = File::open(path).and_then(|file| {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut std::io::Read::take(file, SIGNATURE_BYTES_MAX), &mut text).map(|_| text)
    });
    read.map_err(|error| unreadable(message!("read-the-signature"), path, &error))
}

fn unreadable(doing: Message, path: &Path, error: &std::io::Error) -> Failure {
    let failure = Failure::while_doing(doing, path, error);
    failure.with_code(Code::Usage).hint(message!("name-a-file"))
}
