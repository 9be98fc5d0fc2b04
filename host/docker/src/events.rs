//! What the engine tells while an app is down: who else was started, and with what. Such a container may be gone before anybody
//! looks at it (`docker run --rm`), and then only this has its name.
//!
//! A stream is opened before the first stop and read until the app's health is known. It is no proof that there was nobody: it
//! ends with the engine, and says so; the proof is the walk over what was exchanged. The engine keeps the newest 256 events, too:
//! before each look those are asked for, so that what happened a moment ago is known. Changes nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bollard::Docker;
use bollard::models::{ContainerInspectResponse, EventMessage, EventMessageTypeEnum as Kind};
use bollard::query_parameters::{EventsOptions, InspectContainerOptions};
use futures_util::{StreamExt as _, TryStreamExt as _};
use tokio::sync::oneshot;

use super::client::Client;
use super::survey::Lives;
use super::{container, engine_volumes};
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::Result;
use reforge_base::message;
use reforge_base::spec::HealthReport;
use reforge_base::threads;
use reforge_runtime::Runtime;

/// How long after a stream has broken off it is asked for again.
const AGAIN_AFTER: Duration = Duration::from_millis(200);
const NANOS_PER_SECOND: i64 = 1_000_000_000;
/// How far back an end is looked for: an app that is waited for has ended since.
const LOOKED_BACK: i64 = 3_600 * NANOS_PER_SECOND;

/// The open streams of a runtime, by their workloads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Events(Arc<Mutex<BTreeMap<String, Stream>>>);

/// One stream. Dropping it ends it.
#[derive(Debug)]
struct Stream {
    seen: Arc<Mutex<Seen>>,
    _end: oneshot::Sender<()>,
}

/// What it has told, all times in nanoseconds by the engine's clock, which is this machine's.
#[derive(Debug, Default)]
struct Seen {
    starts: BTreeMap<String, Start>,
    /// What was copied into containers that do not run.
    copies: BTreeMap<String, Start>,
    /// The engine's volumes that were given to a container for writing, by its id.
    volumes: BTreeMap<String, BTreeSet<String>>,
    /// Directories of this machine that a container could write to, by its id, if it was there when it was looked at.
    sources: BTreeMap<String, Vec<PathBuf>>,
    /// It broke off since all was seen down.
    is_broken: bool,
    /// All was seen down then.
    down: Option<i64>,
    /// The app was started again then.
    up: Option<i64>,
}

/// One container that was started.
#[derive(Clone, Debug)]
struct Start {
    name: String,
    image: String,
    at: i64,
}

impl Events {
    /// Begins to listen, unless that has begun. Fails if the engine does not answer.
    pub(crate) fn open(&self, socket: &Path, workload: &str) -> Result<()> {
        let mut streams = lock(&self.0);
        if streams.contains_key(workload) {
            return Ok(());
        }
        let client = Client::open(socket)?;
        let seen = Arc::<Mutex<Seen>>::default();
        let (end, ended) = oneshot::channel();
        let (told, since) = (seen.clone(), now());
        threads::spawn("events", move || {
            client.wait(|docker| async move {
                tokio::select! {
                    _ = ended => {}
                    () = listen(docker, &told, since) => {}
                }
            });
        })?;
        streams.insert(workload.to_owned(), Stream { seen, _end: end });
        Ok(())
    }

    /// All of the app was seen down: from now on nobody else may start anything on its volumes.
    pub(crate) fn is_down(&self, workload: &str) {
        self.with(workload, |seen| (seen.down, seen.up, seen.is_broken) = (Some(now()), None, false));
    }

    /// The app is being started: from now on others may be, too.
    pub(crate) fn is_up(&self, workload: &str) {
        self.with(workload, |seen| seen.up = seen.up.or(Some(now())));
    }

    pub(crate) fn close(&self, workload: &str) {
        lock(&self.0).remove(workload);
    }

