"""PAX tar in gzip members, read once from front to back with bounded memory.

Strict on purpose: what another reader might take differently, or what this one does not know, refuses the archive.
Nothing is repaired and nothing is passed over silently.
"""

import re
import zlib
from dataclasses import dataclass
from typing import Iterator

from failure import damaged, failed, refused, shown, too_large
from wit_world.imports import report
from wit_world.imports.snapshots import Snapshot
from wit_world.imports.types import Metadata, Timestamp, Xattr

BLOCK = 512
# What the host gives in one read and takes in one write.
PIECE = 1 << 20
# An extended header: room for all attributes of one entry.
RECORDS_MAX = 1 << 20
# Runs of data in one sparse file; the host writes at most 65,537.
EXTENTS_MAX = 1 << 17
# Further zeros behind the end: a tape's block is far smaller.
END_MAX = 1 << 20
# How many times its own size a foreign archive may unpack to, once that is much.
FOREIGN_RATIO_MAX, FOREIGN_RATIO_FROM = 200, 1 << 30

KINDS = {b"0": "file", b"\0": "file", b"5": "directory", b"2": "symlink", b"1": "hard link"}


class Inflated:
    """The inflated bytes of a run of whole gzip members, each checked to its last checksum."""

    def __init__(self, snapshot: Snapshot, offset: int, length: int, watched: bool, foreign: bool):
        self.snapshot, self.offset, self.end, self.size = snapshot, offset, offset + length, snapshot.size()
        self.watched, self.foreign = watched, foreign
        self.packed = b""
        self.member = None
        self.buffer = bytearray()
        self.inflated = 0

    def take(self, count: int) -> bytes:
        while len(self.buffer) < count:
            if not self._inflate():
                raise damaged("the archive ends in the middle of an entry")
        piece = bytes(self.buffer[:count])
        del self.buffer[:count]
        return piece

    def is_at_end(self) -> bool:
        return not self.buffer and not self._inflate()

    def _inflate(self) -> bool:
        """Adds a piece to the buffer. False at the end of the last member."""
        while True:
            if not self.packed:
                self._refill()
            if self.member is None:
                if not self.packed:
                    return False
                self.member = zlib.decompressobj(wbits=31)
            had_input = bool(self.packed)
            try:
                piece = self.member.decompress(self.packed, PIECE)
            except zlib.error as error:
                raise damaged(f"the archive's gzip stream is damaged: {error}") from None
            self.packed = self.member.unconsumed_tail
            if self.member.eof:
                self.packed = self.member.unused_data
                self.member = None
            elif not had_input and not piece:
                raise damaged("the archive ends in the middle of its gzip stream")
            if piece:
                self._add(piece)
                return True

    def _add(self, piece: bytes) -> None:
        self.buffer += piece
        self.inflated += len(piece)
        if self.foreign and self.inflated > max(FOREIGN_RATIO_FROM, FOREIGN_RATIO_MAX * self.offset):
            raise too_large(f"the archive unpacks to more than {FOREIGN_RATIO_MAX} times its size")

    def _refill(self) -> None:
        if self.watched:
            report.progress(self.offset, self.size)
            if report.cancelled():
                raise failed("cancelled", "the operator asked to stop")
        wanted = min(PIECE, self.end - self.offset)
        if wanted:
            self.packed = self.snapshot.read_at(self.offset, wanted)
            self.offset += len(self.packed)
            if not self.packed:
                raise damaged("the archive is shorter than its descriptor says")


@dataclass
class Entry:
    kind: str
    name: bytes
    # Target of a symbolic link, name of a hard link's leader.
    link: bytes
    metadata: Metadata
    # Of a file, holes counted.
    size: int
    # Where the stored bytes go, as (offset, length): all of it, but for a sparse file.
    extents: list[tuple[int, int]]
    is_sparse: bool = False

    @property
    def stored(self) -> int:
        return sum(length for _, length in self.extents)


