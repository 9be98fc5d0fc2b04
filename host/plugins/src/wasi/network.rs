//! No network: sockets and names are denied before anything is opened or looked up.

use reforge_base::message;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::sockets::ip_name_lookup::{self, IpAddress, ResolveAddressStream};
use wasmtime_wasi::p2::bindings::sockets::network::{self, ErrorCode, IpAddressFamily, Network};
use wasmtime_wasi::p2::bindings::sockets::tcp_create_socket;
use wasmtime_wasi::p2::bindings::sync::sockets::udp_create_socket;
use wasmtime_wasi::p2::{DynPollable, SocketError, SocketResult, TcpSocket, UdpSocket};
use wasmtime_wasi::sockets::WasiSocketsView as _;

use crate::sandbox::Sandbox;

fn denied<T>() -> SocketResult<T> {
    Err(SocketError::from(ErrorCode::AccessDenied))
}

impl network::Host for Sandbox {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<ErrorCode> {
        self.sockets().convert_error_code(error)
    }

    fn network_error_code(&mut self, error: Resource<wasmtime::Error>) -> wasmtime::Result<Option<ErrorCode>> {
        self.sockets().network_error_code(error)
    }
}

impl network::HostNetwork for Sandbox {
    fn drop(&mut self, network: Resource<Network>) -> wasmtime::Result<()> {
        self.handles.0.delete(network)?;
        Ok(())
    }
}

impl tcp_create_socket::Host for Sandbox {
    fn create_tcp_socket(&mut self, _family: IpAddressFamily) -> SocketResult<Resource<TcpSocket>> {
        denied()
    }
}

impl udp_create_socket::Host for Sandbox {
    fn create_udp_socket(&mut self, _family: IpAddressFamily) -> SocketResult<Resource<UdpSocket>> {
        denied()
    }
}

impl ip_name_lookup::Host for Sandbox {
    fn resolve_addresses(
        &mut self,
        _network: Resource<Network>,
        _name: String,
    ) -> SocketResult<Resource<ResolveAddressStream>> {
        denied()
    }
}

/// There are none of these.
impl ip_name_lookup::HostResolveAddressStream for Sandbox {
    fn resolve_next_address(&mut self, _stream: Resource<ResolveAddressStream>) -> SocketResult<Option<IpAddress>> {
        denied()
    }

    fn subscribe(&mut self, _stream: Resource<ResolveAddressStream>) -> wasmtime::Result<Resource<DynPollable>> {
        Err(wasmtime::Error::msg(message!("no-name-is-looked-up")))
    }

    fn drop(&mut self, stream: Resource<ResolveAddressStream>) -> wasmtime::Result<()> {
        self.handles.0.delete(stream)?;
        Ok(())
    }
}
