"""OFDs made into PDFs and pictures, and searched: over HTTP, on the command line, and what is refused."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pypdfium2
import pytest
from fastapi import FastAPI
from PIL import Image
from typer.testing import CliRunner

from api.cli.commands import app as commands
from api.large_files import LargeFiles
from api.main import _map_errors
from api.routes.signing import conversions, text_searches
from core.files.scratch import Scratch
from core.kv.embedded import EmbeddedKeyValueStore
from core.text import Text
from signing.convert_ofd import ConvertOfd
from signing.convert_pdf import ConvertPdf
from signing.errors import OfdRefused
from signing.isolation.cells import Cells
from signing.settings import SigningSettings
from signing.show_ofd import ShowOfd
from signing.work_pool import WorkPool
from tests.support.clock import FakeClock
from tests.support.drawn_pdfs import composite, page_of
from tests.support.ofd_world import drawn, square, words, zipped

PLAIN = zipped(drawn(square("255 0 0")))
WITH_WORDS = zipped(drawn(square("255 0 0") + words("营业执照")))
TWO_LINES = zipped(drawn(words("营业执照") + words("执照", at="30 60 80 10")))
STRANGE = zipped(drawn("<ofd:VideoObject/>" + words("营业执照")))
PLACE = "/v1/conversions"


@pytest.fixture(scope="module")
def cells() -> Iterator[Cells]:
    modules = ["signing.ofd.look_inside", "signing.ofd.show.write_pdf", "signing.ofd.from_pdf.convert"]
    made = Cells(modules, processes=1, seconds=lambda _: 30.0, mebibytes=400)
    yield made
    made.close()


@pytest.fixture
async def http(cells: Cells, tmp_path: Path, clock: FakeClock) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(conversions.router)
    app.include_router(text_searches.router)
    _map_errors(app)
    app.state.large_files = LargeFiles()
    pool = WorkPool(1, 4)
    kv = EmbeddedKeyValueStore(tmp_path / "kv.db", clock)
    signing = SimpleNamespace(
        settings=SigningSettings(),
        convert_ofd=ConvertOfd(pool, cells),
        convert_pdf=ConvertPdf(pool, cells, SigningSettings()),
        show_ofd=ShowOfd(pool, cells),
    )
    settings = SimpleNamespace(
        issuer="http://test", trusted_proxies="", verifications_per_minute=6, operator_name=Text("市", "City")
    )
    app.state.container = SimpleNamespace(
        signing=signing, ground=SimpleNamespace(settings=settings, kv=kv, scratch=Scratch(tmp_path / "scratch"))
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client
    await kv.close()
    pool.close()


async def send(http: httpx.AsyncClient, content: bytes, *, accept: str = "*/*", **fields: Any) -> httpx.Response:
    files = {"file": ("a.ofd", content, "application/ofd")}
    return await http.post(PLACE, files=files, data=fields, headers={"Accept": accept})


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


async def test_a_faithful_ofd_becomes_a_pdf(http: httpx.AsyncClient) -> None:
    answer = await send(http, PLAIN)
    assert answer.headers["content-type"] == "application/pdf"
    assert (answer.headers["page-count"], answer.headers["typefaces-replaced"]) == ("1", "no")
    assert len(pypdfium2.PdfDocument(answer.content)) == 1


async def test_other_typefaces_are_taken_only_where_they_are_accepted(http: httpx.AsyncClient) -> None:
    assert problem(await send(http, WITH_WORDS)) == (400, "ofd-not-convertible")
    answer = await send(http, WITH_WORDS, typefaces="similar")
    assert answer.headers["typefaces-replaced"] == "yes"
    assert "营业执照" in pypdfium2.PdfDocument(answer.content)[0].get_textpage().get_text_range()


async def test_what_cannot_be_shown_is_looked_at_and_not_handed_out(http: httpx.AsyncClient) -> None:
    refused = await send(http, STRANGE, typefaces="similar")
    assert problem(refused) == (400, "ofd-not-convertible")
    assert "VideoObject" in refused.text
    picture = await send(http, STRANGE, accept="image/png")
    assert (picture.headers["page-count"], picture.headers["shown-faithfully"]) == ("1", "no")
    assert Image.open(io.BytesIO(picture.content)).size[0] > 500


async def test_a_faithful_picture_says_so(http: httpx.AsyncClient) -> None:
    picture = await send(http, PLAIN, accept="image/png")
    assert picture.headers["shown-faithfully"] == "yes"
    shown = Image.open(io.BytesIO(picture.content)).convert("RGB")
    assert shown.getpixel((round(20 / 210 * shown.size[0]), round(20 / 297 * shown.size[1]))) == (255, 0, 0)


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"typefaces": "any"}, "field-invalid"), ({"document": "0"}, "field-invalid"), ({"document": "2"}, "ofd-page")],
)
async def test_fields_that_mean_nothing(http: httpx.AsyncClient, fields: dict[str, str], code: str) -> None:
    assert problem(await send(http, PLAIN, **fields)) == (400, code)


async def test_what_is_no_ofd_and_pages_that_are_not_there(http: httpx.AsyncClient) -> None:
    assert problem(await send(http, b"no package")) == (400, "ofd-not-a-package")
    assert problem(await send(http, b"%PDF-1.7")) == (400, "pdf-damaged")
    assert problem(await send(http, PLAIN, accept="image/png", page="2")) == (400, "ofd-page")


async def test_a_pdf_becomes_an_ofd_that_says_the_same(http: httpx.AsyncClient) -> None:
    pdf = page_of("BT /F1 20 Tf 10 30 Td <000100020001> Tj ET", Font={"/F1": lambda made: composite(made, "cff")})
    made = await send(http, pdf)
    assert (made.status_code, made.headers["content-type"]) == (200, "application/ofd")
    assert (made.headers["page-count"], made.headers["left-out"]) == ("1", "nothing")
    back = await send(http, made.content)
    document = pypdfium2.PdfDocument(back.content)
    assert document[0].get_textpage().get_text_bounded() == "口三口"
    document.close()
    assert problem(await send(http, page_of("/S sh"))) == (400, "pdf-not-convertible")


async def test_one_address_may_ask_only_so_often(http: httpx.AsyncClient) -> None:
    answers = [problem(await send(http, b"")) for _ in range(7)]
    assert answers[-1] == (429, "too-many-conversions")
    assert answers[0][0] == 400


async def test_words_are_found_and_pages_told(cells: Cells) -> None:
    show = ShowOfd(WorkPool(1, 1), cells)
    (place,) = await show.find(WITH_WORDS, "执照")
    assert (place.page, round(place.box.x)) == (1, 30)
    assert len((await show.facts(WITH_WORDS)).documents[0].pages) == 1


async def search(http: httpx.AsyncClient, content: bytes, **fields: Any) -> httpx.Response:
    files = {"file": ("a.ofd", content, "application/ofd")}
    return await http.post("/v1/text-searches", files=files, data=fields)


async def test_words_are_found_by_whoever_asks(http: httpx.AsyncClient) -> None:
    answer = await search(http, TWO_LINES, text="执 照")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    told = answer.json()
    assert (told["document"], told["complete"]) == (1, True)
    first, second = told["places"]
    assert (first["page"], round(first["x_mm"])) == (1, 30)
    assert first["x_mm"] == second["x_mm"]
    assert second["y_mm"] - first["y_mm"] == pytest.approx(40)
    assert first["width_mm"] == pytest.approx(2 * first["height_mm"])
    none = await search(http, TWO_LINES, text="没有")
    assert none.json() == {"document": 1, "complete": True, "places": []}


async def test_it_says_where_there_may_be_more_than_are_told(http: httpx.AsyncClient) -> None:
    many = zipped(drawn("".join(words("甲", at=f"{n % 20 * 10} {n // 20 * 5} 10 5") for n in range(1001))))
    told = (await search(http, many, text="甲")).json()
    assert (told["complete"], len(told["places"])) == (False, 1000)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "field-invalid"),
        ({"text": " \u3000"}, "field-invalid"),
        ({"text": "长" * 1001}, "field-invalid"),
        ({"text": "照", "document": "0"}, "field-invalid"),
        ({"text": "照", "document": "2"}, "ofd-page"),
    ],
)
async def test_searches_that_mean_nothing(http: httpx.AsyncClient, fields: dict[str, str], code: str) -> None:
    answer = await search(http, WITH_WORDS, **fields)
    assert problem(answer) == (400, code)
    assert "长长" not in answer.text


async def test_what_is_no_ofd_is_not_searched(http: httpx.AsyncClient) -> None:
    for content in (b"%PDF-1.7", b"no package"):
        assert problem(await search(http, content, text="照")) == (400, "ofd-not-a-package")


async def test_one_address_may_search_only_so_often(http: httpx.AsyncClient) -> None:
    answers = [problem(await search(http, b"", text="照")) for _ in range(7)]
    assert answers[-1] == (429, "too-many-text-searches")
    assert answers[0][0] == 400


async def test_a_refusal_names_everything_that_would_differ(cells: Cells) -> None:
    with pytest.raises(OfdRefused) as wrong:
        await ConvertOfd(WorkPool(1, 1), cells)(STRANGE)
    assert wrong.value.private == "font-substituted,object"
    assert "VideoObject" in wrong.value.text.zh


def run(*arguments: str) -> Any:
    return CliRunner().invoke(commands, ["convert", *arguments])


async def test_the_command_line(tmp_path: Path) -> None:
    source, target = tmp_path / "a.ofd", tmp_path / "a.pdf"
    source.write_bytes(WITH_WORDS)
    refused = await asyncio.to_thread(run, str(source), str(target))
    assert refused.exit_code == 1
    assert "similar" in refused.output
    assert not target.exists()
    done = await asyncio.to_thread(run, str(source), str(target), "--similar-typefaces")
    assert done.exit_code == 0, done.output
    assert "1 page" in done.output
    before = target.read_bytes()
    assert before.startswith(b"%PDF-")
    again = await asyncio.to_thread(run, str(source), str(target), "--similar-typefaces")
    assert (again.exit_code, target.read_bytes()) == (1, before), "nothing is overwritten"
    back = tmp_path / "b.ofd"
    assert (await asyncio.to_thread(run, str(target), str(tmp_path / "c.pdf"))).exit_code == 1, "a PDF becomes an OFD"
    done = await asyncio.to_thread(run, str(target), str(back))
    assert (done.exit_code, back.read_bytes()[:2]) == (0, b"PK"), done.output
    for words_ in ((str(tmp_path / "none.ofd"), str(tmp_path / "b.pdf")), (str(source), str(tmp_path / "b.doc"))):
        assert (await asyncio.to_thread(run, *words_)).exit_code == 1


def look(*arguments: str) -> Any:
    return CliRunner().invoke(commands, ["find", *arguments])


async def test_the_command_line_finds_words(tmp_path: Path) -> None:
    source = tmp_path / "a.ofd"
    source.write_bytes(WITH_WORDS)
    told = await asyncio.to_thread(look, str(source), "执照", "--json")
    assert told.exit_code == 0, told.output
    (place,) = json.loads(told.stdout)
    assert (place["page"], round(place["x_mm"])) == (1, 30)
    assert (await asyncio.to_thread(look, str(source), "执照")).stdout.startswith("page 1: 30.0 ")
    for arguments in ((str(source), "没有"), (str(source), " "), (str(tmp_path / "none.ofd"), "照"), (__file__, "照")):
        assert (await asyncio.to_thread(look, *arguments)).exit_code == 1
