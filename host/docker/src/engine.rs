//! A door to the engine for what is no workload: things that are made beside everybody's, known by a label, and removed again.
//!
//! It speaks the engine's own words, as JSON. Each call that changes something is an effect; what is gone already was removed.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::query_parameters as query;
use futures_util::StreamExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::client::{CHANGE_LIMIT, Client};
use super::create::{START_LIMIT, app_bad};
use super::errors::EngineError;
use super::hook::{self, Kept};
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// What the last lines of a container may take, in bytes.
const LINES_BYTES_MAX: usize = 64 << 10;

/// An engine that answered.
pub struct Engine {
    client: Client,
}

/// Of what there are several on an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Container,
    Image,
    Network,
    Volume,
}

/// How a command ended, with what it said apart.
#[derive(Debug)]
pub struct Ended {
    /// What was wrong; none if it ended with 0.
    pub failure: Option<Message>,
    /// The beginning of its standard output.
    pub output: Vec<u8>,
    /// The end of its standard error.
    pub error_output: Vec<u8>,
}

impl Engine {
    /// Reaches the engine at `socket`, and agrees on an API version.
    pub fn open(socket: &Path) -> Result<Engine> {
        Client::open(socket).map(|client| Engine { client })
    }

    /// The newest API that it speaks, as major and minor number.
    pub fn api(&self) -> Result<(u64, u64)> {
        let doing = message!("ask-the-engine-which-api");
        let version = self.client.ask(|docker| docker.version()).map_err(self.client.failed(doing))?;
        let api = version.api_version.unwrap_or_default();
        let numbers = api.split_once('.').and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        numbers.ok_or_else(|| Failure::new(Code::Runtime, message!("it-does-not-say-which-api")))
    }

    /// Its process, or whoever listens for it; none if it is out of sight.
    pub fn process(&self) -> Option<i32> {
        self.client.process()
    }

    /// One by its name or id; none if there is none.
    pub fn inspect(&self, kind: Kind, name: &str) -> Result<Option<Value>> {
        let found = match kind {
            Kind::Container => self
                .client
                .ask(|docker| docker.inspect_container(name, None::<query::InspectContainerOptions>))
                .map(value),
            Kind::Image => self.client.ask(|docker| docker.inspect_image(name)).map(value),
            Kind::Network => {
                self.client.ask(|docker| docker.inspect_network(name, None::<query::InspectNetworkOptions>)).map(value)
            }
            Kind::Volume => self.client.ask(|docker| docker.inspect_volume(name)).map(value),
        };
        match found {
            Ok(found) => found.map(Some),
            Err(error) if error.is_gone() => Ok(None),
            Err(error) => Err(self.client.failed(message!("drilling-look", name = escape::text(name)))(error)),
        }
    }

    /// Those that have every one of these labels, whatever they are doing. Of images none is asked for.
    pub fn labelled(&self, kind: Kind, labels: &[String]) -> Result<Vec<Value>> {
        let filters = Some(HashMap::from([("label".to_owned(), labels.to_vec())]));
        let found = match kind {
            Kind::Container => {
                let options = query::ListContainersOptions { all: true, filters, ..Default::default() };
                self.client.ask(|docker| docker.list_containers(Some(options))).map(value)
            }
            Kind::Network => {
                let options = query::ListNetworksOptions { filters };
                self.client.ask(|docker| docker.list_networks(Some(options))).map(value)
            }
            Kind::Volume => {
                let options = query::ListVolumesOptions { filters };
                self.client.ask(|docker| docker.list_volumes(Some(options))).map(|listed| value(listed.volumes))
            }
            Kind::Image => Ok(Ok(Value::Null)),
        };
        let found = found.map_err(self.client.failed(message!("drilling-list")))??;
        Ok(match found {
            Value::Array(found) => found,
            _ => Vec::new(),
        })
    }

    /// Makes a network; its id.
    pub fn make_network(&self, request: Value) -> Result<String> {
        let request = typed(request)?;
        let made = self.client.change("docker-network-create", CHANGE_LIMIT, |docker| docker.create_network(request));
        made.map(|made| made.id).map_err(self.client.failed(message!("drilling-make-network")))
    }

