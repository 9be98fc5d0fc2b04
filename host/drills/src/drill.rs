//! The drill: the snapshot is extracted, the app started on it and asked, and everything removed, whatever came of it.

use std::collections::BTreeMap;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use reforge_base::durable;
use reforge_base::effects::effect;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::lock_file;
use reforge_base::spec::{Health, Observation};
use reforge_base::{Phase, clock, escape, message};
use reforge_config::{Probe, Workload};
use reforge_deployer::resolve;
use reforge_host::host::Host;
use reforge_host::restore::progress::Progress;
use reforge_looking::{Look, Looked};
use reforge_notify::Happening;
use reforge_plugins::Plugin;
use reforge_snapshots::capture::SAFETY;
use reforge_snapshots::format::Descriptor;
use reforge_snapshots::proofs::{Drilled, OnEmpty, Proofs, Verdict};
use reforge_snapshots::store::OpenSnapshot;

use crate::app::{DrillSpec, DrillVolume, DrilledApp, Drills, Limits};
use crate::files;
use crate::probes::{self, Before};
use crate::receipt::{DrillOutcome, DrillReceipt, DrilledVolume, LastLines, ProbeAnswer, Receipts};

/// Of the directory of all drills and of each: apps of other users pass, and nobody lists.
const DIRECTORY: u32 = 0o711;
/// Of what holds the volumes: the app reaches each at its own place, and nobody else any.
const VOLUMES: u32 = 0o700;
/// Of a volume that is empty, where live does not say.
const EMPTY: u32 = 0o755;
/// What is left free on the disk of the drills, in bytes.
const LEFT_FREE: u64 = 64 << 20;

/// What makes drilled apps, by the name of their runtime.
pub type Makers = BTreeMap<String, Arc<dyn Drills>>;

/// Whoever drills.
pub struct Drilling<'a> {
    pub host: &'a Arc<Host>,
    pub plugin: &'a dyn Fn() -> Result<Plugin>,
    pub makers: &'a Makers,
    pub progress: &'a Arc<Progress>,
    pub who: &'a str,
}

/// What is drilled.
struct Subject<'a> {
    workload: &'a Workload,
    maker: &'a Arc<dyn Drills>,
    observed: Observation,
    /// None of one on empty volumes.
    snapshot: Option<Arc<OpenSnapshot>>,
    began: Instant,
}

