"""`yizheng ca …`: the certificate authority on the command line, from a request to its revocation."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from typer.testing import CliRunner

from api.cli.commands import app
from keys.enveloped_key import open_key
from keys.public_key import public_key_of
from tests.support.national_pair import openssl_private, openssl_request

CODE = "11410100MB1234567X"
_PAIR = ("signing", "encryption")
_ID = "distid:1234567812345678"
_ISSUING = (
    "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n"
    "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
)
ORGANISATION = ("--organisation", "示例市大数据局", "--code", CODE)


class Desk:
    """An operator with a data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.data.mkdir()

    def ca(self, *arguments: str | Path, fails: bool = False) -> str:
        command = ["ca", *map(str, arguments), "--data", str(self.data)]
        done = CliRunner().invoke(app, command)
        assert (done.exit_code != 0) is fails, done.output
        return done.output

    def request(self, name: str = "a") -> Path:
        """A request that openssl makes; its subject is not what the certificate will say."""
        file = self.folder / f"{name}.csr"
        command = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        command += ["-keyout", str(self.folder / f"{name}.key"), "-subj", "/CN=somebody else", "-out", str(file)]
        subprocess.run(command, check=True, capture_output=True)
        return file


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("YIZHENG_PKI_URL", "http://pki.example.gov.cn")
    monkeypatch.setenv("YIZHENG_DATA", str(tmp_path / "data"))
    made = Desk(tmp_path)
    migrated = CliRunner().invoke(app, ["migrate"])
    assert migrated.exit_code == 0, migrated.output
    return made


def _serial(pem: str) -> str:
    return f"{x509.load_pem_x509_certificate(pem.encode()).serial_number:x}"


def test_a_certificate_from_request_to_revocation(desk: Desk) -> None:
    listed = desk.ca("list")
    assert all(name in listed for name in ("root", "seals", "persons", "timestamps", "machines"))
    assert "missing" not in listed
    pem = desk.ca("issue", "agent", desk.request(), "--name", "王小明", "--identifier", "PNO-1", *ORGANISATION)
    assert "somebody else" not in pem
    serial = _serial(pem)
    assert "status:        good" in desk.ca("show", serial)
    assert serial in desk.ca("search", "王小明")
    assert serial in desk.ca("search", "--code", CODE, "--status", "good", "--profile", "agent")
    assert serial not in desk.ca("search", "--status", "revoked")
    assert "held" in desk.ca("suspend", serial)
    assert "good" in desk.ca("resume", serial)
    renewed = desk.ca("renew", serial)
    assert _serial(renewed) != serial
    assert "revoked" in desk.ca("revoke", serial, "--reason", "keyCompromise", "--invalid-since", "2026-01-01")
    shown = desk.ca("show", serial)
    assert "keyCompromise" in shown
    assert "2026-01-01" in shown
    assert "never becomes good again" in desk.ca("resume", serial, fails=True)
    written = desk.ca("crl", "persons", desk.folder / "persons.crl")
    assert "1 entries" in written
    entries = x509.load_der_x509_crl((desk.folder / "persons.crl").read_bytes())
    assert [f"{entry.serial_number:x}" for entry in entries] == [serial]
    assert desk.ca("export", _serial(renewed)).count("BEGIN CERTIFICATE") == 3
    audit = CliRunner().invoke(app, ["audit", "verify", "--data", str(desk.data)])
    assert re.search(r"audit chain whole: \d+ rows", audit.output)


