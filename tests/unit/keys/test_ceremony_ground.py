"""What ceremonies stand on: the machine that is looked at, the folder that is written, signatures of protocols."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from keys.ceremony.canonical import canonical, read_canonical
from keys.ceremony.errors import CeremonyRefused
from keys.ceremony.machine import LinuxMachine, program_digest
from keys.ceremony.outputs import LARGEST, check_free, read_folder, write_folder
from keys.ceremony.statement import check_statement, sign_statement
from keys.spec import SignatureAlgorithm
from keys.x509.certificate import CertificateRequest, build_certificate
from keys.x509.names import authority_name
from keys.x509.profiles import ROOT
from tests.unit.keys.rings import fixed_signer

MOMENT = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)


# --- the machine


def _interfaces(folder: Path, **flags: str) -> Path:
    for name, value in flags.items():
        (folder / name).mkdir()
        (folder / name / "flags").write_text(value)
    return folder


def test_interfaces_that_are_up_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = [(1, "lo"), (2, "eth0"), (3, "wlan0"), (4, "gone")]
    monkeypatch.setattr("socket.if_nameindex", lambda: named)
    networks = _interfaces(tmp_path, lo="0x9\n", eth0="0x1003\n", wlan0="0x1002\n")
    found = LinuxMachine(tmp_path, networks).examine()
    assert found.networks == ("eth0", "gone")  # one that does not say counts as up


def test_a_machine_that_does_not_tell_its_interfaces_counts_as_one_with_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> list[tuple[int, str]]:
        raise OSError

    monkeypatch.setattr("socket.if_nameindex", refuse)
    assert LinuxMachine(tmp_path, tmp_path).examine().networks == ("?",)


def test_the_digest_of_the_program_changes_with_every_file(tmp_path: Path) -> None:
    (tmp_path / "keys" / "__pycache__").mkdir(parents=True)
    (tmp_path / "keys" / "one.py").write_text("1")
    first = program_digest(tmp_path)
    (tmp_path / "keys" / "__pycache__" / "one.pyc").write_text("cache")
    (tmp_path / "README.md").write_text("not the program")
    assert program_digest(tmp_path) == first
    (tmp_path / "keys" / "one.py").write_text("2")
    second = program_digest(tmp_path)
    (tmp_path / "keys" / "one.py").rename(tmp_path / "keys" / "two.py")
    assert len({first, second, program_digest(tmp_path)}) == 3


# --- the folder


def test_a_folder_is_written_whole(tmp_path: Path) -> None:
    files = {"a": b"1", "history/b": b"2"}
    write_folder(tmp_path / "root", files)
    assert read_folder(tmp_path / "root") == files
    assert [path.name for path in tmp_path.iterdir()] == ["root"]


def test_a_folder_that_appears_meanwhile_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "kept").write_bytes(b"")
    with pytest.raises(CeremonyRefused):
        write_folder(tmp_path / "root", {"a": b"1"})
    assert [path.name for path in tmp_path.rglob("*")] == ["root", "kept"]
    # past the check too: rename refuses a folder that holds something
    monkeypatch.setattr("keys.ceremony.outputs.check_free", lambda _folder: None)
    with pytest.raises(OSError):
        write_folder(tmp_path / "root", {"a": b"1"})
    assert [path.name for path in tmp_path.rglob("*")] == ["root", "kept"]


def test_where_nothing_can_be_written_is_said_before(tmp_path: Path) -> None:
    check_free(tmp_path / "free")
    with pytest.raises(CeremonyRefused, match="Nothing can be written"):
        check_free(tmp_path / "nowhere" / "root")
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(CeremonyRefused, match="there already"):
        check_free(tmp_path / "link")


def test_a_folder_is_read_without_surprises(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    assert read_folder(tmp_path) == {"a": b"1"}
    (tmp_path / "link").symlink_to("a")
    with pytest.raises(CeremonyRefused, match="link is no plain file"):
        read_folder(tmp_path)
    (tmp_path / "link").unlink()
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(CeremonyRefused, match="huge"):
        read_folder(tmp_path)


# --- documents


@pytest.mark.parametrize(
    "data",
    [
        b'{"format":"x","a":1 }',
        b'{"a":1,"format":"x"} ',
        b'{"format":"x","a":1,"a":2}',
        b'{"format":"y"}',
        b'{"format":"x","a":1.0e0}',
        b'{"format":"x","a":NaN}',
        b'{"format":"x","a":"\\u4e2d"}',
        b"\xff",
        b"",
        b"1",
    ],
)
def test_only_the_one_form_of_json_is_read(data: bytes) -> None:
    with pytest.raises(CeremonyRefused):
        read_canonical(data, form="x", name="file")


def test_the_one_form_is_read() -> None:
    value = {"format": "x", "b": [1, None, "中"], "a": {}}
    assert canonical(value) == '{"a":{},"b":[1,null,"中"],"format":"x"}'.encode()
    assert read_canonical(canonical(value), form="x", name="file") == value


# --- signatures


@pytest.mark.parametrize("moment", [MOMENT, MOMENT.replace(year=2051)])
@pytest.mark.parametrize("algorithm", [SignatureAlgorithm.ES384, SignatureAlgorithm.RS384])
async def test_a_statement_is_good_for_its_content_its_time_and_its_root(
    algorithm: SignatureAlgorithm, moment: dt.datetime
) -> None:
    signer = fixed_signer(algorithm, "root")
    if algorithm is SignatureAlgorithm.RS384:
        moment = min(moment, dt.datetime(2030, 12, 31, tzinfo=dt.UTC))  # the key of the tests has 2048 bits
    name = authority_name("示例市", "Root")
    request = CertificateRequest(name, signer.public_key, MOMENT, MOMENT + dt.timedelta(days=1), ROOT)
    certificate = (await build_certificate(request, issuer=name, signer=signer)).dump()
    statement = await sign_statement(b"content", signer, certificate, moment)
    check_statement(b"content", statement, certificate, at=moment)
    with pytest.raises(CeremonyRefused, match="changed after"):
        check_statement(b"Content", statement, certificate, at=moment)
    with pytest.raises(CeremonyRefused, match="was not made by"):
        check_statement(b"content", statement, certificate, at=moment + dt.timedelta(seconds=1))


async def test_an_algorithm_whose_time_is_over_does_not_count() -> None:
    """RSA with 2048 bits counts until the end of 2030, by the table."""
    signer = fixed_signer(SignatureAlgorithm.RS256, "root")
    name = authority_name("示例市", "Root")
    request = CertificateRequest(name, signer.public_key, MOMENT, MOMENT + dt.timedelta(days=1), ROOT)
    certificate = (await build_certificate(request, issuer=name, signer=signer)).dump()
    for moment, counts in ((MOMENT, True), (dt.datetime(2031, 1, 1, tzinfo=dt.UTC), False)):
        statement = await sign_statement(b"content", signer, certificate, moment)
        if counts:
            check_statement(b"content", statement, certificate, at=moment)
        else:
            with pytest.raises(CeremonyRefused):
                check_statement(b"content", statement, certificate, at=moment)
