//! Which directory of an archive is which volume: what a person said, what the archive's own manifest says, or what is
//! certain. Where nothing is certain it says what there is, for a person to choose from, and never guesses.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::Request;
use crate::host::Host;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::{escape, message};
use reforge_config::Workload;
use reforge_deployer::resolve::{self, ResolvedVolume};
use reforge_plugins::bindings::importing::exports::reforge::restore::importer::{Contents as Surveyed, Source};
use reforge_plugins::bindings::reforge::restore::types::{Metadata, Timestamp};
use reforge_snapshots::format::{FORMAT, Image, Manifest, ManifestVolume, TakenIn, TakenPlace};
use reforge_volumes::abilities::Abilities;
use reforge_volumes::{ambient, syscalls};

/// What a directory is called where an archive says its format.
pub(super) const DIRECTORY: &str = "directory";
/// What the snapshot's reason is, where no manifest says one.
pub(super) const REASON: &str = "import";
/// Of a directory that has no entry where live has none to take it from.
const DIRECTORY_MODE: u32 = 0o755;
const MODE_BITS: u32 = 0o7777;
/// Places that are named in one sentence.
const PLACES_IN_A_SENTENCE: usize = 8;

/// How an archive is read.
pub(super) struct Mapping {
    /// JSON.
    pub manifest: String,
    pub sources: Vec<Source>,
    pub places: Vec<TakenPlace>,
}

/// What an archive holds, when a person has to choose.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Contents {
    pub format: String,
    pub entries: u64,
    pub bytes: u64,
    pub places: Vec<Place>,
    /// The volumes that want a directory each.
    pub volumes: Vec<String>,
    /// The options to add, as far as they can be proposed.
    pub options: String,
}

/// A directory of an archive, with everything below it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Place {
    /// Escaped; empty for the archive's root.
    pub prefix: String,
    pub entries: u64,
    pub bytes: u64,
}

impl Contents {
    /// For whoever has no table to show it in.
    pub fn failure(&self) -> Failure {
        let shown = self.places.iter().take(PLACES_IN_A_SENTENCE).map(|place| {
            let prefix = if place.prefix.is_empty() { "." } else { &place.prefix };
            format!("`{prefix}` ({}, {} B)", place.entries, place.bytes)
        });
        let shown = shown.collect::<Vec<_>>().join(", ");
        Failure::new(Code::Usage, message!("nothing-says-which-directory-is-which", shown))
            .hint(message!("say-which-with-volume", options = self.options))
    }
}

/// What all volumes of a workload can hold.
pub(super) fn abilities(host: &Host, workload: &Workload) -> Abilities {
    let volumes = resolve::resolve(&host.config, workload).volumes;
    let of = |volume: &ResolvedVolume| ambient::directory(&volume.parent).ok().map(|dir| Abilities::of(&dir));
    volumes.iter().filter_map(of).fold(Abilities::default(), Abilities::and)
}

/// A manifest for an archive that has none.
pub(super) fn manifest(workload: &str, created: jiff::Timestamp, volumes: Vec<ManifestVolume>) -> Manifest {
    Manifest {
        format: FORMAT,
        workload: workload.to_owned(),
        created,
        reason: REASON.to_owned(),
        image: Image { reference: String::new(), digest: String::new() },
        volumes,
        skipped: Vec::new(),
        environment: BTreeMap::new(),
    }
}

