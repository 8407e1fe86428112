"""S-04, shadow attacks: the file is prepared before it is sealed, and what was hidden is shown afterwards.

S-05, certification: what a later revision may do when the first signature certifies with P = 1, 2 or 3.
S-06, the legitimate twins: what may be added to a sealed file.
"""

from __future__ import annotations

from io import BytesIO

import pikepdf
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from tests.support.signing_fakes import PlainAuthority, pdf
from tests.support.signing_forgeries import content_stream, number_of, page, raw_update, repoint, update
from tests.support.signing_world import FileJudge, press
from tests.support.tally import forged, genuine

AUTHORITY = PlainAuthority.make()
PRESS = press(AUTHORITY)


def prepared() -> bytes:
    """A document with things in waiting: an overlay, a form field, a second text, a second page tree and catalogue."""
    document = pikepdf.open(BytesIO(pdf()))
    only = document.pages[0].obj
    widget = document.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Widget,
            FT=pikepdf.Name.Tx,
            T=pikepdf.String("amount"),
            V=pikepdf.String("56.40"),
            Rect=[100, 600, 300, 630],
            P=only,
            AP=pikepdf.Dictionary(N=_form(document, b"BT /F1 12 Tf 2 5 Td (56.40) Tj ET", "current")),
        )
    )
    overlay = document.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Stamp,
            Rect=[50, 400, 500, 500],
            AP=pikepdf.Dictionary(N=_form(document, b"1 g 0 0 450 100 re f", "cover")),
        )
    )
    only.Annots = document.make_indirect(pikepdf.Array([widget, overlay]))
    second = document.make_stream(b"BT /F1 14 Tf 72 760 Td (a second text in waiting) Tj ET")
    hidden_page = document.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.Page, MediaBox=[0, 0, 595, 842], Resources=only.Resources, Contents=second)
    )
    tree = document.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.Pages, Kids=pikepdf.Array([hidden_page]), Count=1)
    )
    hidden_page.Parent = tree
    catalogue = document.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.Catalog, Pages=tree))
    # so that the writer keeps what nobody uses
    document.Root.PieceInfo = pikepdf.Dictionary(Waiting=pikepdf.Array([second, tree, catalogue]))
    document.Root.AcroForm = document.make_indirect(pikepdf.Dictionary(Fields=pikepdf.Array([widget])))
    out = BytesIO()
    document.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable, compress_streams=False, static_id=True)
    return out.getvalue()


def _form(document: pikepdf.Pdf, content: bytes, name: str) -> pikepdf.Object:
    form = document.make_stream(content)
    form.Type, form.Subtype, form.BBox = pikepdf.Name.XObject, pikepdf.Name.Form, [0, 0, 450, 100]
    form.Name = pikepdf.Name(f"/{name}")
    return form


PREPARED = prepared()
SEALED = PRESS.seal(PREPARED)


def _body(content: bytes, number: int) -> bytes:
    start = content.index(b"\n%d 0 obj" % number) + 1
    return content[content.index(b"obj", start) + 3 : content.index(b"endobj", start)].strip()


_SECOND_TEXT, _SECOND_AT = number_of(SEALED, b"second text in waiting")
_TEXT, _TEXT_AT = number_of(SEALED, b"Proof of housing")
_COVER, _ = number_of(SEALED, b"/cover")
_CURRENT, _ = number_of(SEALED, b"/current")
_STAMP, _ = number_of(SEALED, b"/Stamp")
_FIELD, _ = number_of(SEALED, b"(amount)")


def hide_by_removing(writer: IncrementalPdfFileWriter) -> None:
    annotations = page(writer)["/Annots"]
    del annotations[1]
    writer.update_container(annotations)


def hide_by_flag(writer: IncrementalPdfFileWriter) -> None:
    stamp = page(writer)["/Annots"][1]
    stamp[pdf_name("/F")] = generic.NumberObject(2)
    writer.update_container(stamp)


def replace_value(writer: IncrementalPdfFileWriter) -> None:
    field = writer.root["/AcroForm"]["/Fields"][0]
    field[pdf_name("/V")] = pdf_string("99.99")
    form = content_stream("99.99")
    form.update({pdf_name("/Type"): pdf_name("/XObject"), pdf_name("/Subtype"): pdf_name("/Form")})
    form[pdf_name("/BBox")] = generic.ArrayObject(generic.NumberObject(value) for value in (0, 0, 200, 30))
    field[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): writer.add_object(form)})
    writer.update_container(field)


def replace_default_appearance(writer: IncrementalPdfFileWriter) -> None:
    form = writer.root["/AcroForm"]
    form[pdf_name("/DA")] = pdf_string("/Symbol 12 Tf")
    writer.update_container(form)


def need_appearances(writer: IncrementalPdfFileWriter) -> None:
    form = writer.root["/AcroForm"]
    form[pdf_name("/NeedAppearances")] = generic.BooleanObject(True)
    writer.update_container(form)


def _catalogue_number() -> int:
    return max(
        number
        for number in range(1, 40)
        if b"\n%d 0 obj" % number in SEALED
        and b"/Type /Catalog" in _body(SEALED, number)
        and b"PieceInfo" not in _body(SEALED, number)
    )


SHADOWS = {
    "hide-annotation-removed": update(SEALED, hide_by_removing),
    "hide-annotation-flag": update(SEALED, hide_by_flag),
    "hide-cover-emptied": raw_update(
        SEALED, {_COVER: b"<< /Type /XObject /Subtype /Form /Length 0 >>\nstream\n\nendstream"}
    ),
    "hide-cover-null": raw_update(SEALED, {_COVER: b"null"}),
    "hide-stamp-freed": raw_update(SEALED, {}).replace(
        b"xref\ntrailer", b"xref\n%d 1\n0000000000 00001 f \ntrailer" % _STAMP
    ),
    "replace-value": update(SEALED, replace_value),
    "replace-appearance-only": raw_update(
        SEALED, {_CURRENT: b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length 7 >>\nstream\n(99.99)\nendstream"}
    ),
    "replace-default-appearance": update(SEALED, replace_default_appearance),
    "replace-need-appearances": update(SEALED, need_appearances),
    "hide-and-replace-by-table": repoint(SEALED, _TEXT, _SECOND_AT),
    "hide-and-replace-by-copy": raw_update(SEALED, {_TEXT: _body(SEALED, _SECOND_TEXT)}),
    "hide-and-replace-root": raw_update(SEALED, {}).replace(b"/Root 1 0 R", b"/Root %d 0 R" % _catalogue_number())
    if b"/Root 1 0 R" in SEALED
    else b"",
}


async def test_twin_is_genuine() -> None:
    report = genuine("S-04", await FileJudge(AUTHORITY)(SEALED))
    assert report.conclusion == "genuine"


@pytest.mark.parametrize("variant", SHADOWS)
async def test_shadow_is_a_change(variant: str) -> None:
    made = SHADOWS[variant]
    assert made != SEALED
    assert len(made) > len(PREPARED)
    report = forged("S-04", await FileJudge(AUTHORITY)(made))
    assert (report.indication, report.conclusion) == ("TOTAL-FAILED", "changed")
