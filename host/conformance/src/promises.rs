//! The table: every promise of a restore plugin, and how it is found out whether it is kept.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::Stop;
use super::app::Script;
use super::archives::{AGAINST_THE_POLICY, HOSTILE, Tar};
use super::scene::{Lab, Scene, VOLUMES, WORKLOAD, code, named, set_metadata, words, write};
use reforge_base::Message;
use reforge_base::Phase;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::Health;
use reforge_host::restore::preflight::Choice;
use reforge_host::restore::progress::{Progress, Watcher};
use reforge_host::restore::report::Report;
use reforge_host::restore::{import, run, undo};
use reforge_snapshots::bundle::Form;
use reforge_snapshots::format::Descriptor;
use reforge_transaction::receipt::Outcome;
use reforge_volumes::syscalls;

/// The longest name, version or format.
const WORD_BYTES_MAX: usize = 200;
/// More than one part of an archive, so that parts are read side by side.
const LARGE_FILE_BYTES: usize = 40 << 20;
const SMALL_FILES: usize = 300;

/// One promise. As a sentence it is the message `promise-NAME`.
pub(super) struct Promise {
    pub name: &'static str,
    /// Whether only a plugin that reads this host's snapshots can be asked.
    pub reads_ours: bool,
    pub check: fn(&Lab<'_>) -> Result<(), Stop>,
}

impl Promise {
    pub(super) fn sentence(&self) -> Message {
        Message::of(format!("promise-{}", self.name), [])
    }
}

macro_rules! promises {
    ($($name:literal $reads_ours:ident $check:path;)*) => {
        &[$(Promise { name: $name, reads_ours: $reads_ours, check: $check }),*]
    };
}

pub(super) const PROMISES: &[Promise] = promises! {
    "describes" false describes;
    "restores" true restores;
    "plans" true plans;
    "faithful" true faithful;
    "undoable" true undoable;
    "absent" true absent;
    "leaves" true leaves;
    "imports" true imports;
    "cancels" true cancels;
    "stop-fails" true stop_fails;
    "bad-start" true bad_start;
    "bad-health" true bad_health;
    "unknown-health" true unknown_health;
    "staging-fails" true staging_fails;
    "damaged" true damaged;
    "hostile" true hostile;
    "hostile-import" true hostile_import;
    "foreign" false foreign;
};

fn broken<T>(why: Message) -> Result<T, Stop> {
    Err(Stop::Broken(why))
}

fn expect(holds: bool, why: impl FnOnce() -> Message) -> Result<(), Stop> {
    if holds { Ok(()) } else { broken(why()) }
}

fn expect_outcome(report: &Report, wanted: Outcome) -> Result<(), Stop> {
    expect(report.outcome == wanted, || message!("expected-and", wanted = named(wanted), ended = words(report)))
}

/// Turned down with a code that says that the archive is to blame.
fn expect_refused(what: &Message, failure: Option<&Failure>) -> Result<(), Stop> {
    let blames = |code: &Code| {
        matches!(code, Code::ArchiveRefused | Code::SnapshotDamaged | Code::PolicyRefused | Code::TooLarge)
    };
    match failure {
        Some(failure) if blames(&failure.code) => Ok(()),
        Some(failure) => broken(message!("not-refused-but-failed", what, failure, code = failure.code)),
        None => broken(message!("it-was-accepted", what)),
    }
}

fn describes(lab: &Lab<'_>) -> Result<(), Stop> {
    let description = lab.plugin.describe()?;
    let is_plain =
        |word: &String| !word.is_empty() && word.len() <= WORD_BYTES_MAX && reforge_base::escape::text(word) == *word;
    expect(!description.formats.is_empty(), || message!("it-names-no-format"))?;
    let odd =
        [&description.name, &description.version].into_iter().chain(&description.formats).find(|word| !is_plain(word));
    odd.map_or(Ok(()), |word| {
        broken(message!("is-empty-too-long-or-not-printable", word = reforge_base::escape::text(word)))
    })
}

fn restores(lab: &Lab<'_>) -> Result<(), Stop> {
    let scene = lab.scene()?;
    let snapshot = scene.prepared()?;
    let report = scene.restore(&snapshot.id);
    expect_outcome(&report, Outcome::Done)?;
    scene.expect_restored(&snapshot, &report)?;
    expect(scene.app.stops() == 1, || message!("the-app-was-stopped-so-often", n = scene.app.stops()))
}

fn plans(lab: &Lab<'_>) -> Result<(), Stop> {
    let scene = lab.scene()?;
    let snapshot = scene.prepared()?;
    let before = scene.look()?;
    let planned = run::plan(&scene.host, lab.plugin, &scene.request(&snapshot.id), &Arc::new(Progress::unwatched()))?;
    if let Some(refusal) = planned.preflight.refusals.first() {
        return broken(message!("it-refuses", refusal));
    }
    let volumes = planned.changes.unwrap_or_default();
    for name in VOLUMES {
        let Some(volume) = volumes.iter().find(|volume| volume.name == name) else {
            return broken(message!("it-says-nothing-of-volume", name));
        };
        let counted = volume.changes.as_ref().map(|counts| (counts.added, counts.removed));
        expect(counted == Some((0, 1)), || {
            message!("nothing-is-added-and-one-removed", name, counted = format!("{counted:?}"))
        })?;
    }
    expect(scene.look()? == before, || message!("it-changed-something"))
}

fn faithful(lab: &Lab<'_>) -> Result<(), Stop> {
    let scene = lab.scene()?;
    fill_richly(&scene)?;
    let snapshot = scene.snapshot()?;
    scene.change()?;
    let report = scene.restore(&snapshot.id);
    expect_outcome(&report, Outcome::Done)?;
    scene.expect_restored(&snapshot, &report)
}

/// Many small files, one that is longer than a part, and metadata of every kind that any user may set.
fn fill_richly(scene: &Scene<'_>) -> Result<()> {
    let (data, more) = (scene.live("data"), scene.live("more"));
    let large: Vec<u8> = (0..LARGE_FILE_BYTES).map(|at| (at >> 9).wrapping_mul(0x9e37).to_le_bytes()[1]).collect();
    write(&more.join("large"), &large)?;
    for number in 0..SMALL_FILES {
        write(&more.join(format!("small-{number}")), format!("{number}\n").repeat(number).as_bytes())?;
    }
    let deep: PathBuf = data.join("a/b/c/d/e/f");
    let odd = data.join(OsStr::from_bytes(b"not utf-8 \xff\n-"));
    let failed = |error: std::io::Error| Failure::io("fill", &data, &error);
    for directory in [&deep, &data.join("empty"), &odd] {
        std::fs::create_dir_all(directory).map_err(failed)?;
    }
    write(&deep.join("file"), b"deep")?;
    write(&data.join("old"), b"")?;
    set_metadata(&data.join("old"), 0o400, -86_400)?;
    write(&data.join("late"), b"after 2038")?;
    set_metadata(&data.join("late"), 0o751, 1 << 33)?;
    let late = File::open(data.join("late")).map_err(failed)?;
    // A file system without user attributes is tested without them.
    let _ = syscalls::set_attribute(&late, c"user.note", b"\0kept");
    set_metadata(&odd, 0o700, 1)?;
    set_metadata(&data, 0o1775, 12_345)
}

fn undoable(lab: &Lab<'_>) -> Result<(), Stop> {
    let scene = lab.scene()?;
    let snapshot = scene.prepared()?;
    let later = scene.snapshot()?;
    let report = scene.restore(&snapshot.id);
    let Some(receipt) = &report.receipt else { return broken(message!("there-is-no-receipt", ended = words(&report))) };
    let request = undo::Request { id: receipt.id.clone(), wait: false, who: "the conformance suite".into() };
    let report = undo::run(&scene.host, &request, &Arc::new(Progress::unwatched()));
    expect_outcome(&report, Outcome::Done)?;
    scene.expect_restored(&later, &report)
}

fn absent(lab: &Lab<'_>) -> Result<(), Stop> {
    let scene = lab.scene()?;
    let snapshot = scene.prepared()?;
    let live = scene.live("more");
    std::fs::remove_dir_all(&live).map_err(|error| Failure::io("remove", &live, &error))?;
    let report = scene.restore(&snapshot.id);
    expect_outcome(&report, Outcome::Done)?;
    scene.expect_restored(&snapshot, &report)
}

fn leaves(lab: &Lab<'_>) -> Result<(), Stop> {
    let scene = lab.scene()?;
    let snapshot = scene.prepared()?;
    let request = run::Request {
        choice: Choice { leave: vec!["more".to_owned()], ..Choice::default() },
        ..scene.request(&snapshot.id)
    };
    let report = run::run(&scene.host, lab.plugin, &request, &Arc::new(Progress::unwatched()));
    expect_outcome(&report, Outcome::Done)?;
    expect(!scene.live("data").join("stray").exists(), || message!("the-other-volume-was-not-restored"))?;
    expect(scene.live("more").join("stray").exists(), || message!("the-volume-was-restored-all-the-same"))
}

fn imports(lab: &Lab<'_>) -> Result<(), Stop> {
    let scene = lab.scene()?;
    let snapshot = scene.prepared()?;
    let imported = take_in(&scene, &archive_of(&scene, &snapshot)?);
    let imported = match imported {
        Ok(imported) => imported,
        Err(failure) => return broken(message!("it-was-not-taken-in", failure, code = failure.code)),
    };
    let report = scene.restore(&imported.id);
    expect_outcome(&report, Outcome::Done)?;
    scene.expect_restored(&snapshot, &report)
}

/// Cancels when so many phases have begun.
struct Impatient {
    phases: AtomicUsize,
    patience: usize,
    cancelled: Arc<AtomicBool>,
}

impl Watcher for Impatient {
    fn phase(&self, _phase: Phase) {
        if self.phases.fetch_add(1, Ordering::SeqCst) == self.patience {
            self.cancelled.store(true, Ordering::SeqCst);
        }
    }

