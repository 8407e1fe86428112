"""`yizheng sign` and `yizheng verify` at the running demo city, as a department's script uses them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.demo import city as cast
from api.journey.instance import Instance
from api.journey.paper import plain_pdf
from api.wiring.public_log import signature_log_origin
from keys.notes import read_note_key
from signing.public_log.entry import LogEvent
from signing.public_log.receipt import check_receipt
from tests.support.clock import FakeClock
from tests.support.eseal_world import Making
from tests.support.ofd_world import document, zipped
from tests.support.ofd_world import sealed as stamped
from yizheng_client import Client, ClientSecret, Refused

pytestmark = pytest.mark.slow
HOUSING = cast.HOUSING_SYSTEM
PLACE = ("--page", "1", "--x", "140", "--y", "220", "--reason", "资格证明")


def seal_code(city: Instance) -> str:
    with Client(city.issuer, ClientSecret(HOUSING.id, HOUSING.secret)) as service:
        return next(str(one["code"]) for one in service.seals() if one["organisation"] == cast.HOUSING.code)


def test_files_are_sealed_once_and_verified(city: Instance, tmp_path: Path) -> None:
    out, xml, secret = tmp_path / "out", tmp_path / "xml", tmp_path / "secret"
    out.mkdir()
    xml.mkdir()
    secret.write_text(HOUSING.secret + "\n")
    papers = [tmp_path / "一.pdf", tmp_path / "二.pdf"]
    for paper in papers:
        paper.write_bytes(plain_pdf(f"Certificate {paper.stem.encode().hex()}"))
    words = ["--seal", seal_code(city), "--client", HOUSING.id, "--secret-file", str(secret), "--out", str(out)]
    command = ("sign", *map(str, papers), *words, *PLACE, "--server", city.issuer)
    first = city.command(*command)
    sealed = {one.name: one.read_bytes() for one in out.iterdir()}
    assert sealed.keys() == {"一.pdf", "二.pdf"}
    (out / "二.pdf").unlink()
    assert city.command(*command) == first  # the same signatures: nothing was sealed twice
    assert {one.name: one.read_bytes() for one in out.iterdir()} == sealed

    told = city.command(
        "verify",
        *(str(out / name) for name in sealed),
        "--server",
        city.issuer,
        "--xml",
        str(xml),
        "--report",
        str(xml),
    )
    assert told.count(": genuine (TOTAL-PASSED). ") == 2
    assert b"mainindication:total-passed" in (xml / "一.pdf.xml").read_bytes()
    report = xml / "一.pdf.report.pdf"
    judged = json.loads(city.command("verify", str(report), "--server", city.issuer, "--json"))
    assert [one["seal_code"] for one in judged["signatures"]] == ["4101990000009"]  # the demo city's seal for reports
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(sealed["一.pdf"].replace(b"Certificate", b"Certificatf", 1))
    with pytest.raises(RuntimeError):  # exit code 1
        city.command("verify", str(broken), "--server", city.issuer)
    report = json.loads(city.command("verify", str(out / "一.pdf"), "--json", "--server", city.issuer))
    assert report["signatures"][0]["reason"] == "资格证明"
    strange = tmp_path / "strange.ofd"
    strange.write_bytes(zipped(stamped(document(), Making())))  # a whole stamp, by an authority that nobody here knows
    with pytest.raises(RuntimeError, match=r"1\.03 unknown maker-certificate \[NO_CERTIFICATE_CHAIN_FOUND\]"):
        city.command("verify", str(strange), "--server", city.issuer)


def test_a_file_that_stays_at_home_is_sealed_by_its_digest(city: Instance, tmp_path: Path) -> None:
    out, secret, paper = tmp_path / "out", tmp_path / "secret", tmp_path / "合同.pdf"
    out.mkdir()
    secret.write_text(HOUSING.secret)
    paper.write_bytes(plain_pdf("Contract"))
    words = ["--seal", seal_code(city), "--client", HOUSING.id, "--secret-file", str(secret), "--out", str(out)]
    command = ("sign", str(paper), *words, *PLACE, "--digest-only", "--server", city.issuer)
    assert "sealed, sig_" in city.command(*command)
    sealed = (out / paper.name).read_bytes()
    assert city.command(*command) == "", "what is there is left alone"
    (found,) = json.loads(city.command("verify", str(out / paper.name), "--json", "--server", city.issuer))[
        "signatures"
    ]
    assert (found["conclusion"], found["reason"]) == ("genuine", "资格证明")
    assert found["registered_seal"]["recorded_at"] is not None, "the ledger knows it by its signature"
    receipt = tmp_path / "receipt.json"
    receipt.write_text(city.command("signature-log", "receipt", str(out / paper.name)))
    origin = signature_log_origin(city.issuer)
    pinned = [read_note_key(line) for line in city.command("signature-log", "key").splitlines()]
    for file, fault in ((sealed, None), (sealed + b"%", None), (plain_pdf("Other"), "other-file")):
        checked = check_receipt(receipt.read_bytes(), origin, pinned, FakeClock(), file=file)
        assert (checked.entry.event, checked.fault) == (LogEvent.DIGEST_SIGNATURE, fault)


def test_a_receipt_comes_with_a_file_and_mistakes_are_told(city: Instance, tmp_path: Path) -> None:
    with Client(city.issuer, ClientSecret(HOUSING.id, HOUSING.secret)) as service:
        sealed = service.sign(plain_pdf("Receipt"), seal=seal_code(city))
        receipt = service.receipt(sealed)
        assert service.receipt_of_file(sealed.content) == receipt
        assert service.file(sealed.signature_id) == sealed.content
        with pytest.raises(Refused, match="seal-not-granted"):
            service.sign(plain_pdf("Other"), seal="seal_unknown")
    origin = signature_log_origin(city.issuer)
    pinned = [read_note_key(line) for line in city.command("signature-log", "key").splitlines()]
    checked = check_receipt(receipt, origin, pinned, FakeClock(), file=sealed.content)
    assert checked.fault is None
    secret = tmp_path / "secret"
    secret.write_text("wrong")
    words = ("--seal", "seal_x", "--client", HOUSING.id, "--secret-file", str(secret), "--out", str(tmp_path))
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(plain_pdf("x"))
    for command, said in (
        (("sign", str(paper), *words, "--server", city.issuer), "invalid_client"),
        (("sign", str(paper), str(paper), *words, "--server", city.issuer), "same name"),
        (("verify", str(tmp_path / "none.pdf"), "--server", city.issuer), "No such file"),
        (("verify", str(paper), "--server", "http://127.0.0.1:9"), "ConnectError"),
    ):
        with pytest.raises(RuntimeError, match=said):
            city.command(*command)


def test_a_form_may_be_named(city: Instance, tmp_path: Path) -> None:
    """The demo city's seals have the international form alone, and whoever asks for another is told so."""
    code, secret, paper = seal_code(city), tmp_path / "secret", tmp_path / "paper.pdf"
    secret.write_text(HOUSING.secret)
    paper.write_bytes(plain_pdf("Form"))
    words = ("--seal", code, "--client", HOUSING.id, "--secret-file", str(secret), "--out", str(tmp_path / "out"))
    (tmp_path / "out").mkdir()
    command = ("sign", str(paper), *words, "--server", city.issuer)
    assert "sealed, sig_" in city.command(*command, "--profile", "pades")
    for further, said in (
        (("--profile", "sm2seal"), "seal-form-missing"),
        (("--profile", "sm2"), "field-invalid"),
        (("--profile", "dual", "--digest-only", "--reason", "x"), "PAdES signatures alone"),
    ):
        with pytest.raises(RuntimeError, match=said):
            city.command(*command, *further)
    with Client(city.issuer, ClientSecret(HOUSING.id, HOUSING.secret)) as service:
        assert service.sign(plain_pdf("Form"), seal=code, profile="pades").level.startswith("PAdES-B-")
        with pytest.raises(Refused, match="seal-form-missing"):
            service.sign(plain_pdf("Form"), seal=code, profile="dual")


