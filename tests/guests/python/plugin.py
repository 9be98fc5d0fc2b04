"""A restore plugin in Python: its own reader of the snapshot format, behind the same WIT as the default plugin.

`Restorer.restore` is the flow. Nothing here cleans up: whatever fails, traps or is dropped, the host reverts.
"""

from dataclasses import dataclass

from archive import PIECE, Entry, Reader
from componentize_py_types import Err
from diff import Comparison
from failure import LINKS_HINT, all_of, failed, shown
from inspection import inspect
from snapshot import Descriptor, Place, Policy, manifest_of, place
from wit_world import exports
from wit_world.exports.restorer import Description, Inspection, Job, Report, RestorePlan, VolumePlan
from wit_world.imports import lifecycle, report, snapshots, transactions, volumes, workers
from wit_world.imports.snapshots import Snapshot
from wit_world.imports.transactions import Health, Staging, Swapped
from wit_world.imports.types import Failure
from wit_world.imports.workers import Part


class Restorer(exports.Restorer):
    def describe(self) -> Description:
        return Description("restore-in-python", "0.1.0", ["reforge tar 1"])

    def plan(self, snapshot: Snapshot, job: Job) -> RestorePlan:
        descriptor = Descriptor.of(snapshot)
        found, refusals = survey(descriptor, job)
        if job.thorough:
            report.phase("reading")
            refusals += read_whole(snapshot, descriptor, job, found)
        return RestorePlan([volume_plan(descriptor, volume) for volume in found], warnings(descriptor, job), refusals)

    def restore(self, snapshot: Snapshot, job: Job) -> Report:
        lease = lifecycle.lock()
        descriptor = Descriptor.of(snapshot)
        found, refusals = survey(descriptor, job)
        if refusals:
            raise all_of(refusals)
        transaction = transactions.begin(lease, job.plan_digest, [volume.handle for volume in found])

        staged = [transaction.stage(volume.name) for volume in found]
        report.phase("extracting")
        workers.run(snapshot, descriptor.parts(), [volume.index for volume in found], staged)
        sealed = [transactions.seal(staging) for staging in staged]

        stopped = lifecycle.stop(lease)
        safety = snapshots.capture_safety(lease, stopped)
        swapped = transactions.swap(transaction, sealed, stopped, safety)

        health = bring_up(swapped)
        return Report(f"{len(found)} volumes restored from {descriptor.id}; the app is {health.name.lower()}")

    def inspect(self, archive: Snapshot, job: Job) -> Inspection:
        report.phase("reading")
        return inspect(archive, job)


class Extractor(exports.Extractor):
    def extract(
        self, snapshot: Snapshot, part: Part, policy: list[str], indexes: list[int], into: list[Staging]
    ) -> None:
        descriptor = Descriptor.of(snapshot)
        if part not in descriptor.parts():
            raise failed("usage", "the part is none of the snapshot's")
        targets = dict(zip(indexes, into))
        allowed = Policy.of(policy, descriptor.imported)
        reader = Reader(snapshot, part.offset, part.length, foreign=descriptor.imported)
        if part.offset == 0:
            descriptor.check_archive(manifest_of(reader))
        for entry in reader:
            at = place(entry, allowed, len(descriptor.volumes), set(targets))
            if at is not None and at.volume in targets:
                stage(reader, entry, at, targets[at.volume])


@dataclass
class Found:
    """A volume of the snapshot as the present configuration resolves it."""

    index: int
    name: str
    handle: volumes.Volume
    comparison: Comparison | None = None


