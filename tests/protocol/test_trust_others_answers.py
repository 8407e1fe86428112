"""Revocation data made by others (openssl, and our own authority over HTTP) as the judge reads it."""

from __future__ import annotations

import datetime as dt
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from lxml import etree

from api.cli.prepare import prepare
from api.journey.instance import free_port
from api.main import create_app
from api.settings import Settings
from api.wiring.container import Container, build_container
from core.clock import SystemClock
from core.egress.errors import FetchFailed
from core.egress.fetch import Egress
from core.egress.rules import EgressRules, HostList
from core.kv.embedded import EmbeddedKeyValueStore
from keys.spec import SignatureAlgorithm
from keys.trust.certificate import read_certificate
from keys.trust.crl import RevocationRefused, read_list
from keys.trust.etsi_read import read_list as read_etsi
from keys.trust.judge import Judge
from keys.trust.model import Service
from keys.trust.ocsp import build_request, read_answer
from keys.trust.revocation import RevocationRules, Revocations
from keys.trust.signed_json import read_signed_list
from keys.trust.xml_signature import verified_list
from keys.x509.issue import Wanted
from keys.x509.model import RevocationReason
from keys.x509.names import seal_name
from keys.x509.profiles import SEAL
from tests.support.live_server import serving
from tests.support.trust_pki import DAY, FixedAnchors, Made, entry, root, seal
from tests.support.trust_revocation import responder
from tests.unit.keys.rings import fixed_signer

needs_openssl = pytest.mark.usefixtures("openssl")
NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
LIFE = {"not_before": NOW - DAY, "not_after": NOW + 300 * DAY}
CONFIG = """
[ca]
default_ca = this
[this]
database = index.txt
crlnumber = crlnumber
default_md = sha256
default_crl_days = 7
crl_extensions = extensions
[extensions]
authorityKeyIdentifier = keyid:always
"""


@dataclass
class OpensslAuthority:
    """An authority whose lists and answers openssl makes from its own database."""

    folder: Path
    authority: Made
    good: Made
    revoked: Made
    responder: Made

    def run(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def list(self) -> bytes:
        self.run("ca", "-config", "ca.cnf", "-gencrl", "-keyfile", "ca.private", "-cert", "ca.pem", "-out", "list.pem")
        self.run("crl", "-in", "list.pem", "-outform", "DER", "-out", "list.der")
        return (self.folder / "list.der").read_bytes()

    def answer(self, request: bytes, by: str) -> bytes:
        (self.folder / "request").write_bytes(request)
        signer = ("-rsigner", f"{by}.pem", "-rkey", f"{by}.private")
        self.run(
            *("ocsp", "-index", "index.txt", "-CA", "ca.pem", *signer),
            *("-reqin", "request", "-respout", "answer", "-ndays", "1"),
        )
        return (self.folder / "answer").read_bytes()


@pytest.fixture
def authority(tmp_path: Path) -> OpensslAuthority:
    made = root("openssl", **LIFE)
    names = {"ca": made, "good": seal(made, "good", **LIFE), "revoked": seal(made, "revoked", **LIFE)}
    names["responder"] = responder(made, extended=[ExtendedKeyUsageOID.OCSP_SIGNING], **LIFE)
    for name, one in names.items():
        (tmp_path / f"{name}.pem").write_bytes(one.certificate.public_bytes(Encoding.PEM))
        private = one.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (tmp_path / f"{name}.private").write_bytes(private)
    rows = [_row(names["good"], "V", ""), _row(names["revoked"], "R", f"{NOW - DAY / 24:%y%m%d%H%M%SZ},keyCompromise")]
    (tmp_path / "index.txt").write_text("".join(rows))
    (tmp_path / "index.txt.attr").write_text("unique_subject = no\n")
    (tmp_path / "crlnumber").write_text("10\n")
    (tmp_path / "ca.cnf").write_text(CONFIG)
    return OpensslAuthority(tmp_path, made, names["good"], names["revoked"], names["responder"])


def _row(made: Made, state: str, revoked: str) -> str:
    serial = f"{made.certificate.serial_number:X}"
    serial = serial if len(serial) % 2 == 0 else f"0{serial}"
    ends = made.certificate.not_valid_after_utc
    return f"{state}\t{ends:%y%m%d%H%M%SZ}\t{revoked}\t{serial}\tunknown\t/CN=x\n"


def _soon() -> dt.datetime:
    """openssl dates what it makes by the machine's clock, which has gone on since this file was loaded."""
    return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=5)


@needs_openssl
def test_lists_of_openssl_are_read(authority: OpensslAuthority) -> None:
    issuer = read_certificate(authority.authority.der)
    found = read_list(authority.list(), issuer, now=_soon())
    assert found.number == 16
    assert found.entry_of(read_certificate(authority.good.der)) is None
    revoked = found.entry_of(read_certificate(authority.revoked.der))
    assert revoked == (NOW - DAY / 24, "keyCompromise")


