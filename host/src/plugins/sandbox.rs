//! One sandbox: a fresh store for each call of an export, since a trap poisons it.
//!
//! Its WASI has no directory, no environment, no arguments, no network and no input. What it prints is kept, bounded,
//! for the message when it fails.

use std::sync::Arc;

use wasmtime::component::ResourceTable;
use wasmtime::{Store, StoreLimits, StoreLimitsBuilder, UpdateDeadline};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use super::plugin::Plugin;
use super::{bindings::RestorePlugin, limits};
use crate::failure::{Code, Failure, Result};
use crate::restore::monitor::Monitor;

/// What a sandbox was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The call of an export of `restorer`.
    Caller,
    /// One part of an archive.
    Worker,
}

/// What a guest's calls act on.
pub struct Sandbox {
    wasi: WasiCtx,
    pub(super) table: ResourceTable,
    limits: StoreLimits,
    /// What a call requires and what refuses it.
    pub(super) monitor: Arc<Monitor>,
    /// The plugin itself, for the workers that it asks for.
    pub(super) plugin: Plugin,
    pub(super) role: Role,
    pub(super) note_bytes: usize,
    output: MemoryOutputPipe,
    /// Progress when it was last seen to grow, and ticks in the guest since.
    seen_progress: u64,
    idle_ticks: u128,
}

/// A store with an instance in it.
pub(super) struct Instance {
    pub store: Store<Sandbox>,
    pub exports: RestorePlugin,
}

impl Instance {
    pub fn new(plugin: &Plugin, role: Role, monitor: Arc<Monitor>) -> Result<Instance> {
        let mut store = Store::new(plugin.engine.engine(), Sandbox::new(plugin, role, monitor));
        store.limiter(|sandbox| &mut sandbox.limits);
        store.set_hostcall_fuel(limits::HOST_CALL_BYTES_MAX);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut context| context.data_mut().tick());
        let exports = plugin.pre.instantiate(&mut store);
        match exports {
            Ok(exports) => Ok(Instance { store, exports }),
            Err(error) => Err(explain(&store, &error)),
        }
    }

    /// What an export answered: its own failure, or why it never answered.
    pub fn answer<T>(
        &self,
        answer: wasmtime::Result<Result<T, super::bindings::reforge::restore::types::Failure>>,
    ) -> Result<T> {
        match answer {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(failure)) => Err(super::calls::own(&failure)),
            Err(error) => Err(explain(&self.store, &error)),
        }
    }
}

fn explain(store: &Store<Sandbox>, error: &wasmtime::Error) -> Failure {
    let sandbox = store.data();
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return failure.clone();
    }
    let output = sandbox.output.contents();
    let tail = String::from_utf8_lossy(&output[output.len().saturating_sub(limits::OUTPUT_TAIL_BYTES)..]).into_owned();
    let mut message = format!("the plugin trapped: {}", crate::escape::text(&error.root_cause().to_string()));
    if !tail.trim().is_empty() {
        message.push_str(&format!("; its last words: {}", crate::escape::text(tail.trim())));
    }
    Failure::new(Code::Plugin, message).hint("another plugin can be used with `--plugin FILE`")
}

impl Sandbox {
    fn new(plugin: &Plugin, role: Role, monitor: Arc<Monitor>) -> Sandbox {
        let output = MemoryOutputPipe::new(limits::OUTPUT_BYTES_MAX);
        let wasi = WasiCtxBuilder::new()
            .allow_blocking_current_thread(true)
            .max_random_size(limits::RANDOM_BYTES_MAX)
            .stdout(output.clone())
            .stderr(output.clone())
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits::HANDLES_MAX);
        let limits = StoreLimitsBuilder::new()
            .memory_size(limits::memory_bytes_max())
            .table_elements(limits::TABLE_ELEMENTS_MAX)
            .instances(limits::INSTANCES_MAX)
            .tables(limits::INSTANCES_MAX)
            .memories(limits::INSTANCES_MAX)
            .build();
        Sandbox {
            wasi,
            table,
            limits,
            monitor,
            plugin: plugin.clone(),
            role,
            note_bytes: 0,
            output,
            seen_progress: 0,
            idle_ticks: 0,
        }
    }

    /// Called while the guest runs, at most once a tick: ends a guest that stalls, or that the operator cancelled.
    fn tick(&mut self) -> wasmtime::Result<UpdateDeadline> {
        self.monitor.interrupt()?;
        let progress = self.monitor.progress_count();
        if progress != self.seen_progress {
            self.seen_progress = progress;
            self.idle_ticks = 0;
        }
        self.idle_ticks += 1;
        let limit = self.monitor.stall_limit();
        if self.idle_ticks * limits::TICK.as_millis() > limit.as_millis() {
            let message = format!("the plugin made no progress for {limit:?} of its own time");
            return Err(Failure::new(Code::Plugin, message)
                .hint("another plugin can be used with `--plugin FILE`")
                .into());
        }
        Ok(UpdateDeadline::Continue(1))
    }
}

impl WasiView for Sandbox {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}
