"""Drafts: written, looked over, issued once; nobody but their authority knows of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from certstore.errors import LicenceNotFound, NotIssuingAuthority, RevisionMoved, StepNotForType
from certstore.life.drafts import KEPT_FOR, DraftCommand
from certstore.life.model import Draft, DraftContent
from certstore.lifecycle import Event, State
from certstore.making import HolderInput
from certstore.model import LifeProfile
from certstore.stores.life_tables import licence_draft
from core.errors import InvalidInput, NotPermitted
from tests.support.certstore_world import (
    HOME,
    LAND_SYSTEM,
    LIN,
    LIN_NAME,
    LIN_NUMBER,
    PERMIT,
    POLICE_SYSTEM,
    PORTAL,
    World,
)
from tests.support.licence_life import OFFICER, Life

CONTENT = DraftContent((HolderInput("111", LIN_NUMBER, LIN_NAME),), HOME)


async def _draft(life: Life, content: DraftContent = CONTENT) -> Draft:
    return await life.services.drafts.create(DraftCommand(PERMIT, content), POLICE_SYSTEM)


async def test_a_draft_becomes_a_licence_with_its_id_and_both_events(both_cities: World) -> None:
    life = Life(both_cities)
    draft = await _draft(life)
    assert await life.city.services.my_licences(LIN) == []
    with pytest.raises(LicenceNotFound):
        await life.city.services.read.licence(draft.id, POLICE_SYSTEM)
    found = await life.services.drafts.draft(draft.id, OFFICER)
    assert found == draft
    changed = await life.services.drafts.rewrite(
        draft.id, replace(CONTENT, licence_number="示 1 号"), OFFICER, if_revision=1
    )
    made = await life.services.drafts.issue(draft.id, "k", OFFICER, if_revision=changed.revision)
    assert (made.id, made.state, made.revision, made.current.licence_number) == (draft.id, State.VALID, 2, "示 1 号")
    history = await life.history(made)
    assert [(one.event, one.state, one.actor_id) for one in history] == [
        (Event.CREATE, State.DRAFT, POLICE_SYSTEM.id),
        (Event.ISSUE, State.VALID, OFFICER.id),
    ]
    assert await life.services.drafts.issue(draft.id, "k", OFFICER) == made
    assert await life.city.rows(licence_draft) == 0
    assert (await life.renew(made)).current.number == 2


async def test_what_does_not_fit_is_refused_while_it_is_written(city: World) -> None:
    life = Life(city)
    for content, field in (
        (replace(CONTENT, data={"address": 1}), "address"),
        (replace(CONTENT, holders=()), "holders"),
        (replace(CONTENT, holders=(HolderInput("111", "1", "x"),)), "id_number"),
    ):
        with pytest.raises(InvalidInput) as raised:
            await _draft(life, content)
        assert raised.value.field == field
    assert await city.rows(licence_draft) == 0


async def test_only_the_issuing_authority_drafts_and_sees_drafts(city: World) -> None:
    life = Life(city)
    drafts = life.services.drafts
    with pytest.raises(NotIssuingAuthority):
        await drafts.create(DraftCommand(PERMIT, CONTENT), LAND_SYSTEM)
    with pytest.raises(NotPermitted):
        await drafts.create(DraftCommand(PERMIT, CONTENT), PORTAL)
    draft = await _draft(life)
    for refused in (
        drafts.draft(draft.id, LAND_SYSTEM),
        drafts.rewrite(draft.id, CONTENT, LAND_SYSTEM),
        drafts.discard(draft.id, LAND_SYSTEM),
        drafts.issue(draft.id, "k", LAND_SYSTEM),
    ):
        with pytest.raises(LicenceNotFound):
            await refused
    assert (await drafts.drafts(LAND_SYSTEM)).items == []
    assert [one.id for one in (await drafts.drafts(OFFICER)).items] == [draft.id]


async def test_who_saw_an_older_one_changes_discards_and_issues_nothing(city: World) -> None:
    life = Life(city)
    draft = await _draft(life)
    drafts = life.services.drafts
    await drafts.rewrite(draft.id, replace(CONTENT, licence_number="新 2 号"), OFFICER)
    for refused in (
        drafts.rewrite(draft.id, CONTENT, OFFICER, if_revision=1),
        drafts.discard(draft.id, OFFICER, if_revision=1),
        drafts.issue(draft.id, "k", OFFICER, if_revision=1),
    ):
        with pytest.raises(RevisionMoved):
            await refused
    await drafts.discard(draft.id, OFFICER, if_revision=2)
    with pytest.raises(LicenceNotFound):
        await drafts.issue(draft.id, "k", OFFICER)


async def test_a_draft_that_nobody_touches_goes(city: World) -> None:
    life = Life(city)
    await _draft(life)
    city.clock.advance(KEPT_FOR.total_seconds())
    assert await life.services.expire.sweep() == 0
    city.clock.advance(1)
    assert await life.services.expire.sweep() == 1
    assert await city.rows(licence_draft) == 0


async def test_a_type_whose_profile_has_no_drafts_takes_none(city: World) -> None:
    life = Life(city)
    await life.retype(PERMIT, profile=LifeProfile(frozenset(Event) - {Event.CREATE}))
    with pytest.raises(StepNotForType):
        await _draft(life)
