//! Who looks, and the entry list that a look needs: the one that is kept, or one that is made now.
//!
//! Making one takes no lock, since it may take long and changes nothing: the archive is held open, so that it stays what it is
//! whatever becomes of its name, and the list grows in a file without a name. Only to keep it the workload's lock is taken, for a
//! moment and if it is free; whoever deletes the snapshot has that one. Else the list serves once.

use std::io::BufWriter;
use std::sync::Arc;

use super::judge::Judge;
use super::listing::Listing;
use super::parts;
use reforge_base::Phase;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_config::Workload;
use reforge_host::host::Host;
use reforge_host::restore::monitor::{Given, Monitor, Shown};
use reforge_host::restore::progress::Progress;
use reforge_plugins::Plugin;
use reforge_plugins::bindings::exports::reforge::restore::restorer::Job;
use reforge_plugins::bindings::reforge::restore::workers::Part;
use reforge_plugins::calls::Order;
use reforge_plugins::policy;
use reforge_snapshots::entries::{EntryList, ListWriter};
use reforge_snapshots::format::Descriptor;
use reforge_snapshots::store::OpenSnapshot;
use reforge_volumes::receiver::Receiver;
use reforge_volumes::staging::Policy;

/// Somebody who looks. The plugin is asked for only where an archive must be read.
pub struct Look<'a> {
    pub host: &'a Arc<Host>,
    pub plugin: &'a dyn Fn() -> Result<Plugin>,
    pub progress: &'a Arc<Progress>,
    /// For the audit log, where contents are read.
    pub who: &'a str,
}

/// A snapshot that is looked into.
pub struct Looked {
    pub workload: Workload,
    pub snapshot: Arc<OpenSnapshot>,
    pub list: EntryList,
}

impl Looked {
    pub fn descriptor(&self) -> &Descriptor {
        &self.snapshot.descriptor
    }

    /// What its volumes are called.
    pub fn volume_names(&self) -> impl Iterator<Item = &str> {
        self.descriptor().manifest.volumes.iter().map(|volume| &*volume.name)
    }
}

