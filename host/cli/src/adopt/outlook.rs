//! What an adoption says at once, so that nobody hears of it on the day of a restore: how large the volumes are, what
//! stands in the way of a restore, what is not captured, and who else may take the data away.

use reforge_base::Code;
use reforge_base::Failure;
use reforge_base::Message;
use reforge_base::Result;
use reforge_base::escape;
use reforge_base::message;
use reforge_config::{Config, Links};
use reforge_deployer::resolve;
use reforge_docker::Barred;
use reforge_runtime::Runtime;
use serde_json::{Value, json};

use super::super::style::{self, entries_in_words};
use super::super::words::{self, say};
use super::measure::{self, Measured};

/// The first engine whose `system prune --volumes` takes no named volume.
const ENGINE_THAT_KEEPS_VOLUMES: u32 = 23;

pub(crate) struct Outlook {
    measured: Vec<Measured>,
    links: Links,
    /// What a restore would be refused for today.
    pub in_the_way: Vec<Failure>,
    /// What is to be known besides.
    pub warnings: Vec<Failure>,
}

/// Of a workload that was added to a configuration. Looks only.
pub(crate) fn of(config: &Config, id: &str, measured: Vec<Measured>, runtime: &dyn Runtime) -> Result<Outlook> {
    let workload = config.workload(id)?;
    let resolution = resolve::resolve(config, workload);
    let live: Vec<_> = resolution.volumes.iter().map(|volume| (volume.name.clone(), volume.path.clone())).collect();
    let (mut in_the_way, mut warnings) = (resolution.refusals, Vec::new());
    match runtime.survey(id, &workload.allow_containers, &live) {
        Ok(survey) => {
            in_the_way.extend(survey.refusals);
            warnings.extend(survey.warnings);
        }
        // It is adopted all the same.
        Err(failure) => in_the_way.push(failure),
    }
    for one in &measured {
        match &one.totals {
            Err(failure) => in_the_way.push(failure.clone().context(message!("volume-named", name = one.volume))),
            Ok(totals) => {
                let volume = escape::text(&one.volume);
                if totals.devices > 0 {
                    let message = message!("volume-has-devices", volume, n = totals.devices);
                    in_the_way.push(Failure::new(Code::PolicyRefused, message));
                }
                if let Some((path, why)) = &totals.out_of_reach {
                    let path = format!("{}/{}", escape::path(&one.live), escape::bytes(path));
                    let message = message!("volume-has-what-is-out-of-reach", volume, path, why);
                    in_the_way.push(Failure::new(Code::VolumeRefused, message).hint(message!("run-the-host-as-root")));
                }
                if totals.special > totals.devices {
                    let n = totals.special - totals.devices;
                    warnings.push(warned(message!("volume-has-sockets-or-fifos", volume, n)));
                }
            }
        }
    }
    in_the_way.dedup();
    Ok(Outlook { links: measure::links(&measured), measured, in_the_way, warnings })
}

fn warned(message: Message) -> Failure {
    Failure::warning("adoption", message)
}

/// `20` of `20.10.24+dfsg1`.
fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}

impl Outlook {
    /// With what stays mounted and is the machine's.
    pub(crate) fn with_barred(mut self, barred: &[Barred]) -> Outlook {
        for Barred { source, target, why } in barred {
            let (source, target) = (escape::path(source), escape::path(target));
            self.warnings.push(warned(message!("stays-mounted-and-is-not-captured", source, target, why)));
        }
        self
    }

    /// With what an engine of this version does to its named volumes.
    pub(crate) fn with_volumes_of_engine(mut self, version: &str) -> Outlook {
        if major(version).is_some_and(|major| major < ENGINE_THAT_KEEPS_VOLUMES) {
            let version = escape::text(version);
            self.warnings.push(warned(message!("prune-takes-volumes-of-stopped-apps", version)));
        }
        self
    }

    /// For programs: each volume's size, null where nobody knows it.
    pub(crate) fn measured(&self) -> Value {
        let one = |one: &Measured| {
            let totals = one.totals.as_ref().ok();
            json!({
                "volume": one.volume,
                "path": one.live,
                "entries": totals.map(|totals| totals.entries),
                "bytes": totals.map(|totals| totals.bytes),
                "links": totals.map(|totals| totals.symlinks + totals.hard_links),
            })
        };
        self.measured.iter().map(one).collect()
    }

    /// A line for each volume.
    pub(crate) fn volumes(&self) -> impl Iterator<Item = String> {
        self.measured.iter().map(|one| {
            let (volume, live) = (escape::text(&one.volume), escape::path(&one.live));
            match &one.totals {
                Ok(totals) => {
                    let (entries, bytes) = (entries_in_words(totals.entries), style::bytes(totals.bytes));
                    say!("adopted-volume-of", volume, live, entries, bytes)
                }
                Err(_) => say!("adopted-volume", volume, live),
            }
        })
    }

    /// What is to be known, then what is to be mended.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.links == Links::Contained {
            lines.push(say!("note-links-are-contained"));
        }
        lines.extend(self.warnings.iter().map(|warning| say!("note-of", text = words::read(&warning.message))));
        for failure in &self.in_the_way {
            lines.push(say!("in-the-way", text = escape::prose(&words::read(&failure.message))));
            if !failure.hint.is_empty() {
                lines.push(format!("  {}", say!("what-to-do", hint = escape::prose(&words::read(&failure.hint)))));
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_engines_age_is_told_by_its_version() {
        for (version, major) in [("20.10.24+dfsg1", Some(20)), ("26.1.5", Some(26)), ("master", None), ("", None)] {
            assert_eq!(super::major(version), major, "{version}");
        }
    }
}
