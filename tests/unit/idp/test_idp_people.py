"""Accounts, organisations, roles and clients: what may be entered, and what is kept of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from core.errors import Conflict, InvalidInput, NotFound
from core.identifiers.citizen_id import parse_citizen_id
from core.principal import SYSTEM
from core.text import Text
from idp.clients.registration import NewClient
from idp.login.circumstances import Circumstances
from idp.login.steps import SignedIn
from idp.model import AccountStatus, ClientAuthMethod, GrantType, StaffRole
from idp.people import NewAccount
from idp.source import source_of
from idp.stores.tables import account, client
from keys.spec import SignatureAlgorithm
from tests.support.clock import START, FakeClock
from tests.support.idp_world import PASSWORD, IdpWorld, citizen_number, embedded_world, organisation_code


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


async def test_personal_data_are_sealed_at_rest(world: IdpWorld, tmp_path: Path) -> None:
    async with world.ground.database.read() as tx:
        rows = (await tx.connection.execute(select(account))).all()
    assert len(rows) == 3
    raw = b"".join(path.read_bytes() for path in tmp_path.rglob("*.db*"))
    for somebody in (world.lin, world.zhao, world.clerk):
        for datum in (somebody.number, somebody.name, somebody.phone):
            assert datum.encode() not in raw


async def test_a_sealed_name_does_not_open_in_another_row(world: IdpWorld) -> None:
    async with world.ground.database.write() as tx:
        name = select(account.c.name).where(account.c.id == world.zhao.account_id).scalar_subquery()
        await tx.connection.execute(account.update().where(account.c.id == world.lin.account_id).values(name=name))
        await tx.commit()
    with pytest.raises(Exception, match="field-damaged"):
        await world.idp.directory.person(world.lin.account_id)


@pytest.mark.parametrize("field", ["number", "phone"])
async def test_number_and_phone_belong_to_one_person(world: IdpWorld, field: str) -> None:
    number = world.lin.number if field == "number" else citizen_number(50)
    phone = world.lin.phone if field == "phone" else "13900000050"
    with pytest.raises(Conflict) as caught:
        await world.idp.create_account(NewAccount(number, "某某", PASSWORD, phone), SYSTEM)
    assert number not in str(caught.value)


@pytest.mark.parametrize(
    ("number", "phone", "password", "field"),
    [
        ("410199198802290010", None, PASSWORD, "id_number"),
        (citizen_number(51), "12345", PASSWORD, "phone"),
        (citizen_number(51), None, "short", "password"),
        (citizen_number(51), None, "x" * 257, "password"),
    ],
)
async def test_what_is_not_acceptable(
    world: IdpWorld, number: str, phone: str | None, password: str, field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await world.idp.create_account(NewAccount(number, "某某", password, phone), SYSTEM)
    assert caught.value.field == field


async def test_people_are_found_by_their_number_in_any_form(world: IdpWorld) -> None:
    typed = parse_citizen_id(f"{world.lin.number[:6]} {world.lin.number[6:].lower()}", today=START.date())
    assert await world.idp.directory.account_by_citizen_id(typed) == world.lin.account_id
    nobody = parse_citizen_id(citizen_number(52), today=START.date())
    assert await world.idp.directory.account_by_citizen_id(nobody) is None
    person = await world.idp.directory.person(world.lin.account_id)
    assert (person.name, person.citizen_id.number, person.level) == (world.lin.name, world.lin.number, 2)
    assert world.lin.number not in repr(person)
    with pytest.raises(NotFound):
        await world.idp.directory.person("acc_nobody")


async def test_colleagues_are_named_within_their_own_office_alone(world: IdpWorld) -> None:
    asked = (world.clerk.account_id, world.lin.account_id, "acc_nobody", world.clerk.account_id)
    colleagues = world.idp.directory.colleagues
    assert await colleagues(world.organisation, asked) == {world.clerk.account_id: world.clerk.name}
    assert await colleagues(organisation_code(77), asked) == {}, "another office does not learn who acted"
    assert await colleagues("", asked) == {}


async def test_organisations_come_once(world: IdpWorld) -> None:
    name = Text("示例市公安局", "Example City Police")
    made = await world.idp.register_organisation(organisation_code(2).lower(), name, "government", SYSTEM)
    assert await world.idp.directory.organisation(made.uscc) == made
    with pytest.raises(Conflict):
        await world.idp.register_organisation(organisation_code(2), name, "government", SYSTEM)
    with pytest.raises(InvalidInput):
        await world.idp.register_organisation("11410199DEMA000010", name, "government", SYSTEM)


async def test_roles_make_a_person_staff_until_they_are_taken_away(world: IdpWorld) -> None:
    role = StaffRole(world.lin.account_id, world.organisation, "issuer")
    done = await world.idp.log_in(world.lin.number, PASSWORD, Circumstances("192.0.2.1"))
    assert isinstance(done, SignedIn)
    citizen = await world.idp.sessions.principal(done.session_cookie_value)
    assert citizen is not None
    assert (citizen.kind, citizen.organisation, citizen.name) == ("person", None, world.lin.name)
    for _ in range(2):  # twice is once
        await world.idp.assign_staff_role(role, SYSTEM)
    staff = await world.idp.sessions.principal(done.session_cookie_value)
    assert staff is not None
    assert (staff.kind, staff.organisation, staff.roles) == ("staff", world.organisation, {"issuer"})
    assert staff.may("licence:issue")
    assert len([e for e in await world.audit("role.assign") if e.content["subject"] == world.lin.account_id]) == 1
    await world.idp.remove_staff_role(role, SYSTEM)
    again = await world.idp.sessions.principal(done.session_cookie_value)
    assert again is not None
    assert not again.scopes
    with pytest.raises(NotFound):
        await world.idp.remove_staff_role(role, SYSTEM)
    with pytest.raises(InvalidInput):
        await world.idp.assign_staff_role(StaffRole(world.lin.account_id, world.organisation, "king"), SYSTEM)
    with pytest.raises(NotFound):
        await world.idp.assign_staff_role(StaffRole("acc_x", world.organisation, "clerk"), SYSTEM)
    with pytest.raises(NotFound):
        await world.idp.assign_staff_role(StaffRole(world.lin.account_id, organisation_code(9), "clerk"), SYSTEM)


async def test_a_closed_account_never_comes_back(world: IdpWorld) -> None:
    await world.idp.change_account_status(world.lin.account_id, AccountStatus.CLOSED, SYSTEM)
    with pytest.raises(NotFound):
        await world.idp.change_account_status(world.lin.account_id, AccountStatus.ACTIVE, SYSTEM)


async def test_client_secrets_are_kept_as_digests_and_shown_once(world: IdpWorld) -> None:
    async with world.ground.database.read() as tx:
        rows = (await tx.connection.execute(select(client))).all()
    for portal in (world.portal_a, world.department):
        (row,) = [row for row in rows if row.id == portal.client_id]
        assert portal.secret not in str(row)
        assert world.keys.secrets.tokens.is_current(row.secret_digest)
    made = await world.idp.register_client(NewClient(Text("门", "P"), redirect_uris=("https://c.test/",)), SYSTEM)
    assert made.secret is not None
    assert len(made.secret) >= 43
    assert made.secret not in repr(made)


PORTAL = {"redirect_uris": ("https://c.test/cb",)}
MACHINE = {"grants": frozenset({GrantType.CLIENT_CREDENTIALS}), "scopes": frozenset({"licence:read"})}
REFUSED: list[tuple[dict[str, object], str]] = [
    ({**PORTAL, "client_id": "a b"}, "client_id"),
    ({**PORTAL, "scopes": frozenset({"openid", "everything"})}, "scope"),
    ({**PORTAL, "scopes": frozenset({"licence:read"})}, "scope"),
    ({}, "redirect_uris"),
    ({**PORTAL, "secret": "short"}, "client_secret"),
    ({**MACHINE, "auth_method": ClientAuthMethod.NONE}, "grant_types"),
    ({**MACHINE, "scopes": frozenset({"openid"})}, "scope"),
    ({"redirect_uris": ("https://c.test/cb", "https://d.test/cb")}, "sector_identifier_uri"),
    ({**PORTAL, "id_token_alg": SignatureAlgorithm.PS256}, "id_token_signed_response_alg"),  # no key signs that
    ({**PORTAL, "backchannel_logout_uri": "ftp://c.test/"}, "backchannel_logout_uri"),
    ({**PORTAL, "post_logout_redirect_uris": ("http://c.test/",)}, "post_logout_redirect_uris"),
]


@pytest.mark.parametrize(("changes", "field"), REFUSED, ids=[field for _, field in REFUSED])
async def test_clients_that_may_not_be_registered(world: IdpWorld, changes: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await world.idp.register_client(NewClient(Text("门", "P"), **changes), SYSTEM)  # type: ignore[arg-type]
    assert caught.value.field == field


async def test_a_client_id_comes_once(world: IdpWorld) -> None:
    with pytest.raises(Conflict):
        await world.idp.register_client(NewClient(Text("门", "P"), "portal-a", **PORTAL), SYSTEM)  # type: ignore[arg-type]


async def test_a_client_belongs_to_an_organisation_that_exists(world: IdpWorld) -> None:
    new = NewClient(Text("门", "P"), redirect_uris=("https://c.test/cb",), organisation=organisation_code(9))
    with pytest.raises(NotFound):
        await world.idp.register_client(new, SYSTEM)


async def test_sweeping_keeps_what_is_alive(world: IdpWorld) -> None:
    done = await world.idp.log_in(world.lin.number, PASSWORD, Circumstances("192.0.2.1"))
    assert isinstance(done, SignedIn)
    assert await world.idp.sweep() == 0
    assert await world.idp.sessions.principal(done.session_cookie_value) is not None
    world.clock.advance(3 * 86400)
    assert await world.idp.sweep() == 1


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
    ],
)
def test_what_counts_as_one_source(address: str, source: str) -> None:
    assert source_of(address) == source
    assert source_of("unknown") == source_of("unknown") != source_of("other")
