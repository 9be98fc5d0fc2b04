//! The files of the plugins directory: each whole or not there, each checked when it is read.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Installed, Selection};
use crate::limits::PLUGIN_BYTES_MAX;
use reforge_base::Message;
use reforge_base::durable::{self, PRIVATE_FILE};
use reforge_base::effects::effect;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::lock_file::{self, How};
use reforge_base::message;

pub(super) const SELECTION: &str = "selection.json";
const CONTENT: &str = "wasm";
const RECORD: &str = "json";
/// Length of a digest in hexadecimal.
const DIGEST_LENGTH: usize = 64;

/// Keeps other processes from changing the directory until it is dropped. Changes are short, so it waits.
pub(super) fn lock(directory: &Path) -> Result<OwnedFd> {
    let failed = |error: rustix::io::Errno| Failure::io("lock", directory, &error.into());
    let held = rustix::fs::open(directory, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    let held = held.map_err(failed)?;
    lock_file::take(&held, How::Alone).map_err(failed)?;
    Ok(held)
}

/// Writes a plugin and then its record.
pub(super) fn add(directory: &Path, installed: &Installed, bytes: &[u8]) -> Result<()> {
    durable::write_durably(directory, format!("{}.{CONTENT}", installed.digest), bytes, PRIVATE_FILE)?;
    write_json(directory, &format!("{}.{RECORD}", installed.digest), installed)
}

/// Removes a record and then the plugin: what a crash leaves without its record is not installed.
pub(super) fn remove(directory: &Path, digest: &str) -> Result<()> {
    for extension in [RECORD, CONTENT] {
        let path = directory.join(format!("{digest}.{extension}"));
        match effect("remove-plugin", || std::fs::remove_file(&path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Failure::io("remove", &path, &error)),
            _ => durable::sync_directory(directory)?,
        }
    }
    Ok(())
}

/// Every record. One that does not read is a failure: a plugin must not vanish because its record was damaged.
pub(super) fn records(directory: &Path) -> Result<Vec<Installed>> {
    let failed = |error: io::Error| Failure::io("read", directory, &error);
    let mut all = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let stem = name.to_str().and_then(|name| name.strip_suffix(".json"));
        if let Some(digest) = stem.filter(|stem| stem.len() == DIGEST_LENGTH) {
            all.push(record(directory, digest)?);
        }
    }
    Ok(all)
}

/// The record of one plugin.
pub(super) fn record(directory: &Path, digest: &str) -> Result<Installed> {
    let path = directory.join(format!("{digest}.{RECORD}"));
    let installed: Installed = read_json(&path)?
        .ok_or_else(|| Failure::new(Code::NotFound, message!("plugin-is-not-installed", head = head(digest))))?;
    match installed.digest == digest {
        true => Ok(installed),
        false => Err(damaged(&path, message!("it-is-the-record-of-another"))),
    }
}

/// The bytes of one plugin, which must still be those that were installed.
pub(super) fn content(directory: &Path, installed: &Installed) -> Result<Vec<u8>> {
    let path = directory.join(format!("{}.{CONTENT}", installed.digest));
    let file = File::open(&path).map_err(|error| Failure::io("read the plugin", &path, &error))?;
    let bytes = read_bounded(file, &Message::from(reforge_base::escape::path(&path)))?;
    match blake3::hash(&bytes).to_hex().as_str() == installed.digest {
        true => Ok(bytes),
        false => Err(Failure::new(Code::Plugin, message!("plugin-is-damaged", head = head(&installed.digest)))
            .hint(message!("its-file-is-no-longer-what"))),
    }
}

/// All of a file that may be a plugin.
pub(crate) fn read_bounded(mut file: impl io::Read, called: &Message) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = PLUGIN_BYTES_MAX as u64 + 1;
    let failed = |error| Failure::cannot(message!("doing-read-the-plugin"), called, &error);
    file.by_ref().take(limit).read_to_end(&mut bytes).map_err(failed)?;
    match bytes.len() > PLUGIN_BYTES_MAX {
        true => {
            let message = message!("is-larger-than-a-plugin", path = called);
            Err(Failure::new(Code::TooLarge, message).hint(message!("at-most-mib", limit = PLUGIN_BYTES_MAX >> 20)))
        }
        false => Ok(bytes),
    }
}

pub(super) fn selection(directory: &Path) -> Result<Selection> {
    Ok(read_json(&directory.join(SELECTION))?.unwrap_or_default())
}

pub(super) fn write_selection(directory: &Path, selection: &Selection) -> Result<()> {
    write_json(directory, SELECTION, selection)
}

fn write_json(directory: &Path, name: &str, value: &impl Serialize) -> Result<()> {
    let path = directory.join(name);
    let text = serde_json::to_vec(value).map_err(|error| Failure::io("write", &path, &error.into()))?;
    durable::write_durably(directory, name, &text, PRIVATE_FILE)
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| damaged(path, Message::from(reforge_base::escape::text(&error.to_string())))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::io("read", path, &error)),
    }
}

fn damaged(path: &Path, why: Message) -> Failure {
    let message = message!("cannot-be-understood", path = reforge_base::escape::path(path), why);
    Failure::new(Code::StateRefused, message).hint(message!("restore-the-file-or-remove"))
}

/// Enough of a digest to tell plugins apart.
fn head(digest: &str) -> String {
    reforge_base::escape::text(digest).chars().take(12).collect()
}
