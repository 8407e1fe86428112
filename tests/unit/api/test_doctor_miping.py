"""`yizheng doctor --miping`, `yizheng audit to-sm3`: what a deployment lacks for 密评; the list grows shorter."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli.commands import app
from api.cli.composed import composed
from api.cli.miping_checks import checks
from api.cli.miping_model import State
from api.settings import Settings
from api.wiring.cryptography import CryptographyFacts
from core.audit.chain import ChainDigest
from keys.ports import KeyRecord
from keys.profile import Profile
from keys.secrets.purposes import FIELD_PURPOSES, INDEX_PURPOSES
from keys.spec import KeyState
from tests.support.clock import START

IDS = [
    *("profile", "algorithm-library", "signing-keys", "key-store", "data-keys", "stored-values", "backups"),
    *("audit-chain", "log-trees", "token-key", "seal-forms", "certificates", "timestamps", "time-source"),
    *("log-in", "transport", "management"),
]


def run(folder: Path, *words: str, profile: str = "international", good: bool = True) -> str:
    done = CliRunner(env={"YIZHENG_DATA": str(folder), "YIZHENG_PROFILE": profile}).invoke(app, list(words))
    assert (done.exit_code == 0) is good, done.output
    return done.output


def states(folder: Path, profile: str) -> dict[str, str]:
    told = json.loads(run(folder, "doctor", "--miping", "--json", profile=profile))
    for one in told["checks"]:
        assert one["found"]["zh"] and one["found"]["en"], one["id"]  # noqa: PT018 - one thing in two languages
        assert one["remedy"] is None or (one["remedy"]["zh"] and one["remedy"]["en"])
        assert (one["state"] == "met") is (one["remedy"] is None) or one["state"] == "outside"
    assert "no security assessment" in told["note"]["en"]
    return {one["id"]: one["state"] for one in told["checks"]}


async def offered(folder: Path, profile: str) -> bool:
    """What the service itself says in its metadata, put together as for workers."""
    async with composed(Settings(data=folder, profile=Profile(profile))) as container:
        told = json.loads(container.idp.documents.metadata().content)
    return "SGD_SM3_SM2" in told["id_token_signing_alg_values_supported"]


@pytest.mark.slow
def test_a_deployment_changes_over_and_the_list_follows(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    assert "no data" in run(folder, "doctor", "--miping", good=False)
    run(folder, "migrate", "--demo")
    before = states(folder, "international")
    assert list(before) == IDS
    assert "met" not in before.values()
    assert "YIZHENG_PROFILE" in run(folder, "audit", "to-sm3", good=False)
    rows = run(folder, "audit", "verify").split()[3]

    assert "oidc.sm2" not in run(folder, "keys", "list")
    run(folder, "migrate", profile="both")
    assert "oidc.sm2" in run(folder, "keys", "list", profile="both")
    changed = run(folder, "audit", "to-sm3", profile="both")
    assert f"audit chain by SM3 from row {int(rows) + 1} on; the {rows} rows before it are " in changed
    assert run(folder, "audit", "to-sm3", profile="both") == "the audit chain is by SM3 already\n"
    assert changed.strip() in run(folder, "audit", "verify", profile="both")
    after = states(folder, "both")
    turned = {"profile": "partly", "audit-chain": "met", "token-key": "partly"}
    assert after == before | turned

    assert asyncio.run(offered(folder, "both"))
    assert not asyncio.run(offered(folder, "international")), "the key is there still, and not offered"

    for language, words in (("en", "no security assessment"), ("zh", "不是密码应用安全性评估")):
        said = run(folder, "doctor", "--miping", "--language", language, profile="both")
        assert words in said
        assert all(name in said for name in IDS)
    assert "zh or en" in run(folder, "doctor", "--miping", "--language", "fr", good=False)
    assert "--miping" in run(folder, "doctor", "--json", good=False)


def record(purpose: str, algorithm: str, uri: str = "software:x", state: KeyState = KeyState.ACTIVE) -> KeyRecord:
    return KeyRecord(purpose, purpose, algorithm, state, uri, None, None, START, START)


BEST = CryptographyFacts(
    profile=Profile.NATIONAL,
    library="OpenSSL 3.0.17",
    records=[
        record("oidc.sm2", "SGD_SM3_SM2", "pkcs11:token=t"),
        *(record(purpose, "secret-256-sm") for purpose in (*FIELD_PURPOSES, *INDEX_PURPOSES)),
    ],
    digest=ChainDigest.SM3,
    change=1,
    rows=9,
    seals={Profile.BOTH: 2, Profile.NATIONAL: 1},
    wrapped="pkcs11:token=t;object=master",
    own_tls=False,
    own_timestamps=False,
    clock="kernel",
)


def state_of(name: str, **changes: Any) -> State:
    return {one.id: one.state for one in checks(dataclasses.replace(BEST, **changes))}[name]


def test_what_is_there_is_met_and_nothing_is_ever_certified() -> None:
    met = {one.id for one in checks(BEST) if one.state is State.MET}
    assert met == {"profile", "data-keys", "stored-values", "audit-chain", "seal-forms"}
    for one in checks(BEST):
        claims = re.sub(r"(no|a|on a|on) certified (module|gateway|key|storage)", "", one.found.en).lower()
        assert "certified" not in claims, one.id
    assert state_of("signing-keys") is State.OUTSIDE, "what the device is certified for is not seen from here"


@pytest.mark.parametrize(
    ("name", "changes", "state"),
    [
        ("profile", {"profile": Profile.BOTH}, State.PARTLY),
        ("profile", {"profile": Profile.INTERNATIONAL}, State.LACKING),
        ("algorithm-library", {"library": None}, State.LACKING),
        ("signing-keys", {"records": [record("oidc.sm2", "SGD_SM3_SM2")]}, State.LACKING),
        (
            "signing-keys",
            {"records": [record("oidc.sm2", "SGD_SM3_SM2"), record("ca.root", "ES256", "pkcs11:token=t")]},
            State.PARTLY,
        ),
        ("data-keys", {"records": [record("field.people", "secret-256")]}, State.LACKING),
        (
            "data-keys",
            {"records": [record("field.people", "secret-256"), record("index.people", "secret-256-sm")]},
            State.PARTLY,
        ),
        (
            "stored-values",
            {"records": [record("field.data", "secret-256", state=KeyState.VERIFY_ONLY)]},
            State.LACKING,
        ),
        ("audit-chain", {"digest": ChainDigest.SHA256, "change": None}, State.LACKING),
        ("token-key", {"records": []}, State.LACKING),
        ("token-key", {"profile": Profile.INTERNATIONAL}, State.LACKING),
        ("seal-forms", {"seals": {}}, State.OUTSIDE),
        ("seal-forms", {"seals": {Profile.INTERNATIONAL: 2}}, State.LACKING),
        ("seal-forms", {"seals": {Profile.INTERNATIONAL: 2, Profile.BOTH: 1}}, State.PARTLY),
        ("time-source", {"clock": "unchecked"}, State.LACKING),
        ("transport", {"own_tls": True}, State.LACKING),
    ],
)
def test_what_is_lacking_is_said(name: str, changes: dict[str, Any], state: State) -> None:
    assert state_of(name, **changes) is state
