"""`yizheng tsa …` as an administrator uses it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.cli.doctor import examine
from api.cli.prepare import prepare
from api.journey.instance import Instance
from api.settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    made = Instance({"demo": "false", "tsa_units": "2"})
    try:
        made.command("migrate")
        yield made
    finally:
        made.stop()


def refused(instance: Instance, *words: str) -> str:
    with pytest.raises(RuntimeError) as caught:
        instance.command(*words)
    return str(caught.value)


def test_units_are_made_shown_and_renewed(instance: Instance) -> None:
    assert "tsa/1: no key with a good certificate" in instance.command("tsa", "status")
    made = instance.command("tsa", "init")
    assert re.findall(r"^tsa/\d", made, re.M) == ["tsa/1", "tsa/2"]
    assert instance.command("tsa", "init") == made  # nothing is made twice
    before = instance.command("tsa", "status")
    assert "asked: local" in before
    assert "clock: good" in before
    assert "renewed" in instance.command("tsa", "renew", "tsa/2")
    after = instance.command("tsa", "status")
    assert before.splitlines()[2] == after.splitlines()[2]
    assert before.splitlines()[3] != after.splitlines()[3]
    assert "no such time-stamp key" in refused(instance, "tsa", "renew", "tsa/3")
    assert "audit chain whole" in instance.command("audit", "verify")


def test_a_file_is_stamped_and_verified(instance: Instance, tmp_path: Path) -> None:
    file = tmp_path / "document.pdf"
    file.write_bytes(b"%PDF-1.7 a document")
    assert "by local" in instance.command("tsa", "stamp", str(file))
    token = tmp_path / "document.pdf.tst"
    told = instance.command("tsa", "verify", str(file), str(token))
    assert told.startswith("existed at 20")
    assert "authority" in told
    assert "has ended" in refused(instance, "tsa", "verify", str(file), str(token), "--at", "2090-01-01T00:00:00Z")
    assert "time zone" in refused(instance, "tsa", "verify", str(file), str(token), "--at", "2090-01-01T00:00:00")
    file.write_bytes(b"%PDF-1.7 another document")
    assert "made for other content" in refused(instance, "tsa", "verify", str(file), str(token))
    assert "No such file" in refused(instance, "tsa", "verify", str(file), str(tmp_path / "none"))
    assert "malformed" in refused(instance, "tsa", "verify", str(file), str(file))


@pytest.mark.usefixtures("openssl")
def test_a_token_is_good_elsewhere(instance: Instance, tmp_path: Path) -> None:
    file = tmp_path / "document"
    file.write_bytes(b"a document")
    instance.command("tsa", "stamp", str(file), "--out", str(tmp_path / "token"))
    read = ["openssl", "ts", "-reply", "-in", "token", "-token_in", "-token_out", "-text"]
    told = subprocess.run(read, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "Hash Algorithm: sha256" in told


async def test_doctor_says_what_time_stamps_lack(tmp_path: Path) -> None:
    development = Settings(data=tmp_path)
    await prepare(development)
    said = {finding.what: finding for finding in await examine(development)}
    assert not any("time-stamp" in what or "clock" in what for what in said)
    production = Settings(data=tmp_path, mode="production", tsa_units=2, tsa_accuracy_ms=1)
    said = {finding.what: finding for finding in await examine(production)}
    for purpose in ("tsa/1", "tsa/2"):
        assert not said[f"time-stamp key {purpose}"].good
        assert "yizheng tsa init" in said[f"time-stamp key {purpose}"].remedy
    assert said["clock follows UTC"].good or "clock" in said["clock follows UTC"].remedy
    others = Settings(data=tmp_path, mode="production", tsa_urls="https://tsa.example/")
    assert not any("time-stamp key" in finding.what for finding in await examine(others))


def test_the_clock_is_accepted_again(instance: Instance) -> None:
    assert "time-stamps are issued from 20" in instance.command("tsa", "accept-clock")
