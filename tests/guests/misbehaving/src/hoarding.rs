//! Plugins that take what the host has little of: open files, and memory by a number that they only have to say.

use crate::bindings::exports::reforge::restore::restorer::{Job, RestorePlan, VolumePlan};
use crate::bindings::reforge::restore::snapshots::Snapshot;
use crate::bindings::reforge::restore::transactions;
use crate::bindings::reforge::restore::types::Failure;
use crate::honest;

/// Live trees, while the app is down, and then a moment of rest.
pub(crate) fn live_trees(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let _ready = honest::ready(job)?;
    let volume = honest::volume(honest::VOLUMES[0])?;
    let mut hoard = Vec::new();
    let refused = loop {
        match volume.live() {
            Ok(tree) => hoard.push(tree),
            Err(refused) => break refused,
        }
    };
    std::thread::sleep(std::time::Duration::from_millis(1));
    Err(refused)
}

pub(crate) fn large_files(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let begun = honest::begin(job)?;
    let staging = begun.transaction.stage(honest::VOLUMES[0])?;
    let mut hoard: Vec<transactions::LargeFile> = Vec::new();
    loop {
        hoard.push(staging.large_file_part(honest::FILE, honest::CONTENT.len() as u64)?);
    }
}

#[link(wasm_import_module = "wasi:cli/stdout@0.2.0")]
unsafe extern "C" {
    #[link_name = "get-stdout"]
    fn get_stdout() -> u32;
}

#[link(wasm_import_module = "wasi:io/streams@0.2.0")]
unsafe extern "C" {
    #[link_name = "[method]output-stream.write-zeroes"]
    fn write_zeroes(stream: u32, length: u64, answer: *mut u8);
}

/// As many zeros as there is a number for, in one call.
pub(crate) fn zeros(_: &Snapshot, _: &Job) -> Result<(), Failure> {
    let mut answer = [0; 16];
    // SAFETY: the answer has room for a result of a variant with a handle.
    unsafe { write_zeroes(get_stdout(), u64::MAX, answer.as_mut_ptr()) };
    Ok(())
}

/// A plan of more volumes than there can be, with long names.
pub(crate) fn a_plan() -> RestorePlan {
    let volume = VolumePlan {
        name: "x".repeat(1000),
        snapshot_entries: 1,
        snapshot_bytes: 1,
        live_entries: 1,
        live_bytes: 1,
        changes: None,
        newest_live: None,
    };
    RestorePlan { volumes: vec![volume; 100_000], warnings: Vec::new(), refusals: Vec::new() }
}
