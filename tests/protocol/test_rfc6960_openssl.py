"""RFC 6960, RFC 5280 §5 over HTTP: `openssl ocsp`, `openssl crl` and `openssl verify` ask our service and accept it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from asn1crypto import ocsp as asn1_ocsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from api.cli.prepare import prepare
from api.journey.instance import free_port
from api.main import create_app
from api.settings import Settings
from api.wiring.container import Container, build_container
from api.wiring.pki import PkiServices
from keys.spec import SignatureAlgorithm
from keys.x509.files import to_pem
from keys.x509.issue import Wanted
from keys.x509.model import CertificateRecord, RevocationReason
from keys.x509.names import machine_name, seal_name
from keys.x509.profiles import SEAL, TLS_CLIENT
from tests.support.live_server import serving
from tests.support.pkilint_findings import answer_errors, list_errors
from tests.unit.keys.rings import fixed_signer

pytestmark = pytest.mark.usefixtures("openssl")
POST = {"content-type": "application/ocsp-request"}


@dataclass
class Service:
    """A running instance.

    Attributes:
        folder: holds the files that openssl reads: root, issuing, and certificates by number.
    """

    address: str
    container: Container
    http: httpx.AsyncClient
    folder: Path
    made: int = 0

    @property
    def pki(self) -> PkiServices:
        return self.container.pki

    async def issue(self) -> tuple[CertificateRecord, str]:
        """A new seal's certificate, and the name of its file."""
        self.made += 1
        key = fixed_signer(SignatureAlgorithm.ES256, f"ocsp {self.made}")
        subject = seal_name(
            organisation_name="示例局",
            organisation_code="11410100MB1234567X",
            seal_name="章",
            seal_code=f"{self.made:013}",
        )
        record = await self.pki.issue(Wanted(SEAL, subject, key.public_key))
        name = f"leaf{self.made}"
        (self.folder / name).write_text(to_pem(record.der))
        return record, name

    async def openssl(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            "openssl",
            *arguments,
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        return (await process.communicate())[0].decode()

    async def ask(self, leaf: str, *options: str, issuer: str = "issuing") -> str:
        """What `openssl ocsp` says about a certificate."""
        url = f"{self.address}/pki/ocsp/seals"
        return await self.openssl(
            "ocsp",
            "-issuer",
            issuer,
            *options,
            "-cert",
            leaf,
            "-url",
            url,
            "-CAfile",
            "root",
            "-verify_other",
            "issuing",
        )


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    port = free_port()
    (tmp_path / "data").mkdir()
    settings = Settings(data=tmp_path / "data", issuer=f"http://127.0.0.1:{port}", ocsp_per_minute=40)
    await prepare(settings)
    container = await build_container(settings)
    app = create_app(settings, log_requests=False)
    app.state.container = container
    issuing, root = container.pki.seals.issuing_chain()
    (tmp_path / "issuing").write_text(to_pem(issuing))
    (tmp_path / "root").write_text(to_pem(root))
    try:
        async with serving(app, port), httpx.AsyncClient(trust_env=False) as http:
            yield Service(settings.issuer, container, http, tmp_path)
    finally:
        await container.close()


@pytest.mark.parametrize(
    "options", [["-nonce"], ["-no_nonce"], ["-nonce", "-sha256"], ["-no_nonce", "-sha384"]], ids=" ".join
)
async def test_openssl_believes_our_answers(service: Service, options: list[str]) -> None:
    record, leaf = await service.issue()
    said = await service.ask(leaf, *options)
    assert "Response verify OK" in said
    assert f"{leaf}: good" in said
    assert ("WARNING: no nonce in response" in said) is False
    await service.pki.change.suspend(record.sha256)
    said = await service.ask(leaf, *options)
    assert f"{leaf}: revoked" in said
    assert "Reason: certificateHold" in said
    await service.pki.change.resume(record.sha256)
    assert f"{leaf}: good" in await service.ask(leaf, *options)
    await service.pki.change.revoke(record.sha256, RevocationReason.KEY_COMPROMISE)
    said = await service.ask(leaf, *options)
    assert "Response verify OK" in said
    assert f"{leaf}: revoked" in said
    assert "Reason: keyCompromise" in said


async def test_several_certificates_in_one_question(service: Service) -> None:
    (first, one), (_, two) = await service.issue(), await service.issue()
    await service.pki.change.revoke(first.sha256, RevocationReason.UNSPECIFIED)
    said = await service.ask(one, "-cert", two)
    assert "Response verify OK" in said
    assert f"{one}: revoked" in said
    assert f"{two}: good" in said


async def test_a_number_that_was_never_given_is_unknown(service: Service) -> None:
    said = await service.openssl(
        "ocsp",
        "-issuer",
        "issuing",
        "-serial",
        "0x1234",
        "-url",
        f"{service.address}/pki/ocsp/seals",
        "-CAfile",
        "root",
    )
    assert "Response verify OK" in said
    assert "0x1234: unknown" in said


async def test_another_issuers_certificate_is_unknown(service: Service) -> None:
    """A good certificate of the machines' authority is not good at the seals' responder; at its own it is."""
    key = fixed_signer(SignatureAlgorithm.ES256, "machine")
    subject = machine_name(organisation_name="示例局", identifier="portal-a")
    record = await service.pki.issue(Wanted(TLS_CLIENT, subject, key.public_key))
    machines = service.pki.authorities.issuing("machines")
    for name, der in (("machine", record.der), ("machines", machines.der)):
        (service.folder / name).write_text(to_pem(der))
    said = await service.ask("machine", issuer="machines")
    assert "machine: unknown" in said
    url = f"{service.address}/pki/ocsp/machines"
    said = await service.openssl(
        "ocsp", "-issuer", "machines", "-cert", "machine", "-url", url, "-CAfile", "root", "-verify_other", "machines"
    )
    assert "Response verify OK" in said
    assert "machine: good" in said


def _request(record: CertificateRecord, issuer: bytes, digest: hashes.HashAlgorithm | None = None) -> bytes:
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        x509.load_der_x509_certificate(record.der), x509.load_der_x509_certificate(issuer), digest or hashes.SHA1()
    )
    return builder.build().public_bytes(Encoding.DER)


