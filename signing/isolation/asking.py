"""Asks for work over a file that is to be sealed or extended: what is too much for a cell is too complex to seal."""

from __future__ import annotations

from core.files.scratch import FileBytes
from signing.errors import too_complex
from signing.isolation.port import CellEnded, Isolation
from signing.isolation.task import Answer, Task


def ask(isolation: Isolation, task: Task[Answer], content: FileBytes, *arguments: object) -> Answer:
    """
    Raises:
        PdfRefused: `pdf-too-complex`; and whatever the task raises.
        core.errors.Unavailable: `isolation-failed`.
    """
    try:
        return isolation.ask(task, content, *arguments)
    except CellEnded:
        raise too_complex() from None
