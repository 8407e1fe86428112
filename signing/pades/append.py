"""Appends a signature to a PDF as one incremental update (ISO 32000-1 §7.5.6, §12.8; ETSI EN 319 142-1 §4.1, §5).

Only the objects that must change are written again: the page with its annotations, the form, and the catalogue if
it holds one of them directly. Metadata stay as they are, so a PDF/A file stays one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from core.clock import SHANGHAI
from signing.appearance.pdf_content import BLEND
from signing.model import SealImage
from signing.pades.page_geometry import SealSpot
from signing.pades.pdf_objects import array, dictionary, entry, name, number, pointer, real, serialised

_RANGE_WIDTH = 60  # room for the byte range's numbers
_FLAG_PRINT_AND_LOCKED = 4 | 128  # ISO 32000-1 §12.5.3; ISO 19005-3 §6.3.2 wants Print
_SIGNATURES_EXIST_APPEND_ONLY = 3  # ISO 32000-1 §12.7.2


@dataclass(frozen=True, slots=True)
class SignatureText:
    """What the signature dictionary says in words; `reason` may be empty."""

    field_name: str
    signer: str
    signed_at: dt.datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A PDF that waits for its signature value: the hole `<…>` lies at `start`, ends before `end`."""

    content: bytearray
    start: int
    end: int

    def digest(self, name: str) -> bytes:
        """The digest (`hashlib` name) of everything but the hole."""
        whole = memoryview(self.content)
        running = hashlib.new(name, whole[: self.start])
        running.update(whole[self.end :])
        return running.digest()

    def fill(self, cms: bytes) -> bytes:
        """The finished file."""
        value = cms.hex().encode()
        room = self.end - self.start - 2
        if len(value) > room:
            raise ValueError("the signature is larger than the room kept for it")
        self.content[self.start + 1 : self.end - 1] = value.ljust(room, b"0")
        return bytes(self.content)


def append_signature(
    pdf: bytes, reader: PdfFileReader, text: SignatureText, *, octets: int, spot: SealSpot | None, image: SealImage
) -> Prepared:
    """Add a signature field with room for a value of `octets` bytes, showing `image` at `spot`."""
    update = _Update(pdf, reader)
    signature = update.reserve()
    field = update.reserve()
    update.add(field, _widget(update, field, signature, text, spot, image))
    _enter_in_form(update, field)
    if spot is not None:
        _enter_on_page(update, spot.page, field)
    return update.finish(signature, text, octets)


class _Update:
    """Collects new and changed objects and writes the appended section."""

    def __init__(self, pdf: bytes, reader: PdfFileReader) -> None:
        self.reader = reader
        self._pdf = pdf
        self._next = int(reader.trailer["/Size"])
        self._bodies: dict[tuple[int, int], bytes] = {}  # by number and generation

    def reserve(self) -> generic.Reference:
        """A number for a new object."""
        self._next += 1
        return generic.Reference(self._next - 1, 0, self.reader)

    def add(self, reference: generic.Reference, value: generic.PdfObject) -> None:
        """Write `value` under `reference`, be it new or changed."""
        self._bodies[reference.idnum, reference.generation] = serialised(value, reference)

    def add_container_of(self, value: generic.PdfObject) -> None:
        """Write the indirect object that holds `value` again."""
        reference = value.container_ref
        if not isinstance(reference, generic.Reference):
            raise ValueError("an object outside any indirect object")
        self.add(reference, reference.get_object())

    def finish(self, signature: generic.Reference, text: SignatureText, octets: int) -> Prepared:
        out = bytearray(self._pdf)
        if not out.endswith((b"\n", b"\r")):
            out += b"\n"
        offsets: dict[tuple[int, int], int] = {}
        for identifier, body in self._bodies.items():
            offsets[identifier] = len(out)
            out += b"%d %d obj\n%b\nendobj\n" % (*identifier, body)
        offsets[signature.idnum, 0] = len(out)
        out += b"%d 0 obj\n" % signature.idnum
        out += _signature_dictionary(text)
        range_at = len(out) - _RANGE_WIDTH - len(b"/Contents ")
        start = len(out)
        out += b"<%b>\n>>\nendobj\n" % (b"0" * (2 * octets))
        end = start + 2 * octets + 2
        self._write_xref(out, offsets)
        byte_range = b"[0 %d %d %d]" % (start, end, len(out) - end)
        out[range_at : range_at + len(byte_range)] = byte_range
        return Prepared(out, start, end)

    def _write_xref(self, out: bytearray, offsets: dict[tuple[int, int], int]) -> None:
        trailer = self._trailer(out)
        startxref = len(out)
        if self.reader.has_xref_stream:  # the same form as before (ISO 32000-1 §7.5.8.4)
            offsets[self._next, 0] = startxref
            trailer[name("/Size")] = number(self._next + 1)
            _write_xref_stream(out, self._next, trailer, offsets)
        else:
            _write_xref_table(out, trailer, offsets)
        out += b"startxref\n%d\n%%%%EOF\n" % startxref

    def _trailer(self, so_far: bytearray) -> generic.DictionaryObject:
        old = self.reader.trailer
        # ISO 32000-1 §14.4: the first identifier stays, the second changes with the file
        fresh = generic.ByteStringObject(hashlib.sha256(so_far).digest()[:16])
        identifier = old["/ID"][0] if "/ID" in old else fresh
        entries: dict[str, generic.PdfObject] = {
            "/Size": number(self._next),
            "/Root": old.raw_get("/Root"),
            "/Prev": number(int(self.reader.last_startxref or 0)),
            "/ID": array([generic.ByteStringObject(identifier.original_bytes), fresh]),
        }
        if "/Info" in old:
            entries["/Info"] = old.raw_get("/Info")
        return dictionary(entries)


