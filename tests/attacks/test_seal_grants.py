"""S-50, S-51, I-08: grants that are counted, taken back, or want a second person, tried beyond what they give."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from core.db.database import Database
from core.errors import AppError, Conflict, LimitExceeded
from core.principal import Principal, PrincipalKind
from signing.errors import (
    PdfRefused,
    SealApprovalNeeded,
    SealNotActive,
    SealNotGranted,
    SealNotYours,
    SealSecondPerson,
    SealUsesSpent,
    UseRequestNotFound,
    UseRequestOver,
)
from signing.model import GranteeKind, RequestState, Seal, SealedPdf, SealPdfCommand, SealStatus, UseRequest
from signing.ports import UseQuery
from signing.uses import ask
from signing.uses.ask import AskCommand
from tests.support.clock import FakeClock
from tests.support.signing_fakes import PlainKeys, pdf
from tests.support.signing_world import CLIENT, ORGANISATION, SealOffice

REVIEWER = Principal(PrincipalKind.STAFF, "acc_reviewer", ORGANISATION, scopes=frozenset({"seal:approve"}))
KEEPER = replace(REVIEWER, id="acc_keeper", scopes=frozenset({"seal:manage"}))
OTHER = replace(REVIEWER, id="acc_other", organisation="11410199DEMA000331")


def command(seal: Seal, **changes: Any) -> SealPdfCommand:
    return replace(SealPdfCommand(pdf(), seal.id, CLIENT, "document", None), **changes)


@pytest.fixture
async def office(sqlite_database: Database, clock: FakeClock) -> SealOffice:
    return SealOffice(sqlite_database, clock)


async def wanting_approval(office: SealOffice) -> tuple[Seal, str]:
    seal = await office.make_seal()
    return seal, (await office.grant(seal, approval=True)).id


async def asked(office: SealOffice, seal: Seal, content: bytes | None = None, **changes: Any) -> UseRequest:
    return await office.uses.ask(replace(AskCommand(content or pdf(), seal.id, CLIENT, "document", "发函"), **changes))


async def uses(office: SealOffice) -> int:
    return len((await office.uses.ledger.page(UseQuery(ORGANISATION), actor=KEEPER, limit=100)).items)


async def test_s50_the_last_use_is_used_once_however_many_try(database: Database, clock: FakeClock) -> None:
    office = SealOffice(database, clock)
    seal = await office.make_seal()
    grant = await office.grant(seal, max_uses=3)
    results = await asyncio.gather(*(office.seal_pdf(command(seal)) for _ in range(8)), return_exceptions=True)
    sealed = [one for one in results if isinstance(one, SealedPdf)]
    assert len(sealed) == 3
    assert all(isinstance(one, SealUsesSpent) for one in results if not isinstance(one, SealedPdf))
    (after,) = await office.seals.grants_of(seal.id, actor=KEEPER)
    assert (after.id, after.uses, after.spent) == (grant.id, 3, True)
    assert await uses(office) == 3, "I-08: as many entries as sealed files"


async def test_s50_a_refused_or_repeated_use_counts_nothing(office: SealOffice) -> None:
    seal = await office.make_seal()
    await office.grant(seal, max_uses=2)
    with pytest.raises(PdfRefused):
        await office.seal_pdf(command(seal, pdf=b"no pdf"))
    for _ in range(3):
        await office.seal_pdf(command(seal, idempotency_key="k"))
    (grant,) = await office.seals.grants_of(seal.id, actor=KEEPER)
    assert grant.uses == 1
    await office.seal_pdf(command(seal))
    with pytest.raises(SealUsesSpent):
        await office.seal_pdf(command(seal))


async def test_s50_twin_another_grant_goes_on_where_one_is_spent(office: SealOffice) -> None:
    seal = await office.make_seal()
    await office.grant(seal, max_uses=1)
    await office.grant(seal, max_uses=1)
    for _ in range(2):
        await office.seal_pdf(command(seal))
    with pytest.raises(SealUsesSpent):
        await office.seal_pdf(command(seal))


async def test_s51_a_grant_taken_back_stops_work_that_has_begun(office: SealOffice) -> None:
    seal = await office.make_seal()
    grant = await office.grant(seal)
    keep = office.vault.keep

    async def ended_meanwhile(content: bytes, *, context: str) -> str:
        await office.end_grant(grant.id, actor=REVIEWER)
        return await keep(content, context=context)

    assert (await office.seal_pdf(command(seal))).content
    office.vault.keep = ended_meanwhile  # type: ignore[method-assign]
    with pytest.raises(SealNotGranted):
        await office.seal_pdf(command(seal))
    assert await uses(office) == 1
    for actor in (OTHER, CLIENT):
        with pytest.raises(SealNotYours):
            await office.end_grant(grant.id, actor=actor)


async def test_s50_no_use_without_the_approval_that_the_grant_wants(office: SealOffice) -> None:
    seal, _ = await wanting_approval(office)
    with pytest.raises(SealApprovalNeeded):
        await office.seal_pdf(command(seal))
    request = await asked(office, seal)
    for state in ("open", "refused"):
        with pytest.raises(UseRequestOver):
            await office.uses.seal(request.id, None, actor=CLIENT)
        with pytest.raises(UseRequestOver):
            await office.seal_pdf(command(seal, request_id=request.id))
        if state == "open":
            await office.uses.decide.refuse(request.id, actor=REVIEWER, answer="内容不对")
    keys = office.keys
    assert isinstance(keys, PlainKeys)
    assert keys.signers[seal.key_purpose].uses == 0


async def test_s50_twin_an_approved_use_is_sealed_once(database: Database, clock: FakeClock) -> None:
    office = SealOffice(database, clock)
    seal, grant = await wanting_approval(office)
    request = await asked(office, seal)
    decided = await office.uses.decide.approve(request.id, actor=REVIEWER, answer="同意")
    assert (decided.state, decided.decided_by) == (RequestState.APPROVED, REVIEWER.id)
    made = await asyncio.gather(*(office.uses.seal(request.id, None, actor=CLIENT) for _ in range(5)))
    assert len({one.content for one in made}) == 1
    page = await office.uses.ledger.page(UseQuery(ORGANISATION), actor=KEEPER)
    assert [(one.request_id, one.grant_id, one.id) for one in page.items] == [(request.id, grant, made[0].signature_id)]
    await office.uses.upkeep()
    again = await office.uses.seal(request.id, None, actor=CLIENT)
    assert again.content == made[0].content, "also when the file that waited is gone"


async def test_s50_an_approval_is_for_one_file_one_seal_one_class_and_one_person(office: SealOffice) -> None:
    seal, _ = await wanting_approval(office)
    other = await office.make_seal("4101990000025")
    await office.grant(other, approval=True)
    colleague = replace(CLIENT, id="another-app")
    await office.grant(seal, grantee=colleague.id, approval=True)
    request = await asked(office, seal)
    await office.uses.decide.approve(request.id, actor=REVIEWER)
    wrong = (
        command(seal, pdf=pdf(2), request_id=request.id),
        command(other, request_id=request.id),
        command(seal, document_class="licence", request_id=request.id),
        command(seal, actor=colleague, request_id=request.id),
        command(seal, request_id="sealreq_none"),
    )
    for one in wrong:
        with pytest.raises(UseRequestNotFound):
            await office.seal_pdf(one)
    with pytest.raises(UseRequestNotFound):
        await office.uses.seal(request.id, None, actor=colleague)
    assert (await office.seal_pdf(command(seal, request_id=request.id))).content
    with pytest.raises(UseRequestOver):
        await office.seal_pdf(command(seal, request_id=request.id))


async def test_s50_nobody_decides_over_their_own_or_anothers_houses_request(office: SealOffice) -> None:
    seal, _ = await wanting_approval(office)
    await office.grant(seal, grantee_kind=GranteeKind.ACCOUNT, grantee=REVIEWER.id, approval=True)
    own = await asked(office, seal, actor=REVIEWER)
    with pytest.raises(SealSecondPerson):
        await office.uses.decide.approve(own.id, actor=REVIEWER)
    for actor in (OTHER, KEEPER):
        with pytest.raises(UseRequestNotFound):
            await office.uses.decide.approve(own.id, actor=actor)
    colleague = replace(REVIEWER, id="acc_colleague")
    assert (await office.uses.decide.approve(own.id, actor=colleague)).state is RequestState.APPROVED
    with pytest.raises(UseRequestOver):
        await office.uses.decide.refuse(own.id, actor=colleague, answer="改主意")


async def test_s51_an_approved_use_ends_with_its_seal_its_grant_and_its_time(
    office: SealOffice, clock: FakeClock
) -> None:
    seal, grant = await wanting_approval(office)
    requests = [await asked(office, seal) for _ in range(4)]
    for one in requests:
        await office.uses.decide.approve(one.id, actor=REVIEWER)
    await office.uses.ask.withdraw(requests[3].id, actor=CLIENT)
    await office.change_status(seal.id, SealStatus.SUSPENDED, actor=KEEPER)
    with pytest.raises(SealNotActive):
        await office.uses.seal(requests[0].id, None, actor=CLIENT)
    await office.change_status(seal.id, SealStatus.ACTIVE, actor=REVIEWER)
    assert (await office.uses.seal(requests[0].id, None, actor=CLIENT)).content
    await office.end_grant(grant, actor=KEEPER)
    with pytest.raises(SealNotGranted):
        await office.uses.seal(requests[1].id, None, actor=CLIENT)
    await office.grant(seal, approval=True)
    with pytest.raises(SealNotGranted):  # another grant does not take the ended one's place
        await office.uses.seal(requests[1].id, None, actor=CLIENT)
    clock.advance(ask.LIFE.total_seconds())
    for one in requests[2:]:
        with pytest.raises((UseRequestOver, SealNotGranted)):
            await office.uses.seal(one.id, None, actor=CLIENT)
    assert await uses(office) == 1


async def test_s58_files_of_requests_that_are_over_are_let_go(office: SealOffice, clock: FakeClock) -> None:
    seal, _ = await wanting_approval(office)
    states = {}
    for wanted in ("open", "approved", "refused", "withdrawn", "sealed"):
        one = await asked(office, seal)
        if wanted in ("approved", "sealed"):
            await office.uses.decide.approve(one.id, actor=REVIEWER)
        if wanted == "sealed":
            await office.uses.seal(one.id, None, actor=CLIENT)
        if wanted == "refused":
            await office.uses.decide.refuse(one.id, actor=REVIEWER, answer="不")
        if wanted == "withdrawn":
            await office.uses.ask.withdraw(one.id, actor=CLIENT)
        states[wanted] = one.id
    assert await office.uses.upkeep() == 3
    for wanted, request_id in states.items():
        if wanted in ("open", "approved"):
            assert await office.uses.requests.file(request_id, actor=REVIEWER) == pdf()
        else:
            with pytest.raises(UseRequestNotFound):
                await office.uses.requests.file(request_id, actor=REVIEWER)
    clock.advance(ask.LIFE.total_seconds())
    assert await office.uses.upkeep() == 2
    for request_id in states.values():
        assert (await office.uses.requests.one(request_id, actor=REVIEWER)).document is None


async def test_s57_requests_that_wait_have_a_ceiling(office: SealOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "MAX_OPEN", 2)
    seal, _ = await wanting_approval(office)
    for _ in range(2):
        await asked(office, seal)
    with pytest.raises(LimitExceeded):
        await asked(office, seal)


async def test_s50_a_request_is_for_those_whom_a_grant_wants_to_ask(office: SealOffice) -> None:
    seal = await office.make_seal()
    with pytest.raises(SealNotGranted):
        await asked(office, seal)
    await office.grant(seal)
    with pytest.raises(Conflict, match="approval-not-needed"):
        await asked(office, seal)
    await office.grant(seal, approval=True)
    with pytest.raises(PdfRefused):
        await asked(office, seal, b"no pdf")
    request = await asked(office, seal)
    for actor in (OTHER, replace(CLIENT, id="another-app")):
        for look in (office.uses.requests.one, office.uses.requests.file):
            with pytest.raises(UseRequestNotFound):
                await look(request.id, actor=actor)


async def test_s50_the_ledger_is_for_its_owner_and_cannot_become_a_formula(office: SealOffice) -> None:
    seal = await office.make_seal()
    await office.grant(seal)
    for reason in ("=HYPERLINK(1)", "+1", "签发"):
        await office.seal_pdf(command(seal, reason=reason))
    query = UseQuery(ORGANISATION)
    for actor in (OTHER, CLIENT, replace(KEEPER, kind=PrincipalKind.PERSON, organisation=None)):
        for look in (office.uses.ledger.page, office.uses.ledger.export):
            with pytest.raises(AppError):
                await look(query, actor=actor)
    text = b"".join([piece async for piece in await office.uses.ledger.export(query, actor=KEEPER)]).decode()
    assert "'=HYPERLINK(1)" in text
    assert "'+1" in text
    assert ",=" not in text
    assert len(text.splitlines()) == 4
    day = dt.timedelta(days=1)
    now = office.clock.now()
    narrow = replace(query, since=now - day, until=now + day, seal_id=seal.id, actor_id=CLIENT.id)
    assert len((await office.uses.ledger.page(narrow, actor=KEEPER)).items) == 3
    for nothing in (
        replace(narrow, since=now + day, until=None),
        replace(narrow, until=now - day, since=None),
        replace(narrow, document_class="contract"),
        replace(narrow, actor_id="another-app"),
    ):
        assert (await office.uses.ledger.page(nothing, actor=KEEPER)).items == []