    fn note(&self, _text: &Message) {}
}

fn cancels(lab: &Lab<'_>) -> Result<(), Stop> {
    let scene = lab.scene()?;
    let snapshot = scene.prepared()?;
    let mut cancelled_once = false;
    for patience in 0.. {
        let before = scene.look()?;
        let cancelled = Arc::new(AtomicBool::new(false));
        let watcher = Arc::new(Impatient { phases: AtomicUsize::new(0), patience, cancelled: cancelled.clone() });
        let report = scene.restore_watched(&snapshot.id, Progress::new(watcher, cancelled.clone()));
        match report.outcome {
            Outcome::Cancelled => {
                cancelled_once = true;
                scene.expect_no_trace(&before, &report)?;
                expect(scene.app.is_running(), || message!("the-app-does-not-run-after-a-cancel"))?;
            }
            Outcome::Done => {
                scene.expect_restored(&snapshot, &report)?;
                scene.change()?;
                if !cancelled.load(Ordering::SeqCst) {
                    break;
                }
            }
            _ => return broken(message!("in-phase-number", n = patience, ended = words(&report))),
        }
    }
    expect(cancelled_once, || message!("it-was-never-cancelled"))
}

fn stop_fails(lab: &Lab<'_>) -> Result<(), Stop> {
    let scene = lab.scene()?;
    let snapshot = scene.prepared()?;
    let before = scene.look()?;
    scene.app.follow(Script { stop_fails: true, ..Script::default() });
    let report = scene.restore(&snapshot.id);
    expect(code(&report) == Some(&Code::NotDown), || words(&report))?;
    scene.expect_untouched(&before, &report)
}

/// A restore under a script that makes the app bad.
fn goes_back(lab: &Lab<'_>, script: Script) -> Result<(), Stop> {
    let scene = lab.scene()?;
    let snapshot = scene.prepared()?;
    let before = scene.look()?;
    scene.app.follow(script);
    let report = scene.restore(&snapshot.id);
    expect_outcome(&report, Outcome::Reverted)?;
    scene.expect_same_data(&before, &report)?;
    expect(scene.app.is_running(), || message!("the-app-does-not-run-on-its-previous-data"))
}

fn bad_start(lab: &Lab<'_>) -> Result<(), Stop> {
    goes_back(lab, Script { bad_starts: 1, ..Script::default() })
}

fn bad_health(lab: &Lab<'_>) -> Result<(), Stop> {
    goes_back(lab, Script { health: Health::ConfirmedBad, ..Script::default() })
}

fn unknown_health(lab: &Lab<'_>) -> Result<(), Stop> {
    let scene = lab.scene()?;
    let snapshot = scene.prepared()?;
    scene.app.follow(Script { health: Health::Unknown, ..Script::default() });
    let report = scene.restore(&snapshot.id);
    expect_outcome(&report, Outcome::Unconfirmed)?;
    scene.expect_restored(&snapshot, &report)
}

/// The descriptor announces less than the archive holds, so that the host refuses an entry in the middle.
fn staging_fails(lab: &Lab<'_>) -> Result<(), Stop> {
    let scene = lab.scene()?;
    let snapshot = scene.prepared()?;
    let bytes = archive_of(&scene, &snapshot)?;
    let mut less = snapshot;
    less.volumes[1].entries = 1;
    let id = scene.publish_as(&bytes, |id, archive| Descriptor { id, archive, ..less })?;
    let before = scene.look()?;
    let report = scene.restore(&id);
    expect_refused(&message!("less-than-announced"), report.failure.as_ref())?;
    scene.expect_untouched(&before, &report)
}

fn damaged(lab: &Lab<'_>) -> Result<(), Stop> {
    let scene = lab.scene()?;
    let snapshot = scene.prepared()?;
    let good = archive_of(&scene, &snapshot)?;
    let end = good.len();
    let mut wrong_bytes: Vec<(Message, Vec<u8>)> = Vec::new();
    // The magic, the first member's data, the middle, the last length. A checksum that alone is wrong damages no data.
    for at in [0, 16, end / 2, end - 4] {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        wrong_bytes.push((message!("byte-flipped", at, end), bytes));
    }
    wrong_bytes.push((message!("cut-in-the-middle"), good[..end / 2].to_vec()));
    wrong_bytes.push((message!("the-last-byte-missing"), good[..end - 1].to_vec()));
    wrong_bytes.push((message!("something-after-the-end"), [&good[..], b"after the end"].concat()));
    let before = scene.look()?;
    for (what, bytes) in wrong_bytes {
        // The digest is of the damaged bytes: only who reads them can notice.
        let of = snapshot.clone();
        let id = scene.publish_as(&bytes, |id, archive| Descriptor { id, archive, ..of })?;
        let report = scene.restore(&id);
        expect_refused(&what, report.failure.as_ref())?;
        scene.expect_untouched(&before, &report)?;
    }
    Ok(())
}

fn hostile(lab: &Lab<'_>) -> Result<(), Stop> {
    let scene = lab.scene()?;
    scene.prepared()?;
    let before = scene.look()?;
    let without_manifest = (message!("an-archive-without-a-manifest"), Tar::empty().file("volumes/0/file"));
    let hostile =
        HOSTILE.iter().chain(AGAINST_THE_POLICY).map(|(what, make)| (Message::of(*what, []), make(Tar::good())));
    for (what, tar) in hostile.chain([without_manifest]) {
        let report = scene.restore(&scene.publish(&tar.gzip()?)?);
        expect_refused(&what, report.failure.as_ref())?;
        scene.expect_untouched(&before, &report)?;
    }
    Ok(())
}

fn hostile_import(lab: &Lab<'_>) -> Result<(), Stop> {
    let scene = lab.scene()?;
    scene.prepared()?;
    for (what, make) in HOSTILE {
        let imported = take_in(&scene, &make(Tar::good()).gzip()?);
        expect_refused(&Message::of(*what, []), imported.err().as_ref())?;
    }
    Ok(())
}

fn foreign(lab: &Lab<'_>) -> Result<(), Stop> {
    let scene = lab.scene()?;
    scene.prepared()?;
    let before = scene.look()?;
    let (nothing, text, zeros) = (message!("bytes-nothing"), message!("bytes-text"), message!("bytes-zeros"));
    for (what, bytes) in [(nothing, &b""[..]), (text, &b"not an archive\n"[..]), (zeros, &[0; 4096][..])] {
        let report = scene.restore(&scene.publish(bytes)?);
        expect_refused(&what, report.failure.as_ref())?;
        scene.expect_untouched(&before, &report)?;
    }
    Ok(())
}

/// The bytes of a stored archive.
fn archive_of(scene: &Scene<'_>, snapshot: &Descriptor) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let stored = scene.host.store.open(WORKLOAD, &snapshot.id)?;
    stored.export(Form::Archive, &mut bytes, &"memory".into(), &Progress::unwatched())?;
    Ok(bytes)
}

/// Imports bytes as a file from elsewhere.
fn take_in(scene: &Scene<'_>, bytes: &[u8]) -> Result<Descriptor> {
    let file = scene.host.state.root().join("from-elsewhere");
    write(&file, bytes)?;
    let called = Message::from("from-elsewhere");
    let request = import::Request {
        called,
        workload: WORKLOAD.into(),
        who: "the conformance suite".into(),
        how: import::How { strict: true, ..import::How::default() },
        ..import::Request::default()
    };
    import::run(&scene.host, scene.plugin, &file, &request, &Arc::new(Progress::unwatched()))?.snapshot()
}
