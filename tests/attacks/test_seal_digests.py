"""S-53: a seal's key is no oracle. Digests need a grant of their own, say what they are of, and get our own signed
attributes; and the twin: a file that never left its owner is genuine for everybody."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from typing import Any

import pytest
from asn1crypto import cms
from sqlalchemy import select

from core.db.database import Database
from core.errors import AppError, InvalidInput
from core.principal import Principal, PrincipalKind
from keys.spec import SignatureAlgorithm
from signing.digests.ask import AskForDigestCommand
from signing.digests.hashes import SignHashesCommand
from signing.digests.local import FileWords, prepare_file
from signing.digests.model import Digest, SignDigestCommand, SignedDigest
from signing.errors import (
    LevelNotReached,
    SealApprovalNeeded,
    SealNotActive,
    SealNotGranted,
    SealUsesSpent,
    UseRequestNotFound,
    UseRequestOver,
)
from signing.levels import Level, LevelPolicy
from signing.model import GrantForm, Seal, SealPdfCommand, SealStatus
from signing.pades.update import Prepared
from signing.ports import UseQuery
from signing.public_log.entry import LogEvent, read_entry
from signing.public_log.unseen import signature_names
from signing.stores.log_tables import seal_log_entry
from tests.support.clock import FakeClock
from tests.support.signing_fakes import PlainKeys, pdf
from tests.support.signing_world import CLIENT, ORGANISATION, PLACE, SealOffice

KEEPER = Principal(PrincipalKind.STAFF, "acc_keeper", ORGANISATION, scopes=frozenset({"seal:manage"}))
REVIEWER = replace(KEEPER, id="acc_reviewer", scopes=frozenset({"seal:approve"}))
SOME = Digest("sha256", hashlib.sha256(b"some document").digest())


@pytest.fixture
async def office(sqlite_database: Database, clock: FakeClock) -> SealOffice:
    return SealOffice(sqlite_database, clock)


async def granted(office: SealOffice, form: GrantForm = GrantForm.DIGEST, **changes: Any) -> Seal:
    seal = await office.make_seal()
    await office.grant(seal, form=form, **changes)
    return seal


def command(seal: Seal, digest: Digest = SOME, **changes: Any) -> SignDigestCommand:
    made = SignDigestCommand(digest, seal.id, CLIENT, "document", "购房合同.pdf", "合同备案")
    return replace(made, **changes)


async def prepared(office: SealOffice, seal: Seal) -> tuple[Prepared, Digest, int]:
    terms = await office.digests.terms(seal.id, "document", actor=CLIENT)
    ready = prepare_file(pdf(), terms, FileWords("Signature1", office.clock.now(), "合同备案"), (PLACE,))
    return ready, Digest(terms.algorithm, ready.digest(terms.algorithm)), terms.octets


def key_uses(office: SealOffice, seal: Seal) -> int:
    keys = office.keys
    assert isinstance(keys, PlainKeys)
    return keys.signers[seal.key_purpose].uses


@pytest.mark.parametrize("algorithm", [SignatureAlgorithm.ES256, SignatureAlgorithm.ES384, SignatureAlgorithm.RS256])
async def test_s53_twin_a_file_that_stays_at_home_is_genuine_for_everybody(
    office: SealOffice, algorithm: SignatureAlgorithm
) -> None:
    seal = await office.make_seal(algorithm=algorithm)
    await office.grant(seal, form=GrantForm.DIGEST)
    ready, digest, room = await prepared(office, seal)
    signed = await office.digests.sign(command(seal, digest, room=room))
    file = ready.fill(signed.container)
    report = await office.verify_pdf(file)
    assert (report.conclusion, report.indication) == ("genuine", "TOTAL-PASSED")
    known = report.signatures[0].known_seal
    assert known is not None
    assert known.recorded_at == signed.signed_at, "the ledger knows it by its signature"
    (entry,) = await entries(office, LogEvent.DIGEST_SIGNATURE)
    assert [entry] == list(signature_names(file))


async def test_s53_a_grant_for_files_gives_no_digests_and_one_for_digests_no_files(office: SealOffice) -> None:
    seal = await granted(office, GrantForm.DOCUMENT)
    for form in (GrantForm.HASH, None):
        if form is not None:
            await office.grant(seal, form=form)
        with pytest.raises(SealNotGranted):
            await office.digests.sign(command(seal))
        with pytest.raises(SealNotGranted):
            await office.digests.terms(seal.id, "document", actor=CLIENT)
    assert key_uses(office, seal) == 0
    assert (await office.seal_pdf(SealPdfCommand(pdf(), seal.id, CLIENT, "document", None))).content
    other = await office.make_seal("4101990000025")
    await office.grant(other, form=GrantForm.DIGEST)
    with pytest.raises(SealNotGranted):
        await office.seal_pdf(SealPdfCommand(pdf(), other.id, CLIENT, "document", None))
    assert (await office.digests.sign(command(other))).container


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"document_name": ""}, "document-name-invalid"),
        ({"document_name": "a\nb"}, "document-name-invalid"),
        ({"document_name": "x" * 201}, "document-name-invalid"),
        ({"reason": " "}, "reason-invalid"),
        ({"document_class": "合同"}, "document-class-invalid"),
        ({"level": Level.B_LTA}, "level-needs-document"),
        ({"digest": Digest("sha512", bytes(64))}, "digest-algorithm-other"),
    ],
)
async def test_s53_a_digest_without_a_story_is_not_signed(
    office: SealOffice, changes: dict[str, Any], code: str
) -> None:
    seal = await granted(office)
    with pytest.raises(InvalidInput) as refused:
        await office.digests.sign(command(seal, **changes))
    assert (refused.value.code, key_uses(office, seal)) == (code, 0)
    assert (await office.digests.sign(command(seal))).container


@pytest.mark.parametrize(("algorithm", "octets"), [("sha256", 31), ("sha256", 64), ("sha1", 20), ("md5", 16), ("", 0)])
def test_s53_what_is_no_digest_is_none(algorithm: str, octets: int) -> None:
    with pytest.raises(InvalidInput):
        Digest(algorithm, bytes(octets))
    assert Digest("sha384", bytes(48)).text == f"sha384:{'00' * 48}"


async def test_s53_the_attributes_that_are_signed_are_ours_whatever_is_sent(office: SealOffice) -> None:
    """Even the digest of well-formed signed attributes is but a message digest among ours."""
    seal = await granted(office)
    signed = await office.digests.sign(command(seal))
    attributes = cms.CMSAttributes.load(b"\x31" + _signer(signed)["signed_attrs"].dump()[1:])
    again = Digest("sha256", hashlib.sha256(attributes.dump()).digest())
    other = _signer(await office.digests.sign(command(seal, again)))
    told = {one["type"].native: one["values"][0].native for one in other["signed_attrs"]}
    assert set(told) == {"content_type", "message_digest", "signing_certificate_v2"}
    assert told["message_digest"] == again.value
    assert other["signature"].native != _signer(signed)["signature"].native


async def test_s53_ledger_and_log_say_that_nobody_saw_the_document(office: SealOffice) -> None:
    seal = await granted(office)
    signed = await office.digests.sign(command(seal))
    (use,) = (await office.uses.ledger.page(UseQuery(ORGANISATION), actor=KEEPER)).items
    assert (use.form, use.signed_digest, use.document_name) == (GrantForm.DIGEST, SOME.text, "购房合同.pdf")
    value = hashlib.sha256(_signer(signed)["signature"].native).hexdigest()
    assert (use.digest_before, use.digest_after) == (SOME.fingerprint, value)
    assert await entries(office, LogEvent.SIGNATURE) == []
    assert await entries(office, LogEvent.DIGEST_SIGNATURE) == [value]
    lines = b"".join([line async for line in await office.uses.ledger.export(UseQuery(ORGANISATION), actor=KEEPER)])
    assert SOME.text.encode() in lines


async def test_s53_digests_are_counted_and_repeated_like_files(database: Database, clock: FakeClock) -> None:
    office = SealOffice(database, clock)
    seal = await granted(office, max_uses=3)
    first = await office.digests.sign(command(seal, idempotency_key="k"))
    made = await asyncio.gather(
        *(office.digests.sign(command(seal, idempotency_key="k")) for _ in range(3)),
        *(office.digests.sign(command(seal)) for _ in range(5)),
        return_exceptions=True,
    )
    assert {one.container for one in made[:3] if isinstance(one, SignedDigest)} == {first.container}
    done = [one for one in made[3:] if isinstance(one, SignedDigest)]
    assert len(done) == 2
    assert all(isinstance(one, SealUsesSpent) for one in made[3:] if not isinstance(one, SignedDigest))
    assert len((await office.uses.ledger.page(UseQuery(ORGANISATION), actor=KEEPER)).items) == 3
    with pytest.raises(AppError) as reused:
        await office.digests.sign(command(seal, idempotency_key="k", reason="另一件事"))
    assert reused.value.code == "idempotency-key-reused"


async def test_s55_without_a_time_stamp_a_digest_is_signed_at_b_b_where_that_will_do_and_not_at_all_elsewhere(
    office: SealOffice,
) -> None:
    seal = await granted(office)
    with pytest.raises(LevelNotReached):
        await office.digests.sign(command(seal, level=Level.B_T))
    assert await entries(office, LogEvent.DIGEST_SIGNATURE) == []
    signed = await office.digests.sign(command(seal, level=Level.B_T, level_policy=LevelPolicy.AT_LEAST_B_B))
    assert (signed.level, signed.level_wanted) == ("PAdES-B-B", "PAdES-B-T")
    assert "unsigned_attrs" not in {name for name, value in _signer(signed).native.items() if value}


async def test_s53_hashes_of_one_call_are_all_signed_or_none_and_no_more_than_are_left(
    database: Database, clock: FakeClock
) -> None:
    office = SealOffice(database, clock)
    seal = await granted(office, GrantForm.HASH, max_uses=5)
    sign = office.sign_hashes()
    two = SignHashesCommand((SOME, Digest("sha256", bytes(32))), seal.id, CLIENT, "document")
    made = await asyncio.gather(*(sign(two) for _ in range(4)), return_exceptions=True)
    done = [one for one in made if not isinstance(one, BaseException)]
    assert [len(one) for one in done] == [2, 2]
    assert all(isinstance(one, SealUsesSpent) for one in made if isinstance(one, BaseException))
    with pytest.raises(SealUsesSpent):
        await sign(two)
    assert len(await sign(replace(two, hashes=(SOME,)))) == 1
    uses = (await office.uses.ledger.page(UseQuery(ORGANISATION), actor=KEEPER)).items
    assert [(use.form, use.level) for use in uses] == [(GrantForm.HASH, "none")] * 5
    assert len(await entries(office, LogEvent.HASH_SIGNATURE)) == 5
    with pytest.raises(InvalidInput) as refused:
        await office.grant(seal, form=GrantForm.HASH, approval=True)
    assert refused.value.code == "grant-form-approval", "there is nothing to approve of"


async def test_s53_a_second_person_approves_of_this_very_digest_once(office: SealOffice) -> None:
    seal = await granted(office, approval=True)
    with pytest.raises(SealApprovalNeeded):
        await office.digests.sign(command(seal))
    asked = await office.digests.ask(AskForDigestCommand(SOME, seal.id, CLIENT, "document", "购房合同.pdf", "合同备案"))
    assert (asked.form, asked.document, asked.signed_digest) == (GrantForm.DIGEST, None, SOME.text)
    with pytest.raises(UseRequestOver):
        await office.digests.sign(command(seal, request_id=asked.id))
    await office.uses.decide.approve(asked.id, actor=REVIEWER, answer="同意")
    another = Digest("sha256", hashlib.sha256(b"another document").digest())
    for wrong in (command(seal, another), command(seal, actor=replace(CLIENT, id="other-app"))):
        with pytest.raises((UseRequestNotFound, SealNotGranted)):
            await office.digests.sign(replace(wrong, request_id=asked.id))
    with pytest.raises(UseRequestOver):
        await office.uses.seal(asked.id, None, actor=CLIENT)  # there is no file to seal
    assert (await office.digests.sign(command(seal, request_id=asked.id))).container
    with pytest.raises(UseRequestOver):
        await office.digests.sign(command(seal, request_id=asked.id))


async def test_s53_a_seal_that_is_stopped_signs_no_digest_that_has_begun(office: SealOffice) -> None:
    seal = await granted(office)
    keep = office.vault.keep

    async def stopped_meanwhile(content: bytes, *, context: str) -> str:
        await office.change_status(seal.id, SealStatus.SUSPENDED, actor=KEEPER, reason="停用")
        return await keep(content, context=context)

    assert (await office.digests.sign(command(seal))).container
    office.vault.keep = stopped_meanwhile  # type: ignore[method-assign]
    for _ in range(2):
        with pytest.raises(SealNotActive):
            await office.digests.sign(command(seal))
    assert len(await entries(office, LogEvent.DIGEST_SIGNATURE)) == 1


async def test_s53_a_signature_that_does_not_fit_the_file_is_not_entered(office: SealOffice) -> None:
    seal = await granted(office)
    with pytest.raises(AppError) as small:
        await office.digests.sign(command(seal, room=100))
    assert small.value.code == "digest-room-too-small"
    assert await entries(office, LogEvent.DIGEST_SIGNATURE) == []


async def entries(office: SealOffice, event: LogEvent) -> list[str]:
    async with office.database.read() as tx:
        bodies = (await tx.connection.execute(select(seal_log_entry.c.body).order_by(seal_log_entry.c.id))).scalars()
        found = [read_entry(bytes(body)) for body in bodies]
    return [entry.document or "" for entry in found if entry.event is event]


def _signer(signed: SignedDigest) -> cms.SignerInfo:
    return cms.ContentInfo.load(signed.container)["content"]["signer_infos"][0]
