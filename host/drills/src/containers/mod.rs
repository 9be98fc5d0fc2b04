//! Drilled apps that are containers of a Docker Engine: a single one, or a whole Compose project.
//!
//! In reading order: `parts` says which containers those are, `request` and `mounts` what becomes of what each was created with,
//! `network` makes where they are, `running` starts, tries and asks them, `waiter` is what the network is tried with, and `sweep`
//! removes all of it.

mod mounts;
mod network;
mod parts;
mod request;
mod running;
mod sweep;
mod waiter;

use std::path::{Path, PathBuf};
use std::time::Instant;

use reforge_base::failure::{Code, Failure, Result};
use reforge_base::spec::HealthCheck;
use reforge_base::{Message, escape, message};
use reforge_docker::{Engine, Kind};
use serde_json::Value;

use self::mounts::Places;
use self::parts::Part;
use self::running::{Member, Running, Stage};
use self::sweep::Marks;
use crate::app::{DrillSpec, DrilledApp, Drills};

/// Makes drilled apps on the engine at `socket`. What it makes is marked as of the host `host_id`: two can share an engine.
pub fn drills(socket: PathBuf, host_id: &str) -> impl Drills + use<> {
    Containers { socket, host: host_id.to_owned() }
}

struct Containers {
    socket: PathBuf,
    host: String,
}

impl Drills for Containers {
    fn make(&self, spec: &DrillSpec) -> Result<Box<dyn DrilledApp>> {
        let engine = Engine::open(&self.socket)?;
        let marks = Marks { host: self.host.clone(), drill: spec.drill.clone() };
        let (parts, mut withheld) = possible(parts::of(&spec.observed)?, &self.socket)?;
        let images: Vec<Value> = parts.iter().map(|part| image(&engine, part)).collect::<Result<_>>()?;
        let network = network::make(&engine, &marks)?;
        let directory_of = |name: &str| directory_of(&engine, name);
        let mut places = Places::new(spec, &directory_of, &marks.prefix(), marks.labels());
        let in_drill = |part: &Part| format!("{}-{}", marks.prefix(), mounts::plain(&part.name));
        let names: Vec<(String, String)> = parts.iter().map(|part| (part.id.clone(), in_drill(part))).collect();
        let mut members: Vec<Member> = Vec::new();
        for (part, image) in parts.iter().zip(&images) {
            let part = with_memory(&engine, part)?;
            let (mounts, told) = places.of(&part, image)?;
            let around = request::Around {
                names: &names,
                network: &marks.prefix(),
                labels: marks.labels(),
                image,
                environment: &spec.environment,
                limits: spec.limits,
                has_ipv6: Path::new("/proc/sys/net/ipv6").exists(),
                has_io_weight: has_io_weight(),
                mounts,
                aliases: aliases(&part),
            };
            let (request, left) = request::of(&part, around);
            if !left.is_empty() {
                withheld.push(message!("drilled-without", part = part.shown(), what = escape::text(&left.join(", "))));
            }
            withheld.extend(told);
            let id = engine.make_container(&in_drill(&part), request.clone())?;
            let name = part
                .service
                .clone()
                .filter(|service| parts.iter().filter(|other| other.service.as_ref() == Some(service)).count() == 1);
            let member = Member {
                name: name.unwrap_or_else(|| part.name.clone()),
                part,
                id,
                request,
                stage: Stage::Waits,
                networks: Vec::new(),
                starts: 0,
            };
            member.is_as_asked(&engine.inspect(Kind::Container, &member.id)?.unwrap_or_default())?;
            members.push(member);
        }
        let check = check(spec)?;
        let directory = spec.directory.clone();
        let next_check = Instant::now();
        Ok(Box::new(Running { engine, marks, directory, network, members, withheld, check, next_check }))
    }

    fn sweep(&self, drill: &str) -> Result<()> {
        sweep::sweep(&Engine::open(&self.socket)?, &Marks { host: self.host.clone(), drill: drill.to_owned() })
    }

    fn left(&self) -> Result<Vec<String>> {
        sweep::left(&Engine::open(&self.socket)?, &self.host)
    }
}

