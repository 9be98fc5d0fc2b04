//! `reforge demo`: deploys a throwaway app, damages it, restores it, undoes that, and proves each step.
//!
//! It goes through the same functions as the commands that it shows. The proof is [`tree`]'s, which shares no code with
//! the restore. Whatever happens, the app is stopped and the directory removed.

pub(crate) mod app;
mod damage;
mod stage;
mod tree;

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use reforge_base::Code;
use reforge_base::Failure;
use reforge_base::Message;
use reforge_base::Result;
use reforge_base::escape;
use reforge_base::message;
use reforge_deployer::dispatch::DeployRequest;
use reforge_host::host::SnapshotRequest;
use reforge_transaction::receipt::{Outcome, Receipt};
use serde_json::{Value, json};

use super::answer::Answer;
use super::args::{Named, What};
use super::exit::Exit;
use super::session::Session;
use super::words::{self, say};
use super::{deploy, init, plan, restore, snapshot};
use stage::{Stage, WORKLOAD};
use tree::Tree;

/// Records that the app writes before the snapshot, and before the damage.
const RECORDS_BEFORE: u64 = 40;
/// Differences that are shown when a proof does not hold.
const SHOWN_DIFFERENCES_MAX: usize = 8;

struct Play {
    stage: Stage,
    proofs: RefCell<Vec<(Message, bool)>>,
    receipts: RefCell<Vec<Value>>,
}

/// Both volumes at one instant.
struct Volumes {
    data: Tree,
    log: Tree,
}

pub(crate) fn demo(session: &Session, keep: bool) -> Result<Answer> {
    let stage = Stage::set(session, keep)?;
    let play = Play { stage, proofs: RefCell::default(), receipts: RefCell::default() };
    let played = play.play();
    let struck = play.stage.strike();
    played?;
    struck?;
    Ok(play.applause(keep))
}

impl Play {
    fn play(&self) -> Result<()> {
        let before = self.opening()?;
        let snapshot = self.capture()?;
        let written = self.disaster()?;
        let receipt = self.restored(&snapshot, &before, written)?;
        self.undone(&receipt)
    }

    fn opening(&self) -> Result<Volumes> {
        let stage = &self.stage;
        self.title(&message!("demo-an-app"));
        self.command(&format!("export REFORGE_CONFIG={}", escape::path(&stage.directory.join("reforge.toml"))));
        self.show("init", init::init)?;
        self.show(&format!("deploy {WORKLOAD}"), self.deploying())?;
        let newest = stage.wait_for_records(0, RECORDS_BEFORE)?;
        self.tell(&message!("it-has-written-records", n = newest));

        self.title(&message!("demo-a-snapshot"));
        self.tell(&message!("demo-the-app-is-stopped-for-a-moment"));
        self.tell(&message!("demo-to-compare-exactly-afterwards"));
        self.show(&format!("stop {WORKLOAD}"), |session| {
            deploy::dispatch(session, &DeployRequest::Stop { workload: WORKLOAD.to_owned() }, false)
        })?;
        Volumes::read(&stage.data, &stage.log)
    }

    /// Answers the snapshot's id.
    fn capture(&self) -> Result<String> {
        let taken = self.show(&format!("snapshot create {WORKLOAD} --reason demo"), |session| {
            snapshot::create(session, WORKLOAD, &SnapshotRequest::because("demo"))
        })?;
        let id = taken.json["id"].as_str().map(str::to_owned);
        let id = id.ok_or_else(|| Failure::new(Code::Io, message!("the-snapshot-has-no-id")))?;
        self.show(&format!("deploy {WORKLOAD}"), self.deploying())?;
        Ok(id)
    }

    /// Answers how many records there were.
    fn disaster(&self) -> Result<u64> {
        let written = self.stage.wait_for_records(self.stage.newest_record()?, RECORDS_BEFORE)?;
        self.title(&message!("demo-disaster-strikes"));
        for line in damage::damage(&self.stage)? {
            self.tell(&line);
        }
        Ok(written)
    }

    fn restored(&self, snapshot: &str, before: &Volumes, written: u64) -> Result<Receipt> {
        let stage = &self.stage;
        let what = What {
            named: Named { workload: WORKLOAD.to_owned(), snapshot: snapshot.to_owned() },
            leave: Vec::new(),
            map: Vec::new(),
            keep_previous: false,
        };
        self.title(&message!("demo-what-would-a-restore-do"));
        let planned =
            self.show(&format!("restore plan {WORKLOAD} {snapshot}"), |session| plan::plan(session, &what, None))?;
        self.tell(&message!("demo-what-a-plan-compares"));
        self.tell(&message!("demo-the-restore-replaces-everything"));
        let digest = planned.json["digest"].as_str().unwrap_or_default().to_owned();

        self.title(&message!("demo-the-restore"));
        let command = format!("restore run {WORKLOAD} {snapshot} --plan {digest} --yes");
        let asked = restore::Run { what, plan: Some(digest), yes: true, wait: false };
        let done = self.show(&command, |session| restore::run(session, asked))?;
        let receipt = self.keep_receipt(&done)?;

        self.title(&message!("demo-is-it-true"));
        let now = Volumes::read(&stage.data, &stage.log)?;
        self.compare(&message!("since-the-snapshot"), before, &now);
        self.prove(message!("the-stray-file-is-gone"), !now.log.has(damage::STRAY));
        let newest = stage.newest_record()?;
        let newer = stage.wait_for_records(newest, 3)?;
        self.prove(message!("the-app-is-writing-again-record", newer, written), true);
        self.prove(message!("the-receipt-says-done-and-healthy"), receipt.outcome == Outcome::Done);
        let down = receipt.downtime_ms.map(std::time::Duration::from_millis).unwrap_or_default();
        self.tell(&message!("demo-downtime-was", down));
        Ok(receipt)
    }

