//! Every bound on a plugin, with the reason for its number.

use std::time::Duration;

use reforge_base::limits::{DEPTH_MAX, PIECE_BYTES_MAX};

/// Size of a plugin's file: a component of an interpreted language carries its interpreter, about 40 MiB.
pub const PLUGIN_BYTES_MAX: usize = 128 << 20;

/// Processor time and wall clock time for compiling a plugin that is being installed: the largest known take a tenth.
pub const COMPILE_TIME_MAX: Duration = Duration::from_secs(300);

/// Memory for that, and the size of what comes out.
pub const COMPILE_BYTES_MAX: u64 = 4 << 30;

/// Linear memory of one sandbox, all its memories together. The default plugin stays below 64 MiB; a component of an interpreted language needs
/// about 100 MiB for its runtime.
pub const MEMORY_BYTES_MAX: usize = 256 << 20;

/// Lowers [`MEMORY_BYTES_MAX`], in MiB: how tests see what a plugin needs. Nothing raises it.
const MEMORY_VARIABLE: &str = "REFORGE_SANDBOX_MIB";

/// Entries of all tables of one sandbox: function pointers, far more than any real component has.
pub const TABLE_ELEMENTS_MAX: usize = 200_000;

/// Core instances of one sandbox. Ours has five; an interpreter that is linked from shared libraries has one for each.
pub const INSTANCES_MAX: usize = 100;

/// Tables of one sandbox: one per module that calls through pointers, and one for what is linked late.
pub const TABLES_MAX: usize = 32;

/// Memories of one sandbox: one, or one per component that it was put together from.
pub const MEMORIES_MAX: usize = 8;

/// Handles that one sandbox may hold at once. A restore needs a few per volume and one per open large file.
pub const HANDLES_MAX: usize = 4096;

/// Descriptors that the handles of one call hold open, over all its sandboxes: one per open large file, and one per level
/// of a live tree that is walked, of which the deepest fits beside what the workers write.
pub const DESCRIPTORS_MAX: usize = DEPTH_MAX + 64;

/// Bytes that one call may pass to the host: a piece with its metadata, and as much again.
pub const HOST_CALL_BYTES_MAX: usize = 2 * PIECE_BYTES_MAX;

/// Bytes that the guest's stack may take.
pub const STACK_BYTES_MAX: usize = 1 << 20;

/// Entries of one call of `live-tree.next`.
pub const LIVE_ENTRIES_MAX: u32 = 4096;

/// Bytes of one note, and of all notes of one call of an export: enough to explain, too little to flood a log.
pub const NOTE_BYTES_MAX: usize = 1 << 10;
pub const NOTES_BYTES_MAX: usize = 64 << 10;

/// Bytes of the guest's own output that are kept for the message when it fails.
pub const OUTPUT_BYTES_MAX: usize = 64 << 10;
pub const OUTPUT_TAIL_BYTES: usize = 1 << 10;

/// Random bytes that one call may ask for.
pub const RANDOM_BYTES_MAX: u64 = 4 << 10;

/// How often the ticker looks.
pub const TICK: Duration = Duration::from_millis(50);

/// Time in the guest without progress after which it is stalled, while it is only asked who it is: that takes no time at
/// all. Waiting for a time is the guest's; any other host call is not.
pub const DESCRIBE_LIMIT: Duration = Duration::from_secs(10);

/// How long a guest may go on after the commit once the operator asked to stop: the host finishes by itself.
pub const FINISH_LIMIT: Duration = Duration::from_secs(1);

/// Characters of the name of a phase, and of what a plugin calls itself.
pub const NAME_CHARACTERS_MAX: usize = 100;

/// Characters of one sentence of a plugin.
pub const SENTENCE_CHARACTERS_MAX: usize = 4 << 10;

/// Warnings, and refusals, of one plan that are told; and formats that a plugin says it reads.
pub const FAILURES_MAX: usize = 200;

/// Linear memory of one sandbox in this process.
pub fn memory_bytes_max() -> usize {
    let asked = std::env::var(MEMORY_VARIABLE).ok().and_then(|mib| mib.parse::<usize>().ok());
    asked.and_then(|mib| mib.checked_mul(1 << 20)).map_or(MEMORY_BYTES_MAX, |bytes| bytes.min(MEMORY_BYTES_MAX))
}

/// Parts that are extracted side by side.
pub fn workers_max() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(8)
}
