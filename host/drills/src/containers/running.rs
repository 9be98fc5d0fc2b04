//! A drilled app of containers, from its first start to its end.
//!
//! Its parts are started one after another, each as soon as those that it needs are up or healthy, and each is tried from inside
//! right after its start. The engine starts none of them again; where it would start the deployed one again, that is done here,
//! a few times.

use std::fs::File;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reforge_base::failure::{Code, Failure, Result};
use reforge_base::spec::{Health, HealthCheck, HealthReport};
use reforge_base::{Message, escape, message};
use reforge_docker::{Engine, Kind};
use serde_json::{Value, json};

use super::parts::Part;
use super::sweep::{Marks, sweep};
use super::waiter;
use crate::app::{CommandEnd, DrilledApp, LAST_LINES, OUTPUT_BYTES_MAX};
use crate::network;

/// How long a part without a check must have run.
const SETTLE: Duration = Duration::from_secs(1);
/// How often one is started that comes back: web servers that do not wait for their database do so once or twice.
const STARTS_MAX: u32 = 4;
/// How long one run of a check may take.
const PROBE_LIMIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);
/// Where a container sees the program that waits.
const WAITER: &str = "/reforge-drill-waiter";

/// What stands for one part.
pub(crate) struct Member {
    pub part: Part,
    /// Its name among the others, for whoever asks something of it.
    pub name: String,
    pub id: String,
    /// What it was created with.
    pub request: Value,
    pub stage: Stage,
    /// Its network from each of its starts, unless that is another's.
    pub networks: Vec<Counted>,
    pub starts: u32,
}

/// How far it is.
pub(crate) enum Stage {
    Waits,
    Up(Instant),
    Healthy,
    /// Ended with 0.
    Done,
    Bad(Message),
}

/// A network whose attempts to leave it are counted. As long as it is open the kernel keeps it, and what it has counted.
pub(crate) struct Counted {
    network: File,
    /// Of those that were our own.
    before: u64,
}

/// One that was made.
pub(crate) struct Running {
    pub engine: Engine,
    pub marks: Marks,
    pub directory: PathBuf,
    pub network: String,
    pub members: Vec<Member>,
    pub withheld: Vec<Message>,
    /// Of the workload itself.
    pub check: Option<HealthCheck>,
    pub next_check: Instant,
}

impl DrilledApp for Running {
    fn withheld(&self) -> Vec<Message> {
        self.withheld.clone()
    }

    fn members(&self) -> Vec<String> {
        let of_project = self.members.iter().filter(|member| member.part.service.is_some());
        of_project.map(|member| member.name.clone()).collect()
    }

    fn start(&mut self) -> Result<()> {
        self.try_network()?;
        self.start_those_ready()
    }

    fn await_healthy(&mut self, limit: Duration, cancelled: &AtomicBool) -> Result<HealthReport> {
        let deadline = Instant::now() + limit;
        loop {
            if cancelled.load(Ordering::Relaxed) {
                return Ok(unknown(message!("cancelled-before-the-app-was-known")));
            }
            for one in 0..self.members.len() {
                self.look(one, deadline)?;
            }
            self.start_those_ready()?;
            if let Some(report) = self.verdict()? {
                return Ok(report);
            }
            if Instant::now() >= deadline {
                let not_yet =
                    self.members.iter().filter(|member| !matches!(member.stage, Stage::Healthy | Stage::Done));
                let why = not_yet.map(Member::what_is_missing);
                return Ok(unknown(message!("until-the-limit-of", why = Message::all(why), limit)));
            }
            std::thread::sleep(POLL);
        }
    }

    fn run(&self, member: Option<&str>, command: &[String], limit: Duration) -> Result<CommandEnd> {
        let member = self.member(member)?;
        let ended = self.engine.run(&member.id, command.to_vec(), limit, OUTPUT_BYTES_MAX)?;
        Ok(CommandEnd { failure: ended.failure, output: ended.output, error_output: ended.error_output })
    }

    fn network_of(&self, member: Option<&str>) -> Result<i32> {
        let member = self.member(member)?;
        let process = process_of(&self.inspect(&member.id)?);
        process.ok_or_else(|| {
            Failure::new(Code::AppBad, message!("drilled-part-does-not-run", part = member.part.shown()))
        })
    }

    fn attempts(&mut self) -> Result<u64> {
        let mut all = 0;
        for counted in self.members.iter().flat_map(|member| &member.networks) {
            all += network::out_no_routes_of(&counted.network)?.saturating_sub(counted.before);
        }
        Ok(all)
    }

