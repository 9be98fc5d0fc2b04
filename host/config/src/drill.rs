//! `[workload.drill]`: how a snapshot is proven, what is asked of the app then, and when that is done by itself.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use toml::{Spanned, Table, Value};

use super::problems::Problems;
use super::raw::{RawDrill, RawFileProbe, RawHttpProbe, RawProbe, RawSchedule};
use super::words::words;
use super::{Host, RuntimeName, Schedule, Volume, Workload, capturing, duration, schedule, size};
use reforge_base::consistency::Hook;
use reforge_base::{escape, message};

/// How long a drill may take, to the last probe's answer, where nothing else is said.
pub const DRILL_LIMIT: Duration = Duration::from_secs(600);
/// How long one probe may take, where nothing else is said.
const PROBE_LIMIT: Duration = Duration::from_secs(60);
/// What an answer over HTTP is where nothing else is said.
const HTTP_STATUS: u16 = 200;

/// `[workload.drill]`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Drill {
    /// None: only when somebody asks.
    pub schedule: Option<Schedule>,
    /// To the last probe's answer.
    pub limit: Duration,
    /// Bytes that the drilled app may take; none for what the app itself may.
    pub memory: Option<u64>,
    /// Processors that it may take.
    pub cpus: Option<f64>,
    /// On top of the app's own, in the drill alone.
    pub environment: BTreeMap<String, String>,
    /// Volumes that it gets empty.
    pub empty: Vec<String>,
    /// What it sees read-only although it is in no snapshot. Absolute.
    pub read_only: Vec<PathBuf>,
    /// Run in it before anything is asked, in this order.
    pub quiet: Vec<Hook>,
    pub probes: Vec<Probe>,
}

impl Default for Drill {
    fn default() -> Drill {
        Drill {
            schedule: None,
            limit: DRILL_LIMIT,
            memory: None,
            cpus: None,
            environment: BTreeMap::new(),
            empty: Vec::new(),
            read_only: Vec::new(),
            quiet: Vec::new(),
            probes: Vec::new(),
        }
    }
}

/// A question whose answer proves something of the data.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Probe {
    pub name: String,
    /// Which part of an app of several is asked.
    pub member: Option<String>,
    pub ask: Ask,
    pub expect: Expect,
    pub limit: Duration,
}

impl Probe {
    /// One that expects no more than an answer, of an app that is one.
    pub fn new(name: &str, ask: Ask) -> Probe {
        Probe { name: name.to_owned(), member: None, ask, expect: Expect::default(), limit: PROBE_LIMIT }
    }

    pub fn expecting(self, expect: Expect) -> Probe {
        Probe { expect, ..self }
    }
}

/// How it is asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Ask {
    /// A command in the app: its standard output is the answer, and it must end with 0.
    Command(Vec<String>),
    /// A request from inside the app's network: its body is the answer.
    Http { port: u16, path: String, status: u16, contains: Option<String> },
    /// What a volume holds before the app is started: the number of its files is the answer.
    Files { volume: String, path: String },
    /// A program of this machine in the app's network: its standard output is the answer, and it must end with 0.
    HostCommand(Vec<String>),
}

/// What the answer must be. Nothing said: that there is one.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Expect {
    pub at_least: Option<f64>,
    /// Without white space around it.
    pub equals: Option<String>,
    /// A regular expression that matches somewhere in it.
    pub matches: Option<String>,
    /// How much older than the snapshot the instant in it may be; of files the newest one's change.
    pub newest: Option<Duration>,
    /// Of the number in the last good drill: 0.9 for 90 %.
    pub not_below_last: Option<f64>,
}

/// What a drill is checked against.
pub(super) struct Around<'a> {
    pub runtime: &'a RuntimeName,
    pub volumes: &'a [Volume],
}

