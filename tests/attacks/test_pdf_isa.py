"""S-02, incremental saving attacks: something is appended to a genuine file, well-formed or broken."""

from __future__ import annotations

import re

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from tests.support.signing_fakes import PlainAuthority, pdf
from tests.support.signing_forgeries import (
    Change,
    content_stream,
    edit_dictionary,
    last_startxref,
    number_of,
    page,
    raw_update,
    update,
)
from tests.support.signing_world import FileJudge, press
from tests.support.tally import forged, genuine

AUTHORITY = PlainAuthority.make()
PRESS = press(AUTHORITY)
ORIGINAL = pdf(2)
SEALED = PRESS.seal(ORIGINAL)
SEALED_WITH_STREAMS = PRESS.seal(pdf(2, streams=True))


def new_page(writer: IncrementalPdfFileWriter) -> None:
    pages = writer.root["/Pages"]
    copy = generic.DictionaryObject(dict(page(writer).items()))
    copy[pdf_name("/Contents")] = writer.add_object(content_stream("a page more"))
    copy.pop("/Annots", None)
    pages["/Kids"].append(writer.add_object(copy))
    pages[pdf_name("/Count")] = generic.NumberObject(int(pages["/Count"]) + 1)
    writer.update_container(pages)


def replaced_content(writer: IncrementalPdfFileWriter) -> None:
    page(writer)[pdf_name("/Contents")] = writer.add_object(content_stream("another text"))
    writer.update_container(page(writer))


def overwritten_content(writer: IncrementalPdfFileWriter) -> None:
    reference = page(writer).raw_get("/Contents").reference
    writer.objects[reference.generation, reference.idnum] = content_stream("another text")


def overlay(writer: IncrementalPdfFileWriter) -> None:
    old = page(writer).raw_get("/Contents")
    added = writer.add_object(content_stream("overlay"))
    page(writer)[pdf_name("/Contents")] = generic.ArrayObject([old, added])
    writer.update_container(page(writer))


def annotation(kind: str) -> Change:
    def change(writer: IncrementalPdfFileWriter) -> None:
        box = generic.ArrayObject(generic.NumberObject(value) for value in (50, 650, 400, 800))
        form = content_stream("over the text")
        form.update({pdf_name("/Type"): pdf_name("/XObject"), pdf_name("/Subtype"): pdf_name("/Form")})
        form[pdf_name("/BBox")] = box
        appearance = generic.DictionaryObject({pdf_name("/N"): writer.add_object(form)})
        entries = {"/Type": pdf_name("/Annot"), "/Subtype": pdf_name(kind), "/Rect": box, "/AP": appearance}
        made = generic.DictionaryObject({pdf_name(key): value for key, value in entries.items()})
        annotations = page(writer)["/Annots"]
        annotations.append(writer.add_object(made))
        writer.update_container(annotations)

    return change


def catalogue(writer: IncrementalPdfFileWriter) -> None:
    kid = generic.DictionaryObject(dict(page(writer).items()))
    kid[pdf_name("/Contents")] = writer.add_object(content_stream("a document of our own"))
    kids = generic.ArrayObject([writer.add_object(kid)])
    entries = {"/Type": pdf_name("/Pages"), "/Kids": kids, "/Count": generic.NumberObject(1)}
    tree = generic.DictionaryObject({pdf_name(key): value for key, value in entries.items()})
    writer.root[pdf_name("/Pages")] = writer.add_object(tree)
    writer.update_root()


def open_action(writer: IncrementalPdfFileWriter) -> None:
    action = generic.DictionaryObject({pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): pdf_string("x")})
    writer.root[pdf_name("/OpenAction")] = action
    writer.update_root()


def dropped_form(writer: IncrementalPdfFileWriter) -> None:
    del writer.root["/AcroForm"]
    writer.update_root()


def dropped_value(writer: IncrementalPdfFileWriter) -> None:
    field = writer.root["/AcroForm"]["/Fields"][0]
    del field["/V"]
    writer.update_container(field)


def moved_field(writer: IncrementalPdfFileWriter) -> None:
    field = writer.root["/AcroForm"]["/Fields"][0]
    field[pdf_name("/Rect")] = generic.ArrayObject(generic.NumberObject(value) for value in (0, 0, 600, 800))
    writer.update_container(field)


def new_seal_picture(writer: IncrementalPdfFileWriter) -> None:
    field = writer.root["/AcroForm"]["/Fields"][0]
    form = content_stream("over everything")
    form.update({pdf_name("/Type"): pdf_name("/XObject"), pdf_name("/Subtype"): pdf_name("/Form")})
    form[pdf_name("/BBox")] = generic.ArrayObject(generic.NumberObject(value) for value in (0, 0, 600, 800))
    field[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): writer.add_object(form)})
    writer.update_container(field)


