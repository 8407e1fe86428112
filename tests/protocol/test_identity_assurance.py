"""`verified_claims` in ID token and userinfo (OpenID Connect for Identity Assurance 1.0 §4 to §7)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.principal import SYSTEM
from idp.evidence.model import EvidenceKind, NewEvidence
from idp.levels import REAL
from idp.verified_claims import TRUST_FRAMEWORK
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, response_of
from tests.support.idp_front import verified
from tests.support.idp_world import IdpWorld, embedded_world

YEAR = 365 * 86400
NAME = {"verification": {"trust_framework": None}, "claims": {"name": None}}


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    """Lin has been checked with the register and seen at a window."""
    async with embedded_world(tmp_path, clock) as made:
        async with made.ground.database.write() as tx:
            book, lin = made.idp.proofing.book, made.lin.account_id
            register = NewEvidence(EvidenceKind.NUMBER_AND_NAME, "population-register", by=lin, reference="receipt-1")
            await book.add(tx, lin, register, SYSTEM)
            await book.add(tx, lin, NewEvidence(EvidenceKind.IN_PERSON, f"window:{made.organisation}", by="x"), SYSTEM)
            await tx.commit()
        yield made


async def asked(world: IdpWorld, portal: str = "portal_b", **members: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The claims of the ID token and of userinfo."""
    client = getattr(world, portal)
    back = BackEnd(world, client)
    entered = await Browser(world).enter(client, world.lin, claims=json.dumps(members))
    tokens = await back.tokens(entered)
    userinfo = await back.http.get("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    return await verified(world, tokens["id_token"]), userinfo.json()


async def in_userinfo(world: IdpWorld, wish: Any) -> Any:
    return (await asked(world, userinfo={"verified_claims": wish}))[1].get("verified_claims")


@pytest.mark.parametrize("where", [("id_token",), ("userinfo",), ("id_token", "userinfo")])
async def test_it_comes_where_it_was_asked_for_and_nowhere_else(world: IdpWorld, where: tuple[str, ...]) -> None:
    id_token, userinfo = await asked(world, **{one: {"verified_claims": NAME} for one in where})
    said = {"verification": {"trust_framework": TRUST_FRAMEWORK}, "claims": {"name": world.lin.name}}
    assert id_token.get("verified_claims") == (said if "id_token" in where else None)
    assert userinfo.get("verified_claims") == (said if "userinfo" in where else None)
    assert "name" not in id_token


async def test_how_it_was_verified_is_told_as_far_as_it_was_asked(world: IdpWorld) -> None:
    wish = {
        "verification": {
            "trust_framework": None,
            "assurance_level": None,
            "time": None,
            "unknown": None,
            "evidence": [{"type": {"value": "electronic_record"}, "record": {"type": None}}],
        },
        "claims": {"id_number": None},
    }
    said = await in_userinfo(world, wish)
    assert said["claims"] == {"id_number": world.lin.number}
    assert said["verification"] == {
        "trust_framework": TRUST_FRAMEWORK,
        "assurance_level": REAL[3],
        "time": "2026-11-23T01:00:00Z",
        "evidence": [{"type": "electronic_record", "record": {"type": "population_register"}}],
    }


@pytest.mark.parametrize(
    "nothing",
    [
        {},
        None,
        {"verification": {"trust_framework": None}, "claims": {}},
        {"verification": {"trust_framework": None}},
        {"verification": {"trust_framework": None}, "claims": {"eye_colour": None, "名 字\N{PILE OF POO}": None}},
        {"verification": {"trust_framework": None}, "claims": {"eye_colour": {"essential": True}}},
        {"verification": {"trust_framework": {"value": "eidas"}}, "claims": {"name": None}},
        {"verification": {"trust_framework": {"values": ["eidas", "de_aml"]}}, "claims": {"name": None}},
        {"verification": {"assurance_level": {"value": REAL[4]}}, "claims": {"name": None}},
        {"verification": {"unknown": {"value": "x"}}, "claims": {"name": None}},
        {"verification": {"evidence": [{"type": {"value": "vouch"}, "x": {"value": 1}}]}, "claims": {"name": None}},
        {"verification": {"trust_framework": None}, "claims": {"name": {"value": "别人"}}},
    ],
    ids=range(12),
)
async def test_what_is_not_there_or_does_not_match_is_left_out_without_error(world: IdpWorld, nothing: Any) -> None:
    assert await in_userinfo(world, nothing) is None


async def test_a_claim_that_does_not_match_is_left_out_and_the_others_stay(world: IdpWorld) -> None:
    claims = {
        "name": {"values": ["某", world.lin.name], "essential": False, "purpose": "登记房产需要"},
        "id_number": {"value": "x"},
        "eye_colour": {"essential": True},
    }
    said = await in_userinfo(world, {"verification": {"trust_framework": {"value": TRUST_FRAMEWORK}}, "claims": claims})
    assert said["claims"] == {"name": world.lin.name}


async def test_age_counts_from_the_verification(world: IdpWorld, clock: FakeClock) -> None:
    def of_age(seconds: int) -> dict[str, Any]:
        return {"verification": {"time": {"max_age": seconds}}, "claims": {"name": None}}

    clock.advance(YEAR)
    assert await in_userinfo(world, of_age(YEAR - 60)) is None
    assert (await in_userinfo(world, of_age(YEAR + 60)))["claims"] == {"name": world.lin.name}


async def test_each_of_several_sets_is_answered_for_itself(world: IdpWorld) -> None:
    high = {"verification": {"assurance_level": {"value": REAL[4]}}, "claims": {"id_number": None}}
    seen = {"verification": {"evidence": [{"type": {"value": "document"}}]}, "claims": {"id_number": None}}
    (name, number) = await in_userinfo(world, [NAME, high, seen])
    assert name["claims"] == {"name": world.lin.name}
    assert number["verification"]["evidence"] == [{"type": "document"}]


async def test_o_16_a_portal_that_is_not_approved_for_real_names_gets_none(world: IdpWorld) -> None:
    id_token, userinfo = await asked(world, "portal_a", userinfo={"verified_claims": NAME}, id_token={})
    assert "verified_claims" not in {**id_token, **userinfo}
    assert await in_userinfo(world, NAME) is not None, "the twin"


async def test_the_person_is_asked_and_may_say_no(world: IdpWorld) -> None:
    claims = json.dumps({"userinfo": {"verified_claims": NAME}})
    refused = await Browser(world).enter(world.portal_b, world.lin, decision="refuse", claims=claims)
    assert refused.params["error"] == "access_denied"


async def test_every_telling_is_on_record_by_its_names(world: IdpWorld) -> None:
    await in_userinfo(world, NAME)
    (read,) = await world.audit("identity.read")
    assert "verified:name" in read.content["detail"]["claims"]
    assert world.lin.name not in json.dumps(read.content, ensure_ascii=False)


async def test_evidence_that_has_run_out_verifies_nothing(world: IdpWorld, clock: FakeClock) -> None:
    clock.advance(11 * YEAR)
    await world.idp.proofing.keep_up.once()
    assert await in_userinfo(world, NAME) is None


@pytest.mark.parametrize("wrong", ["x", 1, [1], {"verification": 1}, {"claims": "name"}, {"claims": {"name": 1}}])
async def test_what_is_no_wish_at_all_is_refused(world: IdpWorld, wrong: Any) -> None:
    claims = json.dumps({"userinfo": {"verified_claims": wrong}})
    answer = await Browser(world).authorize(world.portal_b, claims=claims)
    assert response_of(answer)["error"] == "invalid_request"


async def test_what_is_offered_is_said(world: IdpWorld) -> None:
    document = (await Browser(world).http.get("/.well-known/openid-configuration")).json()
    assert document["verified_claims_supported"] is True
    assert document["trust_frameworks_supported"] == [TRUST_FRAMEWORK]
    assert {"name", "id_number"} <= set(document["claims_in_verified_claims_supported"])
    assert set(document["evidence_supported"]) == {"document", "electronic_record", "vouch"}
