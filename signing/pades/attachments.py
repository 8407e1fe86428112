"""Takes out the files that a signed revision carries (ISO 32000-1 §7.11.4, PDF/A-3), within bounds."""

from __future__ import annotations

from collections.abc import Iterator

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from core.files.reading import stream_over
from core.files.scratch import FileBytes
from signing.pades.decode_limits import LIMITS
from signing.pades.pdf_objects import dictionary, entries, entry

_MOST_FILES = 16
_MOST_BYTES = 8_000_000
_MOST_NODES = 64


def attachments(revision: FileBytes, reader: PdfFileReader | None = None) -> dict[str, bytes]:
    """Attached files by name, of a revision whose signature is good; the first of a name counts.

    Args:
        reader: of exactly this revision, if there is one already.
    """
    reader = reader or PdfFileReader(stream_over(revision), strict=True, decode_limits=LIMITS)
    names = entry(reader.root, "/Names")
    if not isinstance(names, generic.DictionaryObject) or "/EmbeddedFiles" not in names:
        return {}
    out: dict[str, bytes] = {}
    left = _MOST_BYTES
    for specification in _specifications(names["/EmbeddedFiles"]):
        name = entry(specification, "/UF", entry(specification, "/F"))
        stream = entry(entry(specification, "/EF", dictionary({})), "/F")
        if len(out) >= _MOST_FILES or not isinstance(stream, generic.StreamObject):
            continue
        data = stream.data
        left -= len(data)
        if left < 0:
            break
        out.setdefault(str(name)[:200], data)
    return out


def _specifications(tree: generic.PdfObject) -> Iterator[generic.DictionaryObject]:
    """The file specifications of a name tree (ISO 32000-1 §7.9.6)."""
    waiting, seen = [tree], 0
    while waiting and seen < _MOST_NODES:
        node = waiting.pop(0)
        seen += 1
        if not isinstance(node, generic.DictionaryObject):
            continue
        waiting += entries(node, "/Kids", _MOST_NODES)
        for found in entries(node, "/Names", _MOST_NODES)[1::2]:
            if isinstance(found, generic.DictionaryObject):
                yield found
