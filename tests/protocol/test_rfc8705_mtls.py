"""Clients with TLS certificates: logging in with them, and tokens bound to them (RFC 8705)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509

from core.principal import SYSTEM
from core.text import Text
from idp.client_metadata import ClientMetadata, SecurityProfile
from idp.clients.registration import NewClient
from idp.model import ClientAuthMethod, GrantType
from idp.settings import CertificateChains, IdpSettings
from tests.support.access_tokens import claims_in
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser
from tests.support.idp_proofs import ClientCertificate, client_certificate
from tests.support.idp_world import ISSUER, IdpWorld, Portal, embedded_world, portal

CC = {"grant_type": "client_credentials"}


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


async def system(world: IdpWorld, name: str, method: ClientAuthMethod, **metadata: Any) -> Portal:
    new = NewClient(
        Text("系统", "System"),
        name,
        auth_method=method,
        grants=frozenset({GrantType.CLIENT_CREDENTIALS}),
        scopes=frozenset({"licence:read"}),
        metadata=ClientMetadata(**metadata),
    )
    made = await world.idp.register_client(new, SYSTEM)
    return Portal(name, secret=made.secret, auth_method=method)


def with_(one: Portal, certificate: ClientCertificate | None) -> Portal:
    return dataclasses.replace(one, certificate=None if certificate is None else certificate.der)


async def status(world: IdpWorld, one: Portal, certificate: ClientCertificate | None) -> tuple[int, str]:
    answer = await BackEnd(world, with_(one, certificate)).client_credentials()
    return answer.status_code, answer.json().get("error", "")


REFUSED = (401, "invalid_client")


async def test_a_certificate_of_an_authority_with_the_registered_subject(world: IdpWorld) -> None:
    mine = client_certificate("门户, A+B", organisation='Example "City"')
    other = client_certificate("门户, A")
    world.judge.good |= {mine.der, other.der}
    for number, written in enumerate(
        (
            'CN=门户\\, A\\+B,O=Example \\"City\\",C=CN',
            "cn=门户\\2C A\\2BB, o=EXAMPLE  \\22City\\22, c=cn",
            '2.5.4.3=门户\\, A\\+B,2.5.4.10=Example \\"City\\",2.5.4.6=CN',
            "CN=#0C0BE997A8E688B72C20412B42,O=#130E4578616D706C6520224369747922,C=#1302434E",
        )
    ):
        one = await system(world, f"by-dn-{number}", ClientAuthMethod.TLS, tls_client_auth_subject_dn=written)
        assert await status(world, one, mine) == (200, ""), written
        assert await status(world, one, other) == REFUSED, written
        assert await status(world, one, None) == REFUSED, written
    world.judge.good.clear()
    assert await status(world, one, mine) == REFUSED, "no authority stands behind it"


@pytest.mark.parametrize(
    ("kind", "registered", "name", "others"),
    [
        ("dns", "App.Example.Test", x509.DNSName("app.example.test"), ["app.example.test.evil", "*.example.test"]),
        ("uri", "spiffe://a/b", x509.UniformResourceIdentifier("spiffe://a/b"), ["spiffe://a/B", "spiffe://a/b/"]),
        ("ip", "2001:DB8::0:1", x509.IPAddress(ip_address("2001:db8::1")), ["2001:db8::2", "10.0.0.1"]),
        ("email", "ops@Example.Test", x509.RFC822Name("ops@example.test"), ["OPS@example.test", "x@example.test"]),
    ],
)
async def test_a_certificate_with_the_registered_alternative_name(
    world: IdpWorld, kind: str, registered: str, name: x509.GeneralName, others: list[str]
) -> None:
    """RFC 8705 §2.1.2: each kind is compared by its own rules."""
    certificate = client_certificate(names=[name])
    world.judge.good.add(certificate.der)
    one = await system(world, "named", ClientAuthMethod.TLS, **{f"tls_client_auth_san_{kind}": registered})
    assert await status(world, one, certificate) == (200, "")
    for number, other in enumerate(others):
        made = await system(world, f"other-{number}", ClientAuthMethod.TLS, **{f"tls_client_auth_san_{kind}": other})
        assert await status(world, made, certificate) == REFUSED, other
    assert await status(world, one, client_certificate()) == REFUSED


async def test_a_wildcard_certificate_is_nobody_in_particular(world: IdpWorld) -> None:
    certificate = client_certificate(names=[x509.DNSName("*.example.test")])
    world.judge.good.add(certificate.der)
    one = await system(world, "named", ClientAuthMethod.TLS, tls_client_auth_san_dns="app.example.test")
    assert await status(world, one, certificate) == REFUSED


async def test_the_proxy_may_judge_the_chain(tmp_path: Path, clock: FakeClock) -> None:
    settings = IdpSettings(issuer=ISSUER, client_chains=CertificateChains.PROXY)
    async with embedded_world(tmp_path, clock, settings=settings) as world:
        certificate = client_certificate("portal")
        one = await system(world, "named", ClientAuthMethod.TLS, tls_client_auth_subject_dn="CN=portal,O=示例市,C=CN")
        assert await status(world, one, certificate) == (200, "")
        assert await status(world, one, client_certificate("portal2")) == REFUSED
        assert world.judge.asked == []


async def test_a_certificate_of_its_own_that_was_registered(world: IdpWorld) -> None:
    """RFC 8705 §2.2: by `x5c`, or by its thumbprint."""
    mine, second, other = client_certificate(), client_certificate(), client_certificate()
    thumbprint_only = {**second.jwk("second"), "x5c": None, "x5t#S256": second.thumbprint}
    jwks = {"keys": [mine.jwk(), {name: value for name, value in thumbprint_only.items() if value is not None}]}
    one = await system(world, "own", ClientAuthMethod.SELF_SIGNED_TLS, jwks=jwks)
    assert await status(world, one, mine) == (200, "")
    assert await status(world, one, second) == (200, "")
    assert await status(world, one, other) == REFUSED
    assert await status(world, one, None) == REFUSED
    assert world.judge.asked == []


async def test_tokens_are_bound_to_the_certificate(world: IdpWorld) -> None:
    """RFC 8705 §3."""
    mine, other = client_certificate(), client_certificate()
    made = await portal(
        world.idp,
        "bound",
        "bound.example.test",
        auth_method=ClientAuthMethod.SELF_SIGNED_TLS,
        metadata=ClientMetadata(jwks={"keys": [mine.jwk()]}, tls_client_certificate_bound_access_tokens=True),
    )
    bound = with_(made, mine)
    back_end = BackEnd(world, bound)
    tokens = await back_end.tokens(await Browser(world).enter(bound, world.lin))
    assert tokens["token_type"] == "Bearer"
    assert claims_in(world, tokens["access_token"])["cnf"] == {"x5t#S256": mine.thumbprint}
    assert (await back_end.introspect(tokens["access_token"]))["cnf"] == {"x5t#S256": mine.thumbprint}

    async def userinfo(certificate: ClientCertificate | None) -> httpx.Response:
        return await BackEnd(world, with_(made, certificate)).userinfo(tokens["access_token"])

    assert (await userinfo(mine)).status_code == 200
    for wrong in (other, None):
        refused = await userinfo(wrong)
        assert refused.status_code == 401
        assert 'error="invalid_token"' in refused.headers["www-authenticate"]
    refreshed = await back_end.refresh(tokens["refresh_token"])
    assert claims_in(world, refreshed.json()["access_token"])["cnf"] == {"x5t#S256": mine.thumbprint}


async def test_a_public_clients_refresh_token_is_bound_to_the_certificate(world: IdpWorld) -> None:
    """RFC 8705 §4."""
    made = await portal(
        world.idp,
        "public-bound",
        "public.example.test",
        auth_method=ClientAuthMethod.NONE,
        metadata=ClientMetadata(tls_client_certificate_bound_access_tokens=True),
    )
    mine = client_certificate()
    back_end = BackEnd(world, with_(made, mine))
    tokens = await back_end.tokens(await Browser(world).enter(made, world.lin))
    for certificate, error in ((None, "invalid_request"), (client_certificate(), "invalid_grant")):
        answer = await BackEnd(world, with_(made, certificate)).refresh(tokens["refresh_token"])
        assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert (await back_end.refresh(tokens["refresh_token"])).status_code == 200


async def test_fapi_binds_to_the_certificate_where_there_is_no_proof(world: IdpWorld) -> None:
    mine = client_certificate()
    one = await system(
        world,
        "strict",
        ClientAuthMethod.SELF_SIGNED_TLS,
        jwks={"keys": [mine.jwk()]},
        profile=SecurityProfile.FAPI2,
        tls_client_certificate_bound_access_tokens=True,
    )
    answer = await BackEnd(world, with_(one, mine)).client_credentials()
    assert claims_in(world, answer.json()["access_token"])["cnf"] == {"x5t#S256": mine.thumbprint}


async def test_the_metadata_names_addresses_for_tls_clients(tmp_path: Path, clock: FakeClock) -> None:
    """RFC 8705 §3.3, §5; nothing is said where no certificate can come."""
    mtls = "https://mtls.example.test:9443"
    settings = IdpSettings(issuer=ISSUER, client_certificates=True, mtls_url=mtls)
    async with embedded_world(tmp_path, clock, settings=settings) as world:
        document = json.loads(world.idp.documents.metadata().content)
    assert document["tls_client_certificate_bound_access_tokens"] is True
    for kind in ("token", "introspection", "revocation"):
        methods = set(document[f"{kind}_endpoint_auth_methods_supported"])
        assert {"tls_client_auth", "self_signed_tls_client_auth", "private_key_jwt", "client_secret_jwt"} <= methods
    aliases = document["mtls_endpoint_aliases"]
    assert aliases["token_endpoint"] == f"{mtls}/token"
    assert aliases["userinfo_endpoint"] == f"{mtls}/userinfo"
    assert "authorization_endpoint" not in aliases
    assert {address.startswith(mtls) for address in aliases.values()} == {True}
    (tmp_path / "plain").mkdir()
    async with embedded_world(tmp_path / "plain", clock) as world:
        document = json.loads(world.idp.documents.metadata().content)
    assert "mtls_endpoint_aliases" not in document
    assert "tls_client_auth" not in document["token_endpoint_auth_methods_supported"]