    fn last_lines(&self) -> Vec<(String, Vec<u8>)> {
        let said = |member: &Member| match self.engine.last_lines(&member.id, LAST_LINES) {
            Ok(said) => said,
            Err(failure) => failure.message.as_bytes().to_vec(),
        };
        self.members.iter().map(|member| (member.name.clone(), said(member))).collect()
    }

    fn remove(self: Box<Self>) -> Result<()> {
        sweep(&self.engine, &self.marks)
    }
}

impl Running {
    fn member(&self, name: Option<&str>) -> Result<&Member> {
        let is_it = |member: &&Member| match name {
            Some(name) => member.name == name || member.part.name == name,
            None => self.members.len() == 1,
        };
        self.members.iter().find(is_it).ok_or_else(|| {
            let part = escape::text(name.unwrap_or_default());
            let known: Vec<String> = self.members.iter().map(|member| escape::text(&member.name)).collect();
            let failure = Failure::new(Code::NotFound, message!("drilled-app-has-no-such-part", part));
            failure.hint(message!("there-are-these", known = known.join(", ")))
        })
    }

    fn inspect(&self, id: &str) -> Result<Value> {
        Ok(self.engine.inspect(Kind::Container, id)?.unwrap_or_default())
    }

    /// Tries the drill's network from inside, while nothing but a program that waits is in it.
    fn try_network(&self) -> Result<()> {
        let Some(first) = self.members.iter().find(|member| member.has_own_network()) else { return Ok(()) };
        let program = waiter::write(&self.directory)?;
        let mut request = first.request.clone();
        let bind = json!({ "Type": "bind", "Source": program, "Target": WAITER, "ReadOnly": true });
        // What the image calls a volume would be made and filled.
        let volumes = request["HostConfig"]["Mounts"].as_array().into_iter().flatten();
        let in_memory = volumes.map(|mount| json!({ "Type": "tmpfs", "Target": mount["Target"] }));
        let mounts: Vec<Value> = std::iter::once(bind).chain(in_memory).collect();
        let host = json!({
            "NetworkMode": self.marks.prefix(), "Mounts": mounts, "CapDrop": ["ALL"], "SecurityOpt": ["no-new-privileges"],
            "Dns": request["HostConfig"]["Dns"], "DnsSearch": request["HostConfig"]["DnsSearch"],
            "Sysctls": request["HostConfig"]["Sysctls"], "RestartPolicy": { "Name": "no" }, "PidsLimit": 16,
        });
        request = json!({
            "Image": request["Image"], "Labels": request["Labels"], "Entrypoint": [WAITER], "Cmd": [], "User": "0",
            "WorkingDir": "/", "Healthcheck": { "Test": ["NONE"] }, "HostConfig": host,
        });
        let id = self.engine.make_container(&format!("{}.waiter", self.marks.prefix()), request)?;
        self.engine.start(&id)?;
        let found = self.inspect(&id)?;
        let Some(process) = process_of(&found) else {
            let said = escape::bytes(self.engine.last_lines(&id, 1)?.trim_ascii());
            let why = escape::text(found["State"]["Error"].as_str().unwrap_or_default());
            return Err(Failure::new(Code::PolicyRefused, message!("drilled-network-cannot-be-tried", why, said)));
        };
        let gateways = self.gateways(&found)?;
        network::drop_default_routes(&network::open(process)?)?;
        isolated(&network::reachable(process, &gateways)?)?;
        self.engine.remove(Kind::Container, &id)
    }

    /// Where the engine says that the network leads out: nobody may be there.
    fn gateways(&self, waiter: &Value) -> Result<Vec<IpAddr>> {
        let network = self.engine.inspect(Kind::Network, &self.network)?.unwrap_or_default();
        let said = network["IPAM"]["Config"].as_array().into_iter().flatten();
        let addresses = said.filter_map(|said| said["Gateway"].as_str()?.split('/').next()?.parse().ok());
        let endpoints = waiter["NetworkSettings"]["Networks"].as_object().into_iter().flatten();
        let own: Vec<IpAddr> =
            endpoints.filter_map(|(_, endpoint)| endpoint["IPAddress"].as_str()?.parse().ok()).collect();
        Ok(addresses.filter(|address| !own.contains(address)).collect())
    }

