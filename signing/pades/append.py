"""Appends a signature to a PDF as one incremental update (ISO 32000-1 §7.5.6, §12.8; ETSI EN 319 142-1 §4.1, §5).

Only the objects that must change are written again: the page with its annotations, the form, and the catalogue if
it holds one of them directly. Metadata stay as they are, so a PDF/A file stays one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from core.clock import SHANGHAI
from core.files.scratch import FileBytes
from signing.locks import NO_LOCKS, Locks
from signing.model import SealImage
from signing.pades.page_geometry import SealSpot
from signing.pades.pdf_objects import serialised
from signing.pades.permissions import enter_certification, references
from signing.pades.seal_field import EmptyField, fill_field, new_field
from signing.pades.update import RANGE_AND_VALUE, Prepared, Update
from signing.profiles import PADES_HANDLER, Handler


@dataclass(frozen=True, slots=True)
class SignatureText:
    """What the signature dictionary says in words; `reason`, `location` and `contact` may be empty."""

    field_name: str
    signer: str
    signed_at: dt.datetime
    reason: str
    location: str = ""
    contact: str = ""


def append_signature(
    pdf: FileBytes,
    reader: PdfFileReader,
    text: SignatureText,
    *,
    octets: int,
    image: SealImage,
    spots: Sequence[SealSpot] = (),
    field: EmptyField | None = None,
    locks: Locks = NO_LOCKS,
    handler: Handler = PADES_HANDLER,
) -> Prepared:
    """Add a signature with room for a value of `octets` bytes, showing `image` at every one of `spots`.

    Args:
        field: the field to sign, shown at its own place, and with its own lock; None for a new field.
        handler: what kind of value it will be.
    """
    update = Update(pdf, reader)
    signature = update.reserve()
    if field is None:
        new_field(update, text.field_name, signature, spots, image, locks.fields)
    else:
        locks = Locks(locks.certify, locks.fields or field.lock)
        fill_field(update, field, signature, image, locks.fields)
    if locks.certify is not None:
        enter_certification(update, signature)
    return update.finish(signature, _signature_dictionary(text, handler, _references(update, locks)), octets)


def _references(update: Update, locks: Locks) -> bytes:
    if locks == NO_LOCKS:
        return b""
    catalogue = update.reader.root.container_ref
    if not isinstance(catalogue, generic.Reference):
        raise ValueError("a catalogue outside any indirect object")
    return serialised(references(locks, catalogue))


def _signature_dictionary(text: SignatureText, handler: Handler, references: bytes) -> bytes:
    """The dictionary up to its byte range and the key of its value, which end it."""
    local = text.signed_at.astimezone(SHANGHAI)
    # EN 319 142-1 §6.3: SubFilter ETSI.CAdES.detached; M shall be present
    parts = [
        b"<<\n/Type /Sig\n/Filter /%b\n/SubFilter /%b\n" % (handler.filter.encode(), handler.sub_filter.encode()),
        b"/M (D:%b+08'00')\n" % local.strftime("%Y%m%d%H%M%S").encode(),
        b"/Name %b\n" % _text(text.signer),
    ]
    for key, words in ((b"Reason", text.reason), (b"Location", text.location), (b"ContactInfo", text.contact)):
        if words:
            parts.append(b"/%b %b\n" % (key, _text(words)))
    if references:
        parts.append(b"/Reference %b\n" % references)
    parts.append(RANGE_AND_VALUE)
    return b"".join(parts)


def _text(value: str) -> bytes:
    """A text string as hexadecimal UTF-16 (ISO 32000-1 §7.9.2.2), so nothing has to be escaped."""
    return b"<FEFF%b>" % value.encode("utf-16-be").hex().upper().encode()
