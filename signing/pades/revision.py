"""Revisions that make a signature last: validation data and document time-stamps (ETSI EN 319 142-1 §5.4, §5.5).

Both only append, leave pages and description alone, and show nothing.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from core.files.reading import stream_over
from core.files.scratch import FileBytes
from core.text import Text
from signing.errors import PdfRefused
from signing.isolation.task import Task
from signing.pades.decode_limits import LIMITS
from signing.pades.intake import damaged
from signing.pades.pdf_objects import array, dictionary, entry, name, number, pointer, real
from signing.pades.seal_field import enter_in_form
from signing.pades.security_store import ARRAYS, ValidationData, streams
from signing.pades.update import RANGE_AND_VALUE, Prepared, Tail, Update

_FLAG_PRINT_AND_LOCKED = 4 | 128  # ISO 32000-1 §12.5.3
_TIMESTAMP_HEAD = b"<<\n/Type /DocTimeStamp\n/Filter /Adobe.PPKLite\n/SubFilter /ETSI.RFC3161\n/V 0\n" + RANGE_AND_VALUE


def open_for_extending(content: FileBytes) -> PdfFileReader:
    """A strict reader over a file that is signed already. What it says is not looked at: nothing of it is signed anew.

    Raises:
        PdfRefused: `pdf-damaged`, `pdf-encrypted` or `pdf-hybrid`.
    """
    try:
        reader = PdfFileReader(stream_over(content), strict=True, decode_limits=LIMITS)
        encrypted, hybrid = "/Encrypt" in reader.trailer, reader.xrefs.hybrid_xrefs_present
    except Exception as e:  # a parser may throw anything at hostile bytes
        raise damaged(e) from e
    if encrypted:
        raise PdfRefused(
            "pdf-encrypted", Text("PDF 加了密，不能续期。", "The PDF is encrypted and cannot be extended.")
        )
    if hybrid:
        raise PdfRefused(
            "pdf-hybrid",
            Text("PDF 有两套目录，不能续期。", "The PDF has two tables of contents and cannot be extended."),
        )
    return reader


def append_validation_data(content: FileBytes, data: ValidationData) -> bytes | None:
    """The update that adds `data` to the document security store; None when all of it is there already.

    Raises:
        PdfRefused: the file cannot be extended.
    """
    reader = open_for_extending(content)
    try:
        return _with_data(content, reader, data)
    except Exception as e:  # a parser may throw anything at hostile bytes
        raise damaged(e) from e


def _with_data(content: FileBytes, reader: PdfFileReader, data: ValidationData) -> bytes | None:
    update, root = Update(content, reader), reader.root
    store = entry(root, "/DSS")
    if not isinstance(store, generic.DictionaryObject):
        store = dictionary({"/Type": name("/DSS")})
    kept = {key: {hashlib.sha256(one.data).digest() for one in streams(store, key)} for key in ARRAYS}
    added = False
    for key, values in data.by_array().items():
        fresh = [one for one in values if hashlib.sha256(one).digest() not in kept[key]]
        if fresh:
            store[name(key)] = array([*_references(store, key), *(_stream(update, one) for one in fresh)])
            added = True
    if not added:
        return None
    _enter_store(update, root, store)
    return update.finish_unsigned()


def _references(store: generic.DictionaryObject, key: str) -> Iterable[generic.PdfObject]:
    present = entry(store, key)
    return list(present) if isinstance(present, generic.ArrayObject) else []


def _stream(update: Update, value: bytes) -> generic.PdfObject:
    reference = update.reserve()
    entries = {"/Filter": name("/FlateDecode")}
    update.add(reference, generic.StreamObject(dictionary(entries), encoded_data=zlib.compress(value)))
    return pointer(reference)


def _enter_store(update: Update, root: generic.DictionaryObject, store: generic.DictionaryObject) -> None:
    """Under the store's own number, if it has one; otherwise in the catalogue, which is written anyway."""
    present = root.raw_get("/DSS") if "/DSS" in root else None
    reference = present.reference if isinstance(present, generic.IndirectObject) else None
    if isinstance(reference, generic.Reference):
        update.add(reference, store)
        return
    own = update.reserve()
    update.add(own, store)
    root[name("/DSS")] = pointer(own)
    _note_extension(root)
    update.add_container_of(root)


def _note_extension(root: generic.DictionaryObject) -> None:
    """A file below PDF 2.0 says which extension it uses (ISO 32000-1 §7.12)."""
    if str(entry(root, "/Version", "")) >= "/2.0" or "/Extensions" in root:
        return
    esic = {"/BaseVersion": name("/1.7"), "/ExtensionLevel": number(1)}
    root[name("/Extensions")] = dictionary({"/ESIC": dictionary(esic)})


@dataclass(frozen=True, slots=True)
class TimestampField:
    """A document time-stamp that is to be written: a free name for its field, and room for its token in octets."""

    name: str
    octets: int


def append_timestamp(content: FileBytes, field: TimestampField) -> Prepared:
    """An update with a document time-stamp that waits for its token (EN 319 142-1 §5.4.3).

    Raises:
        PdfRefused: the file cannot be extended.
    """
    reader = open_for_extending(content)
    try:
        update = Update(content, reader)
        value, widget = update.reserve(), update.reserve()
        entries: dict[str, generic.PdfObject] = {
            "/Type": name("/Annot"),
            "/Subtype": name("/Widget"),
            "/FT": name("/Sig"),
            "/T": generic.pdf_string(field.name),
            "/V": pointer(value),
            "/F": number(_FLAG_PRINT_AND_LOCKED),
            "/Rect": array(real(0.0) for _ in range(4)),
        }
        update.add(widget, dictionary(entries))
        enter_in_form(update, widget)
        return update.finish(value, _TIMESTAMP_HEAD, field.octets)
    except Exception as e:  # a parser may throw anything at hostile bytes
        raise damaged(e) from e


def timestamp_tail(content: FileBytes, field: TimestampField) -> Tail:
    """Inside a cell: `append_timestamp`."""
    return Tail.of(append_timestamp(content, field))


def validation_data_tail(content: FileBytes, data: ValidationData) -> bytes:
    """Inside a cell: `append_validation_data`; empty if the file has everything."""
    return append_validation_data(content, data) or b""


TIMESTAMP = Task(timestamp_tail, Tail)
VALIDATION_DATA = Task(validation_data_tail, bytes)