    fn start_those_ready(&mut self) -> Result<()> {
        loop {
            let ready = |member: &Member| {
                matches!(member.stage, Stage::Waits)
                    && member.part.needs.iter().all(|need| match &self.members[need.other].stage {
                        Stage::Healthy | Stage::Done => true,
                        Stage::Up(_) => !need.healthy,
                        Stage::Waits | Stage::Bad(_) => false,
                    })
            };
            let waits = |member: &Member| matches!(member.stage, Stage::Waits);
            let next = self.members.iter().position(ready).or_else(|| {
                // Those that wait in a circle are started as they come.
                let moves = self.members.iter().any(|member| matches!(member.stage, Stage::Up(_) | Stage::Bad(_)));
                self.members.iter().position(waits).filter(|_| !moves && self.all_wait_for_those_that_wait())
            });
            match next {
                Some(next) => self.start_one(next)?,
                None => return Ok(()),
            }
        }
    }

    fn all_wait_for_those_that_wait(&self) -> bool {
        let waits = |member: &&Member| matches!(member.stage, Stage::Waits);
        self.members
            .iter()
            .filter(waits)
            .all(|member| member.part.needs.iter().any(|need| matches!(self.members[need.other].stage, Stage::Waits)))
    }

    fn start_one(&mut self, one: usize) -> Result<()> {
        let id = self.members[one].id.clone();
        self.engine.start(&id)?;
        let began = Instant::now();
        let found = self.inspect(&id)?;
        let member = &mut self.members[one];
        member.is_as_asked(&found)?;
        if member.has_network()
            && let Some(process) = process_of(&found)
        {
            // It may end at any time; then there is nobody to be tried any more.
            if let Ok(network) = network::open(process) {
                // Nobody is where it leads: the waiter has tried that. Without it the kernel counts what is tried.
                network::drop_default_routes(&network)?;
                let tried = network::reachable(process, &[]);
                if let Ok(found) = &tried {
                    isolated(found)?;
                } else if process_of(&self.inspect(&id)?) == Some(process) {
                    tried?;
                }
                let before = network::out_no_routes_of(&network)?;
                self.members[one].networks.push(Counted { network, before });
            }
        }
        let member = &mut self.members[one];
        member.starts += 1;
        member.stage = Stage::Up(began);
        Ok(())
    }

    /// Looks how far one is.
    fn look(&mut self, one: usize, deadline: Instant) -> Result<()> {
        let began = match self.members[one].stage {
            Stage::Up(began) => Some(began),
            Stage::Healthy => None,
            Stage::Waits | Stage::Done | Stage::Bad(_) => return Ok(()),
        };
        let found = self.inspect(&self.members[one].id)?;
        if process_of(&found).is_some() {
            if let Some(began) = began
                && self.is_healthy(one, &found, began, deadline)?
            {
                self.members[one].stage = Stage::Healthy;
            }
            return Ok(());
        }
        let code = found["State"]["ExitCode"].as_i64();
        let are_several = self.members.len() > 1;
        let member = &mut self.members[one];
        match code {
            Some(0) if are_several => member.stage = Stage::Done,
            Some(_) if are_several && member.part.comes_back && member.starts < STARTS_MAX => self.start_one(one)?,
            Some(code) => member.stage = Stage::Bad(message!("ended-with-status", code)),
            None => member.stage = Stage::Bad(message!("drilled-part-was-removed")),
        }
        Ok(())
    }

    fn is_healthy(&mut self, one: usize, found: &Value, began: Instant, deadline: Instant) -> Result<bool> {
        let health = found["State"]["Health"]["Status"].as_str().filter(|status| *status != "none");
        match (&self.check, health) {
            (Some(_), _) if Instant::now() < self.next_check => Ok(false),
            (Some(check), _) => {
                let limit = PROBE_LIMIT.min(deadline.saturating_duration_since(Instant::now()));
                let ended = self.engine.run(&self.members[one].id, check.command.clone(), limit, OUTPUT_BYTES_MAX)?;
                self.next_check = Instant::now() + check.interval;
                Ok(ended.failure.is_none())
            }
            (None, Some(status)) => Ok(status == "healthy"),
            (None, None) => Ok(began.elapsed() >= SETTLE),
        }
    }