def test_a_national_pair_from_request_to_its_three_files(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    request, out = openssl_request(desk.folder), desk.folder / "pair"
    words = ("--name", "王小明", "--identifier", "PNO-1", "--out", out)
    said = desk.ca("pair", "person", request, *words, fails=True)  # the international profile has no such authority
    assert "ca.persons-sm2" in said
    assert not out.exists()
    monkeypatch.setenv("YIZHENG_PROFILE", "both")
    assert "missing: yizheng ca request persons-sm2" in desk.ca("list")
    _install_national(desk)
    desk.ca("pair", "person", request, *words)
    signing, encryption = (x509.load_pem_x509_certificate((out / f"{one}.pem").read_bytes()) for one in _PAIR)
    assert signing.subject == encryption.subject
    assert "else" not in signing.subject.rfc4514_string()
    opened = open_key((out / "encryption.key").read_bytes(), openssl_private(desk.folder))
    assert opened.public == public_key_of(encryption)
    assert f"{encryption.serial_number:x}" in desk.ca(
        "search", "--profile", "person-sm2-enc", "--issuer", "persons-sm2"
    )
    assert "by SM2" in desk.ca("request", "persons-sm2", "--new-key", "--algorithm", "ES256", fails=True)


def _install_national(desk: Desk) -> None:
    """Certified by a root that openssl plays, as a licensed authority would."""
    csr, folder = desk.folder / "national.csr", desk.folder
    desk.ca("request", "persons-sm2", "--out", csr)
    key = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-out", "sm2root.key"]
    subprocess.run(key, cwd=folder, check=True, capture_output=True)
    command = [
        "openssl",
        "req",
        "-x509",
        "-sm3",
        "-key",
        "sm2root.key",
        "-days",
        "99",
        "-subj",
        "/CN=Licensed SM2 Root",
    ]
    command += ["-addext", "keyUsage=critical,keyCertSign,cRLSign", "-sigopt", _ID, "-out", "sm2root.crt"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (folder / "ext").write_text(_ISSUING)
    command = ["openssl", "x509", "-req", "-sm3", "-inform", "DER", "-in", "national.csr", "-CA", "sm2root.crt"]
    command += ["-CAkey", "sm2root.key", "-set_serial", "5", "-days", "90", "-extfile", "ext"]
    command += ["-vfyopt", _ID, "-sigopt", _ID, "-out", "national.crt"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    assert "issues until" in desk.ca("install", "persons-sm2", folder / "national.crt", folder / "sm2root.crt")


def test_what_must_not_be_certified_is_refused(desk: Desk) -> None:
    request = desk.request()
    refused = desk.ca("issue", "person", request, "--name", "王小明", "--identifier", "41010119900307123X", fails=True)
    assert "No document number" in refused
    assert "41010119900307123X" not in refused
    damaged = desk.folder / "damaged.csr"
    damaged.write_text(request.read_text().replace("M", "N", 3))
    for file in (damaged, desk.folder / "a.key"):
        assert "not accepted" in desk.ca("issue", "person", file, "--name", "a", "--identifier", "P", fails=True)
    desk.ca("issue", "person", request, "--name", "王小明", "--identifier", "PNO-1")
    other = desk.ca("issue", "person", request, "--name", "李小红", "--identifier", "PNO-2", fails=True)
    assert "another subject" in other
    assert "no such certificate" in desk.ca("show", "1234", fails=True)


def test_an_authority_moves_to_a_new_key(desk: Desk) -> None:
    """Requested here, certified by a root that openssl plays, installed here: from then on the new key issues."""
    before = desk.ca("issue", "tls-client", desk.request(), "--identifier", "portal-a", "--organisation", "局")
    csr = desk.folder / "machines.csr"
    desk.ca("request", "machines", "--new-key", "--out", csr)
    root, issued = _root(desk.folder), desk.folder / "machines.crt"
    (desk.folder / "ext").write_text(
        "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n"
        "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    )
    command = ["openssl", "x509", "-req", "-inform", "DER", "-in", str(csr), "-CA", str(root), "-CAkey"]
    command += [str(desk.folder / "root.key"), "-set_serial", "77", "-days", "90", "-extfile", str(desk.folder / "ext")]
    subprocess.run([*command, "-out", str(issued)], check=True, capture_output=True)
    assert "not for the key" in desk.ca("install", "seals", issued, root, fails=True)
    assert "issues until" in desk.ca("install", "machines", issued, root)
    after = desk.ca("issue", "tls-client", desk.request("b"), "--identifier", "portal-b", "--organisation", "局")
    issuers = [x509.load_pem_x509_certificate(pem.encode()).issuer for pem in (before, after)]
    assert issuers[0] != issuers[1]
    listed = desk.ca("list")
    assert "machines " in listed
    assert "machines-2 " in listed
    desk.ca("revoke", _serial(before), "--reason", "superseded")  # what the former key issued is still looked after
    assert "1 entries" in desk.ca("crl", "machines", desk.folder / "old.crl")
    assert "0 entries" in desk.ca("crl", "machines-2", desk.folder / "new.crl")


def _root(folder: Path) -> Path:
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "99",
    ]
    command += ["-keyout", str(folder / "root.key"), "-subj", "/CN=Licensed Root", "-out", str(folder / "root.crt")]
    command += ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "root.crt"
