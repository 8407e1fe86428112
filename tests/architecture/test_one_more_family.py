"""There is room for national algorithms: a name, a row, a line and a family are all that they take."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_an_algorithm_of_a_new_family_works_everywhere() -> None:
    script = [sys.executable, "-m", "tests.architecture.one_more_family"]
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.endswith("one more family: all good\n"), done.stderr
