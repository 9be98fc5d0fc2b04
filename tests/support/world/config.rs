//! What a world's configuration says of its workloads and volumes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// `[[workload.volume]]`.
#[derive(Clone, Debug)]
pub(crate) struct Volume {
    pub name: String,
    pub scope: String,
    pub source: String,
    /// Where a container sees it, if not at a place made from its name.
    pub target: Option<String>,
    /// Further lines.
    pub lines: String,
}

impl Volume {
    pub(crate) fn project(name: &str) -> Volume {
        Volume::of(name, "project", name)
    }

    pub(crate) fn absolute(name: &str, source: &Path) -> Volume {
        Volume::of(name, "absolute", source.to_str().unwrap())
    }

    /// A named volume of an engine, with the directory that the engine names.
    pub(crate) fn of_engine(name: &str, engine_volume: &str, source: &Path) -> Volume {
        Volume { lines: format!("engine_volume = {engine_volume:?}\n"), ..Volume::absolute(name, source) }
    }

    /// Only mounted.
    pub(crate) fn uncaptured(mut self) -> Volume {
        self.lines += "capture = false\n";
        self
    }

    /// Seen by a container at this place.
    pub(crate) fn at(self, target: &str) -> Volume {
        Volume { target: Some(target.into()), ..self }
    }

    fn of(name: &str, scope: &str, source: &str) -> Volume {
        let (name, scope, source) = (name.into(), scope.into(), source.into());
        Volume { name, scope, source, target: None, lines: String::new() }
    }
}

/// `[[workload]]`.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    pub id: String,
    pub project: String,
    pub stage: String,
    pub command: Vec<String>,
    pub user: Option<String>,
    pub environment: BTreeMap<String, String>,
    pub stop_signal: String,
    pub stop_timeout: String,
    /// The check and its limit.
    pub health: Option<(Vec<String>, String)>,
    pub links: bool,
    pub privileged: bool,
    /// What it runs from in a container, if it is one.
    pub image: Option<String>,
    /// Further lines.
    pub lines: String,
    pub volumes: Vec<Volume>,
}

impl Workload {
    /// One that does nothing and is healthy at once, in a project of its own.
    pub(crate) fn idle(id: &str, volumes: impl IntoIterator<Item = Volume>) -> Workload {
        Workload {
            id: id.into(),
            project: id.into(),
            stage: "prod".into(),
            command: ["/bin/sleep", "1000000"].map(String::from).into(),
            user: None,
            environment: BTreeMap::new(),
            stop_signal: "SIGTERM".into(),
            stop_timeout: "10s".into(),
            health: Some((vec!["/bin/true".into()], "30s".into())),
            links: false,
            privileged: false,
            image: None,
            lines: String::new(),
            volumes: volumes.into_iter().collect(),
        }
    }

    pub(crate) fn command(mut self, words: &[&str]) -> Workload {
        self.command = words.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    pub(super) fn write(&self, toml: &mut String) {
        let health = self.health.as_ref().map(|(command, limit)| {
            format!("health = {{ command = {command:?}, interval = \"50ms\", limit = {limit:?} }}\n")
        });
        let user = self.user.as_ref().map(|user| format!("user = {user:?}\n"));
        let links = if self.links { "links = \"contained\"\n" } else { "" };
        let privileged = if self.privileged { "privileged = true\n" } else { "" };
        let runtime = match &self.image {
            Some(image) => format!("runtime = \"docker\"\nimage = {image:?}\n"),
            None => "runtime = \"process\"\n".to_owned(),
        };
        let environment: Vec<String> =
            self.environment.iter().map(|(name, value)| format!("{name} = {value:?}")).collect();
        write!(
            toml,
            "\n[[workload]]\nid = {:?}\nproject = {:?}\nstage = {:?}\n{runtime}command = {:?}\n\
             stop_signal = {:?}\nstop_timeout = {:?}\nenvironment = {{ {} }}\n{}{}{links}{privileged}{}",
            self.id,
            self.project,
            self.stage,
            self.command,
            self.stop_signal,
            self.stop_timeout,
            environment.join(", "),
            health.unwrap_or_default(),
            user.unwrap_or_default(),
            self.lines,
        )
        .unwrap();
        for Volume { name, scope, source, target, lines } in &self.volumes {
            let target = target.clone().unwrap_or_else(|| format!("/volumes/{name}"));
            let target = if self.image.is_some() { format!("target = {target:?}\n") } else { String::new() };
            write!(
                toml,
                "[[workload.volume]]\nname = {name:?}\nscope = {scope:?}\nsource = {source:?}\n{target}{lines}"
            )
            .unwrap();
        }
    }
}
