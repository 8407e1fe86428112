"""Appends a signature to a PDF as one incremental update (ISO 32000-1 §7.5.6, §12.8; ETSI EN 319 142-1 §4.1, §5).

Only the objects that must change are written again: the page with its annotations, the form, and the catalogue if
it holds one of them directly. Metadata stay as they are, so a PDF/A file stays one.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from core.clock import SHANGHAI
from signing.appearance.pdf_content import BLEND
from signing.model import SealImage
from signing.pades.page_geometry import SealSpot
from signing.pades.pdf_objects import array, dictionary, entry, name, number, pointer, real
from signing.pades.update import RANGE_AND_VALUE, Prepared, Update

_FLAG_PRINT_AND_LOCKED = 4 | 128  # ISO 32000-1 §12.5.3; ISO 19005-3 §6.3.2 wants Print
_SIGNATURES_EXIST_APPEND_ONLY = 3  # ISO 32000-1 §12.7.2


@dataclass(frozen=True, slots=True)
class SignatureText:
    """What the signature dictionary says in words; `reason` may be empty."""

    field_name: str
    signer: str
    signed_at: dt.datetime
    reason: str


def append_signature(
    pdf: bytes, reader: PdfFileReader, text: SignatureText, *, octets: int, spot: SealSpot | None, image: SealImage
) -> Prepared:
    """Add a signature field with room for a value of `octets` bytes, showing `image` at `spot`."""
    update = Update(pdf, reader)
    signature = update.reserve()
    field = update.reserve()
    update.add(field, _widget(update, field, signature, text, spot, image))
    enter_in_form(update, field)
    if spot is not None:
        _enter_on_page(update, spot.page, field)
    return update.finish(signature, _signature_dictionary(text), octets)


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
    parts.append(RANGE_AND_VALUE)
    return b"".join(parts)


def _text(value: str) -> bytes:
    """A text string as hexadecimal UTF-16 (ISO 32000-1 §7.9.2.2), so nothing has to be escaped."""
    return b"<FEFF%b>" % value.encode("utf-16-be").hex().upper().encode()


def _widget(
    update: Update,
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


def enter_in_form(update: Update, field: generic.Reference) -> None:
    """Enter a signature field in the document's form, which is made if there is none."""
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


def _enter_on_page(update: Update, page: generic.Reference, field: generic.Reference) -> None:
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
