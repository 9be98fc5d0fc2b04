//! `types`: failures and metadata across the boundary.

use wasmtime::component::ResourceTableError;

use crate::failure::{Code, Failure};
use crate::plugins::bindings::reforge::restore::types;
use crate::plugins::limits::HANDLES_MAX;
use crate::plugins::sandbox::Sandbox;
use crate::snapshots::tree_digest::{Metadata, Mtime};

impl types::Host for Sandbox {
    /// A failure becomes the guest's value; what breaks the sandbox itself stays a trap.
    fn convert_failure(&mut self, failure: Failure) -> wasmtime::Result<types::Failure> {
        Ok(types::Failure { code: failure.code.to_string(), message: failure.message, hint: failure.hint })
    }
}

/// More handles than a plugin may hold, or one that it does not hold: the canonical ABI refuses most of the latter before
/// us.
impl From<ResourceTableError> for Failure {
    fn from(error: ResourceTableError) -> Failure {
        match error {
            ResourceTableError::Full => {
                Failure::new(Code::TooLarge, format!("the plugin holds {HANDLES_MAX} handles, and there are no more"))
            }
            error => Failure::new(Code::OutOfOrder, format!("a handle cannot be used: {error}")),
        }
    }
}

impl From<types::Metadata> for Metadata {
    fn from(metadata: types::Metadata) -> Metadata {
        let mut xattrs: Vec<(Vec<u8>, Vec<u8>)> =
            metadata.xattrs.into_iter().map(|xattr| (xattr.name, xattr.value)).collect();
        xattrs.sort();
        Metadata {
            mode: metadata.mode,
            uid: metadata.uid,
            gid: metadata.gid,
            mtime: Mtime { seconds: metadata.mtime.seconds, nanoseconds: metadata.mtime.nanoseconds },
            xattrs,
        }
    }
}

impl From<Mtime> for types::Timestamp {
    fn from(mtime: Mtime) -> types::Timestamp {
        types::Timestamp { seconds: mtime.seconds, nanoseconds: mtime.nanoseconds }
    }
}
