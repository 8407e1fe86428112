"""S-19, S-20, S-21, S-25: bombs, loops, lies and noise end in a verdict, never in an error, at a bounded cost."""

from __future__ import annotations

import contextlib
import random
import zlib
from collections.abc import Callable
from io import BytesIO

import pikepdf
import pytest

from core.db.database import Database
from core.errors import AppError
from signing.errors import PdfRefused
from signing.model import SealPdfCommand
from signing.pades.intake import open_for_sealing
from signing.settings import SigningSettings
from tests.support.cells_cost import CellsCost
from tests.support.clock import FakeClock
from tests.support.memory import Growth
from tests.support.signing_fakes import PlainAuthority, pdf
from tests.support.signing_forgeries import last_startxref, raw_update
from tests.support.signing_world import CLIENT, ORGANISATION, FileJudge, SealOffice, press, shared_cells
from tests.support.tally import forged, genuine

AUTHORITY = PlainAuthority.make()
PRESS = press(AUTHORITY)
SEALED = PRESS.seal(pdf())
_CPU_SECONDS = 10.0  # F-06
_MEMORY_KIB = 512 * 1024  # F-06, of the process that reads the file
_HERE_KIB = 128 * 1024  # beside what this process had before


@pytest.fixture
async def hostile_office(sqlite_database: Database, clock: FakeClock) -> SealOffice:
    return await SealOffice(sqlite_database, clock).with_seal()


def document(*objects: bytes, root: bytes = b"1 0 R", trailer: bytes = b"") -> bytes:
    """A PDF from object bodies, numbered from 1, with a correct table."""
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    startxref = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root %b %b >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        root,
        trailer,
        startxref,
    )
    return bytes(out)


def stream(dictionary: bytes, data: bytes) -> bytes:
    return b"<< %b /Length %d >>\nstream\n%b\nendstream" % (dictionary, len(data), data)


_PAGES = b"<< /Type /Pages /Kids [] /Count 0 >>"
_ROOT = b"<< /Type /Catalog /Pages 2 0 R >>"
_SIGNED_ROOT = b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [3 0 R] >> >>"


def many_revisions(count: int) -> bytes:
    out = SEALED
    for _ in range(count):
        out = raw_update(out, {900: b"null"})
    return out


def bomb(layers: int) -> bytes:
    data = bytes(50_000_000)
    for _ in range(layers):
        data = zlib.compress(data, 9)
    return stream(b"/Type /ObjStm /N 1 /First 4 /Filter [%b]" % (b"/FlateDecode " * layers), data)


def cross_reference_stream(size: int) -> bytes:
    body = stream(
        b"/Type /XRef /Size %d /W [1 8 2] /Root 1 0 R /Filter /FlateDecode" % size, zlib.compress(bytes(20_000_000), 9)
    )
    return b"%%PDF-1.7\n1 0 obj\n%b\nendobj\nstartxref\n9\n%%%%EOF\n" % body


def encrypted() -> bytes:
    out = BytesIO()
    opened = pikepdf.open(BytesIO(pdf()))
    opened.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    return out.getvalue()


