//! What a sandbox is given of WASI that only answers: the time of day, chance, and somewhere to print.

use std::time::{Duration, SystemTime};

use wasmtime_wasi::clocks::HostWallClock;
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};

use super::limits;

/// No directory, no environment, no arguments, no network and no input; what is printed goes to `output`.
pub(super) fn context(output: &MemoryOutputPipe) -> WasiCtx {
    WasiCtxBuilder::new()
        .max_random_size(limits::RANDOM_BYTES_MAX)
        .wall_clock(WallClock)
        .stdout(output.clone())
        .stderr(output.clone())
        .build()
}

/// The machine's. Before 1970 it is 1970.
struct WallClock;

impl HostWallClock for WallClock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }
}