/// The parts without those that cannot live without the machine, and what is told of these. Without any it is refused.
fn possible(all: Vec<Part>, socket: &Path) -> Result<(Vec<Part>, Vec<Message>)> {
    let mut left_out = Vec::new();
    let mut keep = Vec::new();
    for part in &all {
        let mut needs = request::needs_of_machine(part);
        needs.extend(mounts::engine_socket(part, socket));
        keep.push(needs.is_empty());
        if !needs.is_empty() {
            left_out.push(message!(
                "drilled-part-is-left-out",
                part = part.shown(),
                needs = escape::text(&needs.join(", "))
            ));
        }
    }
    if all.is_empty() {
        return Err(Failure::new(Code::PolicyRefused, message!("drilled-app-has-no-part-that-runs")));
    }
    if !keep.contains(&true) {
        let why = Message::all(left_out);
        return Err(Failure::new(Code::PolicyRefused, message!("drilled-app-is-not-possible-in-isolation", why)));
    }
    Ok((parts::only(all, &keep), left_out))
}

/// What the engine says of a part's image. Nothing is fetched for a drill.
fn image(engine: &Engine, part: &Part) -> Result<Value> {
    engine.inspect(Kind::Image, &part.image)?.ok_or_else(|| {
        let (image, id) = (escape::text(&part.image_name), escape::text(&part.image));
        Failure::new(Code::NotFound, message!("drilled-image-is-gone", part = part.shown(), image, id))
    })
}

/// The directory of this machine that a volume of the engine stands for.
fn directory_of(engine: &Engine, name: &str) -> Result<Option<PathBuf>> {
    let Some(volume) = engine.inspect(Kind::Volume, name)? else { return Ok(None) };
    let option = |name: &str| volume["Options"][name].as_str().unwrap_or_default();
    let is_bind = option("o").split(',').any(|option| option == "bind" || option == "rbind");
    let path = if is_bind { option("device") } else { volume["Mountpoint"].as_str().unwrap_or_default() };
    Ok((volume["Driver"] == "local" && path.starts_with('/')).then(|| path.into()))
}

/// With those of its mounts that are memory, which nobody observes. Of one that is gone nothing is known of them.
fn with_memory(engine: &Engine, part: &Part) -> Result<Part> {
    let found = engine.inspect(Kind::Container, &part.id)?.unwrap_or_default();
    let in_memory = found["HostConfig"]["Mounts"].as_array().into_iter().flatten();
    let in_memory: Vec<Value> = in_memory.filter(|mount| mount["Type"] == "tmpfs").cloned().collect();
    let mut part = part.clone();
    if let Some(host) = part.request.get_mut("HostConfig").and_then(Value::as_object_mut) {
        let mounts = host.entry("Mounts").or_insert_with(|| Value::Array(Vec::new()));
        if let Some(mounts) = mounts.as_array_mut() {
            mounts.extend(in_memory);
        }
    }
    Ok(part)
}

/// By what the others find it: service, container, and what the deployed one is called besides.
fn aliases(part: &Part) -> Vec<String> {
    let endpoints = part.request.get("NetworkingConfig").and_then(|config| config["EndpointsConfig"].as_object());
    let given = endpoints.into_iter().flatten().flat_map(|(_, endpoint)| endpoint["Aliases"].as_array()).flatten();
    let given = given.filter_map(Value::as_str).map(str::to_owned);
    let mut aliases: Vec<String> = part.service.iter().chain([&part.name]).cloned().chain(given).collect();
    aliases.sort();
    aliases.dedup();
    aliases
}

/// The workload's own check, with the places of its volumes filled in.
fn check(spec: &DrillSpec) -> Result<Option<HealthCheck>> {
    let Some(observed) = &spec.observed.spec else { return Ok(None) };
    let Some(check) = &observed.health else { return Ok(None) };
    let filled = |word: &String| Ok(observed.fill(word, |mount| &mount.target)?.to_string_lossy().into_owned());
    let command = check.command.iter().map(filled).collect::<Result<_>>()?;
    Ok(Some(HealthCheck { command, ..check.clone() }))
}

/// Whether this kernel weighs who reads and writes: an engine that is told to and cannot starts nothing.
fn has_io_weight() -> bool {
    let names = ["io.weight", "io.bfq.weight", "blkio.weight", "blkio.bfq.weight"];
    let has = |directory: &Path| names.iter().any(|name| directory.join(name).exists());
    let root = Path::new("/sys/fs/cgroup");
    let below = std::fs::read_dir(root).into_iter().flatten().flatten();
    below.map(|entry| entry.path()).any(|directory| has(&directory))
}