def _write_xref_table(out: bytearray, trailer: generic.DictionaryObject, offsets: dict[tuple[int, int], int]) -> None:
    out += b"xref\n"
    for first, run in _runs(offsets):
        out += b"%d %d\n" % (first, len(run))
        for offset, generation in run:
            out += b"%010d %05d n \n" % (offset, generation)
    out += b"trailer\n%b\n" % serialised(trailer)


def _write_xref_stream(
    out: bytearray, own_number: int, trailer: generic.DictionaryObject, offsets: dict[tuple[int, int], int]
) -> None:
    index, rows = [], bytearray()
    for first, run in _runs(offsets):
        index += [first, len(run)]
        for offset, generation in run:
            rows += b"\x01" + offset.to_bytes(8, "big") + generation.to_bytes(2, "big")
    entries: dict[str, generic.PdfObject] = {
        "/Type": name("/XRef"),
        "/W": array(number(width) for width in (1, 8, 2)),
        "/Index": array(number(value) for value in index),
        "/Length": number(len(rows)),
    }
    trailer.update(dictionary(entries))
    out += b"%d 0 obj\n%b\nstream\n%b\nendstream\nendobj\n" % (own_number, serialised(trailer), bytes(rows))


def _runs(offsets: dict[tuple[int, int], int]) -> list[tuple[int, list[tuple[int, int]]]]:
    """Runs of consecutive object numbers, each with its offsets and generations."""
    out: list[tuple[int, list[tuple[int, int]]]] = []
    for (object_number, generation), offset in sorted(offsets.items()):
        if out and out[-1][0] + len(out[-1][1]) == object_number:
            out[-1][1].append((offset, generation))
        else:
            out.append((object_number, [(offset, generation)]))
    return out


def _signature_dictionary(text: SignatureText) -> bytes:
    """The dictionary up to its byte range and the key of its value, which end it."""
    local = text.signed_at.astimezone(SHANGHAI)
    # EN 319 142-1 §6.3: SubFilter ETSI.CAdES.detached; M shall be present
    parts = [
        b"<<\n/Type /Sig\n/Filter /Adobe.PPKLite\n/SubFilter /ETSI.CAdES.detached\n",
        b"/M (D:%b+08'00')\n" % local.strftime("%Y%m%d%H%M%S").encode(),
        b"/Name %b\n" % _text(text.signer),
    ]
    if text.reason:
        parts.append(b"/Reason %b\n" % _text(text.reason))
    parts.append(b"/ByteRange " + b" " * _RANGE_WIDTH + b"/Contents ")
    return b"".join(parts)