pub(super) fn check(raw: Spanned<RawDrill>, around: &Around<'_>, problems: &mut Problems<'_>) -> Drill {
    let at = raw.span();
    let raw = raw.into_inner();
    let is_scheduled = raw.at.is_some() || raw.cron.is_some() || raw.every.is_some();
    let when = RawSchedule {
        at: raw.at,
        cron: raw.cron,
        every: raw.every,
        zone: raw.zone,
        jitter: raw.jitter,
        catch_up: raw.catch_up,
        wait: raw.wait,
    };
    let schedule = is_scheduled.then(|| schedule::check(Spanned::new(at.clone(), when), problems)).flatten();
    let mut drill = Drill {
        schedule,
        limit: capturing::positive("limit", raw.limit, DRILL_LIMIT, problems),
        memory: size::check_size("memory", raw.memory, problems),
        cpus: raw.cpus.map(|cpus| check_cpus(&cpus, problems)),
        environment: raw.environment.unwrap_or_default(),
        read_only: raw.read_only.into_iter().flatten().filter_map(|path| absolute(&path, problems)).collect(),
        ..Drill::default()
    };
    for name in raw.empty.into_iter().flatten() {
        check_volume(&name, around, problems);
        drill.empty.push(name.into_inner());
    }
    if let Some(quiet) = raw.quiet {
        let at = quiet.span();
        let hooks = quiet.into_inner().into_iter().filter_map(|one| quiet_hook(one, at.clone(), around, problems));
        drill.quiet = hooks.collect();
    }
    for raw in raw.probe {
        let at = raw.span();
        let Some(probe) = check_probe(raw, around, problems) else { continue };
        if drill.probes.iter().any(|known| known.name == probe.name) {
            let message = message!("two-probes-are-called", name = escape::text(&probe.name));
            problems.say(at, message, message!("give-each-another-name"));
        }
        drill.probes.push(probe);
    }
    drill
}

fn check_cpus(cpus: &Spanned<f64>, problems: &mut Problems<'_>) -> f64 {
    let value = *cpus.get_ref();
    if !(value.is_finite() && value > 0.0) {
        problems.say(cpus.span(), message!("cpus-of-a-drill-is-none"), message!("write-for-example-cpus"));
    }
    value
}

fn absolute(path: &Spanned<String>, problems: &mut Problems<'_>) -> Option<PathBuf> {
    let found = Path::new(path.get_ref());
    if found.is_absolute() && !path.get_ref().contains('\0') {
        return Some(found.to_owned());
    }
    let message = message!("read-only-is-not-absolute", path = escape::text(path.get_ref()));
    problems.say(path.span(), message, message!("write-the-path-from-the-root"));
    None
}

fn check_volume(name: &Spanned<String>, around: &Around<'_>, problems: &mut Problems<'_>) {
    if around.volumes.iter().any(|volume| volume.name == *name.get_ref()) {
        return;
    }
    let known: Vec<&str> = around.volumes.iter().map(|volume| volume.name.as_str()).collect();
    let message = message!("drill-names-no-volume", name = escape::text(name.get_ref()));
    problems.say(name.span(), message, message!("there-are-these", known = known.join(", ")));
}

/// A list of words, or a table with `command` and, of an app of several parts, `member`.
fn quiet_hook(value: Value, at: Range<usize>, around: &Around<'_>, problems: &mut Problems<'_>) -> Option<Hook> {
    let (command, member) = match value {
        Value::Table(mut table) => (table.remove("command"), table.remove("member")),
        other => (Some(other), None),
    };
    let texts = |list: Vec<Value>| list.into_iter().map(|word| word.as_str().map(str::to_owned)).collect();
    let command: Option<Vec<String>> = match command {
        Some(Value::Array(list)) => texts(list),
        _ => None,
    };
    let Some(command) = command else {
        problems.say(at, message!("quiet-has-no-command"), message!("write-for-example-quiet"));
        return None;
    };
    let member = member.and_then(|member| member.as_str().map(str::to_owned));
    check_member("quiet", member.as_deref(), at.clone(), around, problems);
    let command = words("command", Spanned::new(at, command), problems);
    Some(Hook { member, command, limit: PROBE_LIMIT })
}

