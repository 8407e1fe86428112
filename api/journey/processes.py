"""How the journey starts the command line: a process of its own each time, as a user's shell does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

COMMAND = (sys.executable, "-m", "api.cli")
SECONDS = 180


class Running(Protocol):
    """A process that was started."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None:
        """How it ended; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """
        Raises:
            subprocess.TimeoutExpired: it still runs.
        """

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


class Processes(Protocol):
    """Starts `yizheng WORDS…` with an environment of its own."""

    def run(
        self, words: Sequence[str], environment: Mapping[str, str], *, stdin: str | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """To its end.

        Raises:
            subprocess.TimeoutExpired: it does not end.
        """

    def start(
        self, words: Sequence[str], environment: Mapping[str, str], output: BinaryIO, *, pin: Sequence[str] = ()
    ) -> Running:
        """And leave it running; what it prints goes to a file.

        Args:
            pin: words before the command that keep it to some processors.
        """


class FreshProcesses:
    """Implements `Processes`: a new interpreter each time."""

    def run(
        self, words: Sequence[str], environment: Mapping[str, str], *, stdin: str | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own command line with words from this package
            [*COMMAND, *words],
            env=dict(environment),
            input=stdin,
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def start(
        self, words: Sequence[str], environment: Mapping[str, str], output: BinaryIO, *, pin: Sequence[str] = ()
    ) -> Running:
        return subprocess.Popen([*pin, *COMMAND, *words], env=dict(environment), stdout=output, stderr=output)  # noqa: S603


_: type[Processes] = FreshProcesses
