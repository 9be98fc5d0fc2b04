//! Taking in what somebody else has packed: copied, read whole in the sandbox, and only then a snapshot, marked as imported.
//!
//! An archive of ours that nothing is wrong with is kept as it is. Any other one is written anew by the plugin in our layout
//! ([`mapping`] says which directory is which volume) and then judged like one of ours: so restores, checks, exports
//! and plugins of every version have only one kind of archive to read. [`directory`] packs a directory by the host's own
//! capture, [`program`] runs what reads somebody's repository, [`bundle`] takes in a snapshot of ours with its descriptor. Nothing vouches for the contents. What fails leaves
//! nothing behind.

mod bundle;
mod directory;
mod mapping;
pub mod program;

use std::fs::File;
use std::io::{Read, Write as _};
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use self::mapping::Mapping;
pub use self::mapping::{Contents, Place};
use super::conversion::Output;
use super::monitor::{Given, Monitor};
use super::progress::Progress;
use super::run::inspect;
use super::taken_in::SET_ID;
use crate::host::Host;
use reforge_base::Message;
use reforge_base::Phase;
use reforge_base::account;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::limits::PIECE_BYTES_MAX;
use reforge_base::message;
use reforge_config::{Workload, is_name};
use reforge_plugins::Plugin;
use reforge_plugins::bindings::exports::reforge::restore::restorer::{InspectedVolume, Inspection};
use reforge_plugins::bindings::importing::exports::reforge::restore::importer::{
    Contents as Surveyed, Remark as Said, Rules,
};
use reforge_plugins::bindings::reforge::restore::types::Timestamp;
use reforge_snapshots::bundle::{BLOCK_BYTES, begins};
use reforge_snapshots::format::{Archive, Descriptor, FORMAT, ImportRemark, Manifest, TakenIn, VolumeTotals};
use reforge_snapshots::store::{OpenSnapshot, Pending, descriptor_problem};

#[derive(Clone, Debug, Default)]
pub struct Request {
    /// What the archive is called, for people.
    pub called: Message,
    pub workload: String,
    pub wait: bool,
    pub who: String,
    pub how: How,
}

/// How it is to be read.
#[derive(Clone, Debug, Default)]
pub struct How {
    /// Volumes with the directory of the archive that each one is.
    pub volumes: Vec<(String, String)>,
    /// So many leading components are taken off every name.
    pub strip: u32,
    /// Where a single volume begins in it, if the archive does not say so with certainty.
    pub below: Option<String>,
    /// What harms nothing refuses the archive, too.
    pub strict: bool,
    /// Set-id bits, file capabilities and `trusted.*` attributes come in.
    pub allow_set_id: bool,
    /// Owners are whom this machine calls so, whatever their numbers are.
    pub owners_by_name: bool,
}

impl How {
    /// Whether anything but an archive of ours is meant.
    fn maps(&self) -> bool {
        self.strip > 0 || !self.volumes.is_empty()
    }
}

/// Where an archive comes from.
pub enum Input<'a> {
    /// A regular file.
    File(File),
    /// Whatever can be read once to its end; then it is asked whether all went well.
    Stream(File, Box<dyn FnOnce() -> Result<()> + 'a>),
}

/// What came of it.
pub enum Taken {
    Snapshot(Box<Descriptor>),
    /// Nothing yet: a person has to say which directory is which volume.
    Contents(Box<Contents>),
}

impl Taken {
    /// The snapshot, or what has to be said before there can be one.
    pub fn snapshot(self) -> Result<Descriptor> {
        match self {
            Taken::Snapshot(descriptor) => Ok(*descriptor),
            Taken::Contents(contents) => Err(contents.failure()),
        }
    }
}

/// The whole import of a file or a directory.
pub fn run(
    host: &Arc<Host>,
    plugin: &Plugin,
    path: &Path,
    request: &Request,
    progress: &Arc<Progress>,
) -> Result<Taken> {
    if path.is_dir() {
        return audited(host, request, directory::take_in(host, plugin, path, request, progress));
    }
    let file = File::open(path).map_err(|error| unreadable(request, &error));
    run_of(host, plugin, file.map(Input::File), request, progress)
}

/// The same of what is open, whatever its name is.
pub fn run_of(
    host: &Arc<Host>,
    plugin: &Plugin,
    input: Result<Input<'_>>,
    request: &Request,
    progress: &Arc<Progress>,
) -> Result<Taken> {
    audited(host, request, input.and_then(|input| take_in(host, plugin, input, request, progress)))
}

