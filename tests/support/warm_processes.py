"""The command line without its start: processes that begin with every module loaded, and share nothing else.

Most of what a short command takes is loading modules. One process for each worker of the tests loads them, and forks
for each command: from there on it has memory, environment, files and an end of its own, as one from a shell has.
That commands start from nothing too is for `tests/e2e/test_first_start.py` to show, which starts them so.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from api.journey.processes import SECONDS, FreshProcesses, Processes, Running

_LOADED = ("api.main", "api.server", "api.service", "api.wiring.container", "api.demo.load", "api.migrations.upgrade")
_LOADED_WITHIN = 150.0  # seconds
_ROOT = Path(__file__).parents[2]


class WarmProcesses:
    """Implements `api.journey.processes.Processes`; the process that forks is started when it is first needed."""

    def __init__(self) -> None:
        self._control: socket.socket | None = None

    def run(
        self, words: Sequence[str], environment: Mapping[str, str], *, stdin: str | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            given.write((stdin or "").encode())
            given.seek(0)
            process = self._fork(words, environment, cwd, (given, out, err))
            try:
                code = process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
            said = [_text(file) for file in (out, err)]
        return subprocess.CompletedProcess(["yizheng", *words], code, *said)

    def start(
        self, words: Sequence[str], environment: Mapping[str, str], output: BinaryIO, *, pin: Sequence[str] = ()
    ) -> Running:
        if pin:
            return FreshProcesses().start(words, environment, output, pin=pin)
        with Path(os.devnull).open("rb") as nothing:
            return self._fork(words, environment, None, (nothing, output, output))

    def close(self) -> None:
        if self._control is not None:
            self._control.close()

    def _fork(
        self, words: Sequence[str], environment: Mapping[str, str], cwd: Path | None, files: Sequence[BinaryIO]
    ) -> _Forked:
        own, other = socket.socketpair()
        with other:
            socket.send_fds(self._started(), [b"."], [other.fileno(), *(file.fileno() for file in files)])
        asked = {"words": list(words), "environment": dict(environment), "cwd": str(cwd or Path.cwd())}
        own.sendall(json.dumps(asked).encode() + b"\n")
        return _Forked(own)

    def _started(self) -> socket.socket:
        if self._control is None:
            self._control, other = socket.socketpair()
            with other:
                subprocess.Popen(
                    [sys.executable, "-m", "tests.support.warm_processes", str(other.fileno())],
                    pass_fds=[other.fileno()],
                    cwd=_ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                )
        return self._control


class _Forked:
    """Implements `api.journey.processes.Running`: a line with the process's number comes first, then how it ended."""

    def __init__(self, told: socket.socket) -> None:
        self._told = told
        told.settimeout(_LOADED_WITHIN)
        self._lines = told.makefile("rb")
        self._code: int | None = None
        first = self._lines.readline()
        assert first, "the process that forks is gone; what it says is among the errors"
        self.pid = int(first)

    def poll(self) -> int | None:
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        if self._code is None:
            self._told.settimeout(None)
            if timeout is not None and not _readable(self._told, timeout):
                raise subprocess.TimeoutExpired(["yizheng"], timeout)
            self._code = int(self._lines.readline())
            self._lines.close()
            self._told.close()
        return self._code

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def _readable(told: socket.socket, timeout: float) -> bool:
    poll = select.poll()
    poll.register(told, select.POLLIN)
    return bool(poll.poll(timeout * 1000))


def _text(file: Any) -> str:
    file.seek(0)
    return str(file.read().decode())


# --- the process that forks ------------------------------------------------------------------------------------


def _serve(control: socket.socket) -> None:
    for name in (*_LOADED, *(one.name for one in pkgutil.iter_modules([str(_ROOT / "api" / "cli")], "api.cli."))):
        if not name.endswith("__main__"):
            importlib.import_module(name)
    assert threading.active_count() == 1, "a module starts a thread when it is loaded; a fork would lose it"
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever watches a command tells how it ended
    while True:
        mark, files, _, _ = socket.recv_fds(control, 1, 4)
        if not mark:
            return
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            control.close()
            _watch(socket.socket(fileno=files[0]), files[1:])
        for file in files:
            os.close(file)


def _watch(told: socket.socket, files: Sequence[int]) -> NoReturn:
    """Fork once more, tell the number, wait, tell the end."""
    with told.makefile("rb") as lines:
        asked = json.loads(lines.readline())
    pid = os.fork()
    if pid == 0:
        told.close()
        _be(asked, files)
    for file in files:
        os.close(file)
    told.sendall(b"%d\n" % pid)
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(BrokenPipeError):  # nobody wants to know any more
        told.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _be(asked: dict[str, Any], files: Sequence[int]) -> NoReturn:
    """Become the command."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(asked["environment"])
    time.tzset()
    tempfile.tempdir = None  # it is asked for again
    os.chdir(asked["cwd"])
    sys.argv = ["yizheng", *asked["words"]]
    from api.cli import main

    code: object = 0
    try:
        main()
    except SystemExit as ended:
        code = ended.code
        if isinstance(code, str):
            print(code, file=sys.stderr)
            code = 1
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]  # there is one
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]  # as the interpreter itself does at its end
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)


_type: type[Processes] = WarmProcesses

if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