class Reader:
    """The entries of one part. Content is read before the next entry is asked for, or passed over."""

    def __init__(self, snapshot: Snapshot, offset: int, length: int, watched: bool = False, foreign: bool = False):
        self.stream = Inflated(snapshot, offset, length, watched, foreign)
        self.is_last = offset + length == snapshot.size()
        # Bytes of the current entry that were not read, and the zeros behind them.
        self.left = self.padding = 0

    def __iter__(self) -> Iterator[Entry]:
        while (entry := self.next()) is not None:
            yield entry

    def content(self, count: int) -> bytes:
        assert count <= min(self.left, PIECE)
        self.left -= count
        return self.stream.take(count)

    def next(self) -> Entry | None:
        self._pass(self.left + self.padding)
        self.left = self.padding = 0
        records: dict[bytes, bytes] = {}
        while True:
            if not self.is_last and not records and self.stream.is_at_end():
                return None
            block = self.stream.take(BLOCK)
            if not any(block):
                if records or not self.is_last:
                    raise refused("the archive ends where an entry was to follow")
                return self._end()
            check_sum(block)
            if block[156:157] != b"x":
                return self._entry(block, records)
            if records:
                raise refused("an entry has two extended headers")
            records = self._records(number(block[124:136]))

    def _pass(self, count: int) -> None:
        while count:
            count -= len(self.stream.take(min(count, PIECE)))

    def _end(self) -> None:
        """A second block of zeros, and zeros to the last byte."""
        rest = 0
        while rest == 0 or not self.stream.is_at_end():
            if any(self.stream.take(BLOCK)):
                raise refused("something stands behind the end of the archive")
            rest += BLOCK
            if rest > END_MAX:
                raise refused("more zeros stand behind the end of the archive than any tape needs")

    def _records(self, size: int) -> dict[bytes, bytes]:
        """The `LENGTH KEY=VALUE\\n` of an extended header, read by their lengths: values may hold anything."""
        if not 0 < size <= RECORDS_MAX:
            raise refused(f"an extended header has {size} bytes")
        data = self.stream.take(size + -size % BLOCK)[:size]
        records: dict[bytes, bytes] = {}
        at = 0
        while at < size:
            space = data.find(b" ", at, at + 8)
            length = decimal(data[at:space]) if space > at else 0
            key, equals, value = data[space + 1 : at + length].partition(b"=")
            if at + length > size or not key or not equals or not value.endswith(b"\n"):
                raise refused("an extended header is malformed")
            if key in records:
                raise refused(f"record `{shown(key)}` stands twice")
            records[key] = value[:-1]
            at += length
        return records

    def _entry(self, block: bytes, records: dict[bytes, bytes]) -> Entry:
        name = records.get(b"GNU.sparse.name", records.get(b"path", header_name(block)))
        kind = KINDS.get(block[156:157])
        if kind is None:
            raise refused(f"entry `{shown(name)}` has the type `{shown(block[156:157])}`, which is never restored")
        link = records.get(b"linkpath", cut(block[157:257]))
        stored = decimal(records[b"size"]) if b"size" in records else number(block[124:136])
        if stored and kind != "file":
            raise refused(f"entry `{shown(name)}` has content and is no file")
        self.left, self.padding = stored, -stored % BLOCK
        entry = Entry(kind, name, link, metadata(block, records), stored, [(0, stored)])
        if any(key.startswith(b"GNU.sparse.") for key in records):
            self._sparse(entry, records)
        return entry

    def _sparse(self, entry: Entry, records: dict[bytes, bytes]) -> None:
        """Version 1.0, as captured archives have it: decimal lines before the data say where it goes."""
        known = {b"GNU.sparse." + key for key in (b"major", b"minor", b"name", b"realsize")}
        given = {key for key in records if key.startswith(b"GNU.sparse.")}
        if given != known or (records[b"GNU.sparse.major"], records[b"GNU.sparse.minor"]) != (b"1", b"0"):
            raise refused(f"entry `{shown(entry.name)}` is sparse in a form that is not read")
        if entry.kind != "file":
            raise refused(f"entry `{shown(entry.name)}` is sparse and no file")
        numbers: list[int] = []
        text = b""
        while not numbers or len(numbers) <= 2 * numbers[0]:
            line, newline, rest = text.partition(b"\n")
            if newline:
                numbers.append(decimal(line))
                text = rest
            elif len(text) > BLOCK or self.left < BLOCK:
                raise refused(f"entry `{shown(entry.name)}` has a malformed sparse map")
            else:
                text += self.content(BLOCK)
            if numbers and numbers[0] > EXTENTS_MAX:
                raise refused(f"entry `{shown(entry.name)}` has more than {EXTENTS_MAX} runs of data")
        entry.is_sparse = True
        entry.size = decimal(records[b"GNU.sparse.realsize"])
        entry.extents = list(zip(numbers[1::2], numbers[2::2]))
        end = 0
        for offset, length in entry.extents:
            if offset < end or offset + length > entry.size:
                raise refused(f"entry `{shown(entry.name)}` has a sparse map that is out of order or leaves the file")
            end = offset + length
        if entry.stored != self.left:
            raise refused(f"entry `{shown(entry.name)}` stores other bytes than its sparse map says")


