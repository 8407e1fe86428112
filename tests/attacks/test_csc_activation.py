"""S-53 by way of the CSC API: activation data is for one credential, its hashes, its asker, once and soon; on both
columns where a race could show. Each refusal has the use that goes through beside it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256 as Sha256

from core.db.database import Database
from core.principal import SYSTEM
from signing.csc.activation import LIFE_SECONDS
from signing.model import GranteeKind, GrantForm, SealStatus
from signing.ports import UseQuery
from tests.conformance.harness import Slow
from tests.support.clock import FakeClock
from tests.support.csc_world import CscWorld, b64, csc_world, digest
from tests.support.idp_browser import BackEnd, Browser, query_of
from tests.support.idp_world import cluster_world, embedded_world
from tests.support.signing_fakes import pdf
from tests.support.signing_world import ORGANISATION


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[CscWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield await csc_world(made)


@pytest.fixture(params=["embedded", "cluster"])
async def slow_world(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[CscWorld]:
    """Each call of the short-lived store takes a few milliseconds."""
    if request.param == "embedded":
        opened = embedded_world(tmp_path, clock, wrap_kv=Slow)
    else:
        servers = [request.getfixturevalue(name) for name in ("postgres_server", "redis_server")]
        opened = cluster_world(servers[0], servers[1], tmp_path, clock, wrap_kv=Slow)
    async with opened as made:
        yield await csc_world(made)


async def entered(database: Database, world: CscWorld) -> int:
    async with database.read() as tx:
        return len(await world.office.store.uses(tx, UseQuery(ORGANISATION), before=None, limit=100))


def refused(answer: Any, error: str = "invalid_request") -> bool:
    return answer.status_code in (400, 401, 403) and answer.json()["error"] == error


async def test_s53_twin_a_system_signs_the_hashes_that_it_was_authorised_for(world: CscWorld) -> None:
    token = await world.system_token()
    sad = await world.sad(token, "one", "two")
    answer = await world.post(token, "signatures/signHash", SAD=sad, **world.order("one", "two"))
    assert answer.status_code == 200, answer.text
    key = x509.load_der_x509_certificate(world.seal.certificate).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    for text, value in zip(("one", "two"), answer.json()["signatures"], strict=True):
        key.verify(base64.b64decode(value), digest(text), ec.ECDSA(Prehashed(Sha256())))


async def test_s53_activation_data_is_used_once_however_many_try(slow_world: CscWorld) -> None:
    world = slow_world
    token = await world.system_token()
    sad = await world.sad(token, "one")
    answers = await asyncio.gather(
        *(world.post(token, "signatures/signHash", SAD=sad, **world.order("one")) for _ in range(12))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 11
    assert await entered(world.idp.ground.database, world) == 1


async def test_s53_a_tokens_permission_is_used_once_however_many_try_and_renewing_gives_no_other(
    slow_world: CscWorld,
) -> None:
    world = slow_world
    tokens = await world.clerk_tokens("one")
    token = tokens["access_token"]
    answers = await asyncio.gather(*(world.post(token, "signatures/signHash", **world.order("one")) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 11
    back_end = BackEnd(world.idp, world.idp.portal_a, world.app)
    renewed = (await back_end.refresh(tokens["refresh_token"])).json()["access_token"]
    assert refused(await world.post(renewed, "signatures/signHash", **world.order("one")))
    assert await entered(world.idp.ground.database, world) == 1
    again = await world.clerk_tokens("one")  # a decision of its own
    assert (await world.post(again["access_token"], "signatures/signHash", **world.order("one"))).status_code == 200


async def test_s53_what_was_not_authorised_is_not_signed_and_costs_nothing(world: CscWorld) -> None:
    token, other = await world.system_token(), (await world.clerk_tokens())["access_token"]
    sad = await world.sad(token, "one")
    another = await world.office.make_seal("4101990000025")
    await world.office.grant(another, form=GrantForm.HASH, grantee=world.system.client_id)
    tries = [
        (token, world.order("two", SAD=sad)),
        (token, world.order("one", "two", SAD=sad)),
        (token, world.order("one", "one", SAD=sad)),
        (token, world.order("one", SAD=sad[:-1])),
        (token, world.order("one")),
        (token, world.order("one", SAD=sad, credentialID=another.code)),
        (token, world.order("one", SAD=sad, credentialID="4101990000033")),
        (token, world.order("one", SAD=sad, signAlgo="1.2.840.113549.1.1.11")),
        (token, world.order("one", SAD=sad, hashAlgorithmOID="1.3.14.3.2.26")),
        (token, world.order("one", SAD=sad, hashes=[b64(b"short")])),
        (token, world.order("one", SAD=sad, hashes=["not base64"])),
        (token, world.order("one", SAD=sad, operationMode="A")),
        (other, world.order("one", SAD=sad)),
    ]
    for who, body in tries:
        assert refused(await world.post(who, "signatures/signHash", **body)), body
    assert await entered(world.idp.ground.database, world) == 0
    on_record = [row.content["outcome"] for row in await world.idp.audit("seal.activation")]
    assert on_record.count("done") == 1
    assert on_record.count("refused") == 7, "what names another permission, hash, algorithm or credential"
    assert (await world.post(token, "signatures/signHash", SAD=sad, **world.order("one"))).status_code == 200


async def test_s53_activation_data_ends_soon(world: CscWorld) -> None:
    token, permitted = await world.system_token(), (await world.clerk_tokens("one"))["access_token"]
    sads = [await world.sad(token, "one") for _ in range(2)]
    world.idp.clock.advance(LIFE_SECONDS - 5)
    assert (await world.post(token, "signatures/signHash", SAD=sads[0], **world.order("one"))).status_code == 200
    world.idp.clock.advance(6)
    assert refused(await world.post(token, "signatures/signHash", SAD=sads[1], **world.order("one")))
    assert refused(await world.post(permitted, "signatures/signHash", **world.order("one")))


async def test_s53_an_activation_is_extended_for_what_it_allowed_and_did_not_sign(world: CscWorld) -> None:
    token = await world.system_token()
    sad = await world.sad(token, "one", "two")
    assert (await world.post(token, "signatures/signHash", SAD=sad, **world.order("one"))).status_code == 200
    extend = {"credentialID": world.seal.code, "SAD": sad, "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1"}
    for text in ("one", "three"):
        assert refused(await world.post(token, "credentials/extendTransaction", **extend, hashes=[b64(digest(text))]))
    answers = await asyncio.gather(
        *(world.post(token, "credentials/extendTransaction", **extend, hashes=[b64(digest("two"))]) for _ in range(5))
    )
    fresh = [answer.json()["SAD"] for answer in answers if answer.status_code == 200]
    assert len(fresh) == 1, "the rest is handed on once"
    assert (await world.post(token, "signatures/signHash", SAD=fresh[0], **world.order("two"))).status_code == 200


async def test_s53_people_authorise_by_log_in_and_consent_alone(world: CscWorld) -> None:
    service = (await world.clerk_tokens())["access_token"]
    info = {"credentialID": world.seal.code, "authInfo": True}
    assert (await world.post(service, "credentials/info", **info)).json()["auth"] == {"mode": "oauth2code"}
    body = {"credentialID": world.seal.code, "numSignatures": 1, "hashes": [b64(digest("one"))]}
    asked = await world.post(service, "credentials/authorize", **body, hashAlgorithmOID="2.16.840.1.101.3.4.2.1")
    assert refused(asked), "nobody authorises for a person but the person"
    said_no = await Browser(world.idp, world.app).enter(
        world.idp.portal_a,
        world.idp.clerk,
        decision="refuse",
        scope="openid credential",
        authorization_details=world.detail("one"),
    )
    assert said_no.params["error"] == "access_denied"
    silent = await Browser(world.idp, world.app).authorize(
        world.idp.portal_a, scope="openid credential", authorization_details=world.detail("one", more=1)
    )
    assert query_of(silent.headers["location"])["error"] == "invalid_authorization_details"


async def test_s53_scopes_and_grants_are_both_needed(world: CscWorld) -> None:
    plain = await world.clerk_tokens(scope="openid")
    assert refused(await world.post(plain["access_token"], "credentials/list"), "access_denied")
    assert refused(await world.post("nothing", "credentials/list"), "invalid_token")
    no_grant = (await world.clerk_tokens())["access_token"]
    given = await world.office.seals.grants_of(world.seal.id, actor=SYSTEM)
    mine = next(one for one in given if one.grantee_kind is GranteeKind.ACCOUNT)
    assert (await world.post(no_grant, "credentials/list")).json()["credentialIDs"] == [world.seal.code]
    await world.office.end_grant(mine.id, actor=SYSTEM)
    assert (await world.post(no_grant, "credentials/list")).json()["credentialIDs"] == []
    assert refused(await world.post(no_grant, "credentials/info", credentialID=world.seal.code))
    token = await world.system_token()
    sad = await world.sad(token, "one")
    await world.office.change_status(world.seal.id, SealStatus.SUSPENDED, actor=SYSTEM, reason="停")
    stopped = await world.post(token, "signatures/signHash", SAD=sad, **world.order("one"))
    assert refused(stopped, "access_denied")
    assert await entered(world.idp.ground.database, world) == 0


async def test_s53_a_grant_for_hashes_seals_no_documents_and_no_digests(world: CscWorld) -> None:
    token = await world.system_token()
    content = pdf()
    how = {"signature_format": "P", "conformance_level": "AdES-B-B", "signAlgo": "1.2.840.10045.4.3.2"}
    digests = [{"hashes": [b64(digest("one"))], **how}]
    documents = [{"document": b64(content), **how}]
    named = b64(hashlib.sha256(content).digest())
    for body, key in (
        ({"documentDigests": digests}, "SignatureObject"),
        ({"documents": documents}, "DocumentWithSignature"),
    ):
        hashes = [named] if "documents" in body else [b64(digest("one"))]
        sad = await world.sad(token, "one", hashes=hashes)
        order = {"credentialID": world.seal.code, "SAD": sad, **body}
        assert refused(await world.post(token, "signatures/signDoc", **order), "access_denied")
        form = GrantForm.DOCUMENT if "documents" in body else GrantForm.DIGEST
        await world.office.grant(world.seal, form=form, grantee=world.system.client_id)
        attributes = [
            {**(body.get("documents") or body["documentDigests"])[0], "signed_props": [{"attribute_name": "x"}]}
        ]
        assert refused(await world.post(token, "signatures/signDoc", **order | {next(iter(body)): attributes})), (
            "no attributes of theirs"
        )
        answer = await world.post(token, "signatures/signDoc", **order)
        assert answer.status_code == 200, answer.text
        assert len(answer.json()[key]) == 1
