"""A signature field that the file has and that waits for its signature (ISO 32000-1 §12.7.4.5)."""

from __future__ import annotations

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from core.text import Text
from signing.errors import PlacementInvalid
from signing.locks import FieldLock, LockAction
from signing.model import SealImage
from signing.pades.form_fields import FormField, form_fields
from signing.pades.page_geometry import SealSpot, Sheet, corners, page_count, sheet
from signing.pades.pdf_objects import entries, entry
from signing.pades.seal_field import EmptyField

_LEAST = 0.5  # of a unit: smaller fields are invisible (ISO 32000-1 §12.7.4.5)


def empty_field(reader: PdfFileReader, name: str, image: SealImage) -> EmptyField:
    """The field of this name; the seal lies in its middle, in true size if it fits, else as large as fits.

    Raises:
        PlacementInvalid: `placement-field-unknown`, `placement-field-signed`, `placement-field-demands` or
            `placement-field-widgets`.
    """
    field = next((one for one in form_fields(reader) if one.name == name and one.kind == "/Sig"), None)
    if field is None:
        raise _refused(
            "placement-field-unknown",
            Text("文件里没有这个签名域。", "The file has no signature field of this name."),
        )
    if field.signed:
        raise _refused(
            "placement-field-signed", Text("这个签名域已经签过了。", "This signature field is signed already.")
        )
    _check_seed(field)
    widget = _widget(field)
    return EmptyField(field.node, widget, _lock(field), _spot(reader, widget, image))


def _check_seed(field: FormField) -> None:
    """A seed value with demands (ISO 32000-1 §12.7.4.5, Table 234) is not overruled in silence."""
    seed = entry(field.node, "/SV")
    if isinstance(seed, generic.DictionaryObject) and int(entry(seed, "/Ff", 0)) != 0:
        raise _refused(
            "placement-field-demands",
            Text(
                "这个签名域对签名另有要求（SV），这里不能满足。请换一个签名域。",
                "This signature field makes demands (SV) that cannot be met here. Choose another one.",
            ),
        )


def _widget(field: FormField) -> generic.DictionaryObject:
    kids = entries(field.node, "/Kids")
    if not kids:
        return field.node
    if len(kids) != 1 or not isinstance(kids[0], generic.DictionaryObject):
        raise _refused(
            "placement-field-widgets",
            Text("这个签名域在文件里有好几处，不能盖。", "This signature field stands in several places."),
        )
    return kids[0]


def _lock(field: FormField) -> FieldLock | None:
    """What the file's maker wants locked when the field is signed (ISO 32000-1 §12.7.4.5, Table 233)."""
    lock = entry(field.node, "/Lock")
    if not isinstance(lock, generic.DictionaryObject):
        return None
    action = LockAction(str(entry(lock, "/Action"))[1:])
    return FieldLock(action, tuple(str(one) for one in entries(lock, "/Fields")))


def _spot(reader: PdfFileReader, widget: generic.DictionaryObject, image: SealImage) -> SealSpot | None:
    rectangle = corners(widget["/Rect"])
    width, height = rectangle[2] - rectangle[0], rectangle[3] - rectangle[1]
    if min(width, height) < _LEAST:
        return None
    page = _page_of(reader, widget)
    if page is None:
        raise _refused(
            "placement-field-unknown", Text("这个签名域不在任何一页上。", "This signature field is on no page.")
        )
    if page.rotation in (90, 270):
        width, height = height, width
    across, up = width / page.scale, height / page.scale
    # the window is as wide and high as the field, and larger where the seal has to shrink
    shrunk = max(1.0, image.width_mm / across, image.height_mm / up)
    half_across, half_up = across * shrunk / 2, up * shrunk / 2
    window = (-half_across, -half_up, half_across, half_up)
    return SealSpot(page.page, rectangle, page.rotation, window, page.number, page.shown(rectangle))


def _page_of(reader: PdfFileReader, widget: generic.DictionaryObject) -> Sheet | None:
    """The page whose annotations hold the widget; its own word (`/P`) is optional and may be wrong."""
    for number in range(1, page_count(reader) + 1):
        page = sheet(reader, number)
        content = page.page.get_object()
        if not isinstance(content, generic.DictionaryObject):
            continue
        if any(_same(one, widget) for one in entries(content, "/Annots")):
            return page
    return None


def _same(one: object, widget: generic.DictionaryObject) -> bool:
    return isinstance(one, generic.DictionaryObject) and one.container_ref == widget.container_ref is not None


def _refused(code: str, text: Text) -> PlacementInvalid:
    return PlacementInvalid(code, text, field="field")
