//! The component: the WIT's words to the plugin's and back. The only file that knows wit-bindgen; it decides nothing.

use crate::host::{self, Health, LiveKind};
use crate::import::{self, convert, survey};
use crate::{Failure, Result, extract, inspect, plan, restore};

mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "importing-plugin" });
}

use bindings::exports::reforge::restore::{extractor, importer, restorer};
use bindings::reforge::restore::{conversions, lifecycle, report, snapshots, transactions, types, volumes, workers};

struct Component;

bindings::export!(Component with_types_in bindings);

impl restorer::Guest for Component {
    fn describe() -> restorer::Description {
        restorer::Description {
            name: crate::NAME.into(),
            version: crate::VERSION.into(),
            formats: crate::FORMATS.iter().map(|format| (*format).into()).collect(),
        }
    }

    fn plan(snapshot: &snapshots::Snapshot, job: restorer::Job) -> Result<restorer::RestorePlan, types::Failure> {
        let plan = plan::plan(&Wit, snapshot, &job.into()).map_err(types::Failure::from)?;
        Ok(restorer::RestorePlan {
            volumes: plan.volumes.into_iter().map(restorer::VolumePlan::from).collect(),
            warnings: plan.warnings.into_iter().map(types::Failure::from).collect(),
            refusals: plan.refusals.into_iter().map(types::Failure::from).collect(),
        })
    }

    fn restore(snapshot: &snapshots::Snapshot, job: restorer::Job) -> Result<restorer::Report, types::Failure> {
        let summary = restore::restore(&Wit, snapshot, &job.into()).map_err(types::Failure::from)?;
        Ok(restorer::Report { summary })
    }

    fn inspect(archive: &snapshots::Snapshot, job: restorer::Job) -> Result<restorer::Inspection, types::Failure> {
        let inspection = inspect::inspect(&Wit, archive, &job.into()).map_err(types::Failure::from)?;
        let volumes = inspection.volumes.into_iter().map(restorer::InspectedVolume::from).collect();
        Ok(restorer::Inspection { manifest: inspection.manifest, volumes })
    }
}

impl extractor::Guest for Component {
    fn extract(
        snapshot: &snapshots::Snapshot,
        part: workers::Part,
        policy: Vec<String>,
        indexes: Vec<u32>,
        into: Vec<transactions::Staging>,
    ) -> Result<(), types::Failure> {
        let into = into.iter().collect::<Vec<_>>();
        extract::extract(snapshot, &part.into(), &policy, &indexes, &into).map_err(types::Failure::from)
    }
}

impl importer::Guest for Component {
    fn survey(archive: &snapshots::Snapshot, rules: importer::Rules) -> Result<importer::Contents, types::Failure> {
        Ok(survey::survey(&Wit, archive, &rules.into()).map_err(types::Failure::from)?.into())
    }

    fn convert(
        archive: &snapshots::Snapshot,
        manifest: String,
        sources: Vec<importer::Source>,
        rules: importer::Rules,
    ) -> Result<Vec<importer::Remark>, types::Failure> {
        let sources = sources.into_iter().map(import::Source::from).collect::<Vec<_>>();
        let remarks = convert::convert(&Wit, archive, &Wit, &manifest, &sources, &rules.into());
        let remarks = remarks.map_err(types::Failure::from)?.into_iter();
        let wit = |import::Remark { class, count, examples }| importer::Remark { class: class.into(), count, examples };
        Ok(remarks.map(wit).collect())
    }
}

/// Everything that the host offers.
struct Wit;

impl host::Output for Wit {
    fn put(&self, bytes: &[u8]) -> Result<()> {
        Ok(conversions::put(bytes)?)
    }
}

impl host::Report for Wit {
    fn phase(&self, name: &str) {
        report::phase(name);
    }

    fn progress(&self, done: u64, total: u64) {
        report::progress(done, total);
    }

    fn note(&self, text: &str) {
        report::note(text);
    }

    fn cancelled(&self) -> bool {
        report::cancelled()
    }
}

impl host::Host for Wit {
    type Archive = snapshots::Snapshot;
    type Volume = volumes::Volume;
    type Lease = lifecycle::Lease;
    type Transaction = transactions::Transaction;
    type Staging = transactions::Staging;
    type Sealed = transactions::Sealed;
    type Stopped = lifecycle::Stopped;
    type Safety = snapshots::Safety;
    type Swapped = transactions::Swapped;

    fn resolve(&self, name: &str, scope: &str) -> Result<volumes::Volume> {
        let reference = volumes::VolumeReference { name: name.into(), scope: scope.into() };
        Ok(volumes::resolve(&reference)?)
    }

    fn lock(&self) -> Result<lifecycle::Lease> {
        Ok(lifecycle::lock()?)
    }

    fn begin(
        &self,
        lease: &lifecycle::Lease,
        plan_digest: &str,
        volumes: &[&volumes::Volume],
    ) -> Result<transactions::Transaction> {
        Ok(transactions::begin(lease, plan_digest, volumes)?)
    }

