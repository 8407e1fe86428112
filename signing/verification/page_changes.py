"""What readers see differently between two revisions of a file, by a bounded child process."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from core.files.reading import whole
from core.files.scratch import FileBytes
from signing.verification.report import PageChange, PagePictures

_PROGRAM = Path(__file__).with_name("page_differences.py")
_SECONDS = 8.0
_LARGEST = 40_000_000
_LARGEST_PICTURE = 2_000_000


def page_changes(before: FileBytes, now: FileBytes) -> tuple[PageChange, ...]:
    """Pages that read or look different; empty when none does, or when it cannot be told."""
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
        return tuple(_change(row) for row in json.loads(done.stdout))
    except (subprocess.SubprocessError, OSError, ValueError, TypeError, KeyError):
        return ()


def _change(row: dict[str, Any]) -> PageChange:
    marks = tuple((int(x), int(y), int(width), int(height)) for x, y, width, height in row["marks"])
    pictures = [base64.b64decode(one, validate=True) for one in row["pictures"] or ()]
    fits = len(pictures) == 3 and all(len(one) <= _LARGEST_PICTURE for one in pictures)
    return PageChange(
        int(row["page"]), str(row["before"]), str(row["now"]), marks, PagePictures(*pictures) if fits else None
    )
