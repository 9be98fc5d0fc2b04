//! What the WIT generates. The resources are the host's own types; every import may trap.
#![allow(missing_docs, reason = "generated; the WIT holds the documentation")]

use super::imports::handles;

wasmtime::component::bindgen!({
    path: "wit",
    world: "restore-plugin",
    imports: { default: trappable },
    trappable_error_type: {
        "reforge:restore/types.failure" => reforge_base::failure::Failure,
    },
    with: {
        "reforge:restore/lifecycle.lease": handles::Lease,
        "reforge:restore/lifecycle.stopped": handles::Stopped,
        "reforge:restore/snapshots.snapshot": handles::Snapshot,
        "reforge:restore/snapshots.safety": handles::Safety,
        "reforge:restore/volumes.volume": handles::Volume,
        "reforge:restore/volumes.live-tree": handles::LiveTree,
        "reforge:restore/transactions.transaction": handles::Transaction,
        "reforge:restore/transactions.staging": handles::Staging,
        "reforge:restore/transactions.large-file": handles::LargeFile,
        "reforge:restore/transactions.sealed": handles::Sealed,
        "reforge:restore/transactions.swapped": handles::Swapped,
    },
});

/// What a plugin has beside if it takes in foreign archives.
pub mod importing {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "importing",
        imports: { default: trappable },
        trappable_error_type: {
            "reforge:restore/types.failure" => reforge_base::failure::Failure,
        },
        with: {
            "reforge:restore/types": super::reforge::restore::types,
            "reforge:restore/snapshots": super::reforge::restore::snapshots,
            "reforge:restore/lifecycle": super::reforge::restore::lifecycle,
        },
    });
}