fn check_member(key: &str, member: Option<&str>, at: Range<usize>, around: &Around<'_>, problems: &mut Problems<'_>) {
    match (member, around.runtime.is_compose()) {
        (None, true) => problems.say(at, message!("hook-of-no-member", key), message!("add-the-member-of-a-hook")),
        (Some(_), false) => {
            problems.say(at, message!("hook-of-a-member", key), message!("leave-the-member-of-a-hook-out"));
        }
        _ => {}
    }
}

fn check_probe(raw: Spanned<RawProbe>, around: &Around<'_>, problems: &mut Problems<'_>) -> Option<Probe> {
    let at = raw.span();
    let raw = raw.into_inner();
    let mut expect = Expect {
        at_least: raw.at_least,
        equals: raw.equals,
        matches: raw.matches.and_then(|pattern| regular(pattern, problems)),
        newest: raw.newest.map(|age| capturing::positive("newest", Some(age), PROBE_LIMIT, problems)),
        not_below_last: raw.not_below_last.and_then(|share| percent(&share, problems)),
    };
    let asked = [raw.command.is_some(), raw.http.is_some(), raw.file.is_some(), raw.host_command.is_some()];
    if asked.iter().filter(|asked| **asked).count() != 1 {
        let message = message!("probe-asks-not-in-one-way", name = escape::text(raw.name.get_ref()));
        problems.say(at, message, message!("write-one-of-command-http-file"));
        return None;
    }
    let mut is_in_app = true;
    let ask = if let Some(command) = raw.command {
        Ask::Command(words("command", command, problems))
    } else if let Some(RawHttpProbe { port, path, status, contains }) = raw.http {
        Ask::Http {
            port,
            path: path.unwrap_or_else(|| "/".to_owned()),
            status: status.unwrap_or(HTTP_STATUS),
            contains,
        }
    } else if let Some(RawFileProbe { volume, path, newest, at_least }) = raw.file {
        is_in_app = false;
        check_volume(&volume, around, problems);
        expect.newest =
            newest.map(|age| capturing::positive("newest", Some(age), PROBE_LIMIT, problems)).or(expect.newest);
        expect.at_least = at_least.or(expect.at_least);
        Ask::Files { volume: volume.into_inner(), path: path.unwrap_or_default() }
    } else {
        Ask::HostCommand(words("host_command", raw.host_command?, problems))
    };
    if is_in_app {
        check_member("probe", raw.member.as_deref(), at, around, problems);
    }
    let limit = capturing::positive("limit", raw.limit, PROBE_LIMIT, problems);
    Some(Probe { name: super::names::check("name", raw.name, problems), member: raw.member, ask, expect, limit })
}

fn regular(pattern: Spanned<String>, problems: &mut Problems<'_>) -> Option<String> {
    match regex_lite::Regex::new(pattern.get_ref()) {
        Ok(_) => Some(pattern.into_inner()),
        Err(error) => {
            let text = escape::text(pattern.get_ref());
            let message = message!("matches-is-no-pattern", text, why = escape::text(&error.to_string()));
            problems.say(pattern.span(), message, message!("write-for-example-matches"));
            None
        }
    }
}

/// `90%`.
fn percent(text: &Spanned<String>, problems: &mut Problems<'_>) -> Option<f64> {
    let number = text.get_ref().strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    let share = number.filter(|number| *number > 0.0 && *number <= 100.0).map(|number| number / 100.0);
    if share.is_none() {
        let message = message!("not-below-last-is-no-share", text = escape::text(text.get_ref()));
        problems.say(text.span(), message, message!("write-for-example-90-percent"));
    }
    share
}