def survey(descriptor: Descriptor, job: Job) -> tuple[list[Found], list[Failure]]:
    """Resolves every volume that is not left as it is; everything that does not hold, at once."""
    found: list[Found] = []
    refusals: list[Failure] = []
    for volume, totals in zip(descriptor.manifest["volumes"], descriptor.volumes):
        name = volume["name"]
        if name in job.leave:
            continue
        if totals["symlinks"] + totals["hard_links"] and "links" not in job.policy:
            message = f"volume `{shown(name.encode())}` holds links, which the workload does not allow"
            refusals.append(Failure("policy-refused", message, LINKS_HINT))
        try:
            handle = volumes.resolve(volumes.VolumeReference(name, volume["scope"]))
            found.append(Found(volume["index"], name, handle))
        except Err as refusal:
            refusals.append(refusal.value)
    if not found and not refusals:
        refusals.append(Failure("usage", "nothing to restore: every volume of the snapshot is left out", ""))
    return found, refusals


def read_whole(snapshot: Snapshot, descriptor: Descriptor, job: Job, found: list[Found]) -> list[Failure]:
    """Judges every header and compares it with the live tree. The first refusal ends the reading."""
    allowed = Policy.of(job.policy, descriptor.imported)
    for volume in found:
        volume.comparison = Comparison(volume.handle)
    comparisons = {volume.index: volume.comparison for volume in found}
    try:
        reader = Reader(snapshot, 0, descriptor.size, watched=True, foreign=descriptor.imported)
        descriptor.check_archive(manifest_of(reader))
        for entry in reader:
            at = place(entry, allowed, len(descriptor.volumes), set(comparisons))
            if at is not None and at.volume in comparisons:
                comparisons[at.volume].add(at.path, entry)
    except Err as refusal:
        if refusal.value.code == "cancelled":
            raise
        return [refusal.value]
    for comparison in comparisons.values():
        comparison.finish()
    return []


def volume_plan(descriptor: Descriptor, volume: Found) -> VolumePlan:
    totals, live = descriptor.volumes[volume.index], volume.handle.facts()
    changes = volume.comparison and volume.comparison.changes
    newest = volume.comparison and volume.comparison.newest
    return VolumePlan(
        volume.name, totals["entries"], totals["bytes"], live.entries, live.bytes, changes, newest
    )


def warnings(descriptor: Descriptor, job: Job) -> list[Failure]:
    """What a person should know before saying yes."""
    said = []
    if descriptor.imported:
        said.append(("imported", "the archive was imported: nothing vouches for what is in it"))
    if descriptor.manifest["workload"] != job.workload:
        other = shown(str(descriptor.manifest["workload"]).encode())
        said.append(("other-workload", f"the snapshot was taken of workload `{other}`"))
    for volume in descriptor.manifest["volumes"]:
        if volume["name"] in job.leave:
            said.append(("left", f"volume `{shown(volume['name'].encode())}` stays as it is, as asked"))
    return [Failure(code, message, "") for code, message in said]


def stage(reader: Reader, entry: Entry, at: Place, staging: Staging) -> None:
    match entry.kind:
        case "directory":
            staging.directory(at.path, entry.metadata)
        case "symlink":
            staging.symlink(at.path, entry.metadata, entry.link)
        case "hard link":
            staging.hard_link(at.path, entry.metadata, at.leader)
        case _ if entry.size <= PIECE and not entry.is_sparse:
            staging.file(at.path, entry.metadata, reader.content(entry.size))
        case _:
            with staging.large_file(at.path, entry.metadata, entry.size) as file:
                for offset, length in entry.extents:
                    write(reader, file, offset, offset + length)
                file.finish()


def write(reader: Reader, file: transactions.LargeFile, at: int, end: int) -> None:
    """The bytes `[at, end)` of a file, in pieces that end where its blocks end."""
    while at < end:
        block_end = min(end, (at // PIECE + 1) * PIECE)
        file.write(at, reader.content(block_end - at))
        at = block_end


def bring_up(swapped: Swapped) -> Health:
    """Starts the app on the new data. A failed start, or an app that is bad for certain, is reverted and told."""
    try:
        swapped.redeploy()
    except Err as why:
        swapped.revert()
        raise failed(why.value.code, f"the app could not be started on the restored data: {why.value.message}")
    health = swapped.await_healthy()
    if health == Health.CONFIRMED_BAD:
        swapped.revert()
        raise failed("app-bad", "the app started on the restored data and failed its health check")
    return health