    fn stage(&self, transaction: &transactions::Transaction, volume: &str) -> Result<transactions::Staging> {
        Ok(transaction.stage(volume)?)
    }

    fn extract(
        &self,
        archive: &snapshots::Snapshot,
        parts: &[host::Part],
        indexes: &[u32],
        into: &[&transactions::Staging],
    ) -> Result<()> {
        let parts = parts.iter().map(workers::Part::from).collect::<Vec<_>>();
        Ok(workers::run(archive, &parts, indexes, into)?)
    }

    fn seal(&self, staging: &transactions::Staging) -> Result<transactions::Sealed> {
        Ok(transactions::seal(staging)?)
    }

    fn stop(&self, lease: &lifecycle::Lease) -> Result<lifecycle::Stopped> {
        Ok(lifecycle::stop(lease)?)
    }

    fn capture_safety(&self, lease: &lifecycle::Lease, stopped: &lifecycle::Stopped) -> Result<snapshots::Safety> {
        Ok(snapshots::capture_safety(lease, stopped)?)
    }

    fn swap(
        &self,
        transaction: &transactions::Transaction,
        sealed: &[&transactions::Sealed],
        stopped: &lifecycle::Stopped,
        safety: &snapshots::Safety,
    ) -> Result<transactions::Swapped> {
        Ok(transactions::swap(transaction, sealed, stopped, safety)?)
    }

    fn redeploy(&self, swapped: &transactions::Swapped) -> Result<()> {
        Ok(swapped.redeploy()?)
    }

    fn await_healthy(&self, swapped: &transactions::Swapped) -> Result<Health> {
        Ok(match swapped.await_healthy()? {
            transactions::Health::Healthy => Health::Healthy,
            transactions::Health::Unknown => Health::Unknown,
            transactions::Health::ConfirmedBad => Health::ConfirmedBad,
        })
    }

    fn revert(&self, swapped: &transactions::Swapped) -> Result<()> {
        Ok(swapped.revert()?)
    }
}

impl host::ArchiveBytes for snapshots::Snapshot {
    fn descriptor(&self) -> String {
        self.descriptor()
    }

    fn size(&self) -> u64 {
        self.size()
    }

    fn read_at(&self, offset: u64, max: u32) -> Result<Vec<u8>> {
        Ok(self.read_at(offset, max)?)
    }
}

impl host::Volume for volumes::Volume {
    type Tree = volumes::LiveTree;

    fn facts(&self) -> host::VolumeFacts {
        let volumes::VolumeFacts { exists, entries, bytes, .. } = self.facts();
        host::VolumeFacts { exists, entries, bytes }
    }

    fn live(&self) -> Result<volumes::LiveTree> {
        Ok(self.live()?)
    }
}

impl host::LiveTree for volumes::LiveTree {
    fn next(&self, max: u32) -> Result<Vec<host::LiveEntry>> {
        Ok(self.next(max)?.into_iter().map(host::LiveEntry::from).collect())
    }
}

impl host::Staging for transactions::Staging {
    type Large = transactions::LargeFile;

    fn directory(&self, path: &[u8], metadata: &host::Metadata) -> Result<()> {
        Ok(self.directory(path, &metadata.into())?)
    }

    fn file(&self, path: &[u8], metadata: &host::Metadata, content: &[u8]) -> Result<()> {
        Ok(self.file(path, &metadata.into(), content)?)
    }

    fn large_file(&self, path: &[u8], metadata: &host::Metadata, size: u64) -> Result<transactions::LargeFile> {
        Ok(self.large_file(path, &metadata.into(), size)?)
    }

    fn large_file_part(&self, path: &[u8], size: u64) -> Result<transactions::LargeFile> {
        Ok(self.large_file_part(path, size)?)
    }

    fn symlink(&self, path: &[u8], metadata: &host::Metadata, target: &[u8]) -> Result<()> {
        Ok(self.symlink(path, &metadata.into(), target)?)
    }

    fn hard_link(&self, path: &[u8], metadata: &host::Metadata, leader: &[u8]) -> Result<()> {
        Ok(self.hard_link(path, &metadata.into(), leader)?)
    }
}

impl host::LargeFile for transactions::LargeFile {
    fn write(&self, offset: u64, content: &[u8]) -> Result<()> {
        Ok(self.write(offset, content)?)
    }

    fn finish(&self) -> Result<()> {
        Ok(self.finish()?)
    }
}

impl From<types::Failure> for Failure {
    fn from(failure: types::Failure) -> Self {
        Failure { code: failure.code.into(), message: failure.message, hint: failure.hint }
    }
}

impl From<Failure> for types::Failure {
    fn from(failure: Failure) -> Self {
        types::Failure { code: failure.code.into_owned(), message: failure.message, hint: failure.hint }
    }
}

impl From<types::Timestamp> for host::Timestamp {
    fn from(types::Timestamp { seconds, nanoseconds }: types::Timestamp) -> Self {
        host::Timestamp { seconds, nanoseconds }
    }
}

