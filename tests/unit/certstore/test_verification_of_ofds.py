"""A licence file may be an OFD: known by its digest as PDFs are, named by its CustomData, judged by its own seal."""

from __future__ import annotations

import hashlib

import pytest

from api.bridges import SigningDocumentJudge
from certstore.end import EndCommand
from certstore.lifecycle import Event
from certstore.metadata import names_among
from certstore.model import FileKind, Licence, LicenceFile
from certstore.verify_file import Answer, LicenceFileVerdict, VerifyLicenceFile
from core.principal import ANONYMOUS
from tests.support.certstore_world import LAND_SYSTEM, World
from tests.support.eseal_world import Making, root
from tests.support.ofd_verify_world import office_of
from tests.support.ofd_world import PAGE, Files, document, sealed, zipped


def ofd_of(identifier: str) -> Files:
    plain = document()
    named = plain["/OFD.xml"].replace(b">1.2.156<", f">{identifier}<".encode())
    return sealed(plain | {"/OFD.xml": named}, Making())


def verifier(city: World, *roots: bytes) -> VerifyLicenceFile:
    """The city's own, with the service's judge of files in place of the fake one."""
    own = city.services.verify_file
    judge = SigningDocumentJudge(office_of(city.database, city.clock, *roots).verify_file)
    return VerifyLicenceFile(own._repository, judge, own._organisations)


async def put_on_record(city: World, licence: Licence, content: bytes) -> None:
    """As making the file does: its digest is that of the sealed file."""
    repository = city.services.verify_file._repository
    digest = hashlib.sha256(content).hexdigest()
    async with repository.database.write() as tx:
        kept = LicenceFile(
            "file_ofd", licence.id, licence.current.number, FileKind.ANNOTATED_COPY, "x", digest, len(content), "seal",
            "sig", city.clock.now(),
        )  # fmt: skip
        await repository.files.add(tx, kept)
        await tx.commit()


def answers(verdict: LicenceFileVerdict) -> tuple[Answer, Answer, Answer, str]:
    return verdict.genuine.answer, verdict.unchanged.answer, verdict.valid_now.answer, verdict.state


async def test_the_very_file_on_record_is_genuine_and_valid_and_later_genuine_but_ended(city: World) -> None:
    licence = await city.issue_property()
    content = zipped(ofd_of(licence.current.identifier or ""))
    await put_on_record(city, licence, content)
    verify = verifier(city)
    verdict = await verify(content, ANONYMOUS)
    assert (answers(verdict), verdict.same_file) == ((Answer.YES, Answer.YES, Answer.YES, "valid"), True)
    ended = await city.services.end(EndCommand(licence.id, Event.REVOKE, "理由"), LAND_SYSTEM)
    verdict = await verify(content, ANONYMOUS)
    assert answers(verdict) == (Answer.YES, Answer.YES, Answer.NO, ended.state.value)


async def test_a_real_seal_on_an_ofd_that_only_names_a_licence_is_no_licence(city: World) -> None:
    licence = await city.issue_property()
    verdict = await verifier(city)(zipped(ofd_of(licence.current.identifier or "")), ANONYMOUS)
    assert (verdict.state, verdict.same_file) == ("unknown-licence", False)
    assert verdict.licence is not None, "it is told which one it names"


@pytest.mark.parametrize("change", [b" ", b"<!-- -->"])
async def test_a_changed_one_is_told_as_changed(change: bytes, city: World) -> None:
    licence = await city.issue_property()
    files = ofd_of(licence.current.identifier or "")
    await put_on_record(city, licence, zipped(files))
    verdict = await verifier(city)(zipped(files | {PAGE: files[PAGE] + change}), ANONYMOUS)
    assert (verdict.unchanged.answer, verdict.same_file) == (Answer.NO, False)
    assert verdict.valid_now.answer is not Answer.YES or verdict.judgement.conclusion != "genuine"


async def test_of_a_changed_one_under_a_stranger_s_seal_nobody_says_that_its_seal_is_genuine(city: World) -> None:
    licence = await city.issue_property()
    files = ofd_of(licence.current.identifier or "")
    changed = zipped(files | {PAGE: files[PAGE] + b" "})
    assert (await verifier(city)(changed, ANONYMOUS)).genuine.answer is Answer.YES
    assert (await verifier(city, root("elsewhere"))(changed, ANONYMOUS)).genuine.answer is Answer.NO


async def test_what_is_no_ofd_gets_an_answer_and_no_error(city: World) -> None:
    verdict = await verifier(city)(zipped({"/word/document.xml": b"<a/>"}), ANONYMOUS)
    assert (verdict.state, verdict.genuine.answer) == ("not-a-licence", Answer.NO)


def test_names_are_those_of_the_standard() -> None:
    found = names_among({"ZZBS": "1.2.156.3005.2", "JZJBS": "copy_1"})
    assert found is not None
    assert (found.identifier, found.copy_id) == ("1.2.156.3005.2", "copy_1")
    assert names_among({"其他": "x"}) is None