fn audited(host: &Host, request: &Request, taken: Result<Taken>) -> Result<Taken> {
    let id = match &taken {
        Ok(Taken::Snapshot(descriptor)) => Some(descriptor.id.clone()),
        _ => None,
    };
    let details = serde_json::json!({
        "workload": request.workload,
        "snapshot": id,
        "failure": taken.as_ref().err(),
    });
    host.audit_event("import", &request.who, details)?;
    taken
}

fn unreadable(request: &Request, error: &std::io::Error) -> Failure {
    Failure::cannot(message!("doing-read-the-archive"), &request.called, error).with_code(Code::Usage)
}

fn take_in(
    host: &Arc<Host>,
    plugin: &Plugin,
    input: Input<'_>,
    request: &Request,
    progress: &Arc<Progress>,
) -> Result<Taken> {
    let workload = host.config.workload(&request.workload)?;
    let refuse = |error: std::io::Error| unreadable(request, &error);
    let (mut file, ended): (File, Box<dyn FnOnce() -> Result<()> + '_>) = match input {
        Input::File(file) => {
            if !file.metadata().map_err(refuse)?.is_file() {
                let message = message!("file-is-not-a-file", file = request.called);
                return Err(Failure::new(Code::Usage, message));
            }
            (file, Box::new(|| Ok(())))
        }
        Input::Stream(file, ended) => (file, ended),
    };
    let total = file.metadata().map_err(refuse)?.len();
    let _lease = host.lease(&workload.id, message!("an-import"), request.wait, &progress.cancelled)?;
    let import = Import { host, plugin, workload, request, progress };
    let mut first = Vec::new();
    Read::by_ref(&mut file).take(BLOCK_BYTES as u64).read_to_end(&mut first).map_err(refuse)?;
    if begins(&first) {
        let copied = import.bundle(&first, &mut file)?;
        ended()?;
        return import.of_bundle(copied);
    }
    let pending = import.begin(total)?;
    let archive = copy(&mut first.chain(file), &pending, request, progress)?;
    ended()?;
    import.of(pending, archive)
}

/// One import of an archive that was copied.
struct Import<'a> {
    host: &'a Arc<Host>,
    plugin: &'a Plugin,
    workload: &'a Workload,
    request: &'a Request,
    progress: &'a Arc<Progress>,
}

