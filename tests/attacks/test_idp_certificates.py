"""O-41: certificates that nobody has shown in a TLS handshake. Each attack beside its twin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.middleware.proxies import behind_proxies, trusts
from core.principal import SYSTEM
from core.text import Text
from idp.client_metadata import ClientMetadata
from idp.clients.registration import NewClient
from idp.model import ClientAuthMethod, GrantType
from tests.support.clock import FakeClock
from tests.support.idp_browser import idp_app
from tests.support.idp_proofs import ClientCertificate, client_certificate
from tests.support.idp_world import ISSUER, IdpWorld, embedded_world

PROXY, STRANGER = "10.1.2.3", "192.0.2.66"
HEADER = "X-Client-Certificate"
REFUSED = (401, "invalid_client")
MINE = client_certificate()


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        new = NewClient(
            Text("系统", "System"),
            "own",
            auth_method=ClientAuthMethod.SELF_SIGNED_TLS,
            grants=frozenset({GrantType.CLIENT_CREDENTIALS}),
            scopes=frozenset({"licence:read"}),
            metadata=ClientMetadata(jwks={"keys": [MINE.jwk()]}, tls_client_certificate_bound_access_tokens=True),
        )
        await made.idp.register_client(new, SYSTEM)
        yield made


def caller(world: IdpWorld, sender: str, *, trusted: str = "10.1.2.0/24", header: str = HEADER) -> httpx.AsyncClient:
    """Somebody who reaches the service from an address."""
    app = behind_proxies(idp_app(world), trusted=trusted, certificate_header=header)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=(sender, 4000)), base_url=ISSUER)


async def asked(http: httpx.AsyncClient, headers: Any) -> tuple[int, str]:
    form = {"grant_type": "client_credentials", "client_id": "own"}
    answer = await http.post("/token", data=form, headers=headers)
    return answer.status_code, answer.json().get("error", "")


@pytest.mark.parametrize("form", ["escaped", "field"])
async def test_o41_a_header_counts_from_the_proxy_only(world: IdpWorld, form: str) -> None:
    said = {HEADER: getattr(MINE, form)}
    assert await asked(caller(world, PROXY), said) == (200, "")
    assert await asked(caller(world, STRANGER), said) == REFUSED
    for lie in ({"X-Forwarded-For": PROXY}, {"Forwarded": f"for={PROXY}"}, {"X-Real-IP": PROXY}):
        assert await asked(caller(world, STRANGER), said | lie) == REFUSED, lie


async def test_o41_the_proxys_word_on_the_address_does_not_take_the_certificate_away(world: IdpWorld) -> None:
    said = {HEADER: MINE.escaped, "X-Forwarded-For": STRANGER}
    assert await asked(caller(world, PROXY), said) == (200, "")


async def test_o41_other_headers_are_nothing(world: IdpWorld) -> None:
    for header in (
        "X-Client-Cert",
        "Client-Cert",
        "X-SSL-Client-Cert",
        "X-Forwarded-Client-Cert",
        "X-Client_Certificate",
    ):
        for value in (MINE.escaped, MINE.field):
            assert await asked(caller(world, PROXY), {header: value}) == REFUSED, header
    assert await asked(caller(world, PROXY, header=""), {HEADER: MINE.escaped}) == REFUSED, "no header was configured"
    assert await asked(caller(world, PROXY, header="Client-Cert"), {"Client-Cert": MINE.field}) == (200, "")


async def test_o41_a_header_that_cannot_be_read_is_no_certificate(world: IdpWorld) -> None:
    other = client_certificate()
    for values in (
        [""],
        ["x"],
        ["::"],
        [":AAAA:"],
        [MINE.field[1:-1]],
        [MINE.field + ", " + other.field],
        [MINE.pem.replace("\n", "\t")[:-40]],
        [MINE.escaped + other.escaped],
        [MINE.escaped, other.escaped],
        [other.escaped, MINE.escaped],
        ["%2D" * 6_000],
    ):
        assert await asked(caller(world, PROXY), [(HEADER, value) for value in values]) == REFUSED, values
    assert await asked(caller(world, PROXY), {HEADER: MINE.escaped}) == (200, "")


async def test_o41_issuers_that_come_along_are_looked_at_and_never_believed(world: IdpWorld) -> None:
    """RFC 9440 §2.2. They reach the judge; what cannot be read, is too many or comes from elsewhere does not."""
    new = NewClient(
        Text("系统", "System"),
        "named",
        auth_method=ClientAuthMethod.TLS,
        grants=frozenset({GrantType.CLIENT_CREDENTIALS}),
        scopes=frozenset({"licence:read"}),
        metadata=ClientMetadata(tls_client_auth_subject_dn="CN=portal,O=示例市,C=CN"),
    )
    await world.idp.register_client(new, SYSTEM)
    above, root = client_certificate("above"), client_certificate("root")
    form = {"grant_type": "client_credentials", "client_id": "named"}

    async def status(sender: str, *chain: str) -> int:
        headers = [(HEADER, MINE.field), *((f"{HEADER}-Chain", value) for value in chain)]
        return (await caller(world, sender).post("/token", data=form, headers=headers)).status_code

    assert await status(PROXY, f"{above.field}, {root.field}") == 401, "no authority stands behind it"
    assert world.judge.beside == (above.der, root.der)
    world.judge.good.add(MINE.der)
    assert await status(PROXY, above.field, "x, :AAAA:", root.field) == 200
    assert world.judge.beside == (above.der, root.der)
    assert await status(PROXY, ", ".join([above.field] * 9)) == 200
    assert len(world.judge.beside) == 5
    assert await status(PROXY) == 200
    assert world.judge.beside == ()
    assert await status(STRANGER, above.field) == 401


async def test_o41_a_bound_token_with_another_certificate_or_none(world: IdpWorld) -> None:
    proxy = caller(world, PROXY)
    form = {"grant_type": "client_credentials", "client_id": "own"}
    token = (await proxy.post("/token", data=form, headers={HEADER: MINE.escaped})).json()["access_token"]

    async def active(http: httpx.AsyncClient, certificate: ClientCertificate | None) -> int:
        said = {} if certificate is None else {HEADER: certificate.escaped}
        answer = await http.get("/userinfo", headers={"Authorization": f"Bearer {token}", **said})
        return answer.status_code

    assert await active(proxy, MINE) == 403, "the token is good, and not for openid"
    assert await active(proxy, client_certificate()) == 401
    assert await active(proxy, None) == 401
    assert await active(caller(world, STRANGER), MINE) == 401


@pytest.mark.parametrize(
    ("entries", "good", "bad"),
    [
        ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
        ("172.31.253.0/28", "172.31.253.15", "172.31.253.16"),
        ("10.0.0.1, fd00::/8", "fd00::1", "fe80::1"),
        ("10.0.0.1", "10.0.0.1", "proxy"),
        ("10.0.0.1", "10.0.0.1", ""),
    ],
)
def test_whom_the_settings_trust(entries: str, good: str, bad: str) -> None:
    assert trusts(entries)(good)
    assert not trusts(entries)(bad)
    assert trusts("*")(bad)


def test_an_entry_that_is_no_address_is_told_at_the_start() -> None:
    with pytest.raises(ValueError, match="proxy"):
        trusts("10.0.0.1, proxy")