impl Drilling<'_> {
    /// Drills a snapshot, or the newest that is no safety snapshot. Fails only where nothing was begun: all else is in the receipt.
    pub fn drill(&self, workload: &str, snapshot: Option<&str>) -> Result<DrillReceipt> {
        let workload = self.host.config.workload(workload)?;
        let maker = self.maker(workload)?;
        let _alone = self.lock(workload)?;
        let snapshot = match snapshot {
            Some(name) => self.host.store.open(&workload.id, name)?,
            None => self.host.store.open(&workload.id, &self.newest(workload)?)?,
        };
        self.try_on_empty(workload, maker)?;
        let subject = self.subject(workload, maker, Some(Arc::new(snapshot)))?;
        self.drill_subject(&subject)
    }

    /// Starts the app on empty volumes and asks the same: a probe that passes there proves nothing of the data.
    pub fn drill_on_empty(&self, workload: &str) -> Result<DrillReceipt> {
        let workload = self.host.config.workload(workload)?;
        let maker = self.maker(workload)?;
        let _alone = self.lock(workload)?;
        let subject = self.subject(workload, maker, None)?;
        self.drill_subject(&subject)
    }

    fn maker(&self, workload: &Workload) -> Result<&Arc<dyn Drills>> {
        self.makers.get(workload.runtime.as_str()).ok_or_else(|| {
            let runtime = escape::text(workload.runtime.as_str());
            Failure::new(Code::Usage, message!("runtime-drills-nothing", runtime))
        })
    }

    /// One drill of a workload at a time.
    fn lock(&self, workload: &Workload) -> Result<lock_file::Locked> {
        durable::make_directories_durably(&self.host.state.drills(), durable::PRIVATE_DIRECTORY)?;
        lock_file::try_lock(&self.receipts().lock_of(&workload.id))?.ok_or_else(|| {
            let busy = Failure::new(Code::Busy, message!("is-being-drilled", workload = escape::text(&workload.id)));
            busy.hint(message!("wait-for-the-drill"))
        })
    }

    fn newest(&self, workload: &Workload) -> Result<String> {
        let listed = self.host.store.list(&workload.id)?;
        let own = |descriptor: &Descriptor| descriptor.manifest.reason != SAFETY;
        let newest = listed.into_iter().filter_map(|one| one.descriptor.ok()).find(own);
        newest.map(|descriptor| descriptor.id).ok_or_else(|| {
            let failure = Failure::new(Code::NotFound, message!("there-is-no-snapshot-to-drill", id = workload.id));
            failure.hint(message!("take-a-snapshot-first"))
        })
    }

    fn subject<'a>(
        &self,
        workload: &'a Workload,
        maker: &'a Arc<dyn Drills>,
        snapshot: Option<Arc<OpenSnapshot>>,
    ) -> Result<Subject<'a>> {
        let observed = self.host.runtime(workload)?.observe(&workload.id)?;
        if observed.spec.is_none() {
            let failure =
                Failure::new(Code::NotFound, message!("was-never-deployed", workload = escape::text(&workload.id)));
            return Err(failure.hint(message!("deploy-it-before-a-drill")));
        }
        Ok(Subject { workload, maker, observed, snapshot, began: Instant::now() })
    }

    pub(crate) fn receipts(&self) -> Receipts {
        Receipts::new(self.host.state.drills())
    }

    fn proofs(&self) -> Proofs {
        Proofs::new(self.host.state.proofs())
    }

    /// The probes on empty volumes, where they were not asked there as they are now.
    fn try_on_empty(&self, workload: &Workload, maker: &Arc<dyn Drills>) -> Result<()> {
        let fingerprint = fingerprint(&workload.drill.probes)?;
        let known = self.proofs().read(&workload.id)?.on_empty;
        let asks = workload.drill.probes.iter().any(|probe| !probes::is_of_files(probe));
        if !asks || known.is_some_and(|known| known.fingerprint == fingerprint) {
            return Ok(());
        }
        let subject = self.subject(workload, maker, None)?;
        let receipt = self.drill_subject(&subject)?;
        match receipt.outcome {
            DrillOutcome::Cancelled => Err(cancelled()),
            _ => Ok(()),
        }
    }

    fn drill_subject(&self, subject: &Subject<'_>) -> Result<DrillReceipt> {
        let receipts = self.receipts();
        let id = subject.snapshot.as_ref().map(|snapshot| snapshot.descriptor.id.clone());
        let mut receipt =
            receipts.begin(&subject.workload.id, id.as_deref(), self.who, subject.workload.runtime.as_str())?;
        let directory = self.host.config.host.drill_dir.join(&receipt.id);
        receipt.directory = Some(directory.clone());
        receipts.write(&receipt)?;
        self.proofs().change(&subject.workload.id, |known| known.drilling = id)?;
        let done = self.make_directory(&directory).and_then(|()| self.run(subject, &directory, &mut receipt));
        let removed = subject.maker.sweep(&receipt.id).and_then(|()| remove_directory(&directory));
        (receipt.outcome, receipt.failure) = outcome(subject, &receipt, done);
        if let Err(failure) = &removed {
            // What stays is found by the next start, by what is written down of it.
            self.host.deployer.tell(message!("not-removed", failure));
        } else {
            receipt.directory = None;
        }
        receipt.ended = Some(clock::now());
        self.proofs().change(&subject.workload.id, |known| known.drilling = None)?;
        self.conclude(subject, &mut receipt)?;
        receipts.write(&receipt)?;
        receipts.prune(&subject.workload.id)?;
        Ok(receipt)
    }

    fn make_directory(&self, directory: &Path) -> Result<()> {
        let all = &self.host.config.host.drill_dir;
        durable::make_directories_durably(all, DIRECTORY)?;
        for (path, mode) in [(directory.to_owned(), DIRECTORY), (directory.join("volumes"), VOLUMES)] {
            make(&path, mode)?;
        }
        Ok(())
    }

    /// Everything between the directory and its removal.
    fn run(&self, subject: &Subject<'_>, directory: &Path, receipt: &mut DrillReceipt) -> Result<()> {
        let volumes = match &subject.snapshot {
            Some(snapshot) => self.extract(subject, snapshot, directory, receipt)?,
            None => self.empty(subject, directory, receipt)?,
        };
        let places: BTreeMap<String, PathBuf> =
            volumes.iter().map(|volume| (volume.name.clone(), volume.directory.clone())).collect();
        let known = self.proofs().read(&subject.workload.id)?;
        let taken = subject.snapshot.as_ref().map_or_else(clock::now, |one| one.descriptor.manifest.created);
        let before = Before { taken, figures: &known.figures, volumes: &places };
        if subject.snapshot.is_some() {
            receipt.worthless = known.on_empty.as_ref().map(|on_empty| on_empty.worthless.clone()).unwrap_or_default();
            receipt.sqlite_files = check_sqlite(&volumes, directory)?;
        }
        let (of_files, of_app): (Vec<&Probe>, Vec<&Probe>) =
            subject.workload.drill.probes.iter().partition(|probe| probes::is_of_files(probe));
        receipt.probes.extend(of_files.iter().map(|probe| probes::ask_files(probe, &before)));
        let spec = self.spec(subject, directory, volumes, &receipt.id);
        self.progress.begin(Phase::Starting, 0, 0);
        let mut app = subject.maker.make(&spec)?;
        let asked = self.ask(subject, &mut *app, &of_app, &before, receipt);
        receipt.attempts = app.attempts().ok();
        receipt.withheld = app.withheld().into_iter().map(|what| Failure::warning("withheld", what)).collect();
        if asked.is_err() {
            receipt.last_lines = app.last_lines().into_iter().map(last_lines).collect();
        }
        app.remove()?;
        asked
    }

    fn extract(
        &self,
        subject: &Subject<'_>,
        snapshot: &Arc<OpenSnapshot>,
        directory: &Path,
        receipt: &mut DrillReceipt,
    ) -> Result<Vec<DrillVolume>> {
        let began = Instant::now();
        let descriptor = &snapshot.descriptor;
        let drill = &subject.workload.drill;
        self.refuse_missing(subject.workload, descriptor)?;
        let wanted = descriptor.volumes.iter().map(|totals| totals.bytes).sum();
        refuse_full(directory, wanted)?;
        let look = Look { host: self.host, plugin: self.plugin, progress: self.progress, who: self.who };
        let looked: Looked = look.look_into(subject.workload.clone(), snapshot.clone())?;
        let mut volumes = Vec::new();
        for (index, (volume, totals)) in descriptor.manifest.volumes.iter().zip(&descriptor.volumes).enumerate() {
            self.check_cancelled()?;
            let place = directory.join("volumes").join(&volume.name);
            let empty = drill.empty.contains(&volume.name);
            match empty {
                true => self.make_empty(subject.workload, &volume.name, &place)?,
                false => look.extract_volume(&looked, index, &place)?,
            }
            receipt.volumes.push(DrilledVolume {
                name: volume.name.clone(),
                entries: if empty { 0 } else { totals.entries },
                bytes: if empty { 0 } else { totals.bytes },
                tree_digest: totals.tree_digest.clone().filter(|_| !empty),
                empty,
            });
            volumes.push(DrillVolume { name: volume.name.clone(), directory: place, is_new: empty });
        }
        receipt.extract_ms = Some(milliseconds(began.elapsed()));
        Ok(volumes)
    }

    /// A volume that is captured today and that the snapshot does not hold.
    fn refuse_missing(&self, workload: &Workload, descriptor: &Descriptor) -> Result<()> {
        let held = |name: &String| descriptor.manifest.volumes.iter().any(|volume| volume.name == *name);
        let wanted = workload.volumes.iter().filter(|volume| volume.capture).map(|volume| &volume.name);
        match wanted.into_iter().find(|name| !held(name) && !workload.drill.empty.contains(name)) {
            Some(name) => {
                let message = message!("the-snapshot-holds-no-volume", name = escape::text(name));
                Err(Failure::new(Code::AppBad, message).hint(message!("name-it-in-empty-of-the-drill")))
            }
            None => Ok(()),
        }
    }

    fn empty(&self, subject: &Subject<'_>, directory: &Path, receipt: &mut DrillReceipt) -> Result<Vec<DrillVolume>> {
        let mut volumes = Vec::new();
        for volume in subject.workload.volumes.iter().filter(|volume| volume.capture) {
            let place = directory.join("volumes").join(&volume.name);
            self.make_empty(subject.workload, &volume.name, &place)?;
            let (name, tree_digest) = (volume.name.clone(), None);
            receipt.volumes.push(DrilledVolume { name: name.clone(), entries: 0, bytes: 0, tree_digest, empty: true });
            volumes.push(DrillVolume { name, directory: place, is_new: true });
        }
        Ok(volumes)
    }

    /// Empty, but with live's owner and mode: or the app could not write there.
    fn make_empty(&self, workload: &Workload, name: &str, place: &Path) -> Result<()> {
        let resolved = resolve::resolve(&self.host.config, workload).volumes;
        let live = resolved.iter().find(|volume| volume.name == name);
        let live = live.and_then(|volume| std::fs::symlink_metadata(&volume.path).ok());
        make(place, live.as_ref().map_or(EMPTY, |live| live.mode() & 0o7777))?;
        if let Some(live) = live {
            let own =
                effect("own-drill-volume", || std::os::unix::fs::lchown(place, Some(live.uid()), Some(live.gid())));
            own.map_err(|error| Failure::io("change the owner of", place, &error))?;
        }
        Ok(())
    }

    fn spec(&self, subject: &Subject<'_>, directory: &Path, volumes: Vec<DrillVolume>, id: &str) -> DrillSpec {
        let config = &self.host.config;
        let drill = &subject.workload.drill;
        let all = config.workloads.iter().flat_map(|workload| resolve::resolve(config, workload).volumes);
        let own = [&config.host.state_dir, &config.host.snapshot_dir, &config.host.drill_dir].map(Clone::clone);
        DrillSpec {
            drill: id.to_owned(),
            workload: subject.workload.id.clone(),
            observed: subject.observed.clone(),
            volumes,
            directory: directory.to_owned(),
            environment: drill.environment.clone().into_iter().collect(),
            read_only: drill.read_only.clone(),
            live: all.map(|volume| volume.path).chain(own).collect(),
            limits: Limits { memory: drill.memory, cpus: drill.cpus },
        }
    }

    /// Starts it, waits for it, makes it quiet and asks it.
    fn ask(
        &self,
        subject: &Subject<'_>,
        app: &mut dyn DrilledApp,
        probes: &[&Probe],
        before: &Before<'_>,
        receipt: &mut DrillReceipt,
    ) -> Result<()> {
        let limit = subject.workload.drill.limit;
        let left = || limit.saturating_sub(subject.began.elapsed());
        self.check_cancelled()?;
        app.start()?;
        let started = Instant::now();
        self.progress.begin(Phase::WaitingForHealth, 0, 0);
        let report = app.await_healthy(left(), &self.progress.cancelled)?;
        self.check_cancelled()?;
        if report.health != Health::Healthy {
            return Err(Failure::new(Code::AppBad, report.reason));
        }
        receipt.healthy_ms = Some(milliseconds(started.elapsed()));
        for hook in &subject.workload.drill.quiet {
            let end = app.run(hook.member.as_deref(), &hook.command, hook.limit.min(left()))?;
            if let Some(why) = end.failure {
                let program = escape::text(hook.command.first().map(String::as_str).unwrap_or_default());
                return Err(Failure::new(Code::AppBad, message!("quiet-failed", program, why)));
            }
        }
        self.progress.begin(Phase::Asking, 0, probes.len() as u64);
        for probe in probes {
            self.check_cancelled()?;
            if left().is_zero() {
                return Err(Failure::new(Code::AppBad, message!("the-drill-took-longer-than", limit)));
            }
            receipt.probes.push(probes::ask(probe, app, before, left()));
        }
        // One that ends while it is asked does not run.
        let report = app.await_healthy(left(), &self.progress.cancelled)?;
        match report.health {
            Health::Healthy => Ok(()),
            _ => Err(Failure::new(Code::AppBad, report.reason)),
        }
    }

    fn check_cancelled(&self) -> Result<()> {
        if self.progress.is_cancelled() { Err(cancelled()) } else { Ok(()) }
    }

    /// What the drill says of the snapshot and of the probes is kept, and told.
    fn conclude(&self, subject: &Subject<'_>, receipt: &mut DrillReceipt) -> Result<()> {
        let workload = &subject.workload.id;
        let details = serde_json::json!({
            "workload": workload, "drill": receipt.id, "snapshot": receipt.snapshot,
            "outcome": receipt.outcome, "failure": receipt.failure,
        });
        self.host.audit_event("drill", self.who, details)?;
        let there: Vec<String> = self.host.store.list(workload)?.into_iter().map(|one| one.id).collect();
        match &receipt.snapshot {
            None => {
                let passed = receipt.probes.iter().filter(|answer| answer.passed);
                receipt.worthless = passed.map(|answer| answer.name.clone()).collect();
                // One that does not start on empty volumes answers nothing there: no probe is worthless.
                if receipt.outcome.is_good() || receipt.outcome == DrillOutcome::Failed {
                    let fingerprint = fingerprint(&subject.workload.drill.probes)?;
                    let on_empty = OnEmpty { fingerprint, worthless: receipt.worthless.clone() };
                    self.proofs().change(workload, |known| known.on_empty = Some(on_empty))?;
                }
            }
            Some(snapshot) => {
                if let Some(verdict) = verdict(receipt.outcome) {
                    let (drill, at) = (receipt.id.clone(), receipt.began);
                    let figures = receipt.probes.iter().filter_map(|one| Some((one.name.clone(), one.figure?)));
                    let figures: BTreeMap<String, f64> = figures.collect();
                    self.proofs().change(workload, |known| {
                        known.snapshots.retain(|id, _| there.contains(id));
                        known.snapshots.entry(snapshot.clone()).or_default().drilled =
                            Some(Drilled { drill, at, verdict });
                        if verdict == Verdict::Proven {
                            known.figures = figures;
                        }
                    })?;
                }
                self.notify(subject, receipt, snapshot);
            }
        }
        Ok(())
    }

    fn notify(&self, subject: &Subject<'_>, receipt: &DrillReceipt, snapshot: &str) {
        let Some(failure) = receipt.failure.as_ref().filter(|_| receipt.outcome != DrillOutcome::Cancelled) else {
            return;
        };
        let (workload, why) = (subject.workload.id.clone(), failure.message.clone());
        let proven = self.newest_proven(&workload).unwrap_or_default();
        self.host.notify(&Happening::DrillFailed { workload, snapshot: snapshot.to_owned(), why, proven });
    }

    /// The newest snapshot that is proven, and when that was done.
    fn newest_proven(&self, workload: &str) -> Result<Option<(String, jiff::Timestamp)>> {
        let known = self.proofs().read(workload)?;
        let listed = self.host.store.list(workload)?;
        let descriptors: Vec<Descriptor> = listed.into_iter().filter_map(|one| one.descriptor.ok()).collect();
        let newest = known.newest_proven(descriptors.iter());
        let at = |id: &str| known.snapshots.get(id).and_then(|tried| tried.drilled.as_ref()).map(|drilled| drilled.at);
        Ok(newest.and_then(|id| Some((id.to_owned(), at(id)?))))
    }
}