def unsigned_field_over_text(writer: IncrementalPdfFileWriter) -> None:
    """A signature field that nobody signed, with a picture of its own (2021: SSA)."""
    box = generic.ArrayObject(generic.NumberObject(value) for value in (50, 650, 400, 800))
    form = content_stream("over the text")
    form.update({pdf_name("/Type"): pdf_name("/XObject"), pdf_name("/Subtype"): pdf_name("/Form")})
    form[pdf_name("/BBox")] = box
    entries = {
        "/Type": pdf_name("/Annot"),
        "/Subtype": pdf_name("/Widget"),
        "/FT": pdf_name("/Sig"),
        "/T": pdf_string("another"),
        "/Rect": box,
        "/AP": generic.DictionaryObject({pdf_name("/N"): writer.add_object(form)}),
    }
    field = writer.add_object(generic.DictionaryObject({pdf_name(key): value for key, value in entries.items()}))
    writer.root["/AcroForm"]["/Fields"].append(field)
    page(writer)["/Annots"].append(field)
    writer.update_container(writer.root["/AcroForm"]["/Fields"])
    writer.update_container(page(writer)["/Annots"])


def font(writer: IncrementalPdfFileWriter) -> None:
    found = page(writer)["/Resources"]["/Font"]["/F1"]
    found[pdf_name("/BaseFont")] = pdf_name("/Symbol")
    writer.update_container(found)


def page_box(writer: IncrementalPdfFileWriter) -> None:
    found = page(writer)
    found[pdf_name("/MediaBox")] = generic.ArrayObject(generic.NumberObject(value) for value in (0, 0, 300, 300))
    writer.update_container(found)


def turned_page(writer: IncrementalPdfFileWriter) -> None:
    found = page(writer)
    found[pdf_name("/Rotate")] = generic.NumberObject(180)
    writer.update_container(found)


def dropped_page(writer: IncrementalPdfFileWriter) -> None:
    pages = writer.root["/Pages"]
    pages["/Kids"].pop()
    pages[pdf_name("/Count")] = generic.NumberObject(1)
    writer.update_container(pages)


def attachment(writer: IncrementalPdfFileWriter) -> None:
    writer.root[pdf_name("/Names")] = generic.DictionaryObject()
    writer.update_root()


def title(writer: IncrementalPdfFileWriter) -> None:
    info = generic.DictionaryObject({pdf_name("/Title"): pdf_string("another title")})
    writer.set_info(writer.add_object(info))


def metadata(writer: IncrementalPdfFileWriter) -> None:
    xml = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:title="another"/></rdf:RDF></x:xmpmeta>'
    )
    stream = generic.StreamObject(stream_data=xml.encode())
    stream.update({pdf_name("/Type"): pdf_name("/Metadata"), pdf_name("/Subtype"): pdf_name("/XML")})
    writer.root[pdf_name("/Metadata")] = writer.add_object(stream)
    writer.update_root()


def loose_object(writer: IncrementalPdfFileWriter) -> None:
    writer.add_object(content_stream("nobody refers to this"))


