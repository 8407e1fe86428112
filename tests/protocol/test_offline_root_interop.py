"""The offline root judged by others: openssl takes chain, list and protocol; the linter finds no fault."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from keys.ceremony.later import sign_with_root
from keys.ceremony.room import Orders
from keys.spec import SignatureAlgorithm
from tests.support.ceremony_root import PKI_URL, Ground, request_for

ALGORITHMS = [(SignatureAlgorithm.ES384, None), (SignatureAlgorithm.RS384, 4096)]


async def _held(folder: Path, algorithm: SignatureAlgorithm, bits: int | None) -> Ground:
    """A root whose first authority for seals was revoked and replaced, in `folder`; and PEM copies for openssl."""
    ground = Ground()
    former = await ground.former(algorithm=algorithm, bits=bits)
    serial = former.protocol.issued[0].serial
    (folder / "old.cer").write_bytes(former.files["seals.cer"])
    orders = Orders(PKI_URL, {"seals": request_for("seals")}, {serial: "superseded"})
    for name, content in (await sign_with_root(orders, former, ground.room)).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    for name in ("root", "seals", "old"):
        _openssl(folder, "x509", "-inform", "DER", "-in", f"{name}.cer", "-out", f"{name}.pem")
    _openssl(folder, "crl", "-inform", "DER", "-in", "root.crl", "-out", "crl.pem")
    return ground


def _openssl(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True)
    return done.stdout + done.stderr


@pytest.mark.parametrize(("algorithm", "bits"), ALGORITHMS)
async def test_openssl_takes_chain_list_and_protocol(
    algorithm: SignatureAlgorithm, bits: int | None, tmp_path: Path
) -> None:
    ground = await _held(tmp_path, algorithm, bits)
    moment = str(int(ground.clock.now().timestamp()))
    verify = ["verify", "-x509_strict", "-crl_check", "-CRLfile", "crl.pem", "-CAfile", "root.pem", "-attime", moment]
    assert "seals.pem: OK" in _openssl(tmp_path, *verify, "seals.pem")
    assert "certificate revoked" in _openssl(tmp_path, *verify, "old.pem")
    assert "verify OK" in _openssl(tmp_path, "crl", "-in", "crl.pem", "-CAfile", "root.pem", "-noout")
    for name in ("protocol", "history/0001.protocol"):
        cms = ["cms", "-verify", "-binary", "-inform", "DER", "-in", f"{name}.p7s", "-content", f"{name}.json"]
        cms += ["-CAfile", "root.pem", "-purpose", "any", "-attime", moment, "-out", "/dev/null"]
        assert "Verification successful" in _openssl(tmp_path, *cms)
    (tmp_path / "protocol.json").write_bytes((tmp_path / "protocol.json").read_bytes() + b" ")
    assert "Verification failure" in _openssl(tmp_path, *(word.replace("history/0001.", "") for word in cms))


@pytest.mark.parametrize(("algorithm", "bits"), ALGORITHMS)
async def test_the_linter_finds_no_fault(algorithm: SignatureAlgorithm, bits: int | None, tmp_path: Path) -> None:
    await _held(tmp_path, algorithm, bits)
    tools = Path(sys.executable).parent
    for command in (
        [tools / "lint_pkix_cert", "lint", "-s", "NOTICE", "root.cer"],
        [tools / "lint_crl", "lint", "-s", "NOTICE", "-t", "CRL", "-p", "PKIX", "root.crl"],
        [tools / "lint_crl", "lint", "-s", "NOTICE", "-t", "ARL", "-p", "PKIX", "root.crl"],
    ):
        done = subprocess.run([str(word) for word in command], cwd=tmp_path, capture_output=True, text=True)
        assert (done.returncode, done.stdout.strip()) == (0, ""), done.stdout + done.stderr