    /// What is certain of all of them by now.
    fn verdict(&self) -> Result<Option<HealthReport>> {
        for member in &self.members {
            let Stage::Bad(why) = &member.stage else { continue };
            let reason = message!("member-is-bad", shown = member.part.shown(), why);
            let said = self.engine.last_lines(&member.id, LAST_LINES)?;
            let reason = match said.trim_ascii() {
                [] => reason,
                said => message!("it-said", reason, said = escape::bytes(said)),
            };
            return Ok(Some(HealthReport::new(Health::ConfirmedBad, reason)));
        }
        let are = |is: fn(&Stage) -> bool| self.members.iter().filter(|member| is(&member.stage)).count();
        let (healthy, done) = (are(|stage| matches!(stage, Stage::Healthy)), are(|stage| matches!(stage, Stage::Done)));
        if healthy + done < self.members.len() {
            return Ok(None);
        }
        Ok(Some(match healthy {
            0 => HealthReport::new(Health::ConfirmedBad, message!("drilled-parts-have-all-ended")),
            _ => HealthReport::new(Health::Healthy, message!("all-members-are-up", count = healthy + done)),
        }))
    }
}

impl Member {
    fn mode(&self) -> &str {
        self.request["HostConfig"]["NetworkMode"].as_str().unwrap_or_default()
    }

    /// Whether its network is not another's.
    fn has_network(&self) -> bool {
        !self.mode().starts_with("container:")
    }

    /// Whether it is in the drill's.
    fn has_own_network(&self) -> bool {
        self.has_network() && self.mode() != "none"
    }

    fn what_is_missing(&self) -> Message {
        let why = match self.stage {
            Stage::Waits => message!("drilled-part-waits-for-others"),
            _ => message!("its-health-check-did-not-pass"),
        };
        message!("member-did-not-settle", shown = self.part.shown(), why)
    }

    /// Whether the engine made of it what was asked for: something else may have a hand in it.
    pub(crate) fn is_as_asked(&self, found: &Value) -> Result<()> {
        let (host, asked) = (&found["HostConfig"], &self.request["HostConfig"]);
        let network = self.mode();
        let networks = found["NetworkSettings"]["Networks"].as_object().into_iter().flatten();
        let others: Vec<&String> = networks.map(|(name, _)| name).filter(|name| name.as_str() != network).collect();
        let mounts = |all: &Value| -> Vec<(String, String)> {
            let text = |mount: &Value, key: &str| mount[key].as_str().unwrap_or_default().to_owned();
            let mut all: Vec<(String, String)> = all
                .as_array()
                .into_iter()
                .flatten()
                .filter(|mount| mount["Type"] != "tmpfs")
                .map(|mount| {
                    let target = if mount["Target"].is_null() { "Destination" } else { "Target" };
                    let source = if mount["Type"] == "volume" && !mount["Name"].is_null() { "Name" } else { "Source" };
                    (text(mount, target), text(mount, source))
                })
                .collect();
            all.sort();
            all
        };
        let is_empty = |value: &Value| value.as_object().is_none_or(serde_json::Map::is_empty);
        let differs = [
            ("Labels", found["Config"]["Labels"] != self.request["Labels"]),
            ("Networks", !others.is_empty()),
            ("NetworkMode", self.has_network() && host["NetworkMode"] != network),
            ("Privileged", host["Privileged"] == true),
            ("PortBindings", !is_empty(&host["PortBindings"])),
            ("Devices", host["Devices"].as_array().is_some_and(|devices| !devices.is_empty())),
            ("CapAdd", host["CapAdd"].as_array().map_or(0, Vec::len) != asked["CapAdd"].as_array().map_or(0, Vec::len)),
            ("Mounts", mounts(&found["Mounts"]) != mounts(&asked["Mounts"])),
        ];
        let names: Vec<&str> = differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect();
        match names.is_empty() {
            true => Ok(()),
            false => {
                let message =
                    message!("drilled-part-is-not-as-asked", part = self.part.shown(), names = names.join(", "));
                Err(Failure::new(Code::PolicyRefused, message))
            }
        }
    }
}

/// The first process of a container that runs.
fn process_of(found: &Value) -> Option<i32> {
    let process = found["State"]["Pid"].as_i64().and_then(|process| i32::try_from(process).ok());
    process.filter(|process| *process > 0)
}

fn isolated(reached: &[IpAddr]) -> Result<()> {
    if reached.is_empty() {
        return Ok(());
    }
    let reached: Vec<String> = reached.iter().map(ToString::to_string).collect();
    Err(Failure::new(Code::PolicyRefused, message!("drilled-network-is-not-isolated", reached = reached.join(", "))))
}

fn unknown(reason: Message) -> HealthReport {
    HealthReport::new(Health::Unknown, reason)
}
