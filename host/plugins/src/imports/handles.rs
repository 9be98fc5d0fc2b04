//! What a guest's handles stand for on this side.
//!
//! A step carries the token that the host gave it. [`Handles`] is the table of all of one sandbox.

use std::sync::Arc;

use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use wasmtime::component::{Resource, ResourceTable, ResourceTableError};

use crate::descriptors::Reserved;
use crate::host_calls::Token;
use crate::limits::HANDLES_MAX;
use reforge_volumes as volumes;
use reforge_volumes::receiver::{Pieces, Receiver};

pub struct Lease(pub Token);
pub struct Stopped(pub Token);
pub struct Safety(pub Token);
pub struct Transaction(pub Token);
pub struct Sealed(pub Token);
pub struct Swapped(pub Token);

/// The one archive of this call.
#[derive(Clone)]
pub struct Snapshot;

/// A volume of the workload by its name.
pub struct Volume(pub String);

/// A walk, and the descriptors that it holds: one a level.
pub struct LiveTree {
    pub tree: volumes::live_tree::LiveTree,
    pub held: Reserved,
}

/// What takes the entries of one volume: its staging, or whoever only looks.
#[derive(Clone)]
pub struct Staging {
    pub volume: usize,
    pub tree: Arc<dyn Receiver>,
}

/// One writer of a large file, and its descriptor.
pub struct LargeFile {
    pub file: Box<dyn Pieces>,
    pub _held: Reserved,
}

/// Every handle that one sandbox holds.
pub(crate) struct Handles(pub ResourceTable);

impl Handles {
    pub(crate) fn new() -> Handles {
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES_MAX);
        Handles(table)
    }

    pub(crate) fn push<T: Send + 'static>(&mut self, handle: T) -> Result<Resource<T>> {
        self.0.push(handle).map_err(refused)
    }

    pub(crate) fn get<T: 'static>(&self, handle: &Resource<T>) -> Result<&T> {
        self.0.get(handle).map_err(refused)
    }

    pub(crate) fn get_mut<T: 'static>(&mut self, handle: &Resource<T>) -> Result<&mut T> {
        self.0.get_mut(handle).map_err(refused)
    }

    pub(crate) fn delete<T: 'static>(&mut self, handle: Resource<T>) -> Result<T> {
        self.0.delete(handle).map_err(refused)
    }
}

/// More handles than a plugin may hold, or one that it does not hold: the canonical ABI refuses most of the latter before
/// us.
fn refused(error: ResourceTableError) -> Failure {
    match error {
        ResourceTableError::Full => {
            Failure::new(Code::TooLarge, message!("the-plugin-holds-handles", limit = HANDLES_MAX))
        }
        error => Failure::new(Code::OutOfOrder, message!("a-handle-cannot-be-used", error = error.to_string())),
    }
}
