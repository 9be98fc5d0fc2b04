"""The descriptor and the manifest, and where an entry belongs: snapshot format version 1, which believes nothing.

Paths in a manifest are for people: where data goes is the host's to say.
"""

import json
from dataclasses import dataclass

from archive import Entry, Reader
from failure import LINKS_HINT, damaged, failed, refused, shown
from wit_world.imports.snapshots import Snapshot
from wit_world.imports.workers import Part

MANIFEST = b"manifest.json"
MANIFEST_MAX = 1 << 20
# `PATH_MAX` and `NAME_MAX` of Linux; deeper trees cannot be walked with a bounded number of open directories.
PATH_MAX, NAME_MAX, DEPTH_MAX = 4096, 255, 128


def parse(text: bytes | str) -> dict:
    """JSON whose keys stand once each."""

    def once(pairs):
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a key stands twice")
        return dict(pairs)

    return json.loads(text, object_pairs_hook=once)


def manifest_of(reader: Reader) -> bytes:
    """The first entry of an archive, which must be its manifest."""
    entry = reader.next()
    if entry is None or entry.name.removeprefix(b"./") != MANIFEST or entry.kind != "file" or entry.is_sparse:
        raise refused("the archive does not begin with its manifest")
    if entry.size > MANIFEST_MAX:
        raise refused(f"the manifest is larger than {MANIFEST_MAX} bytes")
    return reader.content(entry.size)


def check_manifest(manifest: dict) -> dict:
    try:
        names = [volume["name"] for volume in manifest["volumes"]]
        indexes = [volume["index"] for volume in manifest["volumes"]]
        scopes = [volume["scope"] for volume in manifest["volumes"]]
        is_known = manifest["format"] == 1 and indexes == list(range(len(names)))
        is_text = all(isinstance(text, str) and text for text in names + scopes)
    except (TypeError, KeyError) as error:
        raise refused(f"the manifest is malformed: {shown(repr(error).encode())}") from None
    if not is_known or not is_text or len(set(names)) != len(names):
        raise refused("the manifest has another format, or volumes that cannot be told apart")
    return manifest


def read_manifest(text: bytes) -> dict:
    try:
        return check_manifest(parse(text))
    except (ValueError, RecursionError) as error:
        raise refused(f"the manifest is malformed: {shown(str(error).encode())}") from None


@dataclass
class Descriptor:
    """`<id>.json`."""

    id: str
    manifest: dict
    # Totals, one per volume of the manifest.
    volumes: list[dict]
    imported: bool
    # Where the archive can be read from without what stands before.
    starts: list[int]
    size: int

    @staticmethod
    def of(snapshot: Snapshot) -> "Descriptor":
        size = snapshot.size()
        try:
            descriptor = parse(snapshot.descriptor())
            manifest = check_manifest(descriptor["manifest"])
            volumes = descriptor["volumes"]
            # A part that begins inside a file is read with the one before it.
            starts = [part["offset"] for part in descriptor["parts"] if "inside" not in part] or [0]
            fits = descriptor["archive"]["bytes"] == size
            fits &= [totals["index"] for totals in volumes] == list(range(len(manifest["volumes"])))
            fits &= starts[0] == 0 and starts == sorted(set(starts)) and starts[-1] < size
            imported = descriptor.get("imported", False)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise damaged(f"the descriptor is malformed: {shown(repr(error).encode())}") from None
        if not fits:
            raise damaged("the descriptor does not fit its archive")
        return Descriptor(descriptor["id"], manifest, volumes, imported, starts, size)

    def parts(self) -> list[Part]:
        """The archive in parts that extract side by side."""
        ends = self.starts[1:] + [self.size]
        return [Part(start, end - start, None) for start, end in zip(self.starts, ends)]

    def check_archive(self, text: bytes) -> None:
        """The archive's own manifest must be the one that the plan was made from."""
        manifest = read_manifest(text)
        # Whoever imports an archive may name another workload; its volumes stay what they are.
        same = manifest["volumes"] == self.manifest["volumes"] if self.imported else manifest == self.manifest
        if not same:
            raise damaged("the archive's manifest is not the one in its descriptor")


@dataclass
class Policy:
    """What a workload allows: an archive is an enemy, and one that was imported brings no privileges."""

    links: bool
    privileged: bool

    @staticmethod
    def of(words: list[str], imported: bool) -> "Policy":
        return Policy("links" in words, not imported or "privileged" in words)


@dataclass
class Place:
    volume: int
    # The empty path is the volume's root.
    path: bytes
    # Of a hard link, below the same volume.
    leader: bytes


def place(entry: Entry, policy: Policy, volumes: int, wanted: set[int]) -> Place | None:
    """Where an entry goes; None for the directory `volumes/` itself. Links of volumes that stay need no permission."""
    about = f"entry `{shown(entry.name)}`"
    found = split(entry.name, entry.kind, volumes, about)
    if found is None:
        return None
    volume, path = found
    leader = b""
    if entry.kind == "symlink" and (not 0 < len(entry.link) < PATH_MAX or b"\0" in entry.link):
        raise refused(f"{about} is a symbolic link whose target cannot be one")
    if entry.kind == "hard link":
        to = split(entry.link, "file", volumes, f"{about}, a hard link to `{shown(entry.link)}`,")
        if to is None or to[0] != volume:
            raise refused(f"{about} is a hard link to `{shown(entry.link)}`, which is not in its volume")
        leader = to[1]
    if entry.kind in ("symlink", "hard link") and volume in wanted and not policy.links:
        raise failed("policy-refused", f"{about} is a {entry.kind}, which the workload does not allow", LINKS_HINT)
    special = any(xattr.name.startswith((b"security.", b"trusted.")) for xattr in entry.metadata.xattrs)
    if (entry.metadata.mode & 0o6000 or special) and not policy.privileged:
        raise failed("policy-refused", f"{about} has privileges, and the archive was imported")
    return Place(volume, path, leader)


def split(name: bytes, kind: str, volumes: int, about: str) -> tuple[int, bytes] | None:
    """`volumes/<index>/<path>`, every component plain. Nothing is repaired but for the `./` that tar writes first."""
    path = name.removeprefix(b"./")
    if kind == "directory":
        path = path.removesuffix(b"/")
    components = path.split(b"/")
    if b".." in components or name.startswith(b"/") or b"\0" in name:
        raise refused(f"{about} leaves its volume")
    if b"" in components or b"." in components or max(map(len, components)) > NAME_MAX:
        raise refused(f"{about} has an empty, `.` or too long component")
    if components[0] != b"volumes" or (len(components) == 1 and kind != "directory"):
        raise refused(f"{about} is not below `volumes/`")
    if len(components) == 1:
        return None
    index = components[1].decode("ascii", "replace")
    if index not in map(str, range(volumes)):
        raise refused(f"{about} belongs to a volume that the manifest does not list")
    below = b"/".join(components[2:])
    if not below and kind != "directory":
        raise refused(f"{about} is the root of a volume and no directory")
    if len(below) > PATH_MAX or len(components) - 2 > DEPTH_MAX:
        raise refused(f"{about} has too long a path")
    return int(index), below
