//! Whether a state directory is the newest of its host (protocol, rule 17).
//!
//! One that was put back from a copy describes trees that have moved on since, and a start that believed it would go back
//! over weeks of work. So each transaction begins and commits a generation of its workload: a number in the state
//! directory, written first, and then as an attribute of each parent directory. Parents that have seen more than the
//! state directory knows of need an operator. Where it knows of no generation and of no transaction of a workload, there
//! is nothing that it could act on: it goes on after what the parents have seen. A file system without attributes has no
//! such protection; nothing else here is passed over.

use std::path::PathBuf;

use super::state_files;
use reforge_base::durable::{self, PRIVATE_DIRECTORY, PRIVATE_FILE};
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::state_dir::StateDir;
use reforge_volumes::parent::Parent;

/// Digits of a number: always as many, so that a newer one needs no more room on a full disk.
const DIGITS: usize = 12;
/// What a parent has seen whose attribute says nothing that we ever wrote: newer than anything.
const NONSENSE: u64 = u64::MAX;

/// The generations that one state directory knows of, a file per workload.
#[derive(Clone, Debug)]
pub struct Generations {
    directory: PathBuf,
    host_id: String,
}

impl Generations {
    pub fn new(state: &StateDir) -> Generations {
        Generations { directory: state.generations(), host_id: state.host_id().to_owned() }
    }

    /// The next generation of a workload whose volumes lie in these parents. The caller holds its lease.
    pub fn advance<'a>(&self, workload: &str, parents: impl IntoIterator<Item = &'a Parent>) -> Result<()> {
        let parents: Vec<&Parent> = parents.into_iter().collect();
        let next = self.newest(workload, self.known(workload)?, &parents)? + 1;
        self.write(workload, next)?;
        let attribute = self.attribute(workload);
        parents.iter().try_for_each(|parent| parent.set_attribute(&attribute, text(next).as_bytes()))
    }

    /// Whether no transaction of this workload was ever begun, as far as this knows.
    pub fn is_none(&self, workload: &str) -> bool {
        matches!(self.known(workload), Ok(0))
    }

    /// Refuses a state directory that is older than what a parent has seen.
    pub fn refuse_older<'a>(&self, workload: &str, parents: impl IntoIterator<Item = &'a Parent>) -> Result<()> {
        let known = self.known(workload)?;
        let attribute = self.attribute(workload);
        for parent in parents {
            let seen = seen(parent, &attribute)?;
            if seen > known {
                let message = message!(
                    "the-state-directory-is-older",
                    workload = escape::text(workload),
                    known,
                    path = escape::path(parent.path()),
                    seen
                );
                return Err(Failure::new(Code::NeedsOperator, message)
                    .hint(message!("it-was-put-back", workload = escape::text(workload))));
            }
        }
        Ok(())
    }

    /// Takes the state directory for the newest from now on: a person says so.
    pub fn accept<'a>(&self, workload: &str, parents: impl IntoIterator<Item = &'a Parent>) -> Result<()> {
        let parents: Vec<&Parent> = parents.into_iter().collect();
        let newest = self.newest(workload, self.known(workload).unwrap_or(0), &parents)?;
        self.write(workload, newest)?;
        let attribute = self.attribute(workload);
        for parent in parents {
            if seen(parent, &attribute)? == NONSENSE {
                parent.set_attribute(&attribute, text(newest).as_bytes())?;
            }
        }
        Ok(())
    }

    /// What is known, or what a parent has seen since. One that says nothing that can be counted on has seen nothing.
    fn newest(&self, workload: &str, known: u64, parents: &[&Parent]) -> Result<u64> {
        let attribute = self.attribute(workload);
        let seen = parents.iter().map(|parent| seen(parent, &attribute)).collect::<Result<Vec<_>>>()?;
        Ok(seen.into_iter().filter(|seen| *seen != NONSENSE).fold(known, u64::max))
    }

    /// None was ever begun where there is no file.
    fn known(&self, workload: &str) -> Result<u64> {
        let path = self.directory.join(workload);
        let text = match state_files::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(Failure::io("read", &path, &error)),
        };
        text.trim().parse().map_err(|_| {
            Failure::new(Code::NeedsOperator, message!("path-does-not-read", path = escape::path(&path)))
                .hint(message!("look-at-the-volumes-then-say", workload = escape::text(workload)))
        })
    }

    fn write(&self, workload: &str, generation: u64) -> Result<()> {
        if !state_files::is_directory(&self.directory) {
            durable::make_directories_durably(&self.directory, PRIVATE_DIRECTORY)?;
        }
        durable::write_durably(&self.directory, workload, text(generation).as_bytes(), PRIVATE_FILE)
    }

    /// Several hosts and workloads can have volumes in one parent.
    fn attribute(&self, workload: &str) -> String {
        let digest = blake3::hash(format!("{} {workload}", self.host_id).as_bytes());
        format!("reforge.{}", &digest.to_hex()[..16])
    }
}

fn text(generation: u64) -> String {
    format!("{generation:0DIGITS$}")
}

/// What a parent has seen.
fn seen(parent: &Parent, attribute: &str) -> Result<u64> {
    let parse =
        |bytes: Vec<u8>| std::str::from_utf8(&bytes).ok().and_then(|text| text.parse().ok()).unwrap_or(NONSENSE);
    Ok(parent.attribute(attribute)?.map_or(0, parse))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::World;

    #[test]
    fn a_state_directory_that_was_put_back_is_older_than_what_a_parent_has_seen_until_a_person_accepts_it() {
        let world = World::new();
        let generations = Generations::new(&world.state);
        let directory = tempfile::tempdir().unwrap();
        let parent = Parent::open(&directory.path().canonicalize().unwrap()).unwrap();
        generations.refuse_older("app", [&parent]).unwrap();
        generations.advance("app", [&parent]).unwrap();
        let file = generations.directory.join("app");
        let copy = std::fs::read(&file).unwrap();
        generations.advance("app", [&parent]).unwrap();
        generations.refuse_older("app", [&parent]).unwrap();
        for older in [Some(&copy[..]), Some(b"nonsense"), None] {
            match older {
                Some(bytes) => std::fs::write(&file, bytes).unwrap(),
                None => std::fs::remove_file(&file).unwrap(),
            }
            assert_eq!(generations.refuse_older("app", [&parent]).unwrap_err().code, Code::NeedsOperator);
            generations.refuse_older("another", [&parent]).expect("each workload has its own");
            generations.accept("app", [&parent]).unwrap();
            generations.refuse_older("app", [&parent]).unwrap();
        }
        parent.set_attribute(&generations.attribute("app"), b"nonsense").unwrap();
        assert_eq!(generations.refuse_older("app", [&parent]).unwrap_err().code, Code::NeedsOperator);
        generations.accept("app", [&parent]).unwrap();
        generations.refuse_older("app", [&parent]).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert!(generations.is_none("app"));
        generations.advance("app", [&parent]).unwrap();
        assert!(generations.known("app").unwrap() > 2, "goes on after what the parent has seen");
        generations.refuse_older("app", [&parent]).unwrap();
    }
}
