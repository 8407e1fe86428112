"""RFC 3161 §3.4: the authority over HTTP, asked and judged by `openssl ts`; every answer is one of the protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from api.cli.prepare import prepare
from api.journey.instance import free_port
from api.main import create_app
from api.settings import Settings
from api.wiring.container import Container, build_container
from keys.der import first, only
from keys.tsa.errors import TimestampRefused
from keys.tsa.imprint import imprint_of
from keys.tsa.request import write_request
from keys.tsa.response import QUERY_TYPE, REPLY_TYPE, read_response
from keys.tsa.token import read_token
from keys.tsa.verify import verify_token
from keys.x509.model import CertificateStatus, RevocationReason
from tests.protocol.test_rfc3161_openssl import openssl
from tests.support.live_server import serving

QUERY = {"content-type": QUERY_TYPE}


@dataclass
class Service:
    address: str
    container: Container
    http: httpx.AsyncClient

    async def ask(self, body: bytes, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post(f"{self.address}/pki/tsa", content=body, headers=QUERY | named)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    port = free_port()
    (tmp_path / "data").mkdir()
    settings = Settings(data=tmp_path / "data", issuer=f"http://127.0.0.1:{port}", timestamps_per_minute=8)
    await prepare(settings)
    container = await build_container(settings)
    app = create_app(settings, log_requests=False)
    app.state.container = container
    try:
        async with serving(app, port), httpx.AsyncClient(trust_env=False) as http:
            yield Service(settings.issuer, container, http)
    finally:
        await container.close()


def status(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == REPLY_TYPE
    assert answer.headers["cache-control"] == "no-store"
    read = tsp.PKIStatusInfo.load(first(only(answer.content).content).encoded, strict=True)
    return "granted" if read["status"].native == "granted" else str(*read["fail_info"].native)


async def _root(service: Service) -> bytes:
    token = tsp.TimeStampResp.load((await service.ask(write_request(imprint_of(b"x")))).content)
    chain = [one.chosen.dump() for one in token["time_stamp_token"]["content"]["certificates"]]
    unit = next(one for one in chain if x509.load_der_x509_certificate(one).subject != _issuer(chain))
    path = await service.container.tsa.trust.judge(unit, chain, at=service.container.ground.clock.now())
    return x509.load_der_x509_certificate(path[-1]).public_bytes(Encoding.PEM)


def _issuer(chain: list[bytes]) -> x509.Name:
    loaded = [x509.load_der_x509_certificate(one) for one in chain]
    return next(one.subject for one in loaded if any(other.issuer == one.subject for other in loaded))


@pytest.mark.usefixtures("openssl")
async def test_openssl_asks_over_http_and_accepts(service: Service, tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_bytes(b"a document")
    (tmp_path / "root.pem").write_bytes(await _root(service))
    ask = ["ts", "-query", "-data", "data.txt", "-sha512", "-cert", "-out", "query.tsq"]
    await asyncio.to_thread(openssl, tmp_path, *ask)
    answer = await service.ask((tmp_path / "query.tsq").read_bytes())
    assert (answer.status_code, status(answer)) == (200, "granted")
    (tmp_path / "answer.tsr").write_bytes(answer.content)
    verify = ["ts", "-verify", "-in", "answer.tsr", "-queryfile", "query.tsq", "-CAfile", "root.pem"]
    assert "Verification: OK" in await asyncio.to_thread(openssl, tmp_path, *verify)
    # the twin: an answer to another query
    await asyncio.to_thread(openssl, tmp_path, *ask)
    assert "Verification: FAILED" in await asyncio.to_thread(openssl, tmp_path, *verify)


async def test_garbage_is_answered_in_the_protocol(service: Service) -> None:
    good = write_request(imprint_of(b"x"))
    for body in (b"", b"garbage", good[:-1], b"\x30" * 100_000):
        answer = await service.ask(body)
        assert (answer.status_code, status(answer)) == (200, "bad_data_format")
    answer = await service.ask(good, content_type="application/json")
    assert (answer.status_code, status(answer)) == (200, "bad_request")
    assert status(await service.ask(good)) == "granted"
    assert status(await service.ask(good, content_type=f"{QUERY_TYPE.upper()}; x=y")) == "granted"


async def test_one_address_does_not_get_all_there_is(service: Service) -> None:
    good = write_request(imprint_of(b"x"))
    answers = await asyncio.gather(*(service.ask(good) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [200] * 8 + [429] * 4
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert status(refused) == "bad_request"
    assert refused.headers["retry-after"] == "60"


async def test_only_post_is_served(service: Service) -> None:
    assert (await service.http.get(f"{service.address}/pki/tsa")).status_code in (400, 405)


async def test_the_route_stands_in_the_api_description(service: Service) -> None:
    described = (await service.http.get(f"{service.address}/openapi.json")).json()["paths"]["/pki/tsa"]["post"]
    assert QUERY_TYPE in described["requestBody"]["content"]
    assert REPLY_TYPE in described["responses"]["200"]["content"]


async def test_the_client_asks_our_own_authority_without_a_network(service: Service) -> None:
    stamped = await service.container.tsa.client.stamp(b"the value of a signature")
    assert stamped.service == "local"
    assert stamped.proven.latest >= service.container.ground.clock.now() - stamped.proven.accuracy * 10


async def test_tokens_of_a_revoked_unit_prove_nothing(service: Service) -> None:
    """The twin of the test before: same service, same trust list; the register says that the unit was revoked."""
    token = read_token(read_response((await service.ask(write_request(imprint_of(b"x")))).content))
    ground, pki, tsa = service.container.ground, service.container.pki, service.container.tsa
    (unit,) = await tsa.units.all()
    (record,) = await pki.certificates.of_key(unit.key_id)
    assert await pki.certificates.change_status(
        record.sha256,
        expected=[CertificateStatus.GOOD],
        new=CertificateStatus.REVOKED,
        at=ground.clock.now(),
        reason=RevocationReason.KEY_COMPROMISE,
    )
    with pytest.raises(TimestampRefused, match="trust: revoked"):
        await verify_token(token, b"x", trust=tsa.trust, at=ground.clock.now())
