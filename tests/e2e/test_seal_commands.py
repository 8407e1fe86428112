"""`yizheng seal …` as an operator uses it: a seal founded, granted, stopped and destroyed; the ledger taken out."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from api.cli.composed import composed
from api.cli.ground import settings_of
from api.demo import city
from api.journey.instance import Instance
from core.principal import SYSTEM
from tests.support.scanned_seals import scan

pytestmark = pytest.mark.slow
OWNER = city.HOUSING.code


def told(instance: Instance, *words: str) -> Any:
    return json.loads(instance.command("seal", *words, "--json"))


def refused(instance: Instance, *words: str) -> str:
    with pytest.raises(RuntimeError) as caught:
        instance.command("seal", *words)
    return str(caught.value)


def test_a_seal_from_its_founding_to_its_end(instance: Instance, tmp_path: Path) -> None:
    words = ("--name", city.HOUSING.name.zh, "--name-en", "Housing Bureau", "--kind", "finance", "--line", "财务专用章")
    seal = instance.command("seal", "found", "--owner", OWNER, *words, "--code", "4101990000777").strip()
    assert "this code" in refused(instance, "found", "--owner", OWNER, *words, "--code", "4101990000777")
    assert {one["code"]: one["status"] for one in told(instance, "list", "--owner", OWNER)}["4101990000777"] == "active"

    days = ("--from", "2026-01-01", "--until", "2030-12-31")
    grant = instance.command("seal", "grant", seal, "--to", "role:seal-user", *days, "--max-uses", "5", "--approval")
    instance.command("seal", "end-grant", grant.strip())
    (given,) = told(instance, "grants", seal)
    assert (given["id"], given["max_uses"], given["approval"]) == (grant.strip(), 5, True)
    assert given["ended"]

    for step in ("suspend", "revoke", "destroy"):
        assert seal in instance.command("seal", step, seal, "--reason", "演练")
    story = told(instance, "show", seal)
    assert [one["event"] for one in story[4:]] == ["suspend", "revoke", "destroy"]
    assert {one["by"] for one in story} == {"system:system"}

    ledger = tmp_path / "uses.csv"
    assert str(ledger) in instance.command("seal", "uses", "--owner", OWNER, "--out", str(ledger))
    assert stat.S_IMODE(ledger.stat().st_mode) == 0o600
    assert ledger.read_text("utf-8-sig").splitlines()[0].startswith("id,signed_at,seal")


def test_a_seal_is_asked_for_approved_made_with_a_key_of_others_and_certified(
    instance: Instance, tmp_path: Path
) -> None:
    """A scanned impression, a key from a PKCS #12 file, a request, and a renewed certificate."""
    words = ("--name", city.HOUSING.name.zh, "--name-en", "Housing Bureau", "--code", "4101990000785")
    impression, key, request = tmp_path / "old.png", tmp_path / "key.p12", tmp_path / "seal.csr"
    impression.write_bytes(scan())
    asked = ("apply", "--owner", OWNER, *words, "--reason", "沿用旧章")
    assert "none.png" in refused(instance, *asked, "--scan", str(tmp_path / "none.png"))
    assert "--shape" in refused(instance, *asked, "--shape", "scan")
    application = instance.command("seal", *asked, "--scan", str(impression), "--diameter", "42").strip()
    assert "review" in refused(instance, "make", application), "nobody has approved it"
    asyncio.run(_approve(instance, application))

    private = ec.generate_private_key(ec.SECP256R1())
    sealed = BestAvailableEncryption(b"only for this file")
    key.write_bytes(pkcs12.serialize_key_and_certificates(b"seal", private, None, None, sealed))
    making = ("make", application, "--pkcs12", str(key))
    assert "passphrase" in refused(instance, *making), "nobody is there to be asked"
    instance.set("pkcs12_passphrase", "only for this file")
    assert "one of" in refused(instance, *making, "--backend", "software")
    seal, warning = instance.command("seal", *making).splitlines()
    assert warning.startswith("warning: this key was outside")
    asyncio.run(_activate(instance, seal))

    assert str(request) in instance.command("seal", "request", seal, "--out", str(request))
    wanted = x509.load_der_x509_csr(request.read_bytes()).public_key()
    assert wanted.public_numbers() == private.public_key().public_numbers()  # type: ignore[union-attr]  # an EC key
    assert seal in instance.command("seal", "certify", seal)
    foreign = tmp_path / "foreign.pem"
    foreign.write_text("no certificate")
    assert "certificate" in refused(instance, "certify", seal, str(foreign))


async def _approve(instance: Instance, application: str) -> None:
    async with composed(settings_of(data=instance.folder)) as service:
        await service.signing.review_application.approve(application, actor=SYSTEM)


async def _activate(instance: Instance, seal: str) -> None:
    async with composed(settings_of(data=instance.folder)) as service:
        await service.signing.activate_seal(seal, actor=SYSTEM)
