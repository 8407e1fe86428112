"""`yizheng sign`, `verify` and `convert` with OFDs and national forms, at a demo city whose seals may have both."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.demo import city as cast
from api.journey.instance import Instance
from api.journey.paper import plain_pdf
from tests.support.ofd_sealing import entries_of, package, pages, recomputed
from tests.support.ofd_world import drawn, words, zipped
from yizheng_client import Client, ClientSecret, Refused

pytestmark = pytest.mark.slow
HOUSING = cast.HOUSING_SYSTEM
PLACE = ("--page", "1", "--x", "140", "--y", "220", "--reason", "资格证明")


@pytest.fixture(scope="module")
def city(national_city: Instance) -> Instance:
    return national_city


@pytest.fixture(scope="module")
def seal(city: Instance) -> str:
    with Client(city.issuer, ClientSecret(HOUSING.id, HOUSING.secret)) as service:
        (found,) = [one for one in service.seals() if one["organisation"] == cast.HOUSING.code][:1]
    assert found["profile"] == "both"
    return str(found["code"])


def words_for(seal: str, folder: Path, out: str = "out") -> tuple[str, ...]:
    secret = folder / "secret"
    secret.write_text(HOUSING.secret)
    (folder / out).mkdir(exist_ok=True)
    return (
        "--seal", seal, "--client", HOUSING.id, "--secret-file", str(secret), "--out", str(folder / out), *PLACE
    )  # fmt: skip


def told(city: Instance, *files: Path) -> list[dict[str, object]]:
    return [json.loads(city.command("verify", str(one), "--json", "--server", city.issuer)) for one in files]


def test_an_ofd_is_sealed_once_and_its_ten_steps_are_told(city: Instance, seal: str, tmp_path: Path) -> None:
    paper = tmp_path / "证明.ofd"
    paper.write_bytes(package(2))
    command = ("sign", str(paper), *words_for(seal, tmp_path), "--server", city.issuer)
    first = city.command(*command)
    assert "sealed, sig_" in first
    sealed = tmp_path / "out" / paper.name
    content = sealed.read_bytes()
    assert [one.faults for one in recomputed(content)] == [()], "also by hand, with nothing of ours"
    sealed.unlink()
    assert city.command(*command) == first  # the same signature: nothing was sealed twice
    assert sealed.read_bytes() == content
    said = city.command("verify", str(sealed), "--server", city.issuer)
    assert ": genuine (TOTAL-PASSED). " in said
    (report,) = told(city, sealed)
    assert report["format"] == "ofd"
    with Client(city.issuer) as anybody:
        verdict = anybody.verify(content)
    assert [one.state for one in verdict.stamp_steps()] == ["good"] * 10

    page = "/Doc_0/Pages/Page_2/Content.xml"
    changed = tmp_path / "changed.ofd"
    files = entries_of(content)
    changed.write_bytes(zipped(files | {page: files[page] + b" "}))
    with pytest.raises(RuntimeError, match=r"第 2 页|page 2 "):  # exit code 1, and the page is named
        city.command("verify", str(changed), "--server", city.issuer)


def test_pdfs_are_sealed_in_each_form(city: Instance, seal: str, tmp_path: Path) -> None:
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(plain_pdf("Form"))
    for form in ("pades", "sm2seal", "sm2cms", "sm2cms-digest", "dual"):
        command = ("sign", str(paper), *words_for(seal, tmp_path, form), "--profile", form, "--server", city.issuer)
        assert "sealed, sig_" in city.command(*command)
        (report,) = told(city, tmp_path / form / paper.name)
        assert (report["indication"], report["conclusion"]) == ("TOTAL-PASSED", "genuine"), form
        signatures: list[dict[str, object]] = report["signatures"]  # type: ignore[assignment]
        assert len(signatures) == (2 if form == "dual" else 1)


def test_a_folder_of_both_kinds_goes_as_one_batch(city: Instance, seal: str, tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    (folder / "乙").mkdir(parents=True)
    (folder / "一.pdf").write_bytes(plain_pdf("Letter"))
    (folder / "乙" / "二.OFD").write_bytes(package())
    command = ("sign", "--batch", str(folder), *words_for(seal, tmp_path), "--server", city.issuer)
    first = city.command(*command)
    assert first.count(": sealed, sig_") == 2
    names = ("一.pdf", "乙/二.OFD")
    sealed = {name: (tmp_path / "out" / name).read_bytes() for name in names}
    assert city.command(*command) == first  # the same batch: nothing was sealed twice
    assert {name: (tmp_path / "out" / name).read_bytes() for name in names} == sealed
    said = city.command("verify", *(str(tmp_path / "out" / name) for name in names), "--server", city.issuer)
    assert said.count(": genuine (TOTAL-PASSED). ") == 2


def test_files_that_cannot_be_sealed_are_told_of(city: Instance, seal: str, tmp_path: Path) -> None:
    broken, several = tmp_path / "broken.ofd", tmp_path / "several.ofd"
    broken.write_bytes(package()[:-30])
    plain = pages(1)
    root = plain["/OFD.xml"].decode()
    body = root[root.index("<ofd:DocBody>") : root.index("</ofd:DocBody>") + len("</ofd:DocBody>")]
    several.write_bytes(zipped(plain | {"/OFD.xml": root.replace(body, body * 2).encode()}))
    for file, code in ((broken, "ofd-damaged"), (several, "ofd-documents")):
        with pytest.raises(RuntimeError, match=code):
            city.command("sign", str(file), *words_for(seal, tmp_path), "--server", city.issuer)
    with Client(city.issuer, ClientSecret(HOUSING.id, HOUSING.secret)) as service:
        sealed = service.sign(package(), seal=seal)
        assert sealed.level.startswith("SES-B-")
        assert service.file(sealed.signature_id) == sealed.content
        with pytest.raises(Refused, match="ofd-damaged"):
            service.sign(broken.read_bytes(), seal=seal)


def test_documents_are_converted_there_and_back_without_a_service(city: Instance, tmp_path: Path) -> None:
    ofd, pdf, back = tmp_path / "a.ofd", tmp_path / "a.pdf", tmp_path / "b.ofd"
    ofd.write_bytes(zipped(drawn(words("此处盖章"))))
    with pytest.raises(RuntimeError, match="typeface"):  # there is none in the file
        city.command("convert", str(ofd), str(pdf))
    assert "1 page" in city.command("convert", str(ofd), str(pdf), "--similar-typefaces")
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert "1 page" in city.command("convert", str(pdf), str(back))
    assert entries_of(back.read_bytes())["/OFD.xml"]
    with pytest.raises(RuntimeError, match="there already"):
        city.command("convert", str(pdf), str(back))
    helvetica = tmp_path / "plain.pdf"
    helvetica.write_bytes(plain_pdf("not embedded"))
    with pytest.raises(RuntimeError, match="font-not-embedded"):
        city.command("convert", str(helvetica), str(tmp_path / "c.ofd"))
