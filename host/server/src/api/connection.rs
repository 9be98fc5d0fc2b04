//! Connections: how many, and for how long one may keep the host waiting. A slow client costs one connection for a
//! bounded time and holds nobody up.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt as _;

use super::body_drain;
use super::caller::Peer;

/// At once; further ones wait until one ends. See [`permits`].
const CONNECTIONS_MAX: u64 = 1024;
/// From the first byte of a request, or from the last answer, to the end of its headers.
const HEAD_TIME: Duration = Duration::from_secs(10);
const HEAD_BYTES_MAX: usize = 16 << 10;
const HEADERS_MAX: usize = 64;
/// A client that takes nothing for that long is gone.
const WRITE_TIME: Duration = Duration::from_secs(30);
/// For answers that are on their way when the server stops.
const LAST_ANSWERS_TIME: Duration = Duration::from_secs(5);
/// After a failed accept, when descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop` becomes true and the last answer is out.
pub(super) async fn serve(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) {
    let most = connections_max();
    let permits = Arc::new(Semaphore::new(most as usize));
    loop {
        let permit = tokio::select! {
            permit = permits.clone().acquire_owned() => permit,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (Ok(permit), Ok((stream, peer))) = (permit, accepted) else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let (router, stop) = (router.clone(), stop.clone());
        tokio::spawn(async move {
            one(stream, Peer(peer), router, stop).await;
            drop(permit);
        });
    }
    drop(listener);
    let all = permits.acquire_many(most);
    // Whoever has not read its answer by then does not want it.
    let _ = tokio::time::timeout(LAST_ANSWERS_TIME, all).await;
}

/// Half of the files that this process may have open is the host's: a restore must never want for one because strangers
/// hold on to connections.
fn connections_max() -> u32 {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.map_or(CONNECTIONS_MAX, |limit| (limit / 2).clamp(1, CONNECTIONS_MAX)) as u32
}

async fn one(stream: TcpStream, peer: Peer, router: Router, mut stop: watch::Receiver<bool>) {
    // Answers are whole when they are written.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_TIME));
    let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut request = body_drain::discarding(request);
        request.extensions_mut().insert(peer);
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    let mut connection = std::pin::pin!(connection);
    // Whatever ended it: a client that went away is no failure.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stop.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
