"""A foreign archive read whole, writing nothing: what staging would find out while it is filled is found out here."""

from archive import Entry, Reader
from failure import refused, shown, too_large
from snapshot import Place, Policy, manifest_of, place, read_manifest
from wit_world.exports.restorer import InspectedVolume, Inspection, Job
from wit_world.imports.snapshots import Snapshot

# Paths are remembered, and each takes some 200 bytes of the sandbox's 256 MiB.
ENTRIES_MAX = 300_000
BYTES_MAX = 16 << 40
DISK_BLOCK = 4096


def inspect(archive: Snapshot, job: Job) -> Inspection:
    reader = Reader(archive, 0, archive.size(), watched=True, foreign=True)
    text = manifest_of(reader)
    manifest = read_manifest(text)
    volumes = [InspectedVolume(v["index"], v["name"], v["scope"], 0, 0, 0, 0, 0, 0) for v in manifest["volumes"]]
    # Links are counted here, and the plan decides about them.
    policy = Policy.of([*job.policy, "links"], imported=True)
    kinds: dict[tuple[int, bytes], str] = {}
    for entry in reader:
        at = place(entry, policy, len(volumes), set(range(len(volumes))))
        if at is not None:
            remember(kinds, at, entry)
            count(volumes[at.volume], entry)
    check_directories(kinds, len(volumes))
    return Inspection(text.decode(), volumes)


def remember(kinds: dict[tuple[int, bytes], str], at: Place, entry: Entry) -> None:
    if (at.volume, at.path) in kinds:
        raise refused(f"entry `{shown(entry.name)}` comes twice")
    if entry.kind == "hard link" and kinds.get((at.volume, at.leader)) != "file":
        raise refused(f"entry `{shown(entry.name)}` is a hard link to something that is no file before it")
    kinds[at.volume, at.path] = entry.kind
    if len(kinds) > ENTRIES_MAX:
        raise too_large(f"the archive has more than {ENTRIES_MAX} entries")


def count(volume: InspectedVolume, entry: Entry) -> None:
    volume.entries += 1
    volume.bytes += entry.size
    if volume.bytes > BYTES_MAX:
        raise too_large(f"the archive unpacks to more than {BYTES_MAX} bytes")
    if entry.kind == "file":
        volume.disk_bytes += entry.stored + -entry.stored % DISK_BLOCK
    elif entry.kind != "hard link":
        volume.disk_bytes += DISK_BLOCK
    volume.symlinks += entry.kind == "symlink"
    volume.hard_links += entry.kind == "hard link"


def check_directories(kinds: dict[tuple[int, bytes], str], volumes: int) -> None:
    """Every volume has a root, and whatever something lies below is a directory that an entry describes."""
    for volume in range(volumes):
        if kinds.get((volume, b"")) != "directory":
            raise refused(f"volume {volume} has no root: no entry `volumes/{volume}/`")
    for volume, path in kinds:
        parent = path.rpartition(b"/")[0]
        if path and kinds.get((volume, parent)) != "directory":
            raise refused(f"`volumes/{volume}/{shown(path)}` lies below something that is no directory of the archive")
