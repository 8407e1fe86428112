"""RFC 3161: `openssl ts` asks our authority and accepts its tokens."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from keys.spec import SignatureAlgorithm
from tests.support.clock import FakeClock
from tests.support.timestamp_pki import StampingAuthority
from tests.support.timestamp_world import stamping_world

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")

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
