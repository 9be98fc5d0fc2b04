//! One sandbox: a fresh store for each call of an export, since a trap poisons it.
//!
//! What it prints is kept, bounded, for the message when it fails.

use std::sync::Arc;
use std::time::Instant;

use wasmtime::{Store, UpdateDeadline};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::bindings::importing::{Importing, ImportingPre};
use super::bindings::{RestorePlugin, RestorePluginPre};
use super::bounds::Bounds;
use super::engine::PluginEngine;
use super::host_calls::HostCalls;
use super::imports::handles::Handles;
use super::{foreign, given, limits};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// What a sandbox was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The call of an export of `restorer`.
    Caller,
    /// One part of an archive.
    Worker,
}

/// What a guest's calls act on.
pub(crate) struct Sandbox {
    wasi: WasiCtx,
    pub(super) handles: Handles,
    bounds: Bounds,
    /// What a call requires and what refuses it.
    pub(super) calls: Arc<dyn HostCalls>,
    /// The plugin itself, for the workers that it asks for.
    pub(super) prepared: Prepared,
    pub(super) role: Role,
    /// When; the guest's own clock counts from there.
    pub(super) made: Instant,
    output: MemoryOutputPipe,
}

/// A component that fits the world: what sandboxes are made from. Cheap to clone.
#[derive(Clone)]
pub(super) struct Prepared {
    pub engine: PluginEngine,
    pub pre: Arc<RestorePluginPre<Sandbox>>,
    /// The same with what takes in foreign archives, if it has that.
    pub importing: Option<Arc<ImportingPre<Sandbox>>>,
}

/// A store with an instance in it.
pub(super) struct Instance<Exports = RestorePlugin> {
    pub store: Store<Sandbox>,
    pub exports: Exports,
}

impl Instance {
    pub(crate) fn new(prepared: &Prepared, role: Role, calls: Arc<dyn HostCalls>) -> Result<Instance> {
        Instance::of(prepared, role, calls, |store| prepared.pre.instantiate(store))
    }
}

impl Instance<Importing> {
    /// With what takes in foreign archives; none if the plugin has not got it.
    pub(crate) fn importing(prepared: &Prepared, calls: Arc<dyn HostCalls>) -> Option<Result<Instance<Importing>>> {
        let pre = prepared.importing.as_ref()?;
        Some(Instance::of(prepared, Role::Caller, calls, |store| pre.instantiate(store)))
    }
}

impl<Exports> Instance<Exports> {
    fn of(
        prepared: &Prepared,
        role: Role,
        calls: Arc<dyn HostCalls>,
        instantiate: impl FnOnce(&mut Store<Sandbox>) -> wasmtime::Result<Exports>,
    ) -> Result<Instance<Exports>> {
        let mut store = Store::new(prepared.engine.engine(), Sandbox::new(prepared, role, calls));
        store.limiter(|sandbox| &mut sandbox.bounds);
        store.set_hostcall_fuel(limits::HOST_CALL_BYTES_MAX);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|context| {
            context.data().calls.tick()?;
            Ok(UpdateDeadline::Continue(1))
        });
        match instantiate(&mut store) {
            Ok(exports) => Ok(Instance { store, exports }),
            Err(error) => Err(explain(&store, &error)),
        }
    }

    /// What an export answered: its own failure, or why it never answered.
    pub(crate) fn answer<T>(
        &self,
        answer: wasmtime::Result<Result<T, super::bindings::reforge::restore::types::Failure>>,
    ) -> Result<T> {
        match answer {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(failure)) => Err(foreign::own(&failure)),
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
    let cause = reforge_base::escape::text(&error.root_cause().to_string());
    let message = match tail.trim() {
        "" => message!("the-plugin-trapped", cause),
        tail => message!("the-plugin-trapped-with-last-words", cause, tail = reforge_base::escape::text(tail)),
    };
    Failure::new(Code::Plugin, message).hint(message!("another-plugin-can-be-used"))
}

impl Sandbox {
    fn new(prepared: &Prepared, role: Role, calls: Arc<dyn HostCalls>) -> Sandbox {
        let output = MemoryOutputPipe::new(limits::OUTPUT_BYTES_MAX);
        let wasi = given::context(&output);
        let handles = Handles::new();
        let made = Instant::now();
        Sandbox { wasi, handles, bounds: Bounds::new(), calls, prepared: prepared.clone(), role, made, output }
    }
}

impl WasiView for Sandbox {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.handles.0 }
    }
}