    fn undone(&self, receipt: &Receipt) -> Result<()> {
        let stage = &self.stage;
        let previous = |name: &str| {
            let volume = receipt.volumes.iter().find(|volume| volume.name == name);
            volume.map(|volume| PathBuf::from(&volume.previous)).unwrap_or_default()
        };
        let damaged = Volumes::read(&previous("data"), &previous("log"))?;
        self.title(&message!("demo-and-back-again"));
        let id = receipt.id.clone();
        let done =
            self.show(&format!("restore undo {id} --yes"), |session| restore::undo(session, &id, true, false))?;
        let undone = self.keep_receipt(&done)?;
        let now = Volumes::read(&stage.data, &stage.log)?;
        self.compare(&message!("since-the-restore-took-them-away"), &damaged, &now);
        self.prove(message!("the-damage-is-back"), now.log.has(damage::STRAY) && !now.data.has("private/key"));
        stage.wait_for_records(stage.newest_record()?, 3)?;
        self.prove(message!("the-app-is-writing-again"), undone.outcome == Outcome::Done);
        Ok(())
    }

    fn keep_receipt(&self, done: &Answer) -> Result<Receipt> {
        let receipt = &done.json["receipt"];
        self.receipts.borrow_mut().push(receipt.clone());
        serde_json::from_value(receipt.clone())
            .map_err(|error| Failure::new(Code::Io, message!("there-is-no-receipt-because", error)))
    }

    fn compare(&self, since: &Message, before: &Volumes, now: &Volumes) {
        let pairs = [
            ("data", &before.data, &now.data, Path::new(app::RECORDS)),
            ("log", &before.log, &now.log, Path::new(app::LINES)),
        ];
        for (name, before, now, grows) in pairs {
            let differences = before.differences(now, grows);
            self.prove(message!("all-entries-are-unchanged", n = before.len(), name, since), differences.is_empty());
            let grows = format!("{name}/{}", grows.display());
            self.add(&message!("but-for-what-the-app-has-added", grows));
            for difference in differences.iter().take(SHOWN_DIFFERENCES_MAX) {
                self.add(difference);
            }
        }
    }

    fn prove(&self, what: Message, held: bool) {
        let style = self.stage.session.terminal.style;
        let mark = if held { style.green("✓") } else { style.red("✗") };
        self.print(&format!("  {mark} {}", words::read(&what)));
        self.proofs.borrow_mut().push((what, held));
    }

    fn applause(&self, keep: bool) -> Answer {
        let proofs = self.proofs.borrow();
        let held = proofs.iter().filter(|(_, held)| *held).count();
        let all = held == proofs.len();
        let style = self.stage.session.terminal.style;
        let verdict = say!("proofs-held", held, n = proofs.len());
        let verdict = if all { style.green(&verdict) } else { style.red(&verdict) };
        let place = escape::path(&self.stage.directory);
        let rest = match keep {
            true => say!("the-app-is-stopped-everything-else-is-in", place),
            false => say!("the-app-is-stopped-and-nothing-is-left"),
        };
        let documents: Vec<Value> = proofs.iter().map(|(what, held)| json!({ "what": what, "held": held })).collect();
        let json = json!({
            "outcome": if all { Outcome::Done } else { Outcome::Failed },
            "proofs": documents,
            "receipts": *self.receipts.borrow(),
            "directory": keep.then_some(&self.stage.directory),
        });
        let mut answer = Answer::done(format!("\n{verdict}; {rest}"), json);
        if !all {
            answer.exit = Exit::Failed;
        }
        answer
    }

    fn deploying(&self) -> impl FnOnce(&Session) -> Result<Answer> + use<> {
        |session| {
            deploy::dispatch(
                session,
                &DeployRequest::Deploy { workload: WORKLOAD.to_owned(), make_empty: Vec::new(), replace: false },
                false,
            )
        }
    }

    /// Runs a command as a person would, its line first. Anything but done ends the demo.
    fn show(&self, command: &str, run: impl FnOnce(&Session) -> Result<Answer>) -> Result<Answer> {
        self.stage.go_on()?;
        self.command(&format!("reforge {command}"));
        let answer = run(&self.stage.session)?;
        for line in answer.text.lines() {
            self.print(format!("    {line}").trim_end());
        }
        self.stage.go_on()?;
        match (&answer.failure, answer.exit) {
            (Some(failure), _) => Err(failure.clone()),
            (None, Exit::Done) => Ok(answer),
            (None, _) => Err(Failure::new(Code::AppBad, message!("did-not-end-as-it-should", command))),
        }
    }

    fn title(&self, title: &Message) {
        self.print(&format!("\n{}", self.stage.session.terminal.style.bold(&words::read(title))));
    }

    fn command(&self, text: &str) {
        let style = self.stage.session.terminal.style;
        self.print(&format!("  {} {text}", style.dim("$")));
    }

    fn tell(&self, message: &Message) {
        self.print(&format!("    {}", words::read(message)));
    }

    /// Something to what was told or proved before.
    fn add(&self, message: &Message) {
        self.print(&format!("        {}", words::read(message)));
    }

    fn print(&self, text: &str) {
        let terminal = &self.stage.session.terminal;
        if !terminal.json {
            terminal.print(text);
        }
    }
}

impl Volumes {
    fn read(data: &Path, log: &Path) -> Result<Volumes> {
        let read = |root: &Path| Tree::read(root).map_err(|error| Failure::io("read", root, &error));
        Ok(Volumes { data: read(data)?, log: read(log)? })
    }
}
