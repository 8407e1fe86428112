"""O-38: client authentication at every door that clients call. Each attack beside its twin."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.principal import SYSTEM
from core.text import Text
from idp.clients.registration import NewClient
from idp.model import Client, ClientAuthMethod, ClientStatus, GrantType
from idp.stores.clients import SqlClientStore
from idp.token_uses import CLIENT_SECRET
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, basic
from tests.support.idp_proofs import SigningKey, assertion, by_assertion
from tests.support.idp_world import IdpWorld, embedded_world

DOORS = ("/token", "/introspect", "/revoke", "/par", "/device-authorization", "/backchannel-authentication")
FORM = {
    "grant_type": "client_credentials",
    "token": "unknown",
    "response_type": "code",
    "scope": "openid",
}
REFUSED = (401, "invalid_client")
MANY = (400, "invalid_request")


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


async def asked(
    world: IdpWorld, door: str, form: dict[str, str], authorization: str | bytes | None = None, query: str = ""
) -> tuple[int, str]:
    headers = {} if authorization is None else {"Authorization": authorization}
    http = BackEnd(world, world.department).http
    answer = await http.post(door + query, data=FORM | form, headers=headers)  # type: ignore[arg-type]
    return answer.status_code, answer.json().get("error", "") if answer.content else ""


@pytest.mark.parametrize("door", DOORS)
async def test_o38_what_is_no_proof_is_refused_at_every_door(world: IdpWorld, door: str) -> None:
    secret = world.department.secret or ""
    right = basic("department", secret)
    post = {"client_id": "department", "client_secret": secret}
    signed = by_assertion(assertion(SigningKey(), "department", world.clock))
    rows: dict[str, tuple[tuple[dict[str, str], str | bytes | None], tuple[int, str]]] = {
        "nothing": (({}, None), REFUSED),
        "name-only": (({"client_id": "department"}, None), REFUSED),
        "unknown": (({"client_id": "nobody", "client_secret": secret}, None), REFUSED),
        "other-method": ((post, None), REFUSED),
        "two-methods": (({"client_secret": secret}, right), MANY),
        "two-methods-and-names": ((post, right), MANY),
        "two-names": (({"client_id": "portal-a"}, right), MANY),
        "assertion-and-basic": ((signed, right), MANY),
        "assertion-and-post": ((signed | {"client_secret": secret}, None), MANY),
        "assertion-without-type": (({"client_assertion": signed["client_assertion"]}, None), REFUSED),
        "type-without-assertion": (({"client_assertion_type": signed["client_assertion_type"]}, None), REFUSED),
        "type-of-saml": (
            (signed | {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"}, None),
            REFUSED,
        ),
        "empty-secret": (({}, basic("department", "")), REFUSED),
        "empty-name": (({}, basic("", secret)), REFUSED),
        "prefix": (({}, basic("department", secret[:-1])), REFUSED),
        "suffix": (({}, basic("department", secret + "x")), REFUSED),
        "case": (({}, basic("department", secret.swapcase())), REFUSED),
        "non-ascii": (({}, basic("department", "密码é")), REFUSED),
        "nul": (({}, basic("department", secret + "\0")), REFUSED),
        "no-colon": (({}, "Basic " + base64.b64encode(b"department").decode()), REFUSED),
        "not-base64": (({}, "Basic %%%"), REFUSED),
        "not-utf-8": (({}, b"Basic " + base64.b64encode(b"department:\xff\xfe")), REFUSED),
        "bearer": (({}, f"Bearer {secret}"), REFUSED),
        "long": (({}, "Basic " + "A" * 5_000), REFUSED),
        "public-with-secret": (({"client_id": "phone-app", "client_secret": secret}, None), REFUSED),
        "public-with-basic": (({}, basic("phone-app", secret)), REFUSED),
    }
    for name, ((form, authorization), expected) in rows.items():
        assert await asked(world, door, form, authorization) == expected, name
    status, error = await asked(world, door, {}, right)
    assert error != "invalid_client"
    assert status in (200, 400)


@pytest.mark.parametrize("door", DOORS)
async def test_o38_a_secret_in_the_address_does_not_count(world: IdpWorld, door: str) -> None:
    secret = world.department.secret or ""
    query = f"?client_id=department&client_secret={secret}"
    assert (await asked(world, door, {}, query=query))[0] in (400, 401)
    assert (await asked(world, door, {}, basic("department", secret)))[1] != "invalid_client"


async def test_o38_a_disabled_client_proves_nothing(world: IdpWorld) -> None:
    right = basic("department", world.department.secret or "")
    assert await asked(world, "/token", {}, right) == (400, "invalid_scope"), "it has no scope openid, but a name"
    await world.idp.change_client_status("department", ClientStatus.DISABLED, SYSTEM)
    for door in DOORS:
        assert await asked(world, door, {}, right) == REFUSED


# --- two valid secrets


async def changing(world: IdpWorld, *, ends_in: float) -> Client:
    """A client whose secret is being replaced: `new-…` counts, and `old-…` until its end."""
    made = await world.idp.register_client(
        NewClient(
            Text("系统", "System"),
            "template",
            grants=frozenset({GrantType.CLIENT_CREDENTIALS}),
            scopes=frozenset({"licence:read"}),
        ),
        SYSTEM,
    )
    digests = world.keys.secrets.tokens
    client = dataclasses.replace(
        made.client,
        id="changing",
        secret_digest=digests.digest(CLIENT_SECRET, "new-" * 10),
        earlier_secret_digest=digests.digest(CLIENT_SECRET, "old-" * 10),
        earlier_secret_ends_at=world.clock.now() + dt.timedelta(seconds=ends_in),
    )
    await _keep(world, client)
    return client


async def _keep(world: IdpWorld, client: Client) -> None:
    async with world.ground.database.write() as tx:
        assert await SqlClientStore().add(tx, client)
        await tx.commit()


async def secret_counts(world: IdpWorld, secret: str) -> bool:
    form = {"scope": "licence:read"}
    return (await asked(world, "/token", form, basic("changing", secret)))[0] == 200


async def test_two_secrets_count_while_one_replaces_the_other(world: IdpWorld, clock: FakeClock) -> None:
    await changing(world, ends_in=3600)
    for secret, counts in (("new-" * 10, True), ("old-" * 10, True), ("new-old-" * 5, False), ("", False)):
        assert await secret_counts(world, secret) is counts
    clock.advance(3599)
    assert await secret_counts(world, "old-" * 10)
    clock.advance(1)
    assert not await secret_counts(world, "old-" * 10)
    assert await secret_counts(world, "new-" * 10)


async def test_an_earlier_secret_without_an_end_does_not_count(world: IdpWorld) -> None:
    client = await changing(world, ends_in=3600)
    await _keep(world, dataclasses.replace(client, id="endless", earlier_secret_ends_at=None))
    for secret, status in (("old-" * 10, 401), ("new-" * 10, 200)):
        answer = await asked(world, "/token", {"scope": "licence:read"}, basic("endless", secret))
        assert answer[0] == status


async def test_two_secrets_count_for_who_signs_with_them(world: IdpWorld, clock: FakeClock) -> None:
    """As `client_secret_jwt`; each for its own time, and never a digest of it."""
    client = await changing(world, ends_in=3600)
    cipher = world.keys.secrets.fields.people
    new, old = "new-" * 16, "old-" * 16
    context = "client.secret:signs"
    signs = dataclasses.replace(
        client,
        id="signs",
        auth_method=ClientAuthMethod.SECRET_JWT,
        secret_sealed=cipher.encrypt(new, context=context),
        earlier_secret_sealed=cipher.encrypt(old, context=context),
    )
    await _keep(world, signs)

    async def counts(secret: str) -> bool:
        form = by_assertion(assertion(SigningKey.of_secret(secret), "signs", clock)) | {"scope": "licence:read"}
        return (await asked(world, "/token", form))[0] == 200

    assert await counts(new)
    assert await counts(old)
    assert not await counts(client.secret_digest or "")
    clock.advance(3600)
    assert await counts(new)
    assert not await counts(old)