WELL_FORMED: dict[str, Change] = {
    "new-page": new_page,
    "content-replaced": replaced_content,
    "content-overwritten": overwritten_content,
    "content-overlay": overlay,
    "annotation-freetext": annotation("/FreeText"),
    "annotation-stamp": annotation("/Stamp"),
    "annotation-redact": annotation("/Redact"),
    "catalogue": catalogue,
    "open-action": open_action,
    "form-dropped": dropped_form,
    "value-dropped": dropped_value,
    "field-moved": moved_field,
    "seal-picture-replaced": new_seal_picture,
    "unsigned-field-over-text": unsigned_field_over_text,
    "font-replaced": font,
    "page-box": page_box,
    "page-turned": turned_page,
    "page-dropped": dropped_page,
    "names": attachment,
    "title": title,
    "metadata": metadata,
    "loose-object": loose_object,
}
_CONTENT_NUMBER, _CONTENT_AT = number_of(SEALED, b"page 1")
_CONTENT = b"<< /Length 44 >>\nstream\nBT /F1 14 Tf 72 700 Td (another text!) Tj ET \nendstream"
_BODY = b"%d 0 obj\n%b\nendobj\n" % (_CONTENT_NUMBER, _CONTENT)
_VALUE = re.findall(rb"\d+ 0 obj\n(<<\n/Type /Sig.*?>>)\nendobj", SEALED, re.S)[-1]
_VALUE_NUMBER = number_of(SEALED, b"/Type /Sig\n")[0]
BROKEN: dict[str, bytes] = {
    "objects-only": SEALED + _BODY,
    "objects-and-end": SEALED + _BODY + b"%%EOF\n",
    "objects-and-old-startxref": SEALED + _BODY + b"startxref\n%d\n%%%%EOF\n" % last_startxref(SEALED),
    "table-without-trailer": raw_update(SEALED, {_CONTENT_NUMBER: _CONTENT}).replace(b"trailer", b"nothing"),
    "table-without-startxref": raw_update(SEALED, {_CONTENT_NUMBER: _CONTENT}).rpartition(b"startxref")[0],
    "trailer-only": SEALED + b"trailer\n<< /Root 1 0 R >>\nstartxref\n0\n%%EOF\n",
    "startxref-nowhere": SEALED + b"startxref\n999999999\n%%EOF\n",
    "startxref-zero": SEALED + b"startxref\n0\n%%EOF\n",
    "by-hand": raw_update(SEALED, {_CONTENT_NUMBER: _CONTENT}),
    "by-hand-skipping-the-signed": raw_update(SEALED, {_CONTENT_NUMBER: _CONTENT}, previous=last_startxref(ORIGINAL)),
    "signature-copied": raw_update(SEALED, {_CONTENT_NUMBER: _CONTENT, _VALUE_NUMBER: _VALUE}),
    "only-the-signature-copied": raw_update(SEALED, {_VALUE_NUMBER: _VALUE}),
    "nothing-but-a-table": raw_update(SEALED, {}).replace(b"xref\ntrailer", b"xref\n0 0\ntrailer"),
    "newline": SEALED + b"\n",
    "zeros": SEALED + bytes(16),
    "comment": SEALED + b"% comment\n",
    "second-document": SEALED + ORIGINAL,
    "itself-again": SEALED + SEALED,
    "end-again": SEALED + b"%%EOF\n",
    "prefix": b"\n" + SEALED,
    "before-the-header": b"%!PS\n" + SEALED,
    "truncated-by-one": SEALED[:-1],
    "truncated-in-table": SEALED[: SEALED.rindex(b"trailer")],
    "truncated-in-value": SEALED[: SEALED.rindex(b"/Contents <") + 200],
    "truncated-after-value": SEALED[: SEALED.rindex(b">>\nendobj\nxref")],
    "range-ends-at-original": edit_dictionary(
        SEALED, lambda found: re.sub(rb"(/ByteRange \[0 )\d+ \d+ \d+", rb"\g<1>1 2 %d" % (len(ORIGINAL) - 2), found)
    ),
}


async def test_twins_are_genuine() -> None:
    for sealed in (SEALED, SEALED_WITH_STREAMS, PRESS.seal(SEALED, field_name="Signature2")):
        assert genuine("S-02", await FileJudge(AUTHORITY)(sealed)).conclusion == "genuine"


@pytest.mark.parametrize("sealed", [SEALED, SEALED_WITH_STREAMS], ids=["tables", "streams"])
@pytest.mark.parametrize("variant", WELL_FORMED)
async def test_well_formed_update_is_a_change(variant: str, sealed: bytes) -> None:
    changed = update(sealed, WELL_FORMED[variant])
    assert changed.startswith(sealed)
    assert len(changed) > len(sealed)
    report = forged("S-02", await FileJudge(AUTHORITY)(changed))
    assert (report.indication, report.conclusion) == ("TOTAL-FAILED", "changed")
    if report.signatures:
        assert report.signed_revision == sealed  # the original is offered
        assert report.later_revisions == 1


@pytest.mark.parametrize("variant", BROKEN)
async def test_broken_update_is_a_change(variant: str) -> None:
    report = forged("S-02", await FileJudge(AUTHORITY)(BROKEN[variant]))
    assert (report.indication, report.conclusion) == ("TOTAL-FAILED", "changed")


async def test_second_seal_over_a_changed_page_does_not_heal_it() -> None:
    changed = update(SEALED, replaced_content)
    report = forged("S-02", await FileJudge(AUTHORITY)(PRESS.seal(changed, field_name="Signature2")))
    assert report.conclusion == "changed"
    assert [one.conclusion for one in report.signatures] == ["changed", "genuine"]
    assert report.signed_revision == SEALED


async def test_changed_page_is_named_with_what_it_said() -> None:
    report = await FileJudge(AUTHORITY)(update(SEALED, overwritten_content))
    (change,) = report.changes
    assert (change.page, change.before, change.now) == (
        1,
        "Proof of housing entitlement, page 1",
        "another text",
    )