impl Look<'_> {
    /// Opens a snapshot, named by its id or by a beginning that no other has.
    pub fn open(&self, workload: &str, snapshot: &str) -> Result<Looked> {
        let workload = self.host.config.workload(workload)?.clone();
        let snapshot = Arc::new(self.host.store.open(&workload.id, snapshot)?);
        self.look_into(workload, snapshot)
    }

    /// The same of one that is open.
    pub fn look_into(&self, workload: Workload, snapshot: Arc<OpenSnapshot>) -> Result<Looked> {
        // Under the workload that it lies with: an imported one may have another's manifest.
        let list = match self.host.store.entry_list(&workload.id, &snapshot.descriptor)? {
            Some(list) => list,
            None => {
                let list = self.list(&workload, &snapshot)?;
                self.keep(&workload, &snapshot.descriptor, &list);
                list
            }
        };
        Ok(Looked { workload, snapshot, list })
    }

    /// Reads the whole archive once.
    fn list(&self, workload: &Workload, snapshot: &Arc<OpenSnapshot>) -> Result<EntryList> {
        let descriptor = &snapshot.descriptor;
        let directory = &self.host.config.host.snapshot_dir;
        let file = tempfile::tempfile_in(directory).map_err(|error| Failure::io("write in", directory, &error))?;
        let (entries, bytes) = descriptor
            .volumes
            .iter()
            .fold((0, 0), |(entries, bytes), volume| (entries + volume.entries, bytes + volume.bytes));
        self.progress.begin(Phase::ReadingTheArchive, bytes, entries);
        let judge = |totals| Judge::new(totals, self.progress.cancelled.clone());
        let listings: Vec<_> = descriptor.volumes.iter().map(|totals| Arc::new(Listing::new(judge(totals)))).collect();
        let into: Vec<(u32, Arc<dyn Receiver>)> =
            (0u32..).zip(&listings).map(|(index, listing)| (index, listing.clone() as Arc<dyn Receiver>)).collect();
        self.read(workload, snapshot, (&parts::all(descriptor), Order::Any), into)?;
        let mut list = ListWriter::new(BufWriter::new(file))?;
        for (index, (listing, totals)) in listings.iter().zip(&descriptor.volumes).enumerate() {
            let tree = listing.write(index, &mut list)?;
            if !listing.is_all() || totals.tree_digest.as_ref().is_some_and(|digest| *digest != tree) {
                let hint = message!("restore-another-snapshot");
                return Err(Failure::new(Code::SnapshotDamaged, message!("what-came-out-of-the-archive")).hint(hint));
            }
        }
        let mut archive = [0; 32];
        hex::decode_to_slice(&descriptor.archive.sha256, &mut archive)
            .map_err(|error| Failure::new(Code::SnapshotDamaged, error.to_string()))?;
        let file = list.finish(descriptor.volumes.len(), &archive)?.into_inner();
        EntryList::open(file.map_err(|error| Failure::io("write in", directory, error.error()))?)
    }

    fn keep(&self, workload: &Workload, descriptor: &Descriptor, list: &EntryList) {
        // One that cannot be kept is made again by the next look.
        let kept = self.host.deployer.locks().try_lease(&workload.id, message!("keeping-an-entry-list"));
        let _ = kept.and_then(|_lease| self.host.store.keep_entry_list(&workload.id, descriptor, list));
    }

    /// Has the plugin read some parts: `into` takes the entries of the volumes of these indexes.
    pub(crate) fn read(
        &self,
        workload: &Workload,
        snapshot: &Arc<OpenSnapshot>,
        parts: (&[Part], Order),
        into: Vec<(u32, Arc<dyn Receiver>)>,
    ) -> Result<()> {
        self.reading(workload, snapshot, into)?.run(parts)
    }

    /// The same, to be run on another thread.
    pub(crate) fn reading(
        &self,
        workload: &Workload,
        snapshot: &Arc<OpenSnapshot>,
        into: Vec<(u32, Arc<dyn Receiver>)>,
    ) -> Result<Reading> {
        let descriptor = &snapshot.descriptor;
        let volumes = &descriptor.manifest.volumes;
        let shown = |(index, into): &(u32, Arc<dyn Receiver>)| {
            let volume = volumes.get(*index as usize)?;
            Some(Shown { name: volume.name.clone(), scope: volume.scope.clone(), into: into.clone() })
        };
        let left = volumes.iter().filter(|volume| !into.iter().any(|(index, _)| *index == volume.index));
        let job = Job {
            workload: workload.id.clone(),
            plan_digest: String::new(),
            leave: left.map(|volume| volume.name.clone()).collect(),
            policy: policy::words(Policy { links: true, privileged: true }),
            imported: descriptor.imported,
            thorough: false,
        };
        let given = Given { host: self.host.clone(), workload: workload.clone(), snapshot: snapshot.clone() };
        let monitor = Monitor::of_look(given, into.iter().filter_map(shown).collect(), self.progress.clone());
        Ok(Reading {
            plugin: (self.plugin)()?,
            monitor: Arc::new(monitor),
            job,
            into,
            has_parts: !descriptor.parts.is_empty(),
        })
    }
}

/// What a plugin is about to read.
pub(crate) struct Reading {
    plugin: Plugin,
    monitor: Arc<Monitor>,
    job: Job,
    into: Vec<(u32, Arc<dyn Receiver>)>,
    has_parts: bool,
}

impl Reading {
    /// Of an archive with parts, which is in our layout, only these. Any other one is read as the plugin reads it for a restore.
    pub(crate) fn run(self, parts: (&[Part], Order)) -> Result<()> {
        if self.has_parts {
            let (indexes, into): (Vec<_>, Vec<_>) = self.into.into_iter().unzip();
            return self.plugin.read_parts(self.monitor, parts, &indexes, &into);
        }
        let restored = self.plugin.restore(self.monitor.clone(), &self.job);
        match self.monitor.was_read() {
            true => Ok(()),
            false => Err(restored.err().unwrap_or_else(|| Failure::new(Code::Plugin, message!("the-plugin-went")))),
        }
    }
}