impl Import<'_> {
    /// Where an archive of so many bytes is copied to.
    fn begin(&self, bytes: u64) -> Result<Pending> {
        let pending = self.host.store.begin(&self.workload.id, jiff::Timestamp::now())?;
        self.progress.begin(Phase::Copying, bytes, 0);
        Ok(pending)
    }

    fn of(&self, pending: Pending, archive: Archive) -> Result<Taken> {
        let how = &self.request.how;
        let as_ours = match how.maps() || how.owners_by_name {
            true => None,
            false => Some(self.inspected(&pending, archive.clone(), None)),
        };
        match as_ours {
            Some(Ok(descriptor)) if !self.plugin.imports() || self.survey(&pending, &archive)?.tidy => {
                self.published(pending, descriptor)
            }
            Some(Ok(_)) if how.strict => {
                let message = message!("the-archive-holds-what-is-not-restored");
                Err(Failure::new(Code::ArchiveRefused, message).hint(message!("without-strict-it-is-left-out")))
            }
            Some(Err(failure)) if how.strict || !self.plugin.imports() || !is_of_the_archive(&failure) => Err(failure),
            _ => self.converted(pending, archive),
        }
    }

    /// A foreign archive, written anew in our layout.
    fn converted(&self, copied: Pending, archive: Archive) -> Result<Taken> {
        let contents = self.survey(&copied, &archive)?;
        let mapping = match mapping::decide(self.host, self.workload, self.request, &contents)? {
            Ok(mapping) => mapping,
            Err(contents) => return Ok(Taken::Contents(Box::new(contents))),
        };
        let format = shortened(&contents.format);
        // The copy keeps its bytes, whatever becomes of its name.
        let snapshot = self.foreign(copied.archive(), copied.id(), &archive)?;
        self.rewritten(snapshot, &archive, format, mapping)
    }

    /// An archive, read once more and put down by a mapping.
    fn rewritten(&self, read: OpenSnapshot, archive: &Archive, format: String, mapping: Mapping) -> Result<Taken> {
        let pending = self.host.store.begin(&self.workload.id, jiff::Timestamp::now())?;
        let file = pending.archive().try_clone().map_err(|error| unreadable(self.request, &error))?;
        let output = Arc::new(Output::new(file, self.request.called.clone()));
        self.progress.begin(Phase::Reading, archive.bytes, 0);
        let given = self.given(read);
        let converting = Monitor::of_conversion(given, output.clone(), self.progress.clone());
        let said = self.plugin.convert(Arc::new(converting), &mapping.manifest, &mapping.sources, &self.rules())?;
        let written = output.finish()?;
        let taken_in = TakenIn {
            format,
            places: mapping.places,
            remarks: said.into_iter().map(remark).collect(),
            allowed: allowed(&self.request.how),
        };
        let descriptor = self.inspected(&pending, written, Some(taken_in))?;
        self.published(pending, descriptor)
    }

    /// What a copied archive holds, and whether it can be restored as it stands.
    fn survey(&self, copied: &Pending, archive: &Archive) -> Result<Surveyed> {
        self.progress.begin(Phase::Inspecting, archive.bytes, 0);
        let given = self.given(self.foreign(copied.archive(), copied.id(), archive)?);
        let surveying = Monitor::of_inspection(given, self.progress.clone());
        self.plugin.survey(Arc::new(surveying), &self.rules())
    }

    /// An archive of which nothing is known.
    fn foreign(&self, file: &File, id: &str, archive: &Archive) -> Result<OpenSnapshot> {
        let file = file.try_clone().map_err(|error| unreadable(self.request, &error))?;
        Ok(OpenSnapshot::foreign(file, self.undescribed(id, archive.clone(), None)))
    }

    /// What a call of the plugin stands on that reads it.
    fn given(&self, snapshot: OpenSnapshot) -> Given {
        Given { host: self.host.clone(), workload: self.workload.clone(), snapshot: Arc::new(snapshot) }
    }

    /// How foreign archives are read: what the file systems of the volumes can hold, and the bounds that are configured.
    fn rules(&self) -> Rules {
        let abilities = mapping::abilities(self.host, self.workload);
        Rules {
            strip: self.request.how.strip,
            earliest: Timestamp { seconds: abilities.earliest, nanoseconds: 0 },
            latest: Timestamp { seconds: abilities.latest, nanoseconds: 0 },
            attribute_bytes_max: abilities.attribute_bytes_max,
            policy: [self.words(), abilities.words()].concat(),
        }
    }

    /// What is allowed for this import, and its bounds.
    fn words(&self) -> Vec<String> {
        let mut words = bounds(self.host);
        if self.request.how.allow_set_id || self.workload.privileged {
            words.push("privileged".to_owned());
        }
        if self.request.how.owners_by_name {
            words.push("owners-by-name".to_owned());
        }
        words.extend(account::names());
        words
    }

    /// The descriptor of an archive in our layout, once the plugin has read it whole.
    fn inspected(&self, pending: &Pending, archive: Archive, taken_in: Option<TakenIn>) -> Result<Descriptor> {
        let allowed = allowed(&self.request.how);
        // What is kept as it is says only what was allowed, if anything was.
        let taken_in = taken_in.or_else(|| (!allowed.is_empty()).then(|| TakenIn { allowed, ..TakenIn::default() }));
        self.inspected_as(pending, self.undescribed(pending.id(), archive, taken_in))
    }

    /// The same of what is known to hold a project's files.
    fn inspected_as(&self, pending: &Pending, undescribed: Descriptor) -> Result<Descriptor> {
        let file = pending.archive().try_clone().map_err(|error| unreadable(self.request, &error))?;
        let snapshot = OpenSnapshot::foreign(file, undescribed.clone());
        let bounds = bounds(self.host);
        let inspection = inspect(self.host, self.plugin, &self.workload.id, snapshot, &bounds, self.progress)?;
        described(undescribed, &inspection)
    }

    fn published(&self, pending: Pending, descriptor: Descriptor) -> Result<Taken> {
        self.progress.begin(Phase::Storing, 0, 0);
        pending.sync_archive()?;
        if self.progress.is_cancelled() {
            return Err(Failure::new(Code::Cancelled, message!("the-import-was-cancelled-nothing")));
        }
        pending.publish(&descriptor)?;
        Ok(Taken::Snapshot(Box::new(descriptor)))
    }

    fn undescribed(&self, id: &str, archive: Archive, taken_in: Option<TakenIn>) -> Descriptor {
        Descriptor {
            id: id.to_owned(),
            manifest: mapping::manifest(&self.workload.id, jiff::Timestamp::UNIX_EPOCH, Vec::new()),
            archive,
            volumes: Vec::new(),
            parts: Vec::new(),
            imported: true,
            not_captured: Vec::new(),
            remarks: Vec::new(),
            flags: None,
            demands: None,
            project: None,
            consistency: None,
            taken_in,
        }
    }
}

