"""Where words stand on the pages of a file, found by a bounded child process (`page_words`)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.files.scratch import FileBytes
from core.text import Text
from signing.errors import PdfRefused

_PROGRAM = Path(__file__).with_name("page_words.py")
_SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class Found:
    """The middle of words on a page, in parts of its width and height as shown."""

    page: int
    across: float
    down: float


def find_words(pdf: FileBytes, words: str, pages: Sequence[int], *, most: int) -> list[Found]:
    """Every place of `words`, page by page in the order of the text, up to `most`.

    Raises:
        PdfRefused: `pdf-text-unreadable`.
    """
    handles = () if isinstance(pdf, bytes) else (pdf.fileno(),)  # a large file is read by the child where it lies
    asked = json.dumps({"words": words, "pages": list(pages), "most": most, "handles": handles}).encode()
    try:
        done = subprocess.run(  # noqa: S603 - our own program, no shell, nothing from the caller on its command line
            [sys.executable, "-I", str(_PROGRAM)],
            input=len(asked).to_bytes(4, "big") + asked + (pdf if isinstance(pdf, bytes) else b""),
            pass_fds=handles,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
            env={"LANG": "C.UTF-8"},
        )
        rows = json.loads(done.stdout)
        return [Found(int(page), (left + right) / 2, (top + bottom) / 2) for page, left, top, right, bottom in rows]
    except (subprocess.SubprocessError, OSError, ValueError, TypeError) as e:
        raise PdfRefused(
            "pdf-text-unreadable",
            Text(
                "读不出这个 PDF 的文字，没法按关键字找位置，文件没有改动。请改为手动定位。",
                "The text of this PDF cannot be read, so no words can be found; nothing was sealed. Place it by hand.",
            ),
            private=type(e).__name__,
        ) from e
