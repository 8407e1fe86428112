"""S-50, S-51, S-53: a seal used without the right, or while it is being revoked."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from core.audit.verify import verify_chain
from core.db.database import Database
from core.errors import NotFound
from core.identifiers.uscc import check_character
from core.principal import ANONYMOUS, SYSTEM, Principal, PrincipalKind
from signing.errors import SealNotActive, SealNotGranted, SealNotYours, SignatureNotFound
from signing.model import GranteeKind, Seal, SealPdfCommand, SealStatus
from tests.support.clock import FakeClock
from tests.support.signing_fakes import PlainKeys, pdf
from tests.support.signing_world import CLIENT, ORGANISATION, SealOffice, order

OTHER = "11410199DEMA00033" + check_character("11410199DEMA00033")
STAFF = Principal(PrincipalKind.STAFF, "acc_1", organisation=ORGANISATION, roles=frozenset({"sealer"}))
MANAGER = Principal(PrincipalKind.STAFF, "acc_2", organisation=ORGANISATION, scopes=frozenset({"seal:manage"}))


@pytest.fixture
async def office(sqlite_database: Database, clock: FakeClock) -> SealOffice:
    office = SealOffice(sqlite_database, clock)
    seal = await office.make_seal()
    await office.grant(seal)
    await office.grant(seal, grantee_kind=GranteeKind.ROLE, grantee="sealer")
    return office


@pytest.fixture
async def seal(office: SealOffice) -> Seal:
    return await office.seals.active_seal_of(ORGANISATION)


def command(seal: Seal, actor: Principal = CLIENT, **changes: Any) -> SealPdfCommand:
    return replace(SealPdfCommand(pdf(), seal.id, actor, "document", None), **changes)


@pytest.mark.parametrize("actor", [CLIENT, STAFF], ids=["client", "role"])
async def test_s50_twin_seals(office: SealOffice, seal: Seal, actor: Principal) -> None:
    assert (await office.seal_pdf(command(seal, actor))).content


@pytest.mark.parametrize(
    "actor",
    [
        ANONYMOUS,
        SYSTEM,
        replace(CLIENT, id="another-app"),
        replace(CLIENT, kind=PrincipalKind.STAFF),
        replace(CLIENT, kind=PrincipalKind.PERSON),
        replace(STAFF, roles=frozenset({"clerk"})),
        replace(STAFF, organisation=OTHER),
        replace(STAFF, organisation=None),
        replace(STAFF, kind=PrincipalKind.PERSON),
        replace(STAFF, kind=PrincipalKind.CLIENT),
        replace(STAFF, id="sealer", roles=frozenset()),
        Principal(PrincipalKind.CLIENT, "sealer", organisation=ORGANISATION),
        Principal(PrincipalKind.STAFF, "housing-app", organisation=ORGANISATION),
    ],
    ids=repr,
)
async def test_s50_actor_without_grant_is_refused(office: SealOffice, seal: Seal, actor: Principal) -> None:
    with pytest.raises(SealNotGranted):
        await office.seal_pdf(command(seal, actor))
    keys = office.keys
    assert isinstance(keys, PlainKeys)
    assert keys.signers[seal.key_purpose].uses == 0


async def test_s50_class_and_seal_must_match(office: SealOffice, seal: Seal) -> None:
    other = await office.make_seal("4101990000025")
    with pytest.raises(SealNotGranted):
        await office.seal_pdf(command(seal, document_class="contract"))
    with pytest.raises(SealNotGranted):
        await office.seal_pdf(command(other))
    with pytest.raises(SealNotGranted):
        await office.seal_pdf(command(seal, seal_id="seal_none"))


@pytest.mark.parametrize(
    ("moment", "allowed"),
    [
        (dt.datetime(2025, 12, 31, 15, 59, 59, tzinfo=dt.UTC), False),  # still 2025 in Shanghai
        (dt.datetime(2025, 12, 31, 16, 0, tzinfo=dt.UTC), True),
        (dt.datetime(2026, 12, 31, 15, 59, 59, tzinfo=dt.UTC), True),
        (dt.datetime(2026, 12, 31, 16, 0, tzinfo=dt.UTC), False),
    ],
)
async def test_s50_grant_holds_on_its_days_only(
    office: SealOffice, seal: Seal, moment: dt.datetime, allowed: bool
) -> None:
    office.clock.set(moment)
    if allowed:
        assert (await office.seal_pdf(command(seal))).content
    else:
        with pytest.raises(SealNotGranted):
            await office.seal_pdf(command(seal))


async def test_s50_only_the_owner_manages_a_seal(office: SealOffice, seal: Seal) -> None:
    for actor in (CLIENT, STAFF, replace(MANAGER, organisation=OTHER), replace(MANAGER, organisation=None), ANONYMOUS):
        with pytest.raises(SealNotYours):
            await office.grant(seal, actor=actor)
        with pytest.raises(SealNotYours):
            await office.change_status(seal.id, SealStatus.REVOKED, actor=actor)
        with pytest.raises(SealNotYours):
            await office.create_seal(order("4101990000033"), actor=actor)
    assert (await office.seals.get(seal.id)).status is SealStatus.ACTIVE
    await office.change_status(seal.id, SealStatus.SUSPENDED, actor=MANAGER)


async def test_s50_sealed_file_is_for_its_own_caller(office: SealOffice, seal: Seal) -> None:
    sealed = await office.seal_pdf(command(seal))
    assert (await office.seals.use(sealed.signature_id, caller=STAFF)).id == sealed.signature_id  # a colleague
    for caller in (STAFF, replace(CLIENT, id="another-app"), ANONYMOUS):
        with pytest.raises(SignatureNotFound):
            await office.seals.file(sealed.signature_id, caller=caller)
    with pytest.raises(SignatureNotFound):
        await office.seals.use(sealed.signature_id, caller=replace(STAFF, organisation=OTHER))


@pytest.mark.parametrize("status", [SealStatus.REVOKED, SealStatus.SUSPENDED])
async def test_s51_no_file_leaves_after_the_answer_to_a_revocation(
    database: Database, clock: FakeClock, status: SealStatus
) -> None:
    office = await SealOffice(database, clock).with_seal()
    seal = await office.seals.active_seal_of(ORGANISATION)
    begun, answered = asyncio.Event(), asyncio.Event()
    late: list[str] = []

    async def use() -> str:
        begun_after = answered.is_set()
        try:
            sealed = await office.seal_pdf(command(seal))
        except (SealNotActive, SealNotGranted):
            return "refused"
        if begun_after:
            late.append(sealed.signature_id)
        return sealed.signature_id

    async def revoke() -> None:
        await begun.wait()
        await office.change_status(seal.id, status, actor=SYSTEM)
        answered.set()

    async def wave() -> list[str]:
        out = await asyncio.gather(*(use() for _ in range(5)))
        begun.set()
        while not answered.is_set():
            out += await asyncio.gather(*(use() for _ in range(5)))
        return [*out, *await asyncio.gather(*(use() for _ in range(5)))]

    results, _ = await asyncio.gather(wave(), revoke())
    assert "refused" in results
    assert late == []
    with pytest.raises(SealNotActive):
        await office.seal_pdf(command(seal))
    released = [one for one in results if one != "refused"]
    for signature_id in released:  # what left is on record, nothing else is
        assert await office.seals.use(signature_id, caller=CLIENT)
    assert (await verify_chain(database)).whole


async def test_s51_seal_revoked_between_signing_and_ledger_releases_nothing(office: SealOffice, seal: Seal) -> None:
    put = office.vault.keep

    async def revoked_meanwhile(content: bytes, *, context: str) -> str:
        await office.change_status(seal.id, SealStatus.REVOKED, actor=SYSTEM)
        return await put(content, context=context)

    office.vault.keep = revoked_meanwhile  # type: ignore[method-assign]
    with pytest.raises(SealNotActive):
        await office.seal_pdf(command(seal))
    (stray,) = office.vault.kept.values()  # signed, but never handed out: nothing vouches for it
    report = await office.verify_pdf(stray)
    assert (report.indication, report.sub_indication) == ("INDETERMINATE", "REVOKED_NO_POE")


async def test_s51_revoked_is_final(office: SealOffice, seal: Seal) -> None:
    await office.change_status(seal.id, SealStatus.REVOKED, actor=SYSTEM)
    for status in SealStatus:
        with pytest.raises(SealNotActive):
            await office.change_status(seal.id, status, actor=SYSTEM)
    with pytest.raises(NotFound):
        await office.seals.active_seal_of(ORGANISATION)


async def test_s53_same_key_in_parallel_seals_once(database: Database, clock: FakeClock) -> None:
    office = await SealOffice(database, clock).with_seal()
    seal = await office.seals.active_seal_of(ORGANISATION)
    made = await asyncio.gather(*(office.seal_pdf(command(seal, idempotency_key="k")) for _ in range(6)))
    assert len({one.signature_id for one in made}) == 1
    assert len({one.content for one in made}) == 1