@needs_openssl
@pytest.mark.parametrize("by", ["ca", "responder"])
def test_answers_of_openssl_are_read(authority: OpensslAuthority, by: str) -> None:
    issuer, now = read_certificate(authority.authority.der), _soon()
    for made, revoked in ((authority.good, None), (authority.revoked, NOW - DAY / 24)):
        certificate, nonce = read_certificate(made.der), b"n" * 32
        answer = authority.answer(build_request(certificate, issuer, nonce), by)
        assert read_answer(answer, certificate, issuer, nonce=nonce, now=now).revoked_at == revoked
        with pytest.raises(RevocationRefused, match="nonce"):
            read_answer(answer, certificate, issuer, nonce=b"m" * 32, now=now)
    unknown = read_certificate(seal(authority.authority, "unknown", **LIFE).der)
    answer = authority.answer(build_request(unknown, issuer, None), by)
    with pytest.raises(RevocationRefused, match="unknown"):
        read_answer(answer, unknown, issuer, nonce=None, now=now)


# --- our own authority, as others see it


@dataclass
class Served:
    address: str
    container: Container
    http: httpx.AsyncClient


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    port = free_port()
    settings = Settings(data=tmp_path / "data", issuer=f"http://127.0.0.1:{port}")
    settings.folder.mkdir()
    await prepare(settings)
    container = await build_container(settings)
    app = create_app(settings, log_requests=False)
    app.state.container = container
    try:
        async with serving(app, port), httpx.AsyncClient(trust_env=False, base_url=settings.issuer) as http:
            yield Served(settings.issuer, container, http)
    finally:
        await container.close()


async def test_our_authority_answers_a_judge_elsewhere(served: Served, tmp_path: Path) -> None:
    """Another instance lists our root and asks over HTTP, by OCSP and by list, before and after a revocation."""
    pki, clock = served.container.pki, SystemClock()
    key = fixed_signer(SignatureAlgorithm.ES256, "elsewhere")
    subject = seal_name(
        organisation_name="示例局", organisation_code="11410100MB1234567X", seal_name="章", seal_code="4101000000001"
    )
    record = await pki.issue(Wanted(SEAL, subject, key.public_key))
    issuing, top = pki.seals.issuing_chain()
    loopback = HostList.of(["127.0.0.1/32"])
    port = int(served.address.rpartition(":")[2])
    rules = EgressRules(schemes=frozenset({"http"}), ports=frozenset({port}), only=loopback, inside=loopback)
    certificate = read_certificate(record.der)
    assert certificate.ocsp
    assert certificate.crls
    for revoked in (False, True):
        for source in ("ocsp", "crl"):
            kv = EmbeddedKeyValueStore(tmp_path / f"{source}-{revoked}.db", clock)
            revocations = Revocations([], _Only(Egress(rules), source), kv, RevocationRules(away_seconds=0.001))
            anchor = issuing if source == "ocsp" else top  # authorities have lists, and no responders
            judge = Judge(FixedAnchors(entry(anchor, *Service)), revocations, clock)
            found = await judge.judge(record.der, [issuing], service=Service.DOCUMENTS)
            assert found.sub_indication == ("REVOKED_NO_POE" if revoked else None), (source, found.fault)
            assert found.evidence[-1].source == source
            await kv.close()
        await pki.change.revoke(record.sha256, RevocationReason.KEY_COMPROMISE)

    here = await served.container.trust.judge.judge(record.der, [issuing], service=Service.DOCUMENTS)
    assert (here.sub_indication, here.evidence[-1].source) == ("REVOKED_NO_POE", "own-register")


class _Only:
    """A fetcher that reaches responders or lists alone."""

    def __init__(self, egress: Egress, source: str) -> None:
        self._egress, self._source = egress, source

    async def fetch(self, url: str, **options: object) -> object:
        if f"/pki/{self._source}/" not in url:
            raise FetchFailed("unreachable")
        return await self._egress.fetch(url, **options)  # type: ignore[arg-type]


async def test_our_list_is_published_signed_in_both_forms(served: Served) -> None:
    certificate = (await served.http.get("/pki/trust.cer")).content
    as_json, as_xml = await served.http.get("/pki/trust.json"), await served.http.get("/pki/trust.xml")
    assert as_json.headers["content-type"] == "application/jose+json"
    assert as_xml.headers["content-type"] == "application/vnd.etsi.tsl+xml"
    now = SystemClock().now()
    by_json = read_signed_list(as_json.content, read_certificate(certificate).public_key, at=now)
    by_xml = read_etsi(verified_list(as_xml.content, certificate, at=now))
    assert (by_json.sequence, by_json.next_update) == (by_xml.sequence, by_xml.next_update)
    assert [one.id for one in by_json.entries] == [one.id for one in by_xml.entries]
    root_der = served.container.pki.seals.issuing_chain()[-1]
    assert by_json.entries[0].certificate == root_der, "our own authority is on our list like others"
    again = await served.http.get("/pki/trust.json", headers={"If-None-Match": as_json.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert etree.fromstring(as_xml.content).tag.endswith("TrustServiceStatusList")