def metadata(block: bytes, records: dict[bytes, bytes]) -> Metadata:
    uid = decimal(records[b"uid"]) if b"uid" in records else number(block[108:116])
    gid = decimal(records[b"gid"]) if b"gid" in records else number(block[116:124])
    if max(uid, gid) >= 0xFFFFFFFF:
        raise refused("an owner or group is no id")
    mtime = time(records[b"mtime"]) if b"mtime" in records else Timestamp(number(block[136:148]), 0)
    return Metadata(number(block[100:108]) & 0o7777, uid, gid, mtime, xattrs(records))


def xattrs(records: dict[bytes, bytes]) -> list[Xattr]:
    prefix = b"SCHILY.xattr."
    # `=` would end the key, so writers encode it.
    decoded = [
        Xattr(key[len(prefix) :].replace(b"%3D", b"=").replace(b"%25", b"%"), value)
        for key, value in records.items()
        if key.startswith(prefix)
    ]
    names = {xattr.name for xattr in decoded}
    for key in records:
        as_text = key.startswith(b"SCHILY.acl.") and b"system.posix_acl_" + key[11:] not in names
        if as_text or (key.startswith(b"LIBARCHIVE.xattr.") and not names):
            raise refused(f"`{shown(key)}` has no attribute beside it, and alone it is not restored")
    return decoded


def check_sum(block: bytes) -> None:
    """The sum is taken with its own field as spaces."""
    if number(block[148:156]) != sum(block) - sum(block[148:156]) + 8 * ord(" "):
        raise refused("a tar header has a wrong checksum")


def header_name(block: bytes) -> bytes:
    prefix = cut(block[345:500]) if block[257:263] == b"ustar\0" else b""
    return prefix + b"/" + cut(block[:100]) if prefix else cut(block[:100])


def cut(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def number(field: bytes) -> int:
    """Octal digits between blanks, or base 256 with the top bit set."""
    if field[0] & 0x80:
        value = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:])
    elif re.fullmatch(rb" *[0-7]*[ \0]*", field):
        value = int(field.strip(b" \0") or b"0", 8)
    else:
        raise refused(f"`{shown(field)}` is no octal number")
    if value >= 1 << 63:
        raise refused("a number is negative or beyond 63 bits")
    return value


def decimal(text: bytes) -> int:
    if not re.fullmatch(rb"[0-9]{1,19}", text) or int(text) >= 1 << 63:
        raise refused(f"`{shown(text)}` is no number")
    return int(text)


def time(text: bytes) -> Timestamp:
    """Decimal seconds with a fraction, rounded down to the nanosecond, so that a negative time counts forward too."""
    match = re.fullmatch(rb"(-?)([0-9]{1,19})(?:\.([0-9]*))?", text)
    if match is None:
        raise refused(f"`{shown(text)}` is no time")
    sign, whole, fraction = match[1], match[2], match[3] or b""
    nanoseconds = int(whole) * 10**9 + int(fraction[:9].ljust(9, b"0"))
    if sign:
        nanoseconds = -nanoseconds - any(digit != ord("0") for digit in fraction[9:])
    seconds, nanoseconds = divmod(nanoseconds, 10**9)
    if not -(1 << 63) <= seconds < 1 << 63:
        raise refused("a time is beyond 64 bits")
    return Timestamp(seconds, nanoseconds)