    /// Everybody but `own` who was started while the app was down and could write to one of these.
    pub(crate) fn ran(
        &self,
        client: &Client,
        workload: &str,
        live: &[(String, PathBuf)],
        own: &[String],
    ) -> Result<Vec<Message>> {
        let Some(others) = self.others(client, workload, own)? else { return Ok(Vec::new()) };
        if others.is_empty() {
            return Ok(Vec::new());
        }
        let lives = Lives::locate(live)?;
        let mut ran = Vec::new();
        for (id, start) in others {
            let sources = self.sources(client, workload, &id)?.unwrap_or_default();
            if let Some(met) = lives.met(sources.iter().filter_map(|source| source.to_str())) {
                ran.push(message!("ran-while-the-app-was-down", shown = start.shown(&id), image = start.image, met));
            }
        }
        Ok(ran)
    }

    /// Who may have written to something while the app was down: whoever was gone before its mounts were seen, what was copied,
    /// and whether more may have happened than was told.
    pub(crate) fn suspects(&self, client: &Client, workload: &str, own: &[String]) -> Result<Vec<Message>> {
        let Some(others) = self.others(client, workload, own)? else { return Ok(Vec::new()) };
        let mut suspects = Vec::new();
        for (id, start) in others {
            if self.sources(client, workload, &id)?.is_none() {
                suspects.push(message!("ran-and-was-gone", shown = start.shown(&id), image = start.image));
            }
        }
        let (copies, is_broken) =
            self.with(workload, |seen| (seen.within(&seen.copies), seen.is_broken)).unwrap_or_default();
        suspects.extend(copies.iter().map(|(id, copy)| message!("was-copied-into", shown = copy.shown(id))));
        if is_broken {
            suspects.push(message!("the-events-broke-off"));
        }
        Ok(suspects)
    }

    /// A report on the app's health, with who ran right before the app was started: that is no reason to go back.
    pub(crate) fn beside(&self, runtime: &dyn Runtime, workload: &str, report: HealthReport) -> HealthReport {
        let ran = runtime.deployed_mounts(workload).and_then(|mounts| {
            let live: Vec<_> = mounts.into_iter().map(|mount| (mount.volume, mount.live)).collect();
            runtime.ran_meanwhile(workload, &live)
        });
        let more = ran.unwrap_or_else(|failure| vec![failure.message]);
        HealthReport::new(report.health, Message::all(std::iter::once(report.reason).chain(more)))
    }

    /// Starts of others in the time in which the app was down. None if nobody listens.
    fn others(&self, client: &Client, workload: &str, own: &[String]) -> Result<Option<Vec<(String, Start)>>> {
        let Some(Some(since)) = self.with(workload, |seen| seen.down) else { return Ok(None) };
        let options = options(since, Some(now()));
        let past = client.ask(|docker| docker.events(Some(options)).try_collect::<Vec<_>>());
        let past = past.map_err(client.failed(message!("ask-the-engine-what-happened")))?;
        self.with(workload, |seen| past.iter().for_each(|event| drop(seen.note(event))));
        let others = self.with(workload, |seen| seen.within(&seen.starts)).unwrap_or_default();
        Ok(Some(others.into_iter().filter(|(id, _)| !own.contains(id)).collect()))
    }

    /// What a container could write to. None if it was gone before anybody could see all of it.
    fn sources(&self, client: &Client, workload: &str, id: &str) -> Result<Option<Vec<PathBuf>>> {
        if let Some(found) = container::inspect(client, id)? {
            self.with(workload, |seen| seen.look(id, &found.inspect));
        }
        let known =
            |seen: &mut Seen| (seen.sources.get(id).cloned(), seen.volumes.get(id).cloned().unwrap_or_default());
        let (sources, volumes) = self.with(workload, known).unwrap_or_default();
        if sources.is_none() && volumes.is_empty() {
            return Ok(None);
        }
        let mut all = sources.unwrap_or_default();
        for name in volumes {
            all.extend(engine_volumes::look(client, &name)?.map(|volume| volume.path));
        }
        Ok(Some(all))
    }

    fn with<T>(&self, workload: &str, act: impl FnOnce(&mut Seen) -> T) -> Option<T> {
        let seen = lock(&self.0).get(workload)?.seen.clone();
        let mut seen = lock(&seen);
        Some(act(&mut seen))
    }
}

