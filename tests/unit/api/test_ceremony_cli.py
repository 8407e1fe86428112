"""`yizheng ca ceremony` at a pseudo-terminal: what is shown to whom, what is left on the screen, what it exits with."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT
from tests.support.ceremony_terminal import FIRST_SCREEN, OTHER_SCREEN, WIPE, Sitting, usual_answers
from tests.support.servers import SoftHsmToken

HOLDERS = ("王一", "赵二", "钱三")
COMMAND = [sys.executable, "-m", "api.cli", "ca", "ceremony"]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YIZHENG_")}
    return kept | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "100", "LANG": "C.UTF-8"}


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], env=_environment(), cwd=folder, capture_output=True, text=True, timeout=60
    )


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Sitting]:
    """A founding ceremony at the terminal: 2 of 3 shares."""
    folder = tmp_path_factory.mktemp("offline")
    sitting = Sitting(usual_answers(HOLDERS))
    command = [*COMMAND, "--lang", "en", "--shares", "3", "--threshold", "2"]
    sitting.hold(command, _environment(), str(folder))
    assert sitting.code == 0, sitting.output[-2000:]
    return folder, sitting


def test_a_founding_from_the_first_question_to_the_folder(held: tuple[Path, Sitting]) -> None:
    folder, sitting = held
    assert {path.name for path in (folder / "root-1").iterdir()} == {
        "protocol.html",
        "protocol.json",
        "protocol.p7s",
        "protocol.txt",
        "root.cer",
        "root.crl",
        "root.key.sealed",
    }
    done = _run(folder, "verify", "root-1", "--lang", "en")
    assert done.returncode == 0, done.stdout
    assert "BAD" not in done.stdout
    assert [*sitting.paper] == [*HOLDERS]
    assert [*folder.iterdir()] == [folder / "root-1"]


def test_a_share_is_seen_once_on_a_screen_that_keeps_nothing(held: tuple[Path, Sitting]) -> None:
    _, sitting = held
    for lines in sitting.paper.values():
        assert len(lines) == 5
        for line in lines:
            assert sitting.output.count(line) == 1  # shown once, and not echoed when it was typed
    screens = re.findall(re.escape(OTHER_SCREEN) + r"(.*?)" + re.escape(FIRST_SCREEN), sitting.output, re.DOTALL)
    assert len(screens) == len(HOLDERS)
    assert all(screen.startswith(WIPE) and screen.endswith(WIPE) for screen in screens)
    outside = re.sub(re.escape(OTHER_SCREEN) + r".*?" + re.escape(FIRST_SCREEN), "", sitting.output, flags=re.DOTALL)
    assert not any(line in outside for lines in sitting.paper.values() for line in lines)


def test_a_program_that_is_ended_wipes_the_share_from_the_screen(tmp_path: Path) -> None:
    sitting = Sitting(usual_answers(HOLDERS), terminated_at="it is written down")
    sitting.hold([*COMMAND, "--lang", "en", "--shares", "3", "--threshold", "2"], _environment(), str(tmp_path))
    assert sitting.code == 1
    screen, after = sitting.output.split(OTHER_SCREEN)[1].split(FIRST_SCREEN)
    assert "1:  " in screen
    assert screen.endswith(WIPE)
    assert "The ceremony was broken off, and nothing was written." in after
    assert [*tmp_path.iterdir()] == []


def test_signing_sharing_anew_and_checking_at_the_terminal(held: tuple[Path, Sitting]) -> None:
    folder, founding = held
    signing = Sitting(usual_answers(HOLDERS), dict(founding.paper))
    signing.hold([*COMMAND, "sign", "root-1", "--lang", "en"], _environment(), str(folder))
    assert signing.code == 0, signing.output[-2000:]
    sharing = Sitting(usual_answers(HOLDERS), dict(founding.paper))
    command = [*COMMAND, "reshare", "root-2", "--shares", "3", "--threshold", "3", "--lang", "en"]
    sharing.hold(command, _environment(), str(folder))
    assert sharing.code == 0, sharing.output[-2000:]
    assert _run(folder, "verify", "root-3").returncode == 0

    for paper, target, code in (
        (founding.paper, "root-2", 0),
        (sharing.paper, "root-3", 0),
        (founding.paper, "root-3", 1),
    ):
        checking = Sitting({}, {"Share holder": paper["赵二"]})
        checking.hold([*COMMAND, "check", target, "--lang", "en"], _environment(), str(folder))
        assert checking.code == code
        said = "share 2 is right and belongs to this root" if code == 0 else "Share 2 belongs to another ceremony"
        assert said in checking.output.replace("\r\n", "\n")


def test_a_root_on_a_token_at_the_terminal(restored_softhsm: SoftHsmToken, tmp_path: Path) -> None:
    (tmp_path / "pin").write_text(restored_softhsm.pin + "\n")
    token = ["--token-module", restored_softhsm.module, "--token-label", restored_softhsm.label]
    making = ["--pin-file", "pin", "--algorithm", "ES256", "--shares", "2", "--threshold", "2"]
    founding = Sitting(usual_answers(HOLDERS))
    founding.hold([*COMMAND, *token, *making, "--lang", "en"], _environment(), str(tmp_path))
    assert founding.code == 0, founding.output[-2000:]
    assert restored_softhsm.pin not in founding.output
    without = Sitting(usual_answers(HOLDERS), dict(founding.paper))
    without.hold([*COMMAND, "sign", "root-1", "--lang", "en"], _environment(), str(tmp_path))
    assert without.code == 1
    assert "the key of this root is on a token" in without.output
    signing = Sitting(usual_answers(HOLDERS), dict(founding.paper))
    signing.hold([*COMMAND, "sign", "root-1", *token, "--lang", "en"], _environment(), str(tmp_path))
    assert signing.code == 0, signing.output[-2000:]
    assert _run(tmp_path, "verify", "root-2").returncode == 0


def test_the_questions_exist_in_chinese(tmp_path: Path) -> None:
    sitting = Sitting({r"^示例市 >>|所属单位": "示例市", r"地点": "机房", r"主持人姓名": "\x04"})
    sitting.hold([*COMMAND, "--shares", "3", "--threshold", "2"], _environment(), str(tmp_path))
    assert "第 1 步，共 9 步：确认参加人员" in sitting.output
    assert sitting.code == 1
    assert "仪式被中断，没有写入任何文件。" in sitting.output
    assert [*tmp_path.iterdir()] == []


def test_without_a_terminal_no_secret_is_asked_for(tmp_path: Path, held: tuple[Path, Sitting]) -> None:
    folder, _ = held
    done = _run(folder, "check", "root-1", "--lang", "en")
    assert done.returncode == 1
    assert done.stderr.startswith("yizheng: ")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--threshold", "4", "--shares", "3", "--organisation", "x"], "Have 2 to 16 shares"),
        (["--request", "seals.csr", "--organisation", "x"], "cannot read seals.csr"),
        (["--out", ".", "--organisation", "x"], "there already"),
        (["--token-label", "x", "--organisation", "x"], "--token-module"),
        (["sign", "nowhere"], "no folder nowhere"),
        (["verify", "nowhere"], "no folder nowhere"),
        (["check", "nowhere"], "cannot read nowhere"),
    ],
)
def test_a_fault_is_one_line(arguments: list[str], why: str, tmp_path: Path) -> None:
    done = _run(tmp_path, *arguments, "--lang", "en")
    assert done.returncode == 1
    assert why in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_verify_names_what_was_changed_and_exits_1(held: tuple[Path, Sitting], tmp_path: Path) -> None:
    folder, _ = held
    for path in (folder / "root-1").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert _run(folder, "verify", str(tmp_path)).returncode == 0
    (tmp_path / "protocol.txt").write_text("all was well")
    done = _run(folder, "verify", str(tmp_path), "--lang", "en")
    assert done.returncode == 1
    assert "BAD  readable protocol: protocol.txt does not say what was signed." in done.stdout


def test_the_digest_of_the_program_can_be_computed_without_it() -> None:
    from keys.ceremony.machine import program_digest

    script = (
        "find api certstore core idp keys signing -type f -not -path '*/__pycache__/*'"
        " | LC_ALL=C sort | tr '\\n' '\\0' | xargs -0 sha256sum | sha256sum"
    )
    done = subprocess.run(["sh", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == program_digest(ROOT)
