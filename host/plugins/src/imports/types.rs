//! `types`: failures and metadata across the boundary.

use crate::bindings::reforge::restore::types;
use crate::foreign::told;
use crate::sandbox::Sandbox;
use reforge_base::failure::Failure;
use reforge_volumes::tree_digest::{Metadata, Mtime};

impl types::Host for Sandbox {
    /// A failure becomes the guest's value; what breaks the sandbox itself stays a trap.
    fn convert_failure(&mut self, failure: Failure) -> wasmtime::Result<types::Failure> {
        told(&failure);
        Ok(types::Failure {
            code: failure.code.to_string(),
            message: failure.message.into(),
            hint: failure.hint.into(),
        })
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