/// What a drill was, from what it came to. A probe that fails fails the drill; one that proves nothing proves nothing.
fn outcome(subject: &Subject<'_>, receipt: &DrillReceipt, done: Result<()>) -> (DrillOutcome, Option<Failure>) {
    let failed: Option<&ProbeAnswer> = receipt.probes.iter().find(|answer| !answer.passed);
    match done {
        Err(failure) => {
            let outcome = match failure.code {
                Code::AppBad | Code::SnapshotDamaged | Code::ArchiveRefused | Code::TooLarge => DrillOutcome::Failed,
                Code::PolicyRefused => DrillOutcome::NotPossible,
                Code::Cancelled => DrillOutcome::Cancelled,
                _ => DrillOutcome::Broken,
            };
            (outcome, Some(failure))
        }
        // On empty volumes a probe is to fail.
        Ok(()) if subject.snapshot.is_none() => (DrillOutcome::Started, None),
        Ok(()) => match failed {
            Some(answer) => {
                let why = answer.failure.as_ref().map(|failure| failure.message.clone()).unwrap_or_default();
                let message = message!("a-probe-failed", name = escape::text(&answer.name), why);
                (DrillOutcome::Failed, Some(Failure::new(Code::AppBad, message)))
            }
            None if receipt.probes.iter().any(|answer| !receipt.worthless.contains(&answer.name)) => {
                (DrillOutcome::Proven, None)
            }
            None => (DrillOutcome::Started, None),
        },
    }
}

