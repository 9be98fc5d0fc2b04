//! A directory that somebody else has filled (rsync, `cp -a`, what restic, borg or kopia restored): packed by the host's own
//! capture, as live would be, and then read by the plugin like any other import.

use std::path::Path;
use std::sync::Arc;

use cap_std::fs::Dir;

use super::mapping::{self, Place};
use super::{Import, Request, Taken, TakenIn, allowed, bounds, inspect};
use crate::host::Host;
use crate::restore::preflight;
use crate::restore::progress::Progress;
use reforge_base::consistency::{self, Consistency};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::{Phase, escape, message};
use reforge_config::Links;
use reforge_deployer::resolve;
use reforge_plugins::Plugin;
use reforge_snapshots::capture::{self, CaptureRequest, CaptureVolume, Storage, Terms};
use reforge_snapshots::format::{Descriptor, Image, TakenPlace};
use reforge_snapshots::store::OpenSnapshot;
use reforge_volumes::abilities;
use reforge_volumes::ambient;
use reforge_volumes::live_tree;

/// What lies in the repositories of other programs, and the command that puts a backup into a directory.
const REPOSITORIES: &[(&[&str], &str, &str)] = &[
    (
        &["config", "data", "index", "keys", "snapshots"],
        "restic",
        "reforge import --from restic:DIRECTORY#latest:/PATH --workload W",
    ),
    (&["config", "data", "README"], "borg", "reforge import --from borg:DIRECTORY::ARCHIVE --workload W"),
    (
        &["kopia.repository.f"],
        "kopia",
        "kopia snapshot restore ID NEW_DIRECTORY && reforge import NEW_DIRECTORY --workload W",
    ),
];
/// How the names of others' files end.
const ENDINGS: &[(&str, &str)] = &[
    (".dblock.zip", "Duplicati"),
    (".dblock.zip.aes", "Duplicati"),
    (".hbk", "Hyper Backup"),
    (".sparsebundle", "Time Machine"),
    (".vbk", "Veeam"),
];

pub(super) fn take_in(
    host: &Arc<Host>,
    plugin: &Plugin,
    path: &Path,
    request: &Request,
    progress: &Arc<Progress>,
) -> Result<Taken> {
    let workload = host.config.workload(&request.workload)?;
    refuse_repository(path)?;
    if request.how.owners_by_name {
        return Err(Failure::new(Code::Usage, message!("a-directory-has-numbers-of-owners-alone")));
    }
    let resolved = resolve::resolve(&host.config, workload).volumes;
    let names: Vec<&str> = resolved.iter().map(|volume| &*volume.name).collect();
    let has = |name: &str| path.join(name).is_dir();
    let chosen: Vec<(String, String)> = match (&request.how.volumes[..], &names[..]) {
        ([], [name]) => vec![((*name).to_owned(), String::new())],
        ([], names) if !names.is_empty() && names.iter().all(|name| has(name)) => {
            names.iter().map(|name| ((*name).to_owned(), (*name).to_owned())).collect()
        }
        ([], names) => {
            let contents = mapping::contents_of_directory(places(path)?, names);
            return Ok(Taken::Contents(Box::new(contents)));
        }
        (given, _) => given.iter().map(|(name, prefix)| (name.clone(), mapping::plain(prefix))).collect(),
    };
    if let Some((name, _)) = chosen.iter().find(|(name, _)| !names.contains(&&**name)) {
        let message = message!("the-workload-has-no-volume", name = escape::text(name));
        return Err(Failure::new(Code::Usage, message).hint(message!("it-has-these-volumes", names = names.join(", "))));
    }
    let open = |(name, prefix): &(String, String)| -> Result<(String, Dir)> {
        let path = path.join(prefix);
        let opened =
            ambient::follow(&path).map_err(|error| Failure::io("open", &path, &error).with_code(Code::Usage))?;
        Ok((name.clone(), opened))
    };
    let opened = chosen.iter().map(open).collect::<Result<Vec<_>>>()?;
    let _lease = host.lease(&workload.id, message!("an-import"), request.wait, &progress.cancelled)?;
    let volumes = resolved.iter().filter_map(|volume| {
        let (_, live) = opened.iter().find(|(name, _)| *name == volume.name)?;
        Some(CaptureVolume {
            name: volume.name.clone(),
            scope: volume.scope.as_str().to_owned(),
            source: volume.source.clone(),
            target: volume.target.display().to_string(),
            seen_at: vec![volume.target.clone(), volume.path.clone()],
            live,
        })
    });
    let places =
        chosen.iter().map(|(volume, prefix)| TakenPlace { volume: volume.clone(), prefix: escape::text(prefix) });
    let capture = CaptureRequest {
        workload: workload.id.clone(),
        reason: mapping::REASON.to_owned(),
        image: Image { reference: String::new(), digest: String::new() },
        skipped: Vec::new(),
        not_captured: Vec::new(),
        environment: Default::default(),
        volumes: volumes.collect(),
        storage: Storage::Compressed,
        taken_in: Some(TakenIn {
            format: mapping::DIRECTORY.to_owned(),
            places: places.collect(),
            remarks: Vec::new(),
            allowed: allowed(&request.how),
        }),
        app_is_down: false,
        project: None,
        terms: Terms { budget: preflight::BUDGET, links_refused: workload.links == Links::Refuse, remarks: Vec::new() },
        // Nobody knows what was done to its app when it was copied.
        conclude: &|| Ok(consistency::Taken::new(Consistency::Live, false)),
    };
    progress.begin(Phase::Copying, 0, 0);
    let descriptor = capture::capture(&host.store, &capture, &**progress)?;
    let import = Import { host, plugin, workload, request, progress };
    let judged = judge(host, plugin, &workload.id, &descriptor, progress);
    let mended = judged.and_then(|()| import.as_it_can_be_held(&descriptor));
    if !matches!(mended, Ok(None)) {
        // The failure that led here is the one to tell; what stays is listed, and can be deleted.
        let _ = host.store.delete(&workload.id, &descriptor.id, &Default::default());
    }
    Ok(mended?.unwrap_or_else(|| Taken::Snapshot(Box::new(descriptor))))
}

