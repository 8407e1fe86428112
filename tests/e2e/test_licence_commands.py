"""`yizheng licence import|report|export` as whoever runs the service uses them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from api.demo import catalogue
from api.demo import city as cast
from api.journey.instance import Instance
from tests.support.legacy_register import Planted, csv_file, id_number

pytestmark = pytest.mark.slow
LAND, PROPERTY = cast.HOUSING.code, catalogue.PROPERTY.code
WORDS = ("--type", PROPERTY, "--authority", LAND)


def test_a_register_comes_in_is_reported_and_goes_out(instance: Instance, tmp_path: Path) -> None:
    planted, register, out = Planted(), tmp_path / "register.csv", tmp_path / "out.csv"
    content = b"".join(csv_file(60, PROPERTY, LAND, planted))
    register.write_bytes(content.replace(id_number(7).encode(), cast.LIN.id_number.encode()))  # another name's number
    good = 60 - planted.faults.total()
    tried = instance.command("licence", "import", str(register), *WORDS, "--dry-run").splitlines()
    assert f"{good} kept, 1 at fault, 0 unchanged" in tried
    done = instance.command("licence", "import", str(register), *WORDS).splitlines()
    head = next(line for line in done if line.startswith("imp_"))
    assert "60 of 60 rows" in head
    told = instance.command("licence", "report", head.split()[0], "--authority", LAND)
    assert head in told
    assert "row 9: 与实名认证的姓名不同" in told
    assert cast.LIN.name not in told
    instance.command("licence", "export", str(out), *WORDS, "--reason", "移交市档案馆")
    rows = list(csv.DictReader(out.read_text("utf-8-sig").splitlines()))
    sent = {f"豫（2019）示例市不动产权第{number:08d}号" for number in range(60)}
    assert len([row for row in rows if row["证照编号"] in sent]) == good  # the city has others of its own
    assert out.stat().st_mode & 0o077 == 0
    with pytest.raises(RuntimeError, match="File exists"):
        instance.command("licence", "export", str(out), *WORDS, "--reason", "移交市档案馆")
    with pytest.raises(RuntimeError, match=r"导出用途|export is for"):
        instance.command("licence", "export", str(tmp_path / "no.csv"), *WORDS, "--reason", " ")


def test_the_public_log_has_every_licence_that_was_sealed(instance: Instance, tmp_path: Path) -> None:
    (key,) = instance.command("signature-log", "key").splitlines()  # also before anything was signed with it
    assert "ledger agrees" in instance.command("signature-log", "verify")
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(b"%PDF-1.7 never sealed here")
    with pytest.raises(RuntimeError, match=r"用印公开日志里没有这个文件|has no such file"):
        instance.command("signature-log", "receipt", str(paper))
    with pytest.raises(RuntimeError, match=r"not a receipt|不是用印公开日志的回执"):
        instance.command("signature-log", "check", str(paper), "--key", key)
    with pytest.raises(RuntimeError, match="--key"):
        instance.command("signature-log", "check", str(paper))
