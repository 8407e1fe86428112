"""`yizheng seal …` as an operator uses it: a seal founded, granted, stopped and destroyed; the ledger taken out."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from api.demo import city
from api.journey.instance import Instance

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
