"""RFC 3161: `openssl ts` asks our authority and accepts its tokens, and we accept its own."""

from __future__ import annotations

import datetime as dt
import hashlib
import subprocess
from functools import partial
from pathlib import Path

import pytest
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext

from core.clock import SystemClock
from keys.spec import ALGORITHMS, SignatureAlgorithm
from keys.tsa.errors import TimestampRefused
from keys.tsa.imprint import imprint_of
from keys.tsa.request import write_request
from keys.tsa.response import read_response
from keys.tsa.token import read_token
from keys.tsa.trust import root_trust
from keys.tsa.verify import verify_token
from tests.support.clock import FakeClock
from tests.support.timestamp_pki import DAY, StampingAuthority, pem
from tests.support.timestamp_world import stamping_world

pytestmark = pytest.mark.usefixtures("openssl")

_ALGORITHMS = [
    SignatureAlgorithm.ES256,
    SignatureAlgorithm.ES384,
    SignatureAlgorithm.RS256,
    SignatureAlgorithm.RS384,
    SignatureAlgorithm.RS512,
]


def openssl(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=30)
    return done.stdout + done.stderr


@pytest.mark.parametrize("algorithm", _ALGORITHMS)
@pytest.mark.parametrize("certificates", [True, False], ids=["with-certificates", "without"])
async def test_openssl_accepts_our_tokens(
    algorithm: SignatureAlgorithm, certificates: bool, clock: FakeClock, tmp_path: Path
) -> None:
    authority = StampingAuthority()
    world = stamping_world(clock, {"tsa/1": authority.unit(algorithm, common_name=f"unit {algorithm}")})
    (tmp_path / "data").write_bytes(b"a document")
    (tmp_path / "ca.pem").write_bytes(authority.root_pem)
    (tmp_path / "chain.pem").write_bytes(world.keys.units["tsa/1"].pem_chain)
    asked = ["ts", "-query", "-data", "data", "-sha384", "-out", "query.tsq"]
    openssl(tmp_path, *asked, *(["-cert"] if certificates else []))
    (tmp_path / "answer.tsr").write_bytes(await world.authority.answer((tmp_path / "query.tsq").read_bytes()))
    told = openssl(tmp_path, "ts", "-reply", "-in", "answer.tsr", "-text")
    assert "Status: Granted." in told
    assert "Accuracy: 0x01 seconds" in told
    verify = ["ts", "-verify", "-in", "answer.tsr", "-CAfile", "ca.pem", "-untrusted", "chain.pem"]
    at = ["-attime", str(int(clock.now().timestamp()))]
    assert "Verification: OK" in openssl(tmp_path, *verify, "-queryfile", "query.tsq", *at)
    assert "Verification: OK" in openssl(tmp_path, *verify, "-data", "data", *at)
    # the twin: other data, and another root
    (tmp_path / "data").write_bytes(b"another document")
    assert "Verification: FAILED" in openssl(tmp_path, *verify, "-data", "data", *at)
    (tmp_path / "ca.pem").write_bytes(StampingAuthority("Somebody").root_pem)
    assert "Verification: FAILED" in openssl(tmp_path, *verify, "-queryfile", "query.tsq", *at)


async def test_openssl_reads_our_rejections(clock: FakeClock, tmp_path: Path) -> None:
    world = stamping_world(clock)
    (tmp_path / "data").write_bytes(b"a document")
    openssl(tmp_path, "ts", "-query", "-data", "data", "-sha1", "-out", "query.tsq")
    (tmp_path / "answer.tsr").write_bytes(await world.authority.answer((tmp_path / "query.tsq").read_bytes()))
    told = openssl(tmp_path, "ts", "-reply", "-in", "answer.tsr", "-text")
    assert "Status: Rejected." in told
    assert "unrecognized or unsupported algorithm identifier" in told


_CONFIGURATION = """
[tsa]
default_tsa = unit
[unit]
dir = .
serial = ./serial
crypto_device = builtin
signer_cert = unit.pem
certs = chain.pem
signer_key = unit.key
signer_digest = {digest}
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1, millisecs:500, microsecs:100
ordering = {ordering}
tsa_name = yes
ess_cert_id_chain = {chain}
ess_cert_id_alg = {binding}
"""


@pytest.mark.parametrize("algorithm", [SignatureAlgorithm.ES256, SignatureAlgorithm.RS256, SignatureAlgorithm.RS512])
@pytest.mark.parametrize("binding", ["sha1", "sha256", "sha512"])
async def test_we_accept_tokens_of_openssl(algorithm: SignatureAlgorithm, binding: str, tmp_path: Path) -> None:
    now = SystemClock().now()
    authority = StampingAuthority()
    unit = authority.unit(
        algorithm, common_name=f"openssl {algorithm}", not_before=now - DAY, not_after=now + 365 * DAY
    )
    (tmp_path / "unit.pem").write_bytes(unit.certificate.public_bytes(Encoding.PEM))
    (tmp_path / "chain.pem").write_bytes(unit.pem_chain)
    (tmp_path / "unit.key").write_bytes(pem(unit.key))
    (tmp_path / "serial").write_text("07\n")
    ordering, chain = ("yes", "yes") if binding == "sha512" else ("no", "no")
    configuration = _CONFIGURATION.format(
        digest=ALGORITHMS[algorithm].digest, ordering=ordering, chain=chain, binding=binding
    )
    (tmp_path / "tsa.cnf").write_text(configuration)
    nonce = 2**63 + 1
    (tmp_path / "query.tsq").write_bytes(write_request(imprint_of(b"a document"), nonce=nonce))
    reply = ["ts", "-reply", "-queryfile", "query.tsq", "-config", "tsa.cnf", "-out", "answer.tsr"]
    told = openssl(tmp_path, *reply)
    assert (tmp_path / "answer.tsr").exists(), told
    token = read_token(read_response((tmp_path / "answer.tsr").read_bytes()))
    trust = root_trust([authority.anchor], FakeClock())
    proven = await verify_token(token, b"a document", trust=trust, at=SystemClock().now(), nonce=nonce)
    assert proven.accuracy == dt.timedelta(seconds=1, microseconds=500_100)
    assert proven.policy == "1.2.3.4.1"
    assert proven.serial == 8
    with pytest.raises(TimestampRefused):
        await verify_token(token, b"another", trust=trust, at=SystemClock().now(), nonce=nonce)


async def test_pyhanko_accepts_our_tokens(clock: FakeClock) -> None:
    authority = StampingAuthority()
    world = stamping_world(clock, {"tsa/1": authority.unit(SignatureAlgorithm.RS256, common_name="for pyHanko")})
    asked = write_request(imprint_of(b"a document", "sha512"))
    answer = tsp.TimeStampResp.load(await world.authority.answer(asked), strict=True)
    root = asn1_x509.Certificate.load(authority.anchor)
    context = ValidationContext(trust_roots=[root], allow_fetching=False, moment=clock.now())
    signed_data = answer["time_stamp_token"]["content"]
    for content, intact in ((b"a document", True), (b"another document", False)):
        digest_of = partial(_digest, content)
        status = await validate_tst_signed_data(signed_data, context, expected_tst_imprint=digest_of)
        assert status["intact"] is intact
        assert status["valid"]
        assert status["trust_problem_indic"] is None
        assert status["timestamp"] == clock.now()


def _digest(content: bytes, name: str) -> bytes:
    return hashlib.new(name, content).digest()
