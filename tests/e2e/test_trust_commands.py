"""`yizheng trust …` as an administrator uses it, with two instances that recognise each other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from api.journey.instance import Instance
from tests.support.trust_pki import issuing, root, seal

pytestmark = pytest.mark.slow

ROOT = root("邻省根")
ISSUING = issuing(ROOT)
SEAL = seal(ISSUING)


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    yield from _made()


@pytest.fixture(scope="module")
def neighbour() -> Iterator[Instance]:
    yield from _made()


def _made() -> Iterator[Instance]:
    made = Instance({"demo": "false"})
    try:
        made.command("migrate")
        yield made
    finally:
        made.stop()


def refused(instance: Instance, *words: str) -> str:
    with pytest.raises(RuntimeError) as caught:
        instance.command(*words)
    return str(caught.value)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    made = {}
    for name, one in (("root", ROOT), ("issuing", ISSUING), ("seal", SEAL)):
        file = tmp_path / f"{name}.cer"
        file.write_bytes(one.certificate.public_bytes(Encoding.PEM if name == "root" else Encoding.DER))
        made[name] = str(file)
    return made


def test_an_authority_is_listed_checked_and_withdrawn(instance: Instance, files: dict[str, str]) -> None:
    (own,) = json.loads(instance.command("trust", "list", "--json"))
    assert (own["list"], own["standing"]) == ("own", "granted"), "our own authority is there from the start"
    check = ("trust", "check", files["seal"], "--with", files["issuing"])
    assert "NO_CERTIFICATE_CHAIN_FOUND" in refused(instance, *check)

    names = ("--name", "邻省认证中心", "--name-en", "The neighbour's authority")
    add = ("trust", "add", files["root"], "--for", "documents", *names, "--from", "2026-01-01", "--assurance", "high")
    number = instance.command(*add).partition(":")[0]
    listed = {one["number"]: one for one in json.loads(instance.command("trust", "list", "--json"))}
    assert (listed[number]["for"], listed[number]["assurance"], listed[number]["since"]) == (
        "documents",
        "high",
        "2026-01-01",
    )
    told = refused(instance, *check)
    assert "TRY_LATER" in told, "nothing may be fetched unless the operator says so"
    assert "邻省认证中心" in told
    assert "not-for-this-use" in told or "NO_CERTIFICATE_CHAIN_FOUND" in refused(instance, *check, "--for", "login")

    assert "withdrawn" in instance.command("trust", "withdraw", number)
    assert "NO_CERTIFICATE_CHAIN_FOUND_NO_POE" in refused(instance, *check)
    assert "audit chain whole" in instance.command("audit", "verify")


def test_mistakes_are_told_in_one_line(instance: Instance, files: dict[str, str], tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.cer"
    nothing.write_bytes(b"nothing")
    name = ("--name", "名")
    for words, said in (
        (("trust", "add", str(nothing), "--for", "documents", *name), "just one certificate"),
        (("trust", "add", files["root"], "--for", "everything", *name), "is not one of"),
        (("trust", "add", files["seal"], "--for", "login", *name), "neither an issuing authority's nor"),
        (("trust", "add", files["root"], "--for", "documents", *name, "--from", "soon"), "--from takes a day"),
        (("trust", "add", str(tmp_path / "none"), "--for", "documents", *name), "No such file"),
        (("trust", "withdraw", "0123456789abcdef"), "has no such authority"),
        (("trust", "export", str(tmp_path / "list.txt")), ".json or .xml"),
        (("trust", "forget", "nobody"), "has no such authority"),
    ):
        told = refused(instance, *words)
        assert said in told, (words, told)
        assert "Traceback" not in told


@pytest.mark.parametrize("form", ["json", "xml"])
def test_neighbours_take_over_each_others_list(
    instance: Instance, neighbour: Instance, tmp_path: Path, form: str
) -> None:
    file, signer, stranger = (str(tmp_path / name) for name in (f"list.{form}", "signer.cer", "stranger.cer"))
    assert "authorities" in neighbour.command("trust", "export", file)
    fingerprint = neighbour.command("trust", "signer", "--out", signer)
    assert fingerprint == neighbour.command("trust", "signer"), "the same from every process"
    instance.command("trust", "signer", "--out", stranger)

    taken = ("trust", "import", file, "--as", f"neighbour-{form}", "--signer")
    assert "was not signed by the publisher" in refused(instance, *taken, stranger)
    assert "counts until" in instance.command(*taken, signer)
    listed = json.loads(instance.command("trust", "list", "--json"))
    assert [one["standing"] for one in listed if one["list"] == f"neighbour-{form}"] == ["granted"]
    assert "counts no longer" in instance.command("trust", "forget", f"neighbour-{form}")
    assert f"neighbour-{form}" not in instance.command("trust", "list")
