//! WASI as a guest sees it: every interface is there, and there is nothing behind it.
//!
//! What only answers is wasmtime's. What could wait is ours: it waits on the guest's own time ([`waiting`]), so that a
//! guest that sleeps is ended like one that spins. Nothing here may open a descriptor, begin a thread, make a runtime,
//! take memory by a number that the guest gives, or panic.

mod clocks;
mod io;
mod network;
mod waiting;

use wasmtime::component::{HasSelf, Linker};
use wasmtime_wasi::p2::bindings::{clocks as clock_bindings, sockets, sync};

use super::sandbox::Sandbox;

/// Links all of it; what is ours goes before what is wasmtime's.
pub(super) fn add_to_linker(linker: &mut Linker<Sandbox>) -> wasmtime::Result<()> {
    type Own = HasSelf<Sandbox>;
    wasmtime_wasi::p2::add_to_linker_sync(linker)?;
    linker.allow_shadowing(true);
    sync::io::poll::add_to_linker::<_, Own>(linker, |sandbox| sandbox)?;
    sync::io::streams::add_to_linker::<_, Own>(linker, |sandbox| sandbox)?;
    clock_bindings::monotonic_clock::add_to_linker::<_, Own>(linker, |sandbox| sandbox)?;
    sockets::tcp_create_socket::add_to_linker::<_, Own>(linker, |sandbox| sandbox)?;
    sync::sockets::udp_create_socket::add_to_linker::<_, Own>(linker, |sandbox| sandbox)?;
    sockets::ip_name_lookup::add_to_linker::<_, Own>(linker, |sandbox| sandbox)?;
    linker.allow_shadowing(false);
    Ok(())
}
