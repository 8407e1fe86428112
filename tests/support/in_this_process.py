"""Reading files without a process apart: for tests that forge by changing the code that reads."""

from __future__ import annotations

from core.files.scratch import FileBytes
from signing.isolation.port import Isolation
from signing.isolation.task import Answer, Task, decode, encode


class InThisProcess:
    """Implements `signing.isolation.port.Isolation`; answers take the same way as through a pipe."""

    def ask(self, task: Task[Answer], content: FileBytes, *arguments: object) -> Answer:
        return decode(encode(task.work(content, *arguments)), task.answer)


_: type[Isolation] = InThisProcess