/// Which directory is which volume; the inner error is what a person has to choose from.
pub(super) fn decide(
    host: &Host,
    workload: &Workload,
    request: &Request,
    surveyed: &Surveyed,
) -> Result<std::result::Result<Mapping, Contents>> {
    let resolved = resolve::resolve(&host.config, workload).volumes;
    let how = &request.how;
    if !how.maps() && !surveyed.manifest.is_empty() {
        return of_manifest(surveyed, &resolved).map(Ok);
    }
    let names: Vec<&str> = resolved.iter().map(|volume| &*volume.name).collect();
    let chosen = match &how.volumes[..] {
        [] => {
            if let Some(advice) = surveyed.advice.as_ref().filter(|_| how.strip == 0) {
                return Err(reforge_plugins::calls::own(advice));
            }
            certain(&names, how.below.as_deref(), surveyed)
        }
        given => Some(said(given, &names)?),
    };
    let Some(chosen) = chosen else { return Ok(Err(contents(surveyed, &names))) };
    let created = created(surveyed);
    let chosen = resolved.iter().filter_map(|volume| {
        let (_, prefix) = chosen.iter().find(|(name, _)| *name == volume.name)?;
        Some((volume, prefix.clone()))
    });
    let (volumes, prefixes): (Vec<_>, Vec<_>) = chosen.unzip();
    let listed = volumes.iter().zip(0u32..).map(|(volume, index)| ManifestVolume {
        index,
        name: volume.name.clone(),
        scope: volume.scope.as_str().to_owned(),
        source: volume.source.clone(),
        target: volume.target.display().to_string(),
    });
    let text = text(&manifest(&workload.id, created, listed.collect()))?;
    let sources = volumes.iter().zip(&prefixes).zip(0u32..).map(|((volume, prefix), index)| Source {
        index,
        prefix: prefix.clone(),
        missing: missing(Some(volume), created),
    });
    let places = volumes
        .iter()
        .zip(&prefixes)
        .map(|(volume, prefix)| TakenPlace { volume: volume.name.clone(), prefix: escape::bytes(prefix) });
    Ok(Ok(Mapping { manifest: text, sources: sources.collect(), places: places.collect() }))
}

/// As the archive's own manifest says.
fn of_manifest(surveyed: &Surveyed, resolved: &[ResolvedVolume]) -> Result<Mapping> {
    let manifest: Manifest = serde_json::from_str(&surveyed.manifest).map_err(|error| {
        let error = escape::text(&error.to_string());
        Failure::new(Code::ArchiveRefused, message!("the-archives-manifest-cannot-be-understood", error))
    })?;
    let volumes = manifest.volumes.iter().zip(&surveyed.volumes);
    let sources = volumes.clone().map(|(volume, prefix)| Source {
        index: volume.index,
        prefix: prefix.clone(),
        missing: missing(resolved.iter().find(|resolved| resolved.name == volume.name), created(surveyed)),
    });
    let places = volumes
        .map(|(volume, prefix)| TakenPlace { volume: escape::text(&volume.name), prefix: escape::bytes(prefix) });
    Ok(Mapping { sources: sources.collect(), places: places.collect(), manifest: surveyed.manifest.clone() })
}

/// Of an archive that the host has just packed itself.
pub(super) fn of_packed(manifest: &Manifest, resolved: &[ResolvedVolume], taken: Option<&TakenIn>) -> Result<Mapping> {
    let sources = manifest.volumes.iter().map(|volume| {
        let resolved = resolved.iter().find(|resolved| resolved.name == volume.name);
        let prefix = format!("volumes/{}", volume.index).into_bytes();
        Source { index: volume.index, prefix, missing: missing(resolved, jiff::Timestamp::now()) }
    });
    let places = taken.map(|taken| taken.places.clone()).unwrap_or_default();
    Ok(Mapping { sources: sources.collect(), places, manifest: text(manifest)? })
}

fn text(manifest: &Manifest) -> Result<String> {
    serde_json::to_string_pretty(manifest)
        .map_err(|error| Failure::new(Code::Io, message!("cannot-write-the-manifest", error)))
}

/// What a person said, checked against what is configured.
fn said(given: &[(String, String)], names: &[&str]) -> Result<Vec<(String, Vec<u8>)>> {
    let mut chosen: Vec<(String, Vec<u8>)> = Vec::new();
    for (name, prefix) in given {
        if !names.contains(&&**name) {
            let message = message!("the-workload-has-no-volume", name = escape::text(name));
            return Err(
                Failure::new(Code::Usage, message).hint(message!("it-has-these-volumes", names = names.join(", ")))
            );
        }
        if chosen.iter().any(|(other, _)| other == name) {
            return Err(Failure::new(Code::Usage, message!("volume-is-given-twice", name = escape::text(name))));
        }
        chosen.push((name.clone(), plain(prefix).into_bytes()));
    }
    Ok(chosen)
}

