"""ISO 19005: a PDF/A file stays one when it is sealed, wherever the seal stands and whatever follows."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from PIL import ImageCms

from core.principal import SYSTEM
from signing.levels import Level
from signing.longlife.seal_at import Wanted
from signing.model import SealPdfCommand
from signing.pades.append import SignatureText
from signing.pades.update import Prepared
from signing.places import EveryPagePlacement, PagingPlacement, Placement
from signing.placing.prepare import prepare
from tests.protocol.test_gbt_36905_files import made as licence
from tests.protocol.test_pades_baseline import run
from tests.support.in_this_process import InThisProcess
from tests.support.lasting_world import FIELD, LastingWorld
from tests.support.pdfa_rules import pdfa_faults
from tests.support.signing_world import OFFICE, seal_image

PLACES = (Placement(1, 120, 200), EveryPagePlacement(40, 60), PagingPlacement())
_XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"><pdfaid:part>{part}</pdfaid:part>'
    "<pdfaid:conformance>B</pdfaid:conformance></rdf:Description></rdf:RDF></x:xmpmeta>"
    '<?xpacket end="w"?>'
)


def archive_file(part: int, intent: int | None = 3, pages: int = 3) -> bytes:
    """Blank pages as PDF/A, with an output intent of so many colours; None for no intent."""
    document = pikepdf.new()
    for _ in range(pages):
        document.add_blank_page(page_size=(595, 842))
    metadata = pikepdf.Stream(document, _XMP.format(part=part).encode())
    metadata.Type, metadata.Subtype = pikepdf.Name.Metadata, pikepdf.Name.XML
    document.Root.Metadata = document.make_indirect(metadata)
    if intent is not None:
        profile = pikepdf.Stream(document, _profile(intent))
        profile.N = intent
        document.Root.OutputIntents = [
            pikepdf.Dictionary(
                Type=pikepdf.Name.OutputIntent,
                S=pikepdf.Name.GTS_PDFA1,
                OutputConditionIdentifier=pikepdf.String("profile"),
                DestOutputProfile=document.make_indirect(profile),
            )
        ]
    out, old = BytesIO(), part == 1
    modes = pikepdf.ObjectStreamMode
    document.save(
        out,
        static_id=True,
        force_version="1.4" if old else "1.7",
        object_stream_mode=modes.disable if old else modes.generate,
        compress_streams=not old,
    )
    return out.getvalue()


@cache
def _profile(components: int) -> bytes:
    whole = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    space = {1: b"GRAY", 3: b"RGB ", 4: b"CMYK"}[components]
    return whole[:16] + space + whole[20:]


@pytest.fixture(scope="module")
def world() -> LastingWorld:
    return LastingWorld()


async def sealed(world: LastingWorld, content: bytes, *places: object, level: Level = Level.B_LTA) -> bytes:
    def within(octets: int) -> Prepared:
        command = SealPdfCommand(content, "seal", SYSTEM, "document", places)  # type: ignore[arg-type]
        words = SignatureText(FIELD, OFFICE, world.clock.now(), "")
        image, limit = seal_image(), 100_000_000
        return prepare(InThisProcess(), command, words, octets=octets, image=image, limit=limit)

    made = await world.lasting.seal_at(within, world.press.writer, FIELD, Wanted(level))
    assert made.level is level
    return made.content


@pytest.mark.parametrize(
    ("part", "intent"),
    [(1, 3), (2, 3), (3, 3), (2, 4), (1, 4), (2, None), (3, 1)],
    ids=["1b", "2b", "3b", "2b of CMYK", "1b of CMYK", "2b without intent", "3b of grey"],
)
async def test_a_sealed_file_keeps_the_rules(
    world: LastingWorld, part: int, intent: int | None, tmp_path: Path
) -> None:
    """A seal, one on each page, strips over the edges, validation data and an archive time-stamp."""
    content = archive_file(part, intent)
    assert pdfa_faults(content) == []
    made = await sealed(world, content, *PLACES)
    assert pdfa_faults(made) == []
    (tmp_path / "sealed.pdf").write_bytes(made)
    assert "WARNING" not in run("qpdf", "--check", tmp_path / "sealed.pdf")
    report = await world.verifier()(made)
    assert (report.conclusion, report.signatures[0].level) == ("genuine", "PAdES-B-LTA")


async def test_a_sealed_licence_keeps_the_rules(world: LastingWorld) -> None:
    content = await licence()
    assert pdfa_faults(content) == []
    assert pdfa_faults(await sealed(world, content, Placement(1, 120, 200))) == []
    assert pdfa_faults(await sealed(world, content, level=Level.B_T)) == []  # a signature that shows nothing


def _changed(content: bytes, change: object) -> bytes:
    document = pikepdf.open(BytesIO(content))
    change(document)  # type: ignore[operator]
    out = BytesIO()
    document.save(out, static_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue()


def _annotation(document: pikepdf.Pdf) -> pikepdf.Object:
    return document.pages[0].Annots[0]


def _blend(document: pikepdf.Pdf) -> None:
    states = _annotation(document).AP.N.Resources.XObject.Seal.Resources.ExtGState
    states.Blend.BM = pikepdf.Name.Multiply


def _no_intent(document: pikepdf.Pdf) -> None:
    del document.Root.OutputIntents


def _no_print(document: pikepdf.Pdf) -> None:
    _annotation(document).F = 128


def _hidden(document: pikepdf.Pdf) -> None:
    _annotation(document).F = 4 | 2


def _no_appearance(document: pikepdf.Pdf) -> None:
    del _annotation(document).AP


def _rolled_over(document: pikepdf.Pdf) -> None:
    _annotation(document).AP.R = _annotation(document).AP.N


def _drawn_by_the_viewer(document: pikepdf.Pdf) -> None:
    document.Root.AcroForm.NeedAppearances = True


def _font(document: pikepdf.Pdf) -> None:
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    document.pages[0].Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=document.make_indirect(font)))


def _script(document: pikepdf.Pdf) -> None:
    action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
    _annotation(document).A = document.make_indirect(action)


@pytest.mark.parametrize(
    ("part", "change", "section"),
    [
        (1, _blend, "6.4 transparency"),
        (2, _no_intent, "6.2.4.3"),
        (2, _no_intent, "6.2.10"),
        (2, _no_print, "6.3.2"),
        (2, _hidden, "6.3.2"),
        (2, _no_appearance, "6.3.3"),
        (2, _rolled_over, "6.3.3"),
        (2, _drawn_by_the_viewer, "6.4.1"),
        (2, _font, "6.2.11.4"),
        (2, _script, "6.5.1"),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
async def test_the_rules_notice(world: LastingWorld, part: int, change: object, section: str) -> None:
    """A rule that is broken on purpose is told with its section: the checker is no yes-man."""
    made = await sealed(world, archive_file(part), *PLACES, level=Level.B_B)
    assert any(fault.startswith(section) for fault in pdfa_faults(_changed(made, change))), section


def test_bytes_are_looked_at_too() -> None:
    content = archive_file(2)
    assert pdfa_faults(content + b"more") == ["6.1.3 something follows the end"]
    assert pdfa_faults(b"%PDF-1.7\n%abcd" + content[14:])[0] == "6.1.2 header"
