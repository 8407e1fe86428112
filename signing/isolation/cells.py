"""Processes in which strangers' files are read (`signing.isolation.program`): kept warm, each replaced when it ended.
A large file gets a process of its own, which reads it where it lies.

Whatever a file does there, it does to its own process: that is ended when the file takes too long, by the kernel when
it takes too much, and the next file gets another. What comes out is checked to be of the type that was asked for.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import pickle
import queue
import select
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from core.errors import Unavailable
from core.files.scratch import FileBytes, ScratchFile
from core.text import Text
from signing.isolation.port import CellEnded, Isolation
from signing.isolation.program import ANSWER, BROKEN, MEMORY, NO_FILE, REFUSAL, REPLY, REQUEST
from signing.isolation.task import Answer, Refusal, Task, decode, error_of

_log = logging.getLogger(__name__)
_PROGRAM = Path(__file__).with_name("program.py")
_ROOT = _PROGRAM.parents[2]
_BEGINNING = 60.0  # seconds in which a process must be ready
_LARGEST_ANSWER = 64 << 20
_PIPE = 1 << 20
_NO_MORE = (BROKEN, b"")


class Cells:
    """Reads files in processes, as many as `processes` at a time; callers bring threads of their own.

    Args:
        modules: whose functions tasks name.
        processes: that are kept for small files.
        seconds: that a file of so many octets may take.
        mebibytes: memory that one file may take.
    """

    def __init__(
        self, modules: Sequence[str], *, processes: int, seconds: Callable[[int], float], mebibytes: int
    ) -> None:
        self._modules = tuple(modules)
        self._mebibytes = mebibytes
        self._seconds = seconds
        self._idle: queue.LifoQueue[_Cell | None] = queue.LifoQueue()
        self._running: set[_Cell] = set()
        for _ in range(processes):
            self._idle.put(None)  # begun by the first file that needs it
        self._finalizer = weakref.finalize(self, _end_all, self._running)

    def ask(self, task: Task[Answer], content: FileBytes, *arguments: object) -> Answer:
        """Have the task done with a file; on the calling thread, which waits.

        Raises:
            core.errors.AppError: that the task raised.
            CellEnded: the file was too much.
            core.errors.Unavailable: `isolation-failed`: no process can be begun.
        """
        request = pickle.dumps((task.work, arguments), pickle.HIGHEST_PROTOCOL)
        with self._cell() if isinstance(content, bytes) else self._own_cell(content) as cell:
            kind, payload = cell.ask(request, content, self._seconds(len(content)))
        if kind == ANSWER:
            try:
                return decode(payload, task.answer)
            except msgspec.MsgspecError as e:
                kind, payload = BROKEN, type(e).__name__.encode()
        if kind == REFUSAL:
            with contextlib.suppress(msgspec.MsgspecError):
                raise error_of(decode(payload, Refusal))
        why = "memory" if kind == MEMORY else payload.decode("ascii", "replace") or "ended"
        _log.warning("a file was given up on: %s", why)
        raise CellEnded(why)

    def close(self) -> None:
        """End all processes."""
        self._finalizer()

    @property
    def processes(self) -> list[int]:
        """Those that run."""
        return [cell.process.pid for cell in list(self._running)]

    @contextmanager
    def _cell(self) -> Iterator[_Cell]:
        cell = self._idle.get()
        if cell is not None and cell.process.poll() is not None:  # somebody ended it while it waited
            self._running.discard(cell)
            cell.end()
            cell = None
        try:
            if cell is None:
                cell = self._begin()
            cell.wait_until_ready()
            yield cell
        finally:
            if cell is not None and not cell.usable:
                self._running.discard(cell)
                cell.end()
                cell = None
            self._idle.put(cell)

    @contextmanager
    def _own_cell(self, file: ScratchFile) -> Iterator[_Cell]:
        # opened anew, for it is not to be written to
        handle = os.open(f"/proc/self/fd/{file.fileno()}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            cell = self._begin(handle)
        finally:
            os.close(handle)
        try:
            cell.wait_until_ready()
            yield cell
        finally:
            self._running.discard(cell)
            cell.end()

    def _begin(self, handle: int = NO_FILE) -> _Cell:
        words = (str(_PROGRAM), str(_ROOT), str(self._mebibytes), str(handle), *self._modules)
        cell = _Cell([sys.executable, "-I", *words], () if handle == NO_FILE else (handle,))
        self._running.add(cell)
        return cell


_: type[Isolation] = Cells


class _Cell:
    """One process."""

    def __init__(self, command: Sequence[str], handles: Sequence[int]) -> None:
        self.usable = True
        self._ready = False
        try:
            self.process = subprocess.Popen(  # noqa: S603 - our own program, nothing of a caller's in its arguments
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                pass_fds=handles,
                cwd="/",
                env={"LANG": "C.UTF-8"},
                start_new_session=True,  # what is typed at our terminal is not meant for it
            )
        except OSError:
            raise _does_not_begin() from None
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._to, self._from = self.process.stdin.fileno(), self.process.stdout.fileno()
        for end in (self._to, self._from):
            os.set_blocking(end, False)
            with contextlib.suppress(OSError):  # there is a bound on what all pipes of a user may take
                fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, _PIPE)

    def wait_until_ready(self) -> None:
        """
        Raises:
            core.errors.Unavailable
        """
        if not self._ready:
            kind, _ = self._reply(time.monotonic() + _BEGINNING)
            if kind != ANSWER:
                self.usable = False
                raise _does_not_begin()
            self._ready = True

    def ask(self, request: bytes, content: FileBytes, seconds: float) -> tuple[bytes, bytes]:
        """Kind of answer, and the answer."""
        deadline = time.monotonic() + seconds
        head = REQUEST.pack(len(request), len(content), seconds) + request
        sent = content if isinstance(content, bytes) else b""  # it has the file already
        for part in (head, sent) if len(sent) > _PIPE else (head + sent,):
            if not self._send(part, deadline):
                self.usable = False
                return _NO_MORE
        return self._reply(deadline)

    def _reply(self, deadline: float) -> tuple[bytes, bytes]:
        head = self._receive(REPLY.size, deadline)
        if head is not None:
            kind, more, size = REPLY.unpack(head)
            self.usable = bool(more)
            payload = self._receive(size, deadline) if size <= _LARGEST_ANSWER else None
            if payload is not None:
                return kind, payload
        self.usable = False
        return (BROKEN, b"time") if time.monotonic() >= deadline else _NO_MORE

    def _send(self, data: bytes, deadline: float) -> bool:
        left = memoryview(data)
        try:
            while left:
                try:
                    left = left[os.write(self._to, left) :]
                except BlockingIOError:
                    if not _ready(self._to, select.POLLOUT, deadline):
                        return False
        except OSError:
            return False
        return True

    def _receive(self, size: int, deadline: float) -> bytes | None:
        """None if the process has ended, or the time is up."""
        out = bytearray()
        while len(out) < size:
            if not _ready(self._from, select.POLLIN, deadline):
                return None
            part = os.read(self._from, min(size - len(out), _PIPE))
            if not part:
                return None
            out += part
        return bytes(out)

    def end(self) -> None:
        """Kill the process, if it runs, and let go of it."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


def _ready(descriptor: int, event: int, deadline: float) -> bool:
    waiting = select.poll()
    waiting.register(descriptor, event)
    return bool(waiting.poll(max(0.0, deadline - time.monotonic()) * 1000))


def _end_all(cells: set[_Cell]) -> None:
    while cells:
        cells.pop().end()


def _does_not_begin() -> Unavailable:
    return Unavailable(
        "isolation-failed",
        Text(
            "读文件的隔离进程启动不了，文件没有改动。请稍后再试，或联系管理员。",
            "The isolated process that reads files cannot be begun; nothing was done. Try again later, or tell the "
            "administrator.",
        ),
    )
