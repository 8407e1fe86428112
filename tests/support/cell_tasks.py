"""What a file that has taken over its cell might try; functions that a cell runs in tests."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
from collections.abc import Callable

from core.files.scratch import FileBytes
from core.text import Text
from signing.errors import PdfRefused, PlacementInvalid
from signing.isolation.task import Task


def count(content: FileBytes) -> int:
    return len(content)


def attempts(content: FileBytes) -> dict[str, str]:
    """What came of everything that must not be possible."""
    return {name: _told(attempt) for name, attempt in ATTEMPTS.items()}


def _told(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except OSError as refused:
        return f"refused: {refused.errno}"
    return "done"


def _own_path() -> str:
    return os.path.dirname(os.path.abspath(__file__))


ATTEMPTS: dict[str, Callable[[], object]] = {
    "read a file": lambda: os.open(__file__, os.O_RDONLY),
    "write a file": lambda: os.open(os.path.join(_own_path(), "left-behind"), os.O_CREAT | os.O_WRONLY, 0o600),
    "list a folder": lambda: os.listdir(_own_path()),
    "call somebody": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
    "call this machine": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM),
    "make a pipe": os.pipe,
    "copy a handle": lambda: os.dup(1),
}


def write_into(content: FileBytes) -> bool:
    """Change the very file that is being read."""
    assert not isinstance(content, bytes)
    try:
        os.pwrite(content.fileno(), b"changed", 0)
    except OSError:
        return False
    return True


def take_memory(content: FileBytes) -> int:
    return len(bytearray(600 << 20))


def never_end(content: FileBytes) -> int:
    while True:
        try:
            sum(range(100))
        except Exception:  # a parser's own recovery must not swallow the end
            continue


def end_at_once(content: FileBytes) -> int:
    os._exit(0)


def crash(content: FileBytes) -> int:
    signal.signal(signal.SIGSEGV, signal.SIG_DFL)
    return ctypes.string_at(0)[0]


def load_more(content: FileBytes) -> int:
    try:
        import turtle
    except Exception:  # as a parser would that has another way
        return 0
    return len(turtle.__name__)


def say_something_else(content: FileBytes) -> object:
    return {"not": "a number"}


def refuse(content: FileBytes, kind: str) -> int:
    text = Text("不行", "no")
    raise PdfRefused("pdf-odd", text) if kind == "pdf" else PlacementInvalid("placement-odd", text, field="placement")


COUNT = Task(count, int)
ATTEMPT = Task(attempts, dict[str, str])
WRITE_INTO = Task(write_into, bool)
REFUSE = Task(refuse, int)
ENDINGS = {
    "memory": Task(take_memory, int),
    "time": Task(never_end, int),
    "ended": Task(end_at_once, int),
    "crashed": Task(crash, int),
    "LateImport turtle": Task(load_more, int),
    "ValidationError": Task(say_something_else, int),
}
