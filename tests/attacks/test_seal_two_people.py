"""S-50: what takes two people, tried by one; each with the twin in which the second person does it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from core.audit.tables import audit_event
from core.audit.verify import verify_chain
from core.db.database import Database
from core.errors import InvalidInput
from core.identifiers.uscc import check_character
from core.principal import Principal, PrincipalKind
from signing.errors import (
    SealCodeTaken,
    SealInvalid,
    SealNotActive,
    SealNotGranted,
    SealNotYours,
    SealSecondPerson,
    SealStepNotAllowed,
)
from signing.lifecycle import SealEvent
from signing.model import GranteeKind, Seal, SealApplication, SealKind, SealPdfCommand, SealStatus
from signing.seals.apply import ApplyCommand
from tests.support.clock import FakeClock
from tests.support.signing_fakes import PlainKeys, pdf
from tests.support.signing_world import CLIENT, ORGANISATION, CertificatesNoted, SealOffice, order

BOTH = frozenset({"seal:manage", "seal:approve"})
OTHER = "11410199DEMA00033" + check_character("11410199DEMA00033")
ANN = Principal(PrincipalKind.STAFF, "acc_ann", ORGANISATION, scopes=BOTH)
BEN = replace(ANN, id="acc_ben")
KEEPER = replace(ANN, id="acc_keeper", scopes=frozenset({"seal:manage"}))
STRANGER = replace(ANN, id="acc_stranger", organisation=OTHER)
APPLY = ApplyCommand(order("4101990000025"), ANN, "旧章磨损")


@pytest.fixture
async def office(sqlite_database: Database, clock: FakeClock) -> SealOffice:
    return SealOffice(sqlite_database, clock)


def asked_for(**changes: Any) -> ApplyCommand:
    return replace(APPLY, order=replace(APPLY.order, **changes))


async def made(office: SealOffice, command: ApplyCommand = APPLY) -> Seal:
    """Asked for by Ann, approved by Ben, made by Ann."""
    asked = await office.apply(command)
    await office.review.approve(asked.id, actor=BEN)
    return await office.make(asked.id, actor=ANN)


async def in_use(office: SealOffice, command: ApplyCommand = APPLY) -> Seal:
    return await office.activate((await made(office, command)).id, actor=BEN)


async def test_s50_twin_two_people_bring_a_seal_to_life_and_to_its_end(office: SealOffice) -> None:
    seal = await in_use(office)
    assert seal.status is SealStatus.ACTIVE
    await office.change_status(seal.id, SealStatus.SUSPENDED, actor=KEEPER)
    await office.change_status(seal.id, SealStatus.ACTIVE, actor=BEN)
    await office.change_status(seal.id, SealStatus.REVOKED, actor=ANN)
    assert (await office.destroy(seal.id, actor=BEN)).status is SealStatus.DESTROYED
    assert office.endings.destroyed == [seal.key_purpose]
    assert (await verify_chain(office.database)).whole


async def test_s50_nobody_approves_what_they_asked_for(office: SealOffice) -> None:
    asked = await office.apply(APPLY)
    for actor, refusal in ((ANN, SealSecondPerson), (KEEPER, SealNotYours), (STRANGER, SealNotYours)):
        with pytest.raises(refusal):
            await office.review.approve(asked.id, actor=actor)
    found, _ = await office.seals.application(asked.id, actor=ANN)
    assert found.status is SealStatus.APPLIED


async def test_s50_nobody_makes_what_they_approved_and_nothing_unapproved_is_made(office: SealOffice) -> None:
    asked = await office.apply(replace(APPLY, actor=KEEPER))
    with pytest.raises(SealStepNotAllowed):
        await office.make(asked.id, actor=ANN)
    await office.review.approve(asked.id, actor=BEN)
    with pytest.raises(SealSecondPerson):
        await office.make(asked.id, actor=BEN)
    keys = office.keys
    assert isinstance(keys, PlainKeys)
    assert keys.signers == {}, "no key is made for a refused step"
    assert (await office.make(asked.id, actor=KEEPER)).status is SealStatus.MADE


async def test_s50_nobody_activates_what_they_made_and_a_seal_not_activated_seals_nothing(office: SealOffice) -> None:
    seal = await made(office)
    await office.grant(seal)
    assert isinstance(office.certificates, CertificatesNoted)
    assert office.certificates.asked == [("suspend", seal.key_purpose)], "its certificate is held until then"
    with pytest.raises(SealNotActive):
        await office.seal_pdf(SealPdfCommand(pdf(), seal.id, CLIENT, "document", None))
    with pytest.raises(SealSecondPerson):
        await office.activate(seal.id, actor=ANN)
    await office.activate(seal.id, actor=BEN)
    assert (await office.seal_pdf(SealPdfCommand(pdf(), seal.id, CLIENT, "document", None))).content


async def test_s50_nobody_gives_back_what_they_stopped_or_destroys_what_they_ended(office: SealOffice) -> None:
    seal = await in_use(office)
    await office.change_status(seal.id, SealStatus.SUSPENDED, actor=BEN)
    with pytest.raises(SealSecondPerson):
        await office.change_status(seal.id, SealStatus.ACTIVE, actor=BEN)
    with pytest.raises(SealNotYours):
        await office.change_status(seal.id, SealStatus.ACTIVE, actor=KEEPER)
    await office.change_status(seal.id, SealStatus.ACTIVE, actor=ANN)
    with pytest.raises(SealStepNotAllowed):
        await office.destroy(seal.id, actor=ANN)
    await office.change_status(seal.id, SealStatus.REVOKED, actor=BEN)
    with pytest.raises(SealSecondPerson):
        await office.destroy(seal.id, actor=BEN)
    assert office.endings.destroyed == []


async def test_s50_only_whoever_was_registered_for_both_duties_founds_a_seal_alone(office: SealOffice) -> None:
    for actor in (ANN, KEEPER, replace(CLIENT, scopes=frozenset({"seal:manage"}))):
        with pytest.raises(SealSecondPerson):
            await office.create_seal(order("4101990000033"), actor=actor)
    with pytest.raises(SealNotYours):
        await office.create_seal(order("4101990000033"), actor=replace(CLIENT, organisation=STRANGER.organisation))
    founded = await office.create_seal(order("4101990000033"), actor=replace(CLIENT, scopes=BOTH))
    story = await office.seals.story(founded.id, actor=ANN)
    assert [step.event for step in story] == ["apply", "approve", "make", "activate"]


async def test_s50_application_refused_or_withdrawn_stays_so(office: SealOffice) -> None:
    for end in ("refuse", "withdraw"):
        asked = await office.apply(APPLY)
        if end == "refuse":
            await office.review.refuse(asked.id, actor=BEN, reason="已有一枚")
        else:
            await office.review.withdraw(asked.id, actor=KEEPER)
        for step in (
            office.review.approve(asked.id, actor=BEN),
            office.make(asked.id, actor=ANN),
            office.review.withdraw(asked.id, actor=ANN),
        ):
            with pytest.raises(SealStepNotAllowed):
                await step


async def test_s50_one_application_is_made_once_however_many_try(database: Database, clock: FakeClock) -> None:
    office = SealOffice(database, clock)
    asked = await office.apply(APPLY)
    await office.review.approve(asked.id, actor=BEN)
    results = await asyncio.gather(*(office.make(asked.id, actor=ANN) for _ in range(4)), return_exceptions=True)
    seals = [one for one in results if isinstance(one, Seal)]
    assert len(seals) == 1
    others = [one for one in results if not isinstance(one, Seal)]
    assert all(isinstance(one, SealStepNotAllowed | SealCodeTaken) for one in others), others
    keys = office.keys
    assert isinstance(keys, PlainKeys)
    assert set(office.endings.destroyed) == set(keys.signers) - {seals[0].key_purpose}, "stray keys are ended"
    decided = await asyncio.gather(*(office.activate(seals[0].id, actor=BEN) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(one, Seal) for one in decided) == 1
    story = await office.seals.story(seals[0].id, actor=ANN)
    assert [step.event for step in story] == ["apply", "approve", "make", "activate"]


async def test_s51_replacing_a_seal_ends_the_old_one_and_its_grants_go_on(office: SealOffice) -> None:
    old = await in_use(office)
    await office.grant(old, max_uses=3)
    await office.seal_pdf(SealPdfCommand(pdf(), old.id, CLIENT, "document", None))
    new = await made(office, asked_for(code="4101990000033", replaces=old.id))
    assert (await office.seal_pdf(SealPdfCommand(pdf(), old.id, CLIENT, "document", None))).content
    await office.activate(new.id, actor=BEN)
    with pytest.raises(SealNotActive):
        await office.seal_pdf(SealPdfCommand(pdf(), old.id, CLIENT, "document", None))
    assert (await office.seal_pdf(SealPdfCommand(pdf(), new.id, CLIENT, "document", None))).content
    (carried,) = await office.seals.grants_of(new.id, actor=ANN)
    assert (carried.max_uses, carried.uses) == (1, 1), "what was left, and no more"
    assert (await office.seals.get(old.id)).status is SealStatus.REPLACED
    assert [step.event for step in await office.seals.story(old.id, actor=ANN)][-1] == SealEvent.REPLACE
    assert isinstance(office.certificates, CertificatesNoted)
    assert ("revoke", old.key_purpose) in office.certificates.asked


@pytest.mark.parametrize("why", ["other owner", "other kind", "ended", "unknown"])
async def test_s50_a_seal_replaces_only_one_of_its_own(office: SealOffice, why: str) -> None:
    old = await in_use(office)
    command = asked_for(code="4101990000033", replaces=old.id)
    if why == "ended":
        await office.change_status(old.id, SealStatus.REVOKED, actor=ANN)
    changed = {
        "other owner": replace(
            asked_for(code="4101990000033", replaces=old.id, organisation=OTHER),
            actor=replace(STRANGER, scopes=BOTH),
        ),
        "other kind": asked_for(code="4101990000033", replaces=old.id, kind=SealKind.FINANCE),
        "ended": command,
        "unknown": asked_for(code="4101990000033", replaces="seal_none"),
    }[why]
    with pytest.raises(SealInvalid):
        await office.apply(changed)


async def test_s50_nobody_gives_a_seal_to_themselves(office: SealOffice) -> None:
    seal = await in_use(office)
    keeper = replace(KEEPER, roles=frozenset({"seal-custodian"}))
    for kind, grantee in ((GranteeKind.ACCOUNT, keeper.id), (GranteeKind.ROLE, "seal-custodian")):
        with pytest.raises(SealSecondPerson):
            await office.grant(seal, grantee_kind=kind, grantee=grantee, actor=keeper)
    assert (await office.grant(seal, grantee_kind=GranteeKind.ACCOUNT, grantee="acc_he", actor=keeper)).id


async def test_s50_a_personal_seal_is_its_bearers_alone(office: SealOffice) -> None:
    with pytest.raises(SealInvalid):
        await office.apply(asked_for(kind=SealKind.PERSONAL))
    with pytest.raises(SealInvalid):
        await office.apply(asked_for(bearer="acc_he"))
    seal = await in_use(office, asked_for(kind=SealKind.PERSONAL, bearer="acc_he"))
    with pytest.raises(InvalidInput):
        await office.grant(seal)
    await office.grant(seal, grantee_kind=GranteeKind.ACCOUNT, grantee="acc_he")
    bearer = Principal(PrincipalKind.STAFF, "acc_he", ORGANISATION)
    command = SealPdfCommand(pdf(), seal.id, bearer, "document", None)
    with pytest.raises(SealNotGranted):
        await office.seal_pdf(replace(command, actor=replace(bearer, id="acc_other")))
    assert (await office.seal_pdf(command)).content


async def test_s50_refused_steps_are_on_record(office: SealOffice) -> None:
    asked: SealApplication = await office.apply(APPLY)
    with pytest.raises(SealSecondPerson):
        await office.review.approve(asked.id, actor=ANN)
    async with office.database.read() as tx:
        rows = (
            await tx.connection.execute(select(audit_event).where(audit_event.c.action == "seal.approve"))
        ).mappings()
        assert [(row["outcome"], row["subject"]) for row in rows] == [("refused", asked.id)]