/// A prefix as a survey shows it, however a person writes it.
pub(super) fn plain(prefix: &str) -> String {
    prefix.split('/').filter(|component| !matches!(*component, "" | ".")).collect::<Vec<_>>().join("/")
}

/// What needs no choice: a single volume takes the root, several take the directories of their names.
fn certain(names: &[&str], below: Option<&str>, surveyed: &Surveyed) -> Option<Vec<(String, Vec<u8>)>> {
    if let [name] = names {
        let below = below.map(|below| plain(below).into_bytes()).filter(|below| holds_everything(below, surveyed));
        return Some(vec![((*name).to_owned(), below.or_else(|| surveyed.root.clone())?)]);
    }
    let of_name = |name: &&str| {
        let mut of_name = surveyed.places.iter().filter(|place| last(&place.path) == name.as_bytes());
        let place = of_name.next().filter(|_| of_name.next().is_none())?;
        Some(((*name).to_owned(), place.path.clone()))
    };
    let chosen: Vec<_> = names.iter().filter_map(of_name).collect();
    (!names.is_empty() && chosen.len() == names.len()).then_some(chosen)
}

/// Whether everything in the archive lies below a directory: the first place is the deepest that has all of it.
fn holds_everything(directory: &[u8], surveyed: &Surveyed) -> bool {
    let rest = surveyed.places.first().and_then(|all| all.path.strip_prefix(directory));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

fn last(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

fn contents(surveyed: &Surveyed, names: &[&str]) -> Contents {
    let places = surveyed.places.iter().map(|place| Place {
        prefix: escape::bytes(&place.path),
        entries: place.entries,
        bytes: place.bytes,
    });
    let places: Vec<_> = places.collect();
    // Engines put the project before a volume's name (`shop_data`).
    let proposed = |name: &str| {
        let is_it =
            |last: &str| last == name || last.ends_with(&format!("_{name}")) || last.ends_with(&format!("-{name}"));
        let found = places.iter().find(|place| is_it(place.prefix.rsplit('/').next().unwrap_or_default()));
        found.map_or_else(|| "PREFIX".to_owned(), |place| place.prefix.clone())
    };
    let options = names.iter().map(|name| format!("--volume {name}={}", proposed(name)));
    Contents {
        format: super::shortened(&surveyed.format),
        entries: surveyed.entries,
        bytes: surveyed.bytes,
        options: options.collect::<Vec<_>>().join(" "),
        volumes: names.iter().map(|name| (*name).to_owned()).collect(),
        places,
    }
}

/// When the newest of what is in it was changed: what a person knows a backup by. Not later than now.
fn created(surveyed: &Surveyed) -> jiff::Timestamp {
    let now = jiff::Timestamp::now();
    jiff::Timestamp::from_second(surveyed.newest.seconds).map_or(now, |newest| newest.min(now))
}

/// What a directory gets that has no entry: live's owner and mode, or root's.
fn missing(volume: Option<&ResolvedVolume>, changed: jiff::Timestamp) -> Metadata {
    let live = volume.and_then(|volume| ambient::directory_handle(&volume.path).ok());
    let facts = live.and_then(|live| syscalls::facts(&live).ok());
    let (mode, uid, gid) = facts
        .map_or((DIRECTORY_MODE, 0, 0), |facts| (u32::from(facts.stx_mode) & MODE_BITS, facts.stx_uid, facts.stx_gid));
    let seconds = changed.as_second();
    Metadata { mode, uid, gid, mtime: Timestamp { seconds, nanoseconds: 0 }, xattrs: Vec::new() }
}

/// For a directory, which is no archive and has no plugin to say what it holds.
pub(super) fn contents_of_directory(places: Vec<Place>, names: &[&str]) -> Contents {
    let options = names.iter().map(|name| format!("--volume {name}=PREFIX")).collect::<Vec<_>>().join(" ");
    Contents {
        format: DIRECTORY.to_owned(),
        entries: places.iter().map(|place| place.entries).sum(),
        bytes: places.iter().map(|place| place.bytes).sum(),
        volumes: names.iter().map(|name| (*name).to_owned()).collect(),
        options,
        places,
    }
}
