"""S-25 in small: a fixed number of runs of four targets, from the same seed; for hours see CONTRIBUTING.md."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("atheris", reason="only made for Linux on x86-64")
_ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("target", "runs"), [("verify", 200), ("container", 400), ("ofd", 400), ("ofd-seal", 400)])
def test_target_holds(target: str, runs: int, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz", target, f"-runs={runs}", "-seed=25", f"-artifact_prefix={tmp_path}/"]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    assert f"Done {runs} runs" in done.stderr