impl Seen {
    /// Answers a container that is to be looked at as long as it is there.
    fn note(&mut self, event: &EventMessage) -> Option<String> {
        let actor = event.actor.as_ref()?;
        let id = actor.id.clone()?;
        let said = |name: &str| actor.attributes.as_ref().and_then(|said| said.get(name)).cloned().unwrap_or_default();
        let start = || Start {
            name: said("name"),
            image: escape::text(&said("image")),
            at: event.time_nano.unwrap_or_default(),
        };
        match (event.typ, event.action.as_deref()) {
            (Some(Kind::CONTAINER), Some("create")) => Some(id),
            (Some(Kind::CONTAINER), Some("start")) => {
                self.starts.insert(id.clone(), start());
                Some(id)
            }
            (Some(Kind::CONTAINER), Some("extract-to-dir")) => {
                self.copies.insert(id, start());
                None
            }
            (Some(Kind::VOLUME), Some("mount")) if said("read/write") != "false" => {
                self.volumes.entry(said("container")).or_default().insert(id);
                None
            }
            _ => None,
        }
    }

    fn look(&mut self, id: &str, found: &ContainerInspectResponse) {
        let points = found.mounts.iter().flatten().filter(|point| point.rw != Some(false));
        let mut sources = Vec::new();
        for point in points {
            match (point.typ.as_deref(), &point.name, &point.source) {
                (Some("volume"), Some(name), _) => {
                    self.volumes.entry(id.to_owned()).or_default().insert(name.clone());
                }
                (_, _, Some(source)) => sources.push(PathBuf::from(source)),
                _ => {}
            }
        }
        self.sources.insert(id.to_owned(), sources);
    }

    /// Those of the time in which the app was down.
    fn within(&self, all: &BTreeMap<String, Start>) -> Vec<(String, Start)> {
        let Some(down) = self.down else { return Vec::new() };
        let is_within = |start: &Start| start.at >= down && self.up.is_none_or(|up| start.at < up);
        all.iter().filter(|(_, start)| is_within(start)).map(|(id, start)| (id.clone(), start.clone())).collect()
    }
}

impl Start {
    fn shown(&self, id: &str) -> String {
        format!("`{}` ({})", escape::text(&self.name), id.get(..12).unwrap_or(id))
    }
}

/// Until it is ended from outside.
async fn listen(docker: &Docker, seen: &Mutex<Seen>, mut since: i64) {
    loop {
        let mut events = std::pin::pin!(docker.events(Some(options(since, None))));
        while let Some(Ok(event)) = events.next().await {
            since = event.time_nano.unwrap_or(since).max(since);
            let Some(id) = lock(seen).note(&event) else { continue };
            // One that is gone already is known by what was mounted for it.
            if let Ok(found) = docker.inspect_container(&id, None::<InspectContainerOptions>).await {
                lock(seen).look(&id, &found);
            }
        }
        lock(seen).is_broken = true;
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

/// The status that a container ended with last, where the engine still tells: of one that runs again it forgets it.
pub(crate) fn last_status(client: &Client, id: &str) -> Option<i64> {
    let kinds = [("container", id), ("event", "die")].map(|(kind, only)| (kind.to_owned(), vec![only.to_owned()]));
    let until = now();
    let asked = EventsOptions { filters: Some(kinds.into()), ..options(until - LOOKED_BACK, Some(until)) };
    let told = client.ask(|docker| async {
        let mut events = std::pin::pin!(docker.events(Some(asked)));
        let mut last = None;
        while let Some(event) = events.next().await {
            let status = event?.actor.and_then(|actor| actor.attributes?.remove("exitCode"));
            last = status.and_then(|status| status.parse().ok()).or(last);
        }
        Ok(last)
    });
    told.ok().flatten()
}

fn options(since: i64, until: Option<i64>) -> EventsOptions {
    let text = |at: i64| format!("{}.{:09}", at / NANOS_PER_SECOND, at % NANOS_PER_SECOND);
    let kinds = HashMap::from([("type".to_owned(), vec!["container".to_owned(), "volume".to_owned()])]);
    EventsOptions { since: Some(text(since)), until: until.map(text), filters: Some(kinds) }
}

fn now() -> i64 {
    i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or_default()
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
