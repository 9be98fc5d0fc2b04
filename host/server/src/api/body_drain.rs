//! What a request leaves of its body. A client that is still sending when it is answered would find its connection cut,
//! and not why: so the rest is read and thrown away, beside the answer, within bounds.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::header;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::runtime::Handle;

/// At most so much is thrown away of a body, for at most so long. Then the connection is cut after all.
const DISCARDED_BYTES_MAX: usize = 64 << 20;
const DISCARD_TIME: Duration = Duration::from_secs(10);

/// A body that is read to its end when nobody else does.
struct ReadToEnd {
    /// None once the end was seen.
    rest: Option<Incoming>,
    /// Whether the client sends, or first waits to be told that it is wanted.
    coming: bool,
}

/// The same request, of whose body nothing stays unread.
pub(super) fn discarding(request: hyper::Request<Incoming>) -> Request {
    let coming = !request.headers().contains_key(header::EXPECT);
    request.map(|body| axum::body::Body::new(ReadToEnd { rest: Some(body), coming }))
}

impl Body for ReadToEnd {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.coming = true;
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(rest).poll_frame(context));
        if !matches!(frame, Some(Ok(_))) {
            self.rest = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.rest.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.rest.as_ref().map_or(SizeHint::with_exact(0), Incoming::size_hint)
    }
}

impl Drop for ReadToEnd {
    fn drop(&mut self) {
        let rest = self.rest.take().filter(|rest| self.coming && !rest.is_end_stream());
        if let (Some(rest), Ok(runtime)) = (rest, Handle::try_current()) {
            runtime.spawn(tokio::time::timeout(DISCARD_TIME, discard(rest)));
        }
    }
}

async fn discard(mut rest: Incoming) {
    let mut bytes = 0;
    while bytes < DISCARDED_BYTES_MAX {
        let Some(Ok(frame)) = poll_fn(|context| Pin::new(&mut rest).poll_frame(context)).await else { return };
        bytes += frame.data_ref().map_or(0, Bytes::len);
    }
}