HOSTILE: dict[str, Callable[[], bytes]] = {
    "nul": lambda: b"\x00",
    "header-only": lambda: b"%PDF-1.7\n",
    "header-and-end": lambda: b"%PDF-1.7\n%%EOF\n",
    "huge-version": lambda: b"%PDF-" + b"9" * 100_000,
    "noise": lambda: b"%PDF-1.7\n" + random.Random(19).randbytes(200_000),
    "noise-with-end": lambda: b"%PDF-1.7\n" + random.Random(20).randbytes(200_000) + b"\nstartxref\n9\n%%EOF\n",
    "parentheses": lambda: document(_ROOT, b"(" * 400_000),
    "deep-arrays": lambda: document(_SIGNED_ROOT, _PAGES, b"[" * 100_000 + b"]" * 100_000),
    "deep-arrays-in-root": lambda: document(
        b"<< /Pages 2 0 R /AcroForm " + b"[" * 50_000 + b"]" * 50_000 + b" >>", _PAGES
    ),
    "deep-dictionaries": lambda: document(_SIGNED_ROOT, _PAGES, b"<< /A " * 50_000 + b"0" + b" >>" * 50_000),
    "many-fields": lambda: document(
        b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [%b] >> >>" % (b"3 0 R " * 200_000),
        _PAGES,
        b"<< /FT /Sig /T (a) /V 1 0 R >>",
    ),
    "field-loop": lambda: document(_SIGNED_ROOT, _PAGES, b"<< /FT /Sig /T (a) /Kids [3 0 R] >>"),
    "field-tree-doubling": lambda: document(
        _SIGNED_ROOT, _PAGES, *(b"<< /T (a) /Kids [%d 0 R %d 0 R] >>" % (n, n) for n in range(4, 40)), b"<< /FT /Sig >>"
    ),
    "value-is-root": lambda: document(_SIGNED_ROOT, _PAGES, b"<< /FT /Sig /T (a) /V 1 0 R >>"),
    "value-is-itself": lambda: document(_SIGNED_ROOT, _PAGES, b"<< /FT /Sig /T (a) /V 3 0 R >>"),
    "reference-loop": lambda: document(_SIGNED_ROOT, _PAGES, b"4 0 R", b"3 0 R"),
    "page-tree-loop": lambda: document(_ROOT, b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"),
    "page-parents-loop": lambda: document(
        _ROOT, b"<< /Type /Pages /Kids [3 0 R] /Count 1 /Parent 3 0 R >>", b"<< /Type /Page /Parent 2 0 R >>"
    ),
    "count-lies": lambda: document(_ROOT, b"<< /Type /Pages /Kids [] /Count 999999999 >>"),
    "count-negative": lambda: document(_ROOT, b"<< /Type /Pages /Kids [] /Count -5 >>"),
    "size-lies": lambda: document(_ROOT, _PAGES).replace(b"/Size 3", b"/Size 2147483647"),
    "table-lies": lambda: document(_ROOT, _PAGES).replace(b"xref\n0 3", b"xref\n0 99999999"),
    "table-negative": lambda: document(_ROOT, _PAGES).replace(b"xref\n0 3", b"xref\n-1 3"),
    "prev-to-itself": lambda: (
        SEALED
        + b"xref\n0 0\ntrailer\n<< /Size 9 /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(SEALED), len(SEALED))
    ),
    "prev-loop": lambda: raw_update(SEALED, {900: b"null"}).replace(
        b"/Prev %d" % last_startxref(SEALED), b"/Prev %d" % last_startxref(raw_update(SEALED, {900: b"null"}))
    ),
    "prev-negative": lambda: raw_update(SEALED, {900: b"null"}, previous=-5),
    "many-revisions": lambda: many_revisions(400),
    "length-lies": lambda: document(_ROOT, _PAGES, b"<< /Length 999999999 >>\nstream\nx\nendstream"),
    "length-loop": lambda: document(_SIGNED_ROOT, _PAGES, b"<< /Length 3 0 R >>\nstream\nx\nendstream"),
    "bomb": lambda: document(_ROOT, _PAGES, bomb(1)),
    "bomb-in-bomb": lambda: document(_ROOT, _PAGES, bomb(3)),
    "bomb-of-references": lambda: cross_reference_stream(1_800_000),
    "object-stream-of-itself": lambda: document(
        _SIGNED_ROOT, _PAGES, stream(b"/Type /ObjStm /N 1 /First 4 /Extends 3 0 R", b"3 0 3 0 R")
    ),
    "many-objects": lambda: document(_ROOT, _PAGES, *[b"null"] * 100_000),
    "long-name": lambda: document(_ROOT, _PAGES, b"/" + b"#41" * 300_000),
    "long-number": lambda: document(_ROOT.replace(b"2 0 R", b"9" * 10_000 + b" 0 R"), _PAGES),
    "xmp-entities": lambda: document(
        b"<< /Type /Catalog /Pages 2 0 R /Metadata 3 0 R >>",
        _PAGES,
        stream(b"/Type /Metadata /Subtype /XML", b'<!DOCTYPE a [<!ENTITY b "bbbb">]><a>' + b"&b;" * 10_000 + b"</a>"),
    ),
    "encrypted": encrypted,
    "sealed-and-encrypted-by-name": lambda: SEALED.replace(b"/Size ", b"/Encrypt 1 0 R /Size "),
    "zip-first": lambda: b"PK\x03\x04" + pdf(),
    "html": lambda: b"<html>" + pdf() + b"</html>",
    "range-traces-in-text": lambda: b"/ByteRange [0 1 2 3]",
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_file_gets_a_verdict_at_a_bounded_cost(name: str) -> None:
    content = HOSTILE[name]()
    cost, memory = CellsCost(shared_cells()), Growth()
    report = forged("S-19", await FileJudge(AUTHORITY, cells=shared_cells())(content))
    assert report.conclusion in {"changed", "not-signed", "not-a-pdf", "undecided"}
    assert report.indication != "TOTAL-PASSED"
    assert report.text.zh
    assert report.text.en
    assert memory.peak() < _HERE_KIB
    assert cost.peak() < _MEMORY_KIB
    assert cost.seconds() < _CPU_SECONDS


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_file_is_refused_or_sealed_at_a_bounded_cost(name: str, hostile_office: SealOffice) -> None:
    content = HOSTILE[name]()
    (seal,) = await hostile_office.seals.of_organisation(ORGANISATION)
    command = SealPdfCommand(content, seal.id, CLIENT, "document", None)
    cost, memory = CellsCost(shared_cells(hostile_office.settings)), Growth()
    with contextlib.suppress(PdfRefused):  # a harmless oddity may be sealed; anything else is an error
        await hostile_office.seal_pdf(command)
    assert memory.peak() < _HERE_KIB
    assert cost.peak() < _MEMORY_KIB
    assert cost.seconds() < _CPU_SECONDS


def test_memory_that_was_given_back_is_seen() -> None:
    memory = Growth()
    taken = bytearray(b"x") * (200 * 1024 * 1024)
    assert len(taken) > 0
    del taken
    assert 150 * 1024 < memory.peak() < 250 * 1024
    assert Growth().peak() < 50 * 1024  # and not with the next piece of work


async def test_empty_file() -> None:
    report = await FileJudge(AUTHORITY)(b"")
    assert (report.indication, report.conclusion) == ("INDETERMINATE", "empty")


async def test_random_file() -> None:
    report = await FileJudge(AUTHORITY)(random.Random(1).randbytes(10_000))
    assert (report.indication, report.conclusion) == ("INDETERMINATE", "not-a-pdf")


async def test_twin_a_sealed_file_is_genuine_between_hostile_ones() -> None:
    for name in ("deep-arrays", "bomb-of-references", "noise"):
        await FileJudge(AUTHORITY)(HOSTILE[name]())
        assert genuine("S-19", await FileJudge(AUTHORITY)(SEALED)).conclusion == "genuine"


async def test_plain_pdf_is_not_signed() -> None:
    report = await FileJudge(AUTHORITY)(pdf())
    assert (report.indication, report.conclusion) == ("INDETERMINATE", "not-signed")


async def test_file_over_the_limit_is_not_looked_at() -> None:
    judge = FileJudge(AUTHORITY, settings=SigningSettings(max_pdf_bytes=1000))
    report = await judge(SEALED)
    assert (report.indication, report.sub_indication, report.conclusion) == (
        "INDETERMINATE",
        "PROCESSING_LIMIT",
        "undecided",
    )


class Hasty(SigningSettings):
    """A large file gets less time than any machine needs for it, a small one enough on any."""

    def seconds_for(self, octets: int) -> float:
        return 0.05 if octets > 1_000_000 else 8.0


async def test_time_is_bounded() -> None:
    judge = FileJudge(AUTHORITY, settings=Hasty())
    report = await judge(document(_ROOT, _PAGES, *[b"null"] * 400_000))
    assert report.conclusion == "undecided"
    assert (await judge(SEALED)).conclusion == "genuine"  # another process has taken its place


async def test_mutated_files_never_raise() -> None:
    """S-25 in small: mutations of a sealed file, several at a time."""
    random_, judge = random.Random(25), FileJudge(AUTHORITY)
    for _ in range(150):
        content = bytearray(SEALED)
        for _ in range(random_.randrange(1, 6)):
            at = random_.randrange(len(content))
            kind = random_.randrange(4)
            if kind == 0:
                content[at] = random_.randrange(256)
            elif kind == 1:
                del content[at : at + random_.randrange(1, 200)]
            elif kind == 2:
                content[at:at] = random_.randbytes(random_.randrange(1, 50))
            else:
                source = random_.randrange(len(content))
                content[at:at] = content[source : source + random_.randrange(1, 300)]
        if bytes(content) != SEALED:
            assert (await judge(bytes(content))).conclusion != "genuine"


def test_sealing_refuses_in_words() -> None:
    cases = {
        b"": "pdf-empty",
        b"hello": "pdf-not-a-pdf",
        SEALED[:-40]: "pdf-damaged",
        encrypted(): "pdf-encrypted",
    }
    for content, code in cases.items():
        with pytest.raises(AppError) as refused:
            open_for_sealing(content, limit=10_000_000)
        assert refused.value.code == code