def _text(value: str) -> bytes:
    """A text string as hexadecimal UTF-16 (ISO 32000-1 §7.9.2.2), so nothing has to be escaped."""
    return b"<FEFF%b>" % value.encode("utf-16-be").hex().upper().encode()


def _widget(
    update: _Update,
    field: generic.Reference,
    signature: generic.Reference,
    text: SignatureText,
    spot: SealSpot | None,
    image: SealImage,
) -> generic.DictionaryObject:
    """Field and annotation in one (ISO 32000-1 §12.7.4.5, §12.5.6.19)."""
    entries: dict[str, generic.PdfObject] = {
        "/Type": name("/Annot"),
        "/Subtype": name("/Widget"),
        "/FT": name("/Sig"),
        "/T": generic.pdf_string(text.field_name),
        "/V": pointer(signature),
        "/F": number(_FLAG_PRINT_AND_LOCKED),
        "/Rect": array(real(value) for value in (spot.rectangle if spot else (0.0, 0.0, 0.0, 0.0))),
    }
    if spot is not None:
        form = update.reserve()
        update.add(form, _form_xobject(image, spot.rotation, blend=not _is_pdf_a_1(update.reader)))
        entries["/AP"] = dictionary({"/N": pointer(form)})
        entries["/P"] = pointer(spot.page)
    return dictionary(entries)


def _form_xobject(image: SealImage, rotation: int, *, blend: bool) -> generic.StreamObject:
    """The seal as outlines, multiplied onto the page so that what lies under it stays readable."""
    half = image.diameter_mm / 2
    state: dict[str, generic.PdfObject] = {"/Type": name("/ExtGState")}
    if blend:
        state["/BM"] = name("/Multiply")
    states = dictionary({f"/{BLEND}": dictionary(state)})
    cosine, sine = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[rotation]
    entries: dict[str, generic.PdfObject] = {
        "/Type": name("/XObject"),
        "/Subtype": name("/Form"),
        "/BBox": array(real(value) for value in (-half, -half, half, half)),
        "/Matrix": array(number(value) for value in (cosine, sine, -sine, cosine, 0, 0)),
        "/Resources": dictionary({"/ExtGState": states}),
        "/Filter": name("/FlateDecode"),
    }
    return generic.StreamObject(dictionary(entries), encoded_data=image.content)


def _enter_in_form(update: _Update, field: generic.Reference) -> None:
    root = update.reader.root
    form = entry(root, "/AcroForm")
    if not isinstance(form, generic.DictionaryObject):
        form = dictionary({"/Fields": array([pointer(field)])})
        form[name("/SigFlags")] = number(_SIGNATURES_EXIST_APPEND_ONLY)
        root[name("/AcroForm")] = form
        update.add_container_of(root)
        return
    fields = entry(form, "/Fields")
    if isinstance(fields, generic.ArrayObject):
        fields.append(pointer(field))
        update.add_container_of(fields)
    else:
        form[name("/Fields")] = array([pointer(field)])
    form[name("/SigFlags")] = number(_SIGNATURES_EXIST_APPEND_ONLY)
    update.add_container_of(form)


def _enter_on_page(update: _Update, page: generic.Reference, field: generic.Reference) -> None:
    content = page.get_object()
    if not isinstance(content, generic.DictionaryObject):
        raise ValueError("a page that is not a dictionary")
    annotations = entry(content, "/Annots")
    if isinstance(annotations, generic.ArrayObject):
        annotations.append(pointer(field))
        update.add_container_of(annotations)
    else:
        content[name("/Annots")] = array([pointer(field)])
        update.add(page, content)


def _is_pdf_a_1(reader: PdfFileReader) -> bool:
    """PDF/A-1 forbids transparency (ISO 19005-1 §6.4); later parts allow blend modes."""
    if "/Metadata" not in reader.root:
        return False
    metadata = reader.root.raw_get("/Metadata").get_object()  # its own getter would parse the XML
    if not isinstance(metadata, generic.StreamObject):
        return False
    data = metadata.data
    return b"pdfaid:part>1<" in data or b'pdfaid:part="1"' in data or b"pdfaid:part='1'" in data