/// What a drill says of its snapshot, if anything.
fn verdict(outcome: DrillOutcome) -> Option<Verdict> {
    match outcome {
        DrillOutcome::Proven => Some(Verdict::Proven),
        DrillOutcome::Started => Some(Verdict::Started),
        DrillOutcome::Failed => Some(Verdict::Failed),
        _ => None,
    }
}

/// Of the probes as they are asked.
fn fingerprint(probes: &[Probe]) -> Result<String> {
    let text = serde_json::to_vec(probes).map_err(|error| Failure::new(Code::Usage, error.to_string()))?;
    Ok(blake3::hash(&text).to_hex().to_string())
}

fn check_sqlite(volumes: &[DrillVolume], directory: &Path) -> Result<Option<u64>> {
    let mut all = Some(0);
    for volume in volumes.iter().filter(|volume| !volume.is_new) {
        all = all.zip(files::check_sqlite(&volume.directory, directory)?).map(|(before, these)| before + these);
    }
    Ok(all)
}

fn last_lines((member, said): (String, Vec<u8>)) -> LastLines {
    let lines = said.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    LastLines { member, lines: lines.map(escape::bytes).collect() }
}

fn make(path: &Path, mode: u32) -> Result<()> {
    let made = effect("make-drill-directory", || {
        std::fs::DirBuilder::new().mode(mode).create(path)?;
        // Whatever the umask was.
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
    });
    made.map_err(|error| Failure::io("make", path, &error))
}

/// Removes the directory of a drill, whatever is in it. Links in it are not followed.
pub(crate) fn remove_directory(directory: &Path) -> Result<()> {
    match effect("remove-drill-directory", || std::fs::remove_dir_all(directory)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::io("remove", directory, &error)),
        _ => Ok(()),
    }
}

/// A disk is never filled to its last byte.
fn refuse_full(directory: &Path, wanted: u64) -> Result<()> {
    let stat = rustix::fs::statvfs(directory).map_err(|errno| Failure::io("look at", directory, &errno.into()))?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    if free >= wanted.saturating_add(LEFT_FREE) {
        return Ok(());
    }
    let (path, wanted, free) = (escape::path(directory), message::Bytes(wanted), message::Bytes(free));
    let failure = Failure::new(Code::NoSpace, message!("no-space-for-a-drill", path, wanted, free));
    Err(failure.hint(message!("name-another-drill-dir")))
}

fn cancelled() -> Failure {
    Failure::new(Code::Cancelled, message!("was-cancelled", what = message!("the-drill")))
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
