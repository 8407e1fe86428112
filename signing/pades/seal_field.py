"""Signature fields and the seals that they show (ISO 32000-1 §12.7.4.5, §12.5.6.19, §8.10).

A signature is a field and its annotation in one, which shows the seal at its first place. At the other places, those
of a paging seal among them, stand stamps of the same revision that paint the very same outlines (ADR 0065).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyhanko.pdf_utils import generic

from signing.appearance.pdf_content import BLEND
from signing.locks import FieldLock
from signing.model import SealImage
from signing.pades.page_geometry import Box, SealSpot, whole
from signing.pades.pdf_a import default_rgb, rules_of
from signing.pades.pdf_objects import array, dictionary, entry, name, number, pointer, real, text_string
from signing.pades.permissions import lock_dictionary
from signing.pades.update import Update

_PRINT, _READ_ONLY, _LOCKED, _LOCKED_CONTENTS = 4, 64, 128, 512  # ISO 32000-1 §12.5.3; ISO 19005-3 §6.3.2: Print
_SIGNATURES_EXIST_APPEND_ONLY = 3  # ISO 32000-1 §12.7.2
SEAL = "/Seal"  # the outlines among a form's resources
DRAW_SEAL = b"/Seal Do"  # all that a form with shared outlines does


@dataclass(frozen=True, slots=True)
class EmptyField:
    """A field that the file has and that is not signed yet.

    Attributes:
        widget: its annotation, which may be the field itself.
        lock: what its maker wants locked.
        spot: where the seal goes; None for a field that shows nothing.
    """

    node: generic.DictionaryObject
    widget: generic.DictionaryObject
    lock: FieldLock | None
    spot: SealSpot | None


def new_field(
    update: Update,
    field_name: str,
    signature: generic.Reference,
    spots: Sequence[SealSpot],
    image: SealImage,
    lock: FieldLock | None,
) -> None:
    """Add a signed field that shows the seal at every one of `spots`; none for a field that shows nothing."""
    field = update.reserve()
    entries: dict[str, generic.PdfObject] = {
        "/FT": name("/Sig"),
        "/T": text_string(field_name),
        "/V": pointer(signature),
    }
    if lock is not None:
        entries["/Lock"] = lock_dictionary(lock)
    pictures = _Pictures(update, image, shared=len(spots) > 1)
    entries |= _shown(spots[0] if spots else None, pictures)
    update.add(field, dictionary({**entries, "/Subtype": name("/Widget"), "/F": number(_PRINT | _LOCKED)}))
    enter_in_form(update, field)
    if spots:
        _enter_on_page(update, spots[0].page, field)
    for one in spots[1:]:
        stamp = update.reserve()
        flags = number(_PRINT | _READ_ONLY | _LOCKED | _LOCKED_CONTENTS)
        update.add(stamp, dictionary({**_shown(one, pictures), "/Subtype": name("/Stamp"), "/F": flags}))
        _enter_on_page(update, one.page, stamp)


def fill_field(
    update: Update, field: EmptyField, signature: generic.Reference, image: SealImage, lock: FieldLock | None
) -> None:
    """Sign a field that the file has."""
    node, widget = field.node, field.widget
    node[name("/V")] = pointer(signature)
    if lock is not None and "/Lock" not in node:
        node[name("/Lock")] = lock_dictionary(lock)
    if field.spot is not None:
        widget[name("/AP")] = dictionary({"/N": pointer(_Pictures(update, image).of(field.spot))})
    widget[name("/F")] = number(_PRINT | _LOCKED)
    update.add_container_of(node)
    if widget is not node:
        update.add_container_of(widget)
    form = entry(update.reader.root, "/AcroForm")
    form[name("/SigFlags")] = number(_SIGNATURES_EXIST_APPEND_ONLY)
    update.add_container_of(form)


def _shown(spot: SealSpot | None, pictures: _Pictures) -> dict[str, generic.PdfObject]:
    entries: dict[str, generic.PdfObject] = {
        "/Type": name("/Annot"),
        "/Rect": array(real(value) for value in (spot.rectangle if spot else (0.0, 0.0, 0.0, 0.0))),
    }
    if spot is not None:
        entries["/AP"] = dictionary({"/N": pointer(pictures.of(spot))})
        entries["/P"] = pointer(spot.page)
    return entries


class _Pictures:
    """The seal's form XObjects: each part in each direction is written once, the outlines themselves once.

    Args:
        shared: every form does nothing but paint one object with the outlines, so that it can be told from the file
            that all of them show the same.
    """

    def __init__(self, update: Update, image: SealImage, *, shared: bool = False) -> None:
        self._update = update
        self._share = shared
        self._image = image
        self._rules = rules_of(update.reader)
        self._made: dict[tuple[int, Box], generic.Reference] = {}
        self._outlines: generic.Reference | None = None

    def of(self, spot: SealSpot) -> generic.Reference:
        """The form that shows the spot's part of the seal."""
        key = (spot.rotation, spot.window)
        if key not in self._made:
            self._made[key] = self._update.reserve()
            self._update.add(self._made[key], self._part(*key))
        return self._made[key]

    def _part(self, rotation: int, window: Box) -> generic.StreamObject:
        entries = self._form(window, rotation)
        if window == whole(self._image) and not self._share:
            return generic.StreamObject(dictionary(self._with_outlines(entries)), encoded_data=self._image.content)
        entries["/Resources"] = dictionary({"/XObject": dictionary({SEAL: pointer(self._shared())})})
        return generic.StreamObject(dictionary(entries), stream_data=DRAW_SEAL)

    def _shared(self) -> generic.Reference:
        if self._outlines is None:
            self._outlines = self._update.reserve()
            entries = self._with_outlines(self._form(whole(self._image), 0))
            form = generic.StreamObject(dictionary(entries), encoded_data=self._image.content)
            self._update.add(self._outlines, form)
        return self._outlines

    def _with_outlines(self, entries: dict[str, generic.PdfObject]) -> dict[str, generic.PdfObject]:
        """Multiplied onto the page, so that what lies under the seal stays readable."""
        state: dict[str, generic.PdfObject] = {"/Type": name("/ExtGState")}
        if self._rules.blend:
            state["/BM"] = name("/Multiply")
        resources: dict[str, generic.PdfObject] = {"/ExtGState": dictionary({f"/{BLEND}": dictionary(state)})}
        if self._rules.own_colours:
            resources["/ColorSpace"] = default_rgb()
        return {**entries, "/Resources": dictionary(resources), "/Filter": name("/FlateDecode")}

    @staticmethod
    def _form(window: Box, rotation: int) -> dict[str, generic.PdfObject]:
        cosine, sine = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[rotation]
        return {
            "/Type": name("/XObject"),
            "/Subtype": name("/Form"),
            "/BBox": array(real(value) for value in window),
            "/Matrix": array(number(value) for value in (cosine, sine, -sine, cosine, 0, 0)),
        }


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