/// A program of this machine is run only where the host says so: whoever writes a workload may be somebody else.
pub(super) fn check_host_commands(host: &Host, workloads: &[Workload], problems: &mut Problems<'_>) {
    let asks_host = |probe: &&Probe| matches!(probe.ask, Ask::HostCommand(_));
    let probes = || workloads.iter().flat_map(|workload| &workload.drill.probes);
    if let Some(probe) = probes().find(asks_host).filter(|_| !host.drill_host_commands) {
        let message = message!("host-command-is-not-allowed", name = escape::text(&probe.name));
        problems.say(0..0, message, message!("add-drill-host-commands"));
    }
}

/// The keys of a workload's drill; none where nothing is said.
pub(super) fn keys(drill: &Drill) -> Option<Table> {
    if *drill == Drill::default() {
        return None;
    }
    let default = Drill::default();
    let mut keys = drill.schedule.as_ref().map(schedule::keys).unwrap_or_default();
    let mut put = |key: &str, value: Value| drop(keys.insert(key.to_owned(), value));
    if drill.limit != default.limit {
        put("limit", duration::text(drill.limit).into());
    }
    if let Some(bytes) = drill.memory {
        put("memory", size::text(bytes).into());
    }
    if let Some(cpus) = drill.cpus {
        put("cpus", cpus.into());
    }
    if !drill.environment.is_empty() {
        let all = drill.environment.iter().map(|(name, value)| (name.clone(), value.clone().into()));
        put("environment", Value::Table(all.collect()));
    }
    if !drill.empty.is_empty() {
        put("empty", list(&drill.empty));
    }
    if !drill.read_only.is_empty() {
        let paths: Vec<String> = drill.read_only.iter().map(|path| path.display().to_string()).collect();
        put("read_only", list(&paths));
    }
    if !drill.quiet.is_empty() {
        put("quiet", Value::Array(drill.quiet.iter().map(quiet).collect()));
    }
    if !drill.probes.is_empty() {
        put("probe", Value::Array(drill.probes.iter().map(probe).collect()));
    }
    Some(keys)
}

fn list(words: &[String]) -> Value {
    Value::Array(words.iter().cloned().map(Value::from).collect())
}

fn quiet(hook: &Hook) -> Value {
    match &hook.member {
        None => list(&hook.command),
        Some(member) => {
            let pairs = [("member".to_owned(), member.clone().into()), ("command".to_owned(), list(&hook.command))];
            Value::Table(pairs.into_iter().collect())
        }
    }
}

fn probe(probe: &Probe) -> Value {
    let mut keys = Table::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            keys.insert(key.to_owned(), value);
        }
    };
    put("name", Some(probe.name.clone().into()));
    put("member", probe.member.clone().map(Value::from));
    put("limit", Some(duration::text(probe.limit).into()));
    let Expect { at_least, equals, matches, newest, not_below_last } = &probe.expect;
    put("at_least", at_least.map(Value::from));
    put("equals", equals.clone().map(Value::from));
    put("matches", matches.clone().map(Value::from));
    put("newest", newest.map(|age| duration::text(age).into()));
    put("not_below_last", not_below_last.map(|share| format!("{}%", share * 100.0).into()));
    match &probe.ask {
        Ask::Command(words) => put("command", Some(list(words))),
        Ask::HostCommand(words) => put("host_command", Some(list(words))),
        Ask::Http { port, path, status, contains } => {
            let mut http = Table::new();
            http.insert("port".to_owned(), i64::from(*port).into());
            http.insert("path".to_owned(), path.clone().into());
            http.insert("status".to_owned(), i64::from(*status).into());
            http.extend(contains.clone().map(|text| ("contains".to_owned(), text.into())));
            put("http", Some(Value::Table(http)));
        }
        Ask::Files { volume, path } => {
            let pairs = [("volume".to_owned(), volume.clone().into()), ("path".to_owned(), path.clone().into())];
            put("file", Some(Value::Table(pairs.into_iter().collect())));
        }
    }
    Value::Table(keys)
}