impl Import<'_> {
    /// What was packed, written anew without what the file systems of the volumes cannot hold; none if they hold all of it.
    fn as_it_can_be_held(&self, packed: &Descriptor) -> Result<Option<Taken>> {
        let resolved = resolve::resolve(&self.host.config, self.workload).volumes;
        let mapping = mapping::of_packed(&packed.manifest, &resolved, packed.taken_in.as_ref())?;
        let demands = packed.demands.iter().flatten();
        let refusals: Vec<Failure> = demands
            .filter_map(|asked| {
                let name = &packed.manifest.volumes.get(asked.volume as usize)?.name;
                let volume = resolved.iter().find(|volume| volume.name == *name)?;
                Some(abilities::refusals(name, &volume.parent, asked))
            })
            .flatten()
            .collect();
        if refusals.is_empty() {
            return Ok(None);
        }
        if self.request.how.strict {
            return Failure::of_all(&refusals).map_or(Ok(None), Err);
        }
        let OpenSnapshot { file, .. } = self.host.store.open(&self.workload.id, &packed.id)?;
        let read = self.foreign(&file, &packed.id, &packed.archive)?;
        self.rewritten(read, &packed.archive, mapping::DIRECTORY.to_owned(), mapping).map(Some)
    }
}

/// Whether the plugin takes it, as it would take any archive that nothing vouches for.
fn judge(
    host: &Arc<Host>,
    plugin: &Plugin,
    workload: &str,
    descriptor: &Descriptor,
    progress: &Arc<Progress>,
) -> Result<()> {
    let OpenSnapshot { file, .. } = host.store.open(workload, &descriptor.id)?;
    let foreign = OpenSnapshot::foreign(file, descriptor.clone());
    inspect(host, plugin, workload, foreign, &bounds(host), progress).map(drop)
}

fn names(path: &Path) -> Result<Vec<String>> {
    let failed = |error: std::io::Error| Failure::io("list", path, &error).with_code(Code::Usage);
    let entries = std::fs::read_dir(path).map_err(failed)?;
    entries.map(|entry| Ok(entry.map_err(failed)?.file_name().to_string_lossy().into_owned())).collect()
}

/// Says by name what is no directory of an app's data.
fn refuse_repository(path: &Path) -> Result<()> {
    let names = names(path)?;
    let has = |wanted: &&str| names.iter().any(|name| name == wanted);
    if let Some((_, program, command)) = REPOSITORIES.iter().find(|(wanted, ..)| wanted.iter().all(&has)) {
        let message = message!("this-is-a-repository-of", program = *program);
        return Err(Failure::new(Code::ArchiveRefused, message).hint(message!("this-takes-it-in", command = *command)));
    }
    let ends = |ending: &str| names.iter().any(|name| name.ends_with(ending));
    match ENDINGS.iter().find(|(ending, _)| ends(ending)) {
        Some((_, program)) => {
            let message = message!("this-is-a-repository-of", program = *program);
            Err(Failure::new(Code::ArchiveRefused, message)
                .hint(message!("restore-it-with-its-program", program = *program)))
        }
        None => Ok(()),
    }
}

/// The directories at the top, counted.
fn places(path: &Path) -> Result<Vec<Place>> {
    let mut places = Vec::new();
    for name in names(path)? {
        let below = path.join(&name);
        if !below.is_dir() {
            continue;
        }
        let directory = ambient::follow(&below).map_err(|error| Failure::io("open", &below, &error))?;
        let totals = live_tree::totals(&directory)?;
        places.push(Place { prefix: escape::text(&name), entries: totals.entries, bytes: totals.bytes });
    }
    places.sort_by(|one, other| one.prefix.cmp(&other.prefix));
    Ok(places)
}