async def test_answers_by_address_are_cached_until_something_changes(service: Service) -> None:
    """RFC 5019 §5, §6."""
    record, _ = await service.issue()
    asked = base64.b64encode(_request(record, service.pki.seals.issuing_chain()[0])).decode()
    url = f"{service.address}/pki/ocsp/seals/{asked.replace('/', '%2F').replace('+', '%2B').replace('=', '%3D')}"
    first = await service.http.get(url)
    assert first.headers["content-type"] == "application/ocsp-response"
    answer = ocsp.load_der_ocsp_response(first.content)
    assert answer.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert answer.next_update_utc is not None
    seconds = int(first.headers["cache-control"].rpartition("max-age=")[2])
    assert 0 < seconds < (answer.next_update_utc - answer.this_update_utc).total_seconds()
    assert "public" in first.headers["cache-control"]
    assert first.headers["last-modified"]
    second = await service.http.get(url)
    assert second.content == first.content  # signed once
    unchanged = await service.http.get(url, headers={"if-none-match": first.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    raw = await service.http.get(f"{service.address}/pki/ocsp/seals/{asked}")  # slashes as they are
    assert raw.content == first.content
    await service.pki.change.revoke(record.sha256, RevocationReason.SUPERSEDED)
    third = await service.http.get(url, headers={"if-none-match": first.headers["etag"]})
    revoked = ocsp.load_der_ocsp_response(third.content)
    assert revoked.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert revoked.revocation_reason is x509.ReasonFlags.superseded


async def test_whatever_comes_is_answered_in_the_protocol(service: Service) -> None:
    record, _ = await service.issue()
    good = _request(record, service.pki.seals.issuing_chain()[0])
    url = f"{service.address}/pki/ocsp/seals"

    async def status(content: bytes, address: str = url, **headers: str) -> str:
        answered = await service.http.post(address, content=content, headers=POST | headers)
        assert answered.headers["content-type"] == "application/ocsp-response"
        assert answered.headers["cache-control"] == "no-store"
        found: str = asn1_ocsp.OCSPResponse.load(answered.content)["response_status"].native
        return found

    assert await status(good) == "successful"
    for bad in (b"", b"\x30", good[:-1], good + b"\0", good * 100, b"{}", b"\x30\x80" + good[2:] + b"\0\0"):
        assert await status(bad) == "malformed_request"
    assert await status(good, **{"content-type": "application/json"}) == "malformed_request"
    assert await status(good, f"{service.address}/pki/ocsp/nobody") == "unauthorized"
    assert await status(good, f"{service.address}/pki/ocsp/root") == "unauthorized"
    for encoded in ("%00", "not-base64!", "a" * 5000, base64.b64encode(good[:-1]).decode()):
        answered = await service.http.get(f"{url}/{encoded}")
        assert asn1_ocsp.OCSPResponse.load(answered.content)["response_status"].native == "malformed_request"


async def test_too_many_fresh_signatures_are_refused_and_kept_answers_are_not(service: Service) -> None:
    record, _ = await service.issue()
    asked = _request(record, service.pki.seals.issuing_chain()[0])
    url = f"{service.address}/pki/ocsp/seals"
    assert (await service.http.post(url, content=asked, headers=POST)).status_code == 200
    statuses = [(await service.http.post(url, content=b"\x30\x00", headers=POST)).status_code for _ in range(45)]
    assert 429 in statuses
    refused = await service.http.post(url, content=b"\x30\x00", headers=POST)
    assert int(refused.headers["retry-after"]) > 0
    assert asn1_ocsp.OCSPResponse.load(refused.content)["response_status"].native == "try_later"
    assert (await service.http.post(url, content=asked, headers=POST)).status_code == 200


async def test_openssl_reads_our_lists_and_verifies_with_them(service: Service) -> None:
    (bad, revoked), (held, paused), (_, good) = [await service.issue() for _ in range(3)]
    await service.pki.change.revoke(bad.sha256, RevocationReason.KEY_COMPROMISE)
    await service.pki.change.suspend(held.sha256)
    for name in ("seals", "root"):
        fetched = await service.http.get(f"{service.address}/pki/crl/{name}.crl")
        assert fetched.headers["content-type"] == "application/pkix-crl"
        assert list_errors(fetched.content) == []
        (service.folder / f"{name}.crl").write_bytes(fetched.content)
    text = await service.openssl("crl", "-in", "seals.crl", "-inform", "DER", "-CAfile", "issuing", "-text", "-noout")
    assert "verify OK" in text
    assert "Version 2" in text
    assert "Key Compromise" in text
    assert "Certificate Hold" in text
    assert f"{bad.number:X}".upper() in text.upper()
    lists = ""
    for name in ("seals", "root"):
        lists += await service.openssl("crl", "-in", f"{name}.crl", "-inform", "DER")
    (service.folder / "lists").write_text(lists)
    command = [
        "verify",
        "-x509_strict",
        "-crl_check_all",
        "-CRLfile",
        "lists",
        "-CAfile",
        "root",
        "-untrusted",
        "issuing",
    ]
    assert await service.openssl(*command, good) == f"{good}: OK\n"
    for leaf in (revoked, paused):
        assert "certificate revoked" in await service.openssl(*command, leaf)


async def test_a_list_is_made_once_and_again_on_a_change(service: Service) -> None:
    record, _ = await service.issue()
    url = f"{service.address}/pki/crl/seals.crl"
    first = await service.http.get(url)
    assert (await service.http.get(url)).content == first.content
    part = await service.http.get(f"{service.address}/pki/crl/seals/{record.number % 64}.crl")
    assert part.content == first.content  # while the list is short, the whole of it
    unchanged = await service.http.get(url, headers={"if-none-match": first.headers["etag"]})
    assert unchanged.status_code == 304
    assert "public" in first.headers["cache-control"]
    await service.pki.change.revoke(record.sha256, RevocationReason.SUPERSEDED)
    second = await service.http.get(url, headers={"if-none-match": first.headers["etag"]})
    before, after = (x509.load_der_x509_crl(answer.content) for answer in (first, second))
    assert len(before) == 0
    assert [entry.serial_number for entry in after] == [record.number]
    numbers = [one.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number for one in (before, after)]
    assert numbers[0] < numbers[1]


async def test_what_is_not_there_is_not_found(service: Service) -> None:
    for path in (
        "ca/nobody.cer",
        "crl/nobody.crl",
        "crl/seals/64.crl",
        "crl/seals/x.crl",
        "crl/seals/-1.crl",
        "crl/persons/64.crl",
        "ca/root.pem",
        "/".join(("crl", "root", "0.crl")),  # in one piece it would look like a folder of somebody's machine
    ):
        assert (await service.http.get(f"{service.address}/pki/{path}")).status_code == 404, path


async def test_an_authoritys_certificate_is_where_its_certificates_say(service: Service) -> None:
    record, _ = await service.issue()
    access = x509.load_der_x509_certificate(record.der).extensions.get_extension_for_class(
        x509.AuthorityInformationAccess
    )
    address = next(
        one.access_location.value for one in access.value if one.access_method.dotted_string.endswith("48.2")
    )
    fetched = await service.http.get(address)
    assert fetched.headers["content-type"] == "application/pkix-cert"
    assert fetched.content == service.pki.seals.issuing_chain()[0]


async def test_pkilint_finds_no_error_in_answers(service: Service) -> None:
    record, _ = await service.issue()
    asked = _request(record, service.pki.seals.issuing_chain()[0], hashes.SHA256())
    for change in (None, service.pki.change.suspend):
        if change is not None:
            await change(record.sha256)
        answered = await service.http.post(f"{service.address}/pki/ocsp/seals", content=asked, headers=POST)
        assert answer_errors(answered.content) == []