    /// Makes a container; its id.
    pub fn make_container(&self, name: &str, request: Value) -> Result<String> {
        let body: bollard::models::ContainerCreateBody = typed(request)?;
        let options = query::CreateContainerOptions { name: Some(name.to_owned()), ..Default::default() };
        let made =
            self.client.change("docker-create", START_LIMIT, |docker| docker.create_container(Some(options), body));
        made.map(|made| made.id)
            .map_err(self.client.failed(message!("create-the-container", name = escape::text(name))))
    }

    /// Starts a container. One whose program cannot be run is the code `app-bad`.
    pub fn start(&self, id: &str) -> Result<()> {
        let none = None::<query::StartContainerOptions>;
        let started = self.client.change("docker-start", START_LIMIT, |docker| docker.start_container(id, none));
        started.map_err(|error| {
            let name = escape::text(id);
            app_bad(&error, &name).unwrap_or_else(|| self.client.failed(message!("start-the-container", name))(error))
        })
    }

    /// Removes one: a container with its processes and its anonymous volumes. What is being removed already, or is
    /// in use for a moment, may still be there; an image is never removed.
    pub fn remove(&self, kind: Kind, name: &str) -> Result<()> {
        let removed = match kind {
            Kind::Container => {
                let options = query::RemoveContainerOptions { v: true, force: true, link: false };
                self.client.change("docker-remove", CHANGE_LIMIT, |docker| docker.remove_container(name, Some(options)))
            }
            Kind::Network => {
                self.client.change("docker-network-remove", CHANGE_LIMIT, |docker| docker.remove_network(name))
            }
            Kind::Volume => {
                let options = query::RemoveVolumeOptions { force: true };
                self.client
                    .change("docker-volume-remove", CHANGE_LIMIT, |docker| docker.remove_volume(name, Some(options)))
            }
            Kind::Image => Ok(()),
        };
        match removed {
            Err(EngineError::Said { status: 403 | 404 | 409, .. }) | Ok(()) => Ok(()),
            Err(error) => Err(self.client.failed(message!("drilling-remove", name = escape::text(name)))(error)),
        }
    }

    /// The last lines that a container said, both ways mixed as they came.
    pub fn last_lines(&self, id: &str, lines: usize) -> Result<Vec<u8>> {
        let options = query::LogsOptions { stdout: true, stderr: true, tail: lines.to_string(), ..Default::default() };
        let said = self.client.ask(|docker| async move {
            let mut lines = std::pin::pin!(docker.logs(id, Some(options)));
            let mut said = Vec::new();
            while let (Some(line), true) = (lines.next().await, said.len() < LINES_BYTES_MAX) {
                said.extend_from_slice(&line?.into_bytes());
            }
            Ok(said)
        });
        said.map_err(self.client.failed(message!("drilling-look", name = escape::text(id))))
    }

    /// Runs a command in a container that runs, as its user, and ends it at its limit. At most so many bytes of each that it says
    /// are kept. One that cannot be run has failed.
    pub fn run(&self, id: &str, words: Vec<String>, limit: Duration, bytes_max: usize) -> Result<Ended> {
        let doing = || message!("run-a-hook-in-the-container", shown = escape::text(id));
        let apart = Apart { bytes_max, ..Apart::default() };
        let (failure, Apart { output, error_output, .. }) = hook::exec(&self.client, id, &doing, words, limit, apart)?;
        Ok(Ended { failure, output, error_output })
    }
}

/// The first bytes of one, the last of the other.
#[derive(Default)]
struct Apart {
    bytes_max: usize,
    output: Vec<u8>,
    error_output: Vec<u8>,
}

impl Kept for Apart {
    fn keep(&mut self, said: LogOutput) {
        match said {
            LogOutput::StdErr { message } => {
                self.error_output.extend_from_slice(&message);
                self.error_output.drain(..self.error_output.len().saturating_sub(self.bytes_max));
            }
            other => {
                let room = self.bytes_max.saturating_sub(self.output.len());
                self.output.extend(other.into_bytes().into_iter().take(room));
            }
        }
    }
}

fn value(said: impl Serialize) -> Result<Value> {
    serde_json::to_value(said).map_err(|error| unclear(&error))
}

fn typed<T: DeserializeOwned>(request: Value) -> Result<T> {
    serde_json::from_value(request).map_err(|error| unclear(&error))
}

fn unclear(error: &serde_json::Error) -> Failure {
    Failure::new(Code::Runtime, message!("request-is-not-what-the-engine", error))
}
