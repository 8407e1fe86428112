"""The proved names of many people at once, and the bridge that compares them and tells none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.bridges import IdpKnownPersons
from certstore.bulk.model import NameClaim
from certstore.codes import CITIZEN_ID, HolderCode
from core.identifiers.documents import Document, DocumentKind
from core.identifiers.names import folded_name
from idp.persons.model import FreezeReason
from tests.support.clock import FakeClock
from tests.support.idp_world import IdpWorld, citizen_number, cluster_world, embedded_world
from tests.support.servers import PostgresServer, RedisServer
from tests.unit.idp.test_person_life import SEC, SYS, duplicate

NOBODY = citizen_number(900)


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


def card(number: str) -> Document:
    return Document(DocumentKind.CITIZEN_ID, number)


async def test_names_are_found_by_what_was_proved_and_no_closed_account_has_one(world: IdpWorld) -> None:
    await _found(world)


async def test_names_are_found_on_postgresql_too(
    tmp_path: Path, clock: FakeClock, postgres_server: PostgresServer, redis_server: RedisServer
) -> None:
    async with cluster_world(postgres_server, redis_server, tmp_path, clock) as world:
        await _found(world)


async def _found(world: IdpWorld) -> None:
    persons, names, other = world.idp.persons, world.idp.known_names, await duplicate(world)
    await persons.documents.add(world.zhao.account_id, DocumentKind.HK_MACAO_PERMIT, "H12345678", "", SYS)
    permit = Document(DocumentKind.HK_MACAO_PERMIT, "H12345678")
    asked = [card(world.lin.number), card(other.number), card(NOBODY), permit]
    assert await names(asked) == {
        card(world.lin.number): world.lin.name,
        card(other.number): other.name,
        permit: world.zhao.name,
    }
    proposal = await persons.changes.propose_merge(world.lin.account_id, other.account_id, "the same person", SYS)
    await persons.changes.approve(proposal.id, SEC)
    assert (await names([card(other.number)])) == {card(other.number): world.lin.name}
    await persons.freeze.freeze(world.lin.account_id, FreezeReason.MISUSE, "opened by a stranger", SEC)
    assert await names([card(world.lin.number)]), "who is frozen is still somebody"
    await persons.close(world.lin.account_id, "opened by a stranger", SEC)
    assert await names([card(world.lin.number), card(other.number)]) == {}
    assert await names([]) == {}


async def test_the_bridge_tells_who_is_named_otherwise_and_takes_spellings_for_the_same(world: IdpWorld) -> None:
    bridge, name = IdpKnownPersons(world.idp.known_names), world.lin.name
    lin, zhao = HolderCode(CITIZEN_ID, world.lin.number), HolderCode(CITIZEN_ID, world.zhao.number)
    same = NameClaim(lin, folded_name(f"{name[0]}·{name[1:]} "))
    other, unknown = NameClaim(zhao, folded_name(name)), NameClaim(HolderCode(CITIZEN_ID, NOBODY), "林知远")
    organisation = NameClaim(HolderCode("001", world.organisation), "某单位")
    assert await bridge.named_otherwise([same, other, unknown, organisation]) == {other}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("阿依古丽·买买提", "阿依古丽•买买提"),
        ("阿依古丽・买买提", "阿依古丽　买买提"),
        ("Ｊohn  Smith", "JOHN SMITH"),
        ("张\u200b三", "张三"),
        ("示例（集团）公司", "示例(集团)公司"),
    ],
)
def test_spellings_of_one_name_are_one(one: str, other: str) -> None:
    assert folded_name(one) == folded_name(other)
    assert folded_name(one) != folded_name(f"{one}丁")
