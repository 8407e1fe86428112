"""How strangers' files are read, as those see it who need one read."""

from __future__ import annotations

from typing import Protocol

from core.files.scratch import FileBytes
from signing.isolation.task import Answer, Task


class CellEnded(Exception):
    """The file was too much: it took too long, or too much memory, or ended the process that read it."""


class Isolation(Protocol):
    """Reads files where they can hurt nothing but themselves."""

    def ask(self, task: Task[Answer], content: FileBytes, *arguments: object) -> Answer:
        """Have the task done with a file; on the calling thread, which waits.

        Raises:
            core.errors.AppError: that the task raised.
            CellEnded: the file was too much.
            core.errors.Unavailable: `isolation-failed`: no process can be begun.
        """
