"""People at a real terminal: a pseudo-terminal whose prompts they read and answer."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_DEADLINE = 60.0
OTHER_SCREEN, FIRST_SCREEN, WIPE = "\x1b[?1049h", "\x1b[?1049l", "\x1b[H\x1b[2J\x1b[3J"


@dataclass
class Sitting:
    """One ceremony at the terminal.

    Attributes:
        answers: patterns of prompts (English) and what is typed; the first that fits.
        paper: what each holder has written down.
        terminated_at: pattern of a prompt at which somebody ends the program from outside.
        output: everything that came to the screen, with its control sequences.
    """

    answers: Mapping[str, str]
    paper: dict[str, list[str]] = field(default_factory=dict)
    terminated_at: str | None = None
    output: str = ""
    code: int | None = None

    def hold(self, command: Sequence[str], environment: Mapping[str, str], folder: str) -> None:
        """Run the command to its end; the code is its exit code."""
        master, slave = pty.openpty()
        process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=dict(environment), cwd=folder, start_new_session=True
        )
        os.close(slave)
        try:
            self._talk(master, process)
        finally:
            process.kill()
            self.code = process.wait()
            os.close(master)

    def _talk(self, master: int, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _DEADLINE
        seen, waiting = 0, b""
        while time.monotonic() < deadline:
            ready, _, _ = select.select([master], [], [], 1.0)
            if ready:
                try:
                    waiting += os.read(master, 65536)
                except OSError:  # the other end was closed
                    process.wait(timeout=20)
                    return
            try:
                self.output += waiting.decode()
                waiting = b""
            except UnicodeDecodeError:
                continue
            if self.terminated_at and re.search(self.terminated_at, self.output[seen:]):
                seen = len(self.output)
                process.terminate()
            answer = self._answer(self.output[seen:])
            if answer is not None:
                seen = len(self.output)
                os.write(master, answer.encode() + b"\n")
        raise AssertionError(f"nobody knows what to answer to {self.output[seen:]!r}")

    def _answer(self, shown: str) -> str | None:
        plain = _CONTROL.sub("", shown)
        prompt = plain.rsplit("\n", 1)[-1]
        if not prompt.endswith((": ", "： ", ":", "：")):
            return None
        if found := re.search(r"Line (\d+):\s*$", prompt):
            people = re.findall(r"([^\r\n]+), alone at the keyboard", _CONTROL.sub("", self.output))
            return self.paper[people[-1].strip()][int(found[1]) - 1]
        if "it is written down" in prompt:
            self._copy(plain)
            return ""
        return next((typed for pattern, typed in self.answers.items() if re.search(pattern, prompt)), None)

    def _copy(self, plain: str) -> None:
        (person,) = re.findall(r"for (.+) only: copy it by hand", plain)
        self.paper[person] = re.findall(r"^ +\d:  ([0-9A-Z ]{19})\s*$", plain, re.MULTILINE)


def usual_answers(names: Sequence[str]) -> dict[str, str]:
    """What calm people answer; `names` of the holders in their order."""
    return {
        r"Type yes or no": "yes",
        r"Then press Enter": "",
        r"^Place": "机房",
        r"Name of the leader": "张主持",
        r"Name of the witness": "李见证",
        r"Organisation and post": "示例市政务数据局",
        r"Organisation that the root belongs to": "示例市",
        **{rf"holder of share {number} ": name for number, name in enumerate(names, 1)},
        **{rf"^Holder {place} of": str(place) for place in range(1, len(names) + 1)},
        **{rf"^{name}: if this is so": name for name in ("张主持", "李见证", *names)},
    }
