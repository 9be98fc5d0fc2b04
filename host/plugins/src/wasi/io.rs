//! Pollables and streams: wasmtime's own, waited for by [`super::waiting`].
//!
//! A guest has three streams, an empty input and two bounded outputs, and none of them ever blocks; they wait all the
//! same as if they did.

use std::future::Future;

use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::p2::bindings::sync::io::{poll, streams};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, StreamError, StreamResult};
use wasmtime_wasi_io::bindings::wasi::io::{poll as polled, streams as streamed};

use super::waiting;
use crate::sandbox::Sandbox;

impl Sandbox {
    /// Waits for `of` on the guest's own time.
    fn wait<'a, F: Future>(&'a mut self, of: impl FnOnce(&'a mut ResourceTable) -> F) -> wasmtime::Result<F::Output> {
        let calls = &self.calls;
        waiting::until(of(&mut self.handles.0), || Ok(calls.tick()?))
    }

    fn wait_for_stream<'a, T, F: Future<Output = StreamResult<T>>>(
        &'a mut self,
        of: impl FnOnce(&'a mut ResourceTable) -> F,
    ) -> StreamResult<T> {
        self.wait(of).unwrap_or_else(|error| Err(StreamError::Trap(error)))
    }
}

impl poll::Host for Sandbox {
    fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> wasmtime::Result<Vec<u32>> {
        self.wait(|table| polled::Host::poll(table, pollables))?
    }
}

impl poll::HostPollable for Sandbox {
    fn ready(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<bool> {
        self.wait(|table| polled::HostPollable::ready(table, pollable))?
    }

    fn block(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        self.wait(|table| polled::HostPollable::block(table, pollable))?
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        polled::HostPollable::drop(&mut self.handles.0, pollable)
    }
}

impl streams::Host for Sandbox {
    fn convert_stream_error(&mut self, error: StreamError) -> wasmtime::Result<streams::StreamError> {
        streams::Host::convert_stream_error(&mut self.handles.0, error)
    }
}

impl streams::HostInputStream for Sandbox {
    fn read(&mut self, stream: Resource<DynInputStream>, length: u64) -> StreamResult<Vec<u8>> {
        streamed::HostInputStream::read(&mut self.handles.0, stream, length)
    }

    fn blocking_read(&mut self, stream: Resource<DynInputStream>, length: u64) -> StreamResult<Vec<u8>> {
        self.wait_for_stream(|table| streamed::HostInputStream::blocking_read(table, stream, length))
    }

    fn skip(&mut self, stream: Resource<DynInputStream>, length: u64) -> StreamResult<u64> {
        streamed::HostInputStream::skip(&mut self.handles.0, stream, length)
    }

    fn blocking_skip(&mut self, stream: Resource<DynInputStream>, length: u64) -> StreamResult<u64> {
        self.wait_for_stream(|table| streamed::HostInputStream::blocking_skip(table, stream, length))
    }

    fn subscribe(&mut self, stream: Resource<DynInputStream>) -> wasmtime::Result<Resource<DynPollable>> {
        streamed::HostInputStream::subscribe(&mut self.handles.0, stream)
    }

    fn drop(&mut self, stream: Resource<DynInputStream>) -> wasmtime::Result<()> {
        self.wait(|table| streamed::HostInputStream::drop(table, stream))?
    }
}

impl streams::HostOutputStream for Sandbox {
    fn check_write(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<u64> {
        streamed::HostOutputStream::check_write(&mut self.handles.0, stream)
    }

    fn write(&mut self, stream: Resource<DynOutputStream>, bytes: Vec<u8>) -> StreamResult<()> {
        streamed::HostOutputStream::write(&mut self.handles.0, stream, bytes)
    }

    fn blocking_write_and_flush(&mut self, stream: Resource<DynOutputStream>, bytes: Vec<u8>) -> StreamResult<()> {
        self.wait_for_stream(|table| streamed::HostOutputStream::blocking_write_and_flush(table, stream, bytes))
    }

    fn subscribe(&mut self, stream: Resource<DynOutputStream>) -> wasmtime::Result<Resource<DynPollable>> {
        streamed::HostOutputStream::subscribe(&mut self.handles.0, stream)
    }

    /// The zeros are made before they are written: so no more than there is room for.
    fn write_zeroes(&mut self, stream: Resource<DynOutputStream>, length: u64) -> StreamResult<()> {
        let room = streamed::HostOutputStream::check_write(&mut self.handles.0, Resource::new_borrow(stream.rep()))?;
        if length > room {
            return Err(StreamError::trap("more zeros are written than there is room for"));
        }
        streamed::HostOutputStream::write_zeroes(&mut self.handles.0, stream, length)
    }

    fn blocking_write_zeroes_and_flush(&mut self, stream: Resource<DynOutputStream>, length: u64) -> StreamResult<()> {
        self.wait_for_stream(|table| streamed::HostOutputStream::blocking_write_zeroes_and_flush(table, stream, length))
    }

    fn flush(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<()> {
        streamed::HostOutputStream::flush(&mut self.handles.0, stream)
    }

    fn blocking_flush(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<()> {
        self.wait_for_stream(|table| streamed::HostOutputStream::blocking_flush(table, stream))
    }

    fn splice(
        &mut self,
        to: Resource<DynOutputStream>,
        from: Resource<DynInputStream>,
        length: u64,
    ) -> StreamResult<u64> {
        streamed::HostOutputStream::splice(&mut self.handles.0, to, from, length)
    }

    fn blocking_splice(
        &mut self,
        to: Resource<DynOutputStream>,
        from: Resource<DynInputStream>,
        length: u64,
    ) -> StreamResult<u64> {
        self.wait_for_stream(|table| streamed::HostOutputStream::blocking_splice(table, to, from, length))
    }

    fn drop(&mut self, stream: Resource<DynOutputStream>) -> wasmtime::Result<()> {
        self.wait(|table| streamed::HostOutputStream::drop(table, stream))?
    }
}
