//! The connection to the engine: blocking calls, each with a limit, over its unix socket.
//!
//! The API version is negotiated when it is opened. Every call runs on a thread of its own, since the caller may itself
//! be inside an asynchronous runtime. Calls that change something are effects.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, ClientVersion, Docker};

use super::errors::EngineError;
use reforge_base::Message;
use reforge_base::effects::effect;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::threads;

/// The oldest API that is spoken: engine 20.10.
const API_MIN: ClientVersion = ClientVersion { major_version: 1, minor_version: 41 };
/// What a call may take that only asks.
const ASK_LIMIT: Duration = Duration::from_secs(20);
/// Lowers [`ASK_LIMIT`] and what Compose may take, in milliseconds: tests do not wait that long for who says nothing. Nothing raises it.
const ASK_VARIABLE: &str = "REFORGE_ENGINE_MS";
/// What a call may take that changes something quickly.
pub(crate) const CHANGE_LIMIT: Duration = Duration::from_secs(60);
/// What the library itself may wait, in seconds: each call has its own, shorter limit.
const LIBRARY_SECONDS_MAX: u64 = 24 * 3600;

/// An engine that answered.
pub(crate) struct Client {
    runtime: tokio::runtime::Runtime,
    docker: Docker,
    pub socket: PathBuf,
}

impl Client {
    /// Reaches the engine and agrees on an API version.
    pub(crate) fn open(socket: &Path) -> Result<Client> {
        let doing = message!("ask-the-engine-which-api");
        let failed = |error: EngineError| error.failure(socket, &doing);

        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::new(Code::Runtime, message!("cannot-do", doing, error)))?;
        let path = socket
            .to_str()
            .ok_or_else(|| Failure::new(Code::Usage, message!("docker-socket-is", socket = escape::path(socket))))?;
        let docker = Docker::connect_with_unix(path, LIBRARY_SECONDS_MAX, API_DEFAULT_VERSION)
            .map_err(|error| failed(EngineError::of(error)))?;
        let docker = run(&runtime, ask_limit(), docker.negotiate_version()).map_err(failed)?;
        let client = Client { runtime, docker, socket: socket.to_owned() };
        let version = client.docker.client_version();
        if (version.major_version, version.minor_version) < (API_MIN.major_version, API_MIN.minor_version) {
            let message =
                message!("the-engine-at-speaks-the-api", socket = escape::path(socket), version = version.to_string());
            return Err(Failure::new(Code::EngineTooOld, message).hint(message!("use-docker-engine-20-10")));
        }
        Ok(client)
    }

    /// A call that changes nothing.
    pub(crate) fn ask<'a, T: Send, F>(&'a self, call: impl FnOnce(&'a Docker) -> F) -> Result<T, EngineError>
    where
        F: Future<Output = Result<T, bollard::errors::Error>> + Send + 'a,
    {
        run(&self.runtime, ask_limit(), call(&self.docker))
    }

    /// A call that changes something, as an effect of its own.
    pub(crate) fn change<'a, T: Send + 'static, F>(
        &'a self,
        name: &str,
        limit: Duration,
        call: impl FnOnce(&'a Docker) -> F,
    ) -> Result<T, EngineError>
    where
        F: Future<Output = Result<T, bollard::errors::Error>> + Send + 'a,
    {
        let injected = |error: std::io::Error| EngineError::Injected(error.to_string());
        effect(name, || Ok(run(&self.runtime, limit, call(&self.docker)))).map_err(injected)?
    }

    /// Something that goes on until it ends by itself, on this thread, which belongs to nothing asynchronous.
    pub(crate) fn wait<'a, F: Future<Output = ()>>(&'a self, call: impl FnOnce(&'a Docker) -> F) {
        self.runtime.block_on(call(&self.docker));
    }

    /// The engine's process, or whoever listens for it. None if it is out of our sight.
    pub(crate) fn process(&self) -> Option<i32> {
        let asked = async { tokio::net::UnixStream::connect(&self.socket).await?.peer_cred() };
        let ask = || self.runtime.block_on(asked);
        let answered = std::thread::scope(|scope| Some(threads::spawn_in(scope, "engine", ask).ok()?.join()));
        answered?.ok()?.ok()?.pid().filter(|pid| *pid > 0)
    }

    /// The failure of a call in words.
    pub(crate) fn failed(&self, doing: impl Into<Message>) -> impl FnOnce(EngineError) -> Failure + '_ {
        let doing = doing.into();

        move |error| error.failure(&self.socket, &doing)
    }
}

fn ask_limit() -> Duration {
    lowered(ASK_LIMIT)
}

/// A limit, unless a test waits less.
pub(crate) fn lowered(limit: Duration) -> Duration {
    let lower = std::env::var(ASK_VARIABLE).ok().and_then(|text| text.parse().ok()).map(Duration::from_millis);
    lower.map_or(limit, |lower| lower.min(limit))
}

fn run<T: Send>(
    runtime: &tokio::runtime::Runtime,
    limit: Duration,
    call: impl Future<Output = Result<T, bollard::errors::Error>> + Send,
) -> Result<T, EngineError> {
    let limited = async move {
        match tokio::time::timeout(limit, call).await {
            Ok(answer) => answer.map_err(EngineError::of),
            Err(_) => Err(EngineError::Silent(limit)),
        }
    };
    std::thread::scope(|scope| {
        let asking = threads::spawn_in(scope, "engine", || runtime.block_on(limited));
        let answered = asking.map_err(|failure| EngineError::Unclear(failure.message))?.join();
        answered.unwrap_or_else(|_| Err(EngineError::Unclear(message!("the-client-gave-up-on-it"))))
    })
}
