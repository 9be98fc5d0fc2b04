//! What is left of a drill on an engine, known by its labels, and removed. What is somebody else's has other labels or none.

use std::time::{Duration, Instant};

use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_docker::{Engine, Kind};
use serde_json::{Map, Value};

use super::mounts::plain;

/// The drill that something was made for.
const DRILL: &str = "reforge.drill";
/// The host that made it: two can share one engine.
const HOST: &str = "reforge.drill-host";
/// In this order: what is in use is not removed.
const KINDS: [Kind; 3] = [Kind::Container, Kind::Network, Kind::Volume];
/// How long an engine may take to remove what it began to remove.
const GONE_LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);

/// By which what a drill makes is known.
#[derive(Clone, Debug)]
pub(crate) struct Marks {
    pub host: String,
    pub drill: String,
}

impl Marks {
    /// What all of its names begin with.
    pub(crate) fn prefix(&self) -> String {
        format!("reforge-drill-{}", plain(&self.drill))
    }

    pub(crate) fn labels(&self) -> Map<String, Value> {
        let pair = |(key, value): (&str, &String)| (key.to_owned(), value.clone().into());
        [(DRILL, &self.drill), (HOST, &self.host)].map(pair).into_iter().collect()
    }
}

/// Removes all of it, in whatever state it is.
pub(crate) fn sweep(engine: &Engine, marks: &Marks) -> Result<()> {
    let wanted = [format!("{DRILL}={}", marks.drill), format!("{HOST}={}", marks.host)];
    let deadline = Instant::now() + GONE_LIMIT;
    for kind in KINDS {
        loop {
            let found = engine.labelled(kind, &wanted)?;
            if found.is_empty() {
                break;
            }
            let names: Vec<&str> = found.iter().filter_map(|one| one[key(kind)].as_str()).collect();
            if Instant::now() >= deadline {
                let names = reforge_base::escape::text(&names.join(", "));
                return Err(Failure::new(Code::Runtime, message!("drilled-parts-stay", names)));
            }
            for name in names {
                engine.remove(kind, name)?;
            }
            // What is being removed is there until it is gone.
            if !engine.labelled(kind, &wanted)?.is_empty() {
                std::thread::sleep(POLL);
            }
        }
    }
    Ok(())
}

/// The drills of which this host has something on the engine.
pub(crate) fn left(engine: &Engine, host: &str) -> Result<Vec<String>> {
    let mut drills = Vec::new();
    for kind in KINDS {
        let found = engine.labelled(kind, &[format!("{HOST}={host}"), DRILL.to_owned()])?;
        drills.extend(found.iter().filter_map(|one| one["Labels"][DRILL].as_str()).map(str::to_owned));
    }
    drills.sort();
    drills.dedup();
    Ok(drills)
}

/// By what the engine knows it.
fn key(kind: Kind) -> &'static str {
    if kind == Kind::Volume { "Name" } else { "Id" }
}
