"""Templates of administrators: what they can reach (nothing), what is published, and that a face stays the same."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from certstore.ports import SealAnchor
from certstore.render.sandbox import Sandbox, TemplateFault
from certstore.render.typst_renderer import TypstRenderer
from certstore.templates.desk import TemplateDraft
from certstore.templates.sample import sample_data, sample_source, sample_type
from core.errors import Conflict, InvalidInput, NotPermitted
from core.principal import SYSTEM
from core.text import Text
from tests.support.certstore_fakes import renderer
from tests.support.certstore_world import CHEN_NUMBER, HOME, LIN, PERMIT, PERMIT_TYPE, POLICE_SYSTEM, PORTAL, World

SOUND = """#show: licence.with(210mm, 297mm)
#title-block(128mm)
#for row in face.rows [#row.title：#value-of(row) \\ ]
#annotation()
"""
DRAFT = TemplateDraft("own-face", Text("自编版式", "Our own"), SOUND, SealAnchor(1, 152, 233))
PNG = b"\x89PNG\r\n\x1a\n"


async def test_a_published_template_makes_faces_that_stay_the_same(city: World) -> None:
    first = await city.services.templates.publish(DRAFT, SYSTEM, before=0)
    made = await city.services.catalogue.register_type(replace(PERMIT_TYPE, template="own-face"), SYSTEM)
    assert (first.reference, made.template) == ("own-face@1", "own-face@1")
    licence = await city.issue_permit()
    original = (await city.services.read.original(licence.id, LIN)).content
    with pikepdf.open(BytesIO(original)) as pdf:
        assert HOME["address"] in pdf.attachments["metadata.xml"].get_file().read_bytes().decode()
    changed = replace(DRAFT, source=SOUND.replace("#title-block(128mm)", ""))
    await city.services.templates.publish(changed, SYSTEM, before=1)
    assert (await city.services.catalogue.licence_type(PERMIT)).template == "own-face@1"
    copy = await city.services.copies.make(city.copy_command(licence.id), PORTAL)  # set again, by the version of then
    assert (await city.services.copies.file(licence.id, copy.id, PORTAL)).content.startswith(b"%PDF-")
    await city.services.catalogue.register_type(replace(PERMIT_TYPE, template="own-face"), SYSTEM)
    await city.issue(PERMIT, POLICE_SYSTEM, HOME, CHEN_NUMBER, "陈素")
    assert (await city.services.catalogue.licence_type(PERMIT)).template == "own-face@2"
    assert [one.version for one in await city.services.templates.versions("own-face")] == [2, 1]


async def test_the_same_face_is_the_same_bytes_and_passes_for_an_archive_file(tmp_path: Path) -> None:
    from certstore.face import face_json, face_metadata
    from certstore.metadata import to_xml

    source = sample_source(sample_type(), "https://yizheng.example.gov.cn/verify")
    made = [
        await setter.set_face(
            SOUND,
            DRAFT.anchor,
            face_json(source),
            metadata=to_xml(face_metadata(source)),
            qr_text="https://yizheng.example.gov.cn/verify?code=x",
            made_at=source.version.issued_at,
        )
        for setter in (renderer(), TypstRenderer())
    ]
    assert made[0] == made[1]
    file = tmp_path / "face.pdf"
    file.write_bytes(made[0])
    assert "No syntax or stream encoding errors found" in _told_by("qpdf", "--check", str(file))
    assert "Pages:           1" in _told_by("pdfinfo", str(file))
    assert "metadata.xml" in _told_by("pdfdetach", "-list", str(file))
    with pikepdf.open(file) as pdf:
        metadata = pdf.open_metadata()
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "B")


def _told_by(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(
    "source",
    [
        '#read("/etc/passwd")',
        '#read("../../../../../../etc/passwd")',
        '#import "@preview/cetz:0.2.2": *',
        '#import "@local/other:1.0.0": *',
        '#include "certificate.typ"',
        '#image("/proc/self/environ")',
        '#dictionary(std).at("ev" + "al")("read(\\"/etc/hostname\\")")',
        "#sys.inputs.secret",
        "#let f(n) = f(n + 1)\n#f(0)",
    ],
)
async def test_a_template_reaches_nothing_but_its_face(city: World, source: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await city.services.templates.preview(replace(DRAFT, source=source), SYSTEM)
    assert refused.value.code == "template-invalid"
    assert "root:" not in str(refused.value.text)
    assert (await city.services.templates.preview(DRAFT, SYSTEM)).startswith(PNG)  # the twin, in the same program


def test_a_template_that_takes_too_long_or_too_much_is_ended_and_the_next_one_served() -> None:
    sandbox = Sandbox([], seconds=3.0)
    for greedy in (
        "#for a in range(9000) { for b in range(9000) { let c = a * b } }",
        "#range(200000000).len()",
    ):
        with pytest.raises(TemplateFault, match="too long or too much"):
            sandbox.run(greedy, {}, made_at="2026-01-31T01:00:00+00:00")
    programs: set[subprocess.Popen[bytes]] = sandbox._running
    assert len(programs) == 1
    assert sandbox.run("#rect()", {}, made_at="2026-01-31T01:00:00+00:00").startswith(b"%PDF-")


async def test_what_leaves_the_code_or_the_metadata_out_is_not_published(city: World) -> None:
    bare = "#set page(width: 210mm, height: 297mm)\n#face.title\n"
    for source, missing in (
        (bare, "prepare"),
        (bare + "#prepare()\n", "qr-block"),
        (
            bare + "#prepare()\n#qr-block(20mm, 20mm)\n#place(top, rect(width: 80mm, height: 80mm, fill: red))",
            "qr-block",
        ),
        (SOUND + "#nothing-like-that", "5"),
    ):
        with pytest.raises(InvalidInput) as refused:
            await city.services.templates.publish(replace(DRAFT, source=source), SYSTEM, before=0)
        assert missing in refused.value.text.en
    assert not await city.services.templates.all()
    complete = bare + "#prepare()\n#qr-block(20mm, 60mm)\n"
    assert (await city.services.templates.publish(replace(DRAFT, source=complete), SYSTEM, before=0)).version == 1


async def test_a_name_is_ours_and_of_many_who_publish_one_is_first(city: World) -> None:
    templates = city.services.templates
    for name in ("certificate", "Own", "a", "own_face", "own@1"):
        with pytest.raises(InvalidInput):
            await templates.publish(replace(DRAFT, name=name), SYSTEM, before=0)
    with pytest.raises(NotPermitted):
        await templates.publish(DRAFT, PORTAL, before=0)
    told = await asyncio.gather(*(templates.publish(DRAFT, SYSTEM, before=0) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in told if isinstance(one, BaseException)] == [Conflict, Conflict]


async def test_the_built_in_templates_can_be_begun_from(city: World) -> None:
    for name, (source, anchor) in city.services.templates.starting_points().items():
        draft = TemplateDraft(f"own-{name}", DRAFT.title, source, anchor)
        for copy in (False, True):
            picture = await city.services.templates.preview(draft, SYSTEM, type_code=PERMIT, copy=copy)
            assert picture.startswith(PNG)


def test_sample_values_fit_every_kind_of_field() -> None:
    from certstore.schema import check_data
    from tests.support.certstore_world import PROPERTY_TYPE, STATEMENT_TYPE

    for schema in (sample_type().schema, PROPERTY_TYPE.schema, PERMIT_TYPE.schema, STATEMENT_TYPE.schema):
        assert check_data(schema, sample_data(replace(sample_type(), schema=schema)))
