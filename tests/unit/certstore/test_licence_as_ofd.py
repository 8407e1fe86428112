"""Licences in two forms: PDF and OFD of one version, from the same face and metadata, under the same seal."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from lxml import etree
from sqlalchemy import update

from certstore.bundle.opening import BundleFile
from certstore.definition import definition_of
from certstore.life.change import ChangeCommand
from certstore.life.steps import Step
from certstore.model import FileForms
from certstore.stores.tables import licence_file
from core.errors import InvalidInput, NotFound, Unavailable
from core.principal import SYSTEM, Principal, PrincipalKind
from signing.ofd.package import Package, read_package
from tests.support.certstore_fakes import attachments
from tests.support.certstore_world import (
    HOUSE,
    LAND,
    LAND_SYSTEM,
    LIN,
    LIN_NAME,
    LIN_NUMBER,
    PORTAL,
    PROPERTY,
    ZHAO_NUMBER,
    World,
)

O = "{http://www.ofdspec.org/2016}"  # noqa: E741 - as the standard's own examples have it

KEEPER = Principal(PrincipalKind.STAFF, "acc_keeper", LAND, scopes=frozenset({"admin:system"}))


async def in_both_forms(city: World, forms: FileForms = FileForms.BOTH) -> None:
    catalogue = city.services.catalogue
    made = await catalogue.licence_type(PROPERTY)
    await catalogue.register_type(replace(definition_of(made), file_forms=forms), SYSTEM)


async def as_ofd_alone(city: World) -> None:
    await in_both_forms(city, FileForms.OFD)


def unsealed(content: bytes) -> bytes:
    return content.rsplit(b"\n%SEAL", 1)[0]


def package_of(content: bytes) -> Package:
    return read_package(unsealed(content))


def custom_of(package: Package) -> dict[str, str]:
    rows = etree.fromstring(package["/OFD.xml"]).iter(f"{O}CustomData")
    return {row.get("Name"): row.text or "" for row in rows}


async def test_both_files_are_of_one_version_and_say_the_same(both_cities: World) -> None:
    city = both_cities
    await in_both_forms(city)
    made = await city.issue_property()
    pdf = await city.services.read.original(made.id, LAND_SYSTEM)
    ofd = await city.services.read.original(made.id, LAND_SYSTEM, ofd=True)
    assert (pdf.name, ofd.name) == (f"{made.current.identifier}.pdf", f"{made.current.identifier}.ofd")
    package = package_of(ofd.content)
    custom = custom_of(package)
    assert (custom["ZZBS"], custom["CZZT"], custom["CZZTDM"]) == (made.current.identifier, LIN_NAME, LIN_NUMBER)
    metadata = attachments(unsealed(pdf.content))["metadata.xml"]
    assert package["/Doc_0/Attachments/file_1"] == metadata
    told = {one.tag.rpartition("}")[2]: one.text for one in ElementTree.fromstring(metadata) if not len(one)}
    assert {name: custom[name] for name in told if name != "KZ"} == {
        name: value for name, value in told.items() if name != "KZ"
    }


async def test_the_chain_binds_both_files(city: World) -> None:
    await in_both_forms(city)
    made = await city.issue_property()
    (line,) = await city.services.read.versions(made.id, LAND_SYSTEM)
    assert line.chained
    assert line.ofd is not None
    exchanged = update(licence_file).where(licence_file.c.sha256 == line.ofd).values(sha256="0" * 64)
    async with city.database.write() as tx:
        await tx.connection.execute(exchanged)
        await tx.commit()
    (line,) = await city.services.read.versions(made.id, LAND_SYSTEM)
    assert not line.chained


async def test_each_version_has_a_file_and_a_document_of_its_own(city: World) -> None:
    await in_both_forms(city)
    first, second = await city.issue_property(), await city.issue_property(number=ZHAO_NUMBER, name="赵映雪")
    documents = set()
    for one in (first, second):
        package = package_of((await city.services.read.original(one.id, LAND_SYSTEM, ofd=True)).content)
        documents.add(etree.fromstring(package["/OFD.xml"]).findtext(f".//{O}DocID"))
    assert len(documents) == 2


async def test_the_holder_gets_it_too_and_it_is_recognised(city: World) -> None:
    await in_both_forms(city)
    made = await city.issue_property()
    ofd = await city.services.read.original(made.id, LIN, ofd=True)
    verdict = await city.services.verify_file(ofd.content, LIN)
    assert verdict.same_file
    assert verdict.licence is not None
    assert verdict.licence.identifier == made.current.identifier


async def test_of_a_type_in_pdf_there_is_no_ofd(city: World) -> None:
    made = await city.issue_property()
    with pytest.raises(NotFound) as told:
        await city.services.read.original(made.id, LAND_SYSTEM, ofd=True)
    assert told.value.code == "file-form-not-issued"
    (line,) = await city.services.read.versions(made.id, LAND_SYSTEM)
    assert (line.ofd, line.chained) == (None, True)


async def test_what_was_issued_before_the_type_changed_stays_as_it_was(city: World) -> None:
    made = await city.issue_property()
    await in_both_forms(city)
    with pytest.raises(NotFound):
        await city.services.read.original(made.id, LAND_SYSTEM, ofd=True)
    (line,) = await city.services.read.versions(made.id, LAND_SYSTEM)
    assert line.chained


async def test_copies_are_pdf_and_an_original_without_its_seal_is_not_there(city: World) -> None:
    await in_both_forms(city)
    made = await city.issue_property()
    consent = await city.consented()
    copy = await city.services.copies.make(city.copy_command(made.id, consent), PORTAL)
    assert copy.file.beside is None
    before = await city.rows(licence_file)
    city.sealer.broken = True
    with pytest.raises(Unavailable):
        await city.issue_property(number=ZHAO_NUMBER, name="赵映雪")
    assert await city.rows(licence_file) == before


async def test_the_form_is_part_of_what_a_catalogue_exchanges(city: World) -> None:
    await in_both_forms(city)
    assert (await city.services.catalogue.licence_type(PROPERTY)).file_forms is FileForms.BOTH
    assert (await city.services.catalogue.licence_type(PROPERTY, 1)).file_forms is FileForms.PDF


async def test_an_ofd_alone_is_the_original_and_the_chain_binds_it(both_cities: World) -> None:
    city = both_cities
    await as_ofd_alone(city)
    made = await city.issue_property()
    rows = await city.rows(licence_file)
    ofd = await city.services.read.original(made.id, LAND_SYSTEM)
    assert (ofd.name, rows, city.sealer.count) == (f"{made.current.identifier}.ofd", 1, 1)
    assert custom_of(package_of(ofd.content))["ZZBS"] == made.current.identifier
    assert (await city.services.read.original(made.id, LIN, ofd=True)).content == ofd.content
    with pytest.raises(NotFound) as told:
        await city.services.read.original(made.id, LIN, ofd=False)
    assert (told.value.code, "OFD only" in told.value.text.en) == ("file-form-not-issued", True)
    (line,) = await city.services.read.versions(made.id, LAND_SYSTEM)
    assert (line.sha256, line.ofd, line.chained) == (None, ofd.sha256, True)
    async with city.database.write() as tx:
        await tx.connection.execute(
            update(licence_file).where(licence_file.c.sha256 == ofd.sha256).values(sha256="0" * 64)
        )
        await tx.commit()
    (line,) = await city.services.read.versions(made.id, LAND_SYSTEM)
    assert not line.chained


async def test_an_ofd_alone_is_recognised_copied_and_followed_by_what_its_type_says_then(city: World) -> None:
    await as_ofd_alone(city)
    made = await city.issue_property()
    original = await city.services.read.original(made.id, LIN)
    verdict = await city.services.verify_file(original.content, LIN)
    assert (verdict.same_file, verdict.licence and verdict.licence.identifier) == (True, made.current.identifier)
    copy = await city.services.copies.make(city.copy_command(made.id, await city.consented()), PORTAL)
    assert (await city.services.copies.file(made.id, copy.id, PORTAL)).content.startswith(b"%PDF-")
    await in_both_forms(city, FileForms.PDF)
    step = Step(made.id, "key-of-change", "measured anew", made.revision)
    await city.services.life.change.change(ChangeCommand(step, data={**HOUSE, "area": 60}), LAND_SYSTEM)
    first, second = await city.services.read.versions(made.id, LAND_SYSTEM)
    assert (first.sha256, second.ofd, first.chained, second.chained) == (None, None, True, True)
    assert (await city.services.read.original(made.id, LAND_SYSTEM, 1)).content == original.content
    assert (await city.services.read.original(made.id, LAND_SYSTEM)).content.startswith(b"%PDF-")


@pytest.mark.parametrize("forms", [FileForms.OFD, FileForms.BOTH])
async def test_a_type_is_refused_where_no_seal_could_seal_its_ofds(city: World, forms: FileForms) -> None:
    city.sealer.forms[LAND] = False
    with pytest.raises(InvalidInput) as told:
        await in_both_forms(city, forms)
    assert (told.value.code, told.value.field) == ("file-forms-not-possible", "file_forms")
    assert LAND in told.value.text.zh
    assert LAND in told.value.text.en
    assert (await city.services.catalogue.licence_type(PROPERTY)).version == 1
    city.sealer.forms[LAND] = None  # it has no seal yet, and can issue nothing
    await in_both_forms(city, forms)
    city.sealer.forms[LAND] = False  # the one that it got has no national form: the type can still be ended
    assert (await city.services.catalogue.retire_type(PROPERTY, SYSTEM)).retired


async def test_a_catalogue_that_is_taken_in_is_asked_the_same(city: World) -> None:
    await as_ofd_alone(city)
    document = await city.bundles.take_out(KEEPER)
    await in_both_forms(city, FileForms.PDF)
    document["content"]["types"] = [
        {**one, "code": one["code"][:18] + "777"} for one in document["content"]["types"] if one["code"] == PROPERTY
    ]
    city.sealer.forms[LAND] = False
    with pytest.raises(InvalidInput) as told:
        await city.bundles.take_in(BundleFile(document, unsigned=True), SYSTEM)
    assert (told.value.code, "777" in told.value.text.en) == ("file-forms-not-possible", True)