impl From<host::Timestamp> for types::Timestamp {
    fn from(host::Timestamp { seconds, nanoseconds }: host::Timestamp) -> Self {
        types::Timestamp { seconds, nanoseconds }
    }
}

impl From<&host::Metadata> for types::Metadata {
    fn from(metadata: &host::Metadata) -> Self {
        // Few entries have attributes; an empty list costs nothing.
        let xattrs = metadata.xattrs.iter();
        types::Metadata {
            mode: metadata.mode,
            uid: metadata.uid,
            gid: metadata.gid,
            mtime: metadata.mtime.into(),
            xattrs: xattrs.map(|xattr| types::Xattr { name: xattr.name.clone(), value: xattr.value.clone() }).collect(),
        }
    }
}

impl From<types::Metadata> for host::Metadata {
    fn from(metadata: types::Metadata) -> Self {
        let types::Metadata { mode, uid, gid, mtime, xattrs } = metadata;
        let xattrs = xattrs.into_iter().map(|types::Xattr { name, value }| host::Xattr { name, value });
        host::Metadata { mode, uid, gid, mtime: mtime.into(), xattrs: xattrs.collect() }
    }
}

impl From<importer::Source> for import::Source {
    fn from(importer::Source { index, prefix, missing }: importer::Source) -> Self {
        import::Source { index, prefix, missing: missing.into() }
    }
}

impl From<importer::Rules> for import::Rules {
    fn from(rules: importer::Rules) -> Self {
        let importer::Rules { strip, earliest, latest, attribute_bytes_max, policy } = rules;
        let (earliest, latest) = (earliest.into(), latest.into());
        import::Rules { strip: strip as usize, earliest, latest, attribute_bytes_max, policy }
    }
}

impl From<survey::Contents> for importer::Contents {
    fn from(contents: survey::Contents) -> Self {
        let survey::Contents { format, manifest, volumes, root, places, entries, bytes, newest, tidy, advice } =
            contents;
        let places = places.into_iter();
        importer::Contents {
            format,
            manifest,
            volumes,
            root,
            places: places
                .map(|place| importer::Place { path: place.path, entries: place.entries, bytes: place.bytes })
                .collect(),
            entries,
            bytes,
            newest: newest.into(),
            tidy,
            advice: advice.map(types::Failure::from),
        }
    }
}

impl From<workers::Part> for host::Part {
    fn from(part: workers::Part) -> Self {
        let inside =
            part.inside.map(|workers::PartFile { volume, path, size, at }| host::PartFile { volume, path, size, at });
        host::Part { offset: part.offset, length: part.length, inside }
    }
}

impl From<&host::Part> for workers::Part {
    fn from(part: &host::Part) -> Self {
        let inside = part.inside.clone().map(|host::PartFile { volume, path, size, at }| workers::PartFile {
            volume,
            path,
            size,
            at,
        });
        workers::Part { offset: part.offset, length: part.length, inside }
    }
}

impl From<volumes::LiveEntry> for host::LiveEntry {
    fn from(entry: volumes::LiveEntry) -> Self {
        let kind = match entry.kind {
            volumes::LiveKind::File => LiveKind::File,
            volumes::LiveKind::Directory => LiveKind::Directory,
            volumes::LiveKind::Symlink => LiveKind::Symlink,
            volumes::LiveKind::Other => LiveKind::Other,
        };
        host::LiveEntry { path: entry.path, kind, size: entry.size, mtime: entry.mtime.into() }
    }
}

impl From<restorer::Job> for host::Job {
    fn from(job: restorer::Job) -> Self {
        let restorer::Job { workload, plan_digest, leave, policy, imported, thorough } = job;
        host::Job { workload, plan_digest, leave, policy, imported, thorough }
    }
}

impl From<plan::VolumePlan> for restorer::VolumePlan {
    fn from(volume: plan::VolumePlan) -> Self {
        let changes = volume.diff.changes.map(|changes| restorer::Changes {
            added: changes.added,
            removed: changes.removed,
            changed: changes.changed,
            same: changes.same,
        });
        restorer::VolumePlan {
            name: volume.name,
            snapshot_entries: volume.snapshot_entries,
            snapshot_bytes: volume.snapshot_bytes,
            live_entries: volume.live.entries,
            live_bytes: volume.live.bytes,
            changes,
            newest_live: volume.diff.newest_live.map(types::Timestamp::from),
        }
    }
}

impl From<inspect::InspectedVolume> for restorer::InspectedVolume {
    fn from(volume: inspect::InspectedVolume) -> Self {
        let inspect::InspectedVolume { index, name, scope, entries, bytes, disk_bytes, symlinks, hard_links } = volume;
        // Devices, fifos and sockets refuse the archive.
        let special = 0;
        restorer::InspectedVolume { index, name, scope, entries, bytes, disk_bytes, symlinks, hard_links, special }
    }
}
