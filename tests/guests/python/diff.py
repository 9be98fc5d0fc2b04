"""A volume of the snapshot beside its live tree. Both come in the same order, so both are read once with bounded
memory; an archive in any other order gets no counts, and nothing is guessed."""

from typing import Iterator

from archive import Entry
from wit_world.exports.restorer import Changes
from wit_world.imports.types import Timestamp
from wit_world.imports.volumes import LiveEntry, LiveKind, Volume

LIVE_ENTRIES_AT_ONCE = 1024


class Comparison:
    def __init__(self, volume: Volume):
        self.live = entries_of(volume)
        self.head: LiveEntry | None = None
        self.newest: Timestamp | None = None
        self.last: bytes | None = None
        self.changes: Changes | None = Changes(0, 0, 0, 0)
        self._advance()

    def add(self, path: bytes, entry: Entry) -> None:
        if self.changes is None or (self.last is not None and order(path) <= order(self.last)):
            self.changes = None
            return
        self.last = path
        while self.head and order(self.head.path) < order(path):
            self.changes.removed += 1
            self._advance()
        if self.head is None or self.head.path != path:
            self.changes.added += 1
            return
        if is_alike(self.head, entry):
            self.changes.same += 1
        else:
            self.changes.changed += 1
        self._advance()

    def finish(self) -> None:
        """What is left in live has nothing beside it in the snapshot."""
        while self.head:
            if self.changes:
                self.changes.removed += 1
            self._advance()

    def _advance(self) -> None:
        self.head = next(self.live, None)
        if self.head and (self.newest is None or instant(self.newest) < instant(self.head.mtime)):
            self.newest = self.head.mtime


def entries_of(volume: Volume) -> Iterator[LiveEntry]:
    if volume.facts().exists:
        tree = volume.live()
        while batch := tree.next(LIVE_ENTRIES_AT_ONCE):
            yield from batch


def order(path: bytes) -> bytes:
    """Components compared one by one, as bytes."""
    return path.replace(b"/", b"\0")


def instant(time: Timestamp) -> tuple[int, int]:
    return time.seconds, time.nanoseconds


def is_alike(live: LiveEntry, entry: Entry) -> bool:
    kinds = {
        LiveKind.FILE: entry.kind == "hard link" or (entry.kind == "file" and live.size == entry.size),
        LiveKind.DIRECTORY: entry.kind == "directory",
        LiveKind.SYMLINK: entry.kind == "symlink" and live.size == len(entry.link),
    }
    return kinds.get(live.kind, False) and live.mtime == entry.metadata.mtime