/// Whether a failure is about what the archive holds, which somebody who reads it in another way may see differently.
fn is_of_the_archive(failure: &Failure) -> bool {
    matches!(failure.code, Code::ArchiveRefused | Code::PolicyRefused | Code::SnapshotDamaged | Code::TooLarge)
}

fn allowed(how: &How) -> Vec<String> {
    if how.allow_set_id { vec![SET_ID.to_owned()] } else { Vec::new() }
}

/// The bounds that the configuration sets, in the words of a policy.
fn bounds(host: &Host) -> Vec<String> {
    let host = &host.config.host;
    let words = [("import-entries", host.import_entries_max), ("import-ratio", host.import_ratio_max)];
    words.into_iter().filter_map(|(word, bound)| Some(format!("{word}={}", bound?))).collect()
}

/// What a plugin says is shown escaped, and not at any length.
fn shortened(text: &str) -> String {
    reforge_base::escape::text(&text.chars().take(SAID_CHARACTERS_MAX).collect::<String>())
}

/// Of one name or word that a plugin says.
const SAID_CHARACTERS_MAX: usize = 200;
/// Names that are kept of a remark.
const EXAMPLES_MAX: usize = 5;

fn remark(Said { class, count, examples }: Said) -> ImportRemark {
    let examples = examples.iter().take(EXAMPLES_MAX).map(|name| shortened(name)).collect();
    ImportRemark { class: shortened(&class), count, examples }
}

fn copy(input: &mut dyn Read, pending: &Pending, request: &Request, progress: &Progress) -> Result<Archive> {
    let mut sha256 = Sha256::new();
    let mut buffer = vec![0; PIECE_BYTES_MAX];
    let mut bytes = 0;
    loop {
        if progress.is_cancelled() {
            return Err(Failure::new(Code::Cancelled, message!("the-import-was-cancelled-nothing")));
        }
        let read = match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::cannot(message!("doing-read-the-archive"), &request.called, &error)),
        };
        sha256.update(&buffer[..read]);
        let mut out = pending.archive();
        reforge_base::effects::effect("import-write", || out.write_all(&buffer[..read]))
            .map_err(|error| Failure::cannot(message!("doing-copy-the-archive"), &request.called, &error))?;
        bytes += read as u64;
        progress.bytes.store(bytes, std::sync::atomic::Ordering::Relaxed);
    }
    Ok(Archive { bytes, sha256: hex::encode(sha256.finalize()) })
}

/// The descriptor from what the plugin found, which is only its word.
fn described(undescribed: Descriptor, inspection: &Inspection) -> Result<Descriptor> {
    let manifest: Manifest = serde_json::from_str(&inspection.manifest).map_err(|error| {
        let error = reforge_base::escape::text(&error.to_string());
        Failure::new(Code::ArchiveRefused, message!("the-archives-manifest-cannot-be-understood", error))
    })?;
    if manifest.format != FORMAT {
        let message = message!("the-archive-has-the-format", format = manifest.format, format_2 = FORMAT);
        return Err(Failure::new(Code::ArchiveRefused, message));
    }
    if manifest.volumes.is_empty() {
        let message = message!("the-archive-holds-no-volume");
        return Err(Failure::new(Code::ArchiveRefused, message).hint(message!("its-manifest-json-lists-the-volumes")));
    }
    let volumes = inspection.volumes.iter().map(totals).collect();
    let workload = undescribed.manifest.workload.clone();
    let descriptor = Descriptor { manifest, volumes, ..undescribed };
    let nameless = || {
        let named = descriptor.manifest.volumes.iter().all(|volume| is_name(&volume.name));
        (!named).then(|| message!("a-volume-has-no-name"))
    };
    match descriptor_problem(&descriptor, &workload).or_else(nameless) {
        Some(what) => {
            let message = message!("what-the-plugin-says", what);
            Err(Failure::new(Code::ArchiveRefused, message).hint(message!("another-plugin-can-be-used")))
        }
        None => Ok(descriptor),
    }
}

fn totals(volume: &InspectedVolume) -> VolumeTotals {
    VolumeTotals {
        index: volume.index,
        entries: volume.entries,
        bytes: volume.bytes,
        disk_bytes: volume.disk_bytes,
        symlinks: volume.symlinks,
        hard_links: volume.hard_links,
        special: volume.special,
        special_names: Vec::new(),
        tree_digest: None,
    }
}
