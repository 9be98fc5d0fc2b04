"""Refusals: one of the WIT's stable codes and a sentence, in which every foreign name is escaped."""

from componentize_py_types import Err
from wit_world.imports.types import Failure

LINKS_HINT = 'add `links = "contained"` to the workload'


def refused(message: str) -> Err:
    """The archive holds something that is never restored."""
    return failed("archive-refused", message)


def damaged(message: str) -> Err:
    """Bytes are not what was written."""
    return failed("snapshot-damaged", message)


def too_large(message: str) -> Err:
    """A bound was exceeded."""
    return failed("too-large", message)


def failed(code: str, message: str, hint: str = "") -> Err:
    return Err(Failure(code, message, hint))


def all_of(failures: list[Failure]) -> Err:
    """One failure for several: the first one's code and hint, every message."""
    return failed(failures[0].code, "; ".join(failure.message for failure in failures), failures[0].hint)


def shown(name: bytes) -> str:
    """A foreign name as it may be shown: nothing in it steers a terminal or hides."""
    text = name[:512].decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in text)
