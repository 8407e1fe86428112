"""S-05 and S-06 for seals in several places: their stamps are allowed, stamps that show anything else are not."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from core.db.database import Database
from signing.errors import PdfRefused
from signing.model import SealPdfCommand
from signing.pades import seal_field
from signing.places import EveryPagePlacement, PagingPlacement, Placement, WordsPlacement
from tests.support.clock import FakeClock
from tests.support.placed_seals import place
from tests.support.signing_fakes import PlainAuthority, pdf
from tests.support.signing_forgeries import content_stream, update
from tests.support.signing_world import CLIENT, ORGANISATION, FileJudge, SealOffice, press

AUTHORITY = PlainAuthority.make()
PRESS = press(AUTHORITY)
JUDGE = FileJudge(AUTHORITY)


async def conclusions(content: bytes) -> list[str]:
    return [one.conclusion for one in (await JUDGE(content)).signatures]


async def test_s06_second_seal_in_several_places() -> None:
    first = place(PRESS, pdf(3), Placement(1, 60, 60))
    second = place(PRESS, first, Placement(3, 60, 60), PagingPlacement(), field_name="Signature2")
    assert await conclusions(second) == ["genuine", "genuine"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DRAW_SEAL", b"/Seal Do 0 0 40 40 re f"),  # covers what stands below
        ("DRAW_SEAL", b"q /Seal Do Q"),
    ],
)
async def test_s05_stamp_that_paints_more_than_the_seal(
    monkeypatch: pytest.MonkeyPatch, name: str, value: bytes
) -> None:
    first = place(PRESS, pdf(3), Placement(1, 60, 60))
    with monkeypatch.context() as forging:
        forging.setattr(seal_field, name, value)
        second = place(PRESS, first, PagingPlacement(), field_name="Signature2")
    assert await conclusions(second) == ["changed", "genuine"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("/Rect", generic.ArrayObject(generic.NumberObject(one) for one in (0, 0, 595, 842))),
        ("/A", generic.DictionaryObject({pdf_name("/S"): pdf_name("/URI")})),
        ("/Subtype", pdf_name("/FreeText")),
        ("/AP", None),
    ],
    ids=["large", "action", "text", "own picture"],
)
async def test_s05_stamp_laid_over_a_sealed_page_and_signed_after(key: str, value: Any) -> None:
    """A copy of a genuine seal's stamp, changed in one thing, then covered by a second good signature."""
    first = place(PRESS, pdf(3), PagingPlacement())
    writer = IncrementalPdfFileWriter(BytesIO(first))
    page = writer.root["/Pages"]["/Kids"][2]
    stamp = next(one.get_object() for one in page["/Annots"] if one.get_object()["/Subtype"] == "/Stamp")
    copied = generic.DictionaryObject({pdf_name(name): stamp.raw_get(name) for name in stamp})
    if value is None:
        form = content_stream("99.99")
        form.update({pdf_name("/Type"): pdf_name("/XObject"), pdf_name("/Subtype"): pdf_name("/Form")})
        form[pdf_name("/BBox")] = generic.ArrayObject(generic.NumberObject(one) for one in (0, 0, 200, 30))
        value = generic.DictionaryObject({pdf_name("/N"): writer.add_object(form)})
    copied[pdf_name(key)] = value
    page["/Annots"].append(writer.add_object(copied))
    writer.update_container(page["/Annots"])
    out = BytesIO()
    writer.write(out)
    second = place(PRESS, out.getvalue(), Placement(1, 60, 60), field_name="Signature2")
    assert (await conclusions(second))[0] == "changed"
    assert await conclusions(out.getvalue()) == ["changed"]


async def test_s05_stamps_without_a_new_signature() -> None:
    """Even an exact copy of a seal's own stamp is a change when no signature comes with it."""
    first = place(PRESS, pdf(3), Placement(1, 60, 60), Placement(2, 60, 60))
    writer = IncrementalPdfFileWriter(BytesIO(first))
    pages = writer.root["/Pages"]["/Kids"]
    stamp = pages[1]["/Annots"][0].get_object()
    copied = generic.DictionaryObject({pdf_name(name): stamp.raw_get(name) for name in stamp})
    pages[2][pdf_name("/Annots")] = generic.ArrayObject([writer.add_object(copied)])
    writer.update_container(pages[2])
    out = BytesIO()
    writer.write(out)
    assert await conclusions(out.getvalue()) == ["changed"]


async def test_s19_number_of_pages_that_is_a_lie(sqlite_database: Database, clock: FakeClock) -> None:
    """A file that claims two thousand million pages costs no memory, and nothing is sealed; its twin is."""
    office = await SealOffice(sqlite_database, clock).with_seal()
    seal = await office.seals.active_seal_of(ORGANISATION)
    honest = pdf(3)
    lying = update(honest, _claim_many_pages)
    assert b"/Count 2000000000" in lying  # well made but for that
    for wanted in (EveryPagePlacement(60, 250), PagingPlacement(), WordsPlacement("page 3", down_mm=60)):
        with pytest.raises(PdfRefused):
            await office.seal_pdf(SealPdfCommand(lying, seal.id, CLIENT, "document", wanted))
        sealed = await office.seal_pdf(SealPdfCommand(honest, seal.id, CLIENT, "document", wanted))
        assert (await office.verify_pdf(sealed.content)).conclusion == "genuine"


def _claim_many_pages(writer: IncrementalPdfFileWriter) -> None:
    pages = writer.root["/Pages"]
    pages[pdf_name("/Count")] = generic.NumberObject(2_000_000_000)
    writer.update_container(pages)