def test_a_folder_goes_as_one_batch_and_goes_on_where_it_was(city: Instance, tmp_path: Path) -> None:
    folder, out, secret = tmp_path / "letters", tmp_path / "out", tmp_path / "secret"
    (folder / "乙").mkdir(parents=True)
    out.mkdir()
    secret.write_text(HOUSING.secret)
    names = ("一.pdf", "二.pdf", "乙/三.PDF")
    for number, name in enumerate(names):
        (folder / name).write_bytes(plain_pdf(f"Letter {number}"))
    words = ("--seal", seal_code(city), "--client", HOUSING.id, "--secret-file", str(secret), "--out", str(out))
    command = ("sign", "--batch", str(folder), *words, *PLACE, "--server", city.issuer)
    first = city.command(*command)
    assert first.count(": sealed, sig_") == 3
    sealed = {name: (out / name).read_bytes() for name in names}
    (out / names[2]).unlink()
    assert city.command(*command) == first  # the same batch: nothing was sealed twice
    assert {name: (out / name).read_bytes() for name in names} == sealed
    told = city.command("verify", *(str(out / name) for name in names), "--server", city.issuer)
    assert told.count(": genuine (TOTAL-PASSED). ") == 3
    (folder / "坏.pdf").write_bytes(b"no pdf")
    with pytest.raises(RuntimeError, match="not sealed, pdf-"):
        city.command(*command)
    with pytest.raises(RuntimeError, match="either files or --batch"):
        city.command("sign", str(folder / names[0]), *command[1:])
