"""Runs templates of administrators in a program that can open nothing, within limits of time and memory."""

from __future__ import annotations

import json
import queue
import struct
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from core.errors import Unavailable
from core.text import Text

SECONDS = 8.0
"""For one face, once the program runs."""
_BEGINNING = 60.0
_PROGRAM = Path(__file__).with_name("sandbox_program.py")


class TemplateFault(Exception):
    """A template did not set the face.

    Attributes:
        line: of the whole source that was sent, from 1; 0 where it is not known.
        message: Typst's own words. They may quote the face: for samples only.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line
        self.message = message


class Sandbox:
    """Programs kept warm, each used by one thread at a time and replaced when it had to be ended."""

    def __init__(self, fonts: Sequence[Path], *, programs: int = 1, seconds: float = SECONDS) -> None:
        self._fonts = [str(one) for one in fonts]
        self._seconds = seconds
        self._idle: queue.Queue[subprocess.Popen[bytes] | None] = queue.Queue()
        self._running: set[subprocess.Popen[bytes]] = set()
        for _ in range(programs):
            self._idle.put(None)  # begun by the first face that needs it
        weakref.finalize(self, _end_all, self._running)

    def run(self, source: str, inputs: Mapping[str, str], *, made_at: str, picture: bool = False) -> bytes:
        """A PDF/A-3b file, or the first page as PNG.

        Args:
            made_at: the document's date, ISO 8601 with offset.

        Raises:
            TemplateFault: the template is wrong, too slow or wants too much memory.
            Unavailable: the program cannot be begun.
        """
        request = json.dumps(
            {"source": source, "inputs": dict(inputs), "format": "png" if picture else "pdf", "made_at": made_at}
        ).encode()
        with self._program() as program:
            answer = self._ask(program, request)
            if answer is None:
                _end(program)  # it may still be ending: nobody is to ask it again
        if answer is None:
            raise TemplateFault(0, "the template took too long or too much memory")
        if answer[:1] == b"+":
            return answer[1:]
        told = json.loads(answer[1:])
        raise TemplateFault(int(told["line"]), str(told["message"]))

    def _ask(self, program: subprocess.Popen[bytes], request: bytes) -> bytes | None:
        """None if the program ended, or had to be ended."""
        assert program.stdin is not None
        assert program.stdout is not None
        with _ended_after(program, self._seconds):
            try:
                program.stdin.write(struct.pack(">I", len(request)) + request)
                program.stdin.flush()
            except OSError:
                return None
            head = _exactly(program.stdout, 4)
            return head and _exactly(program.stdout, struct.unpack(">I", head)[0])

    @contextmanager
    def _program(self) -> Iterator[subprocess.Popen[bytes]]:
        program = self._idle.get()
        try:
            if program is None or program.poll() is not None:
                program = self._begin(program)
            yield program
        finally:
            self._idle.put(program)

    def _begin(self, former: subprocess.Popen[bytes] | None) -> subprocess.Popen[bytes]:
        if former is not None:
            _end(former)
            self._running.discard(former)
        try:
            program = subprocess.Popen(  # noqa: S603 - our own program, nothing of a caller's in its arguments
                [sys.executable, "-I", str(_PROGRAM), *self._fonts],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
            )
        except OSError:
            raise _does_not_start() from None
        self._running.add(program)
        assert program.stdout is not None
        with _ended_after(program, _BEGINNING):
            if _exactly(program.stdout, 4) is None:
                raise _does_not_start()
        return program


@contextmanager
def _ended_after(program: subprocess.Popen[bytes], seconds: float) -> Iterator[None]:
    alarm = threading.Timer(seconds, program.kill)
    alarm.daemon = True
    alarm.start()
    try:
        yield
    finally:
        alarm.cancel()


def _does_not_start() -> Unavailable:
    return Unavailable(
        "rendering-failed", Text("排版程序启动不了，请联系管理员。", "The typesetting program cannot start.")
    )


def _exactly(stream: IO[bytes], length: int) -> bytes | None:
    content = stream.read(length)
    return content if len(content) == length else None


def _end(program: subprocess.Popen[bytes]) -> None:
    program.kill()
    program.wait()
    for stream in (program.stdin, program.stdout):
        if stream is not None:
            try:
                stream.close()
            except OSError:  # what was still to be written cannot be any more
                continue


def _end_all(programs: set[subprocess.Popen[bytes]]) -> None:
    for program in programs:
        _end(program)
