"""What readers see differently between two revisions of a file, by a bounded child process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from core.files.reading import whole
from core.files.scratch import FileBytes
from signing.verification.report import PageChange

_PROGRAM = Path(__file__).with_name("page_text.py")
_SECONDS = 8.0
_LARGEST = 40_000_000


def page_changes(before: FileBytes, now: FileBytes) -> tuple[PageChange, ...]:
    """Pages whose text differs; empty when none does, or when it cannot be told."""
    if len(before) + len(now) > _LARGEST:
        return ()
    try:
        done = subprocess.run(  # noqa: S603 - our own program, no shell, nothing from the caller on its command line
            [sys.executable, "-I", str(_PROGRAM)],
            input=len(before).to_bytes(8, "big") + whole(before) + whole(now),
            capture_output=True,
            timeout=_SECONDS,
            check=True,
            env={"LANG": "C.UTF-8"},
        )
        rows = json.loads(done.stdout)
        return tuple(PageChange(int(page), str(was), str(is_)) for page, was, is_ in rows)
    except (subprocess.SubprocessError, OSError, ValueError, TypeError):
        return ()
