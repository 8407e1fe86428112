"""The people of a ceremony at a terminal: the screen is wiped between them, secrets are not echoed."""

from __future__ import annotations

import getpass
import sys
import unicodedata
import warnings
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text as Styled

from core.text import Language, Text
from keys.ceremony.errors import CeremonyStopped
from keys.ceremony.ports import Dialogue

# erase the screen, erase what was scrolled away (ECMA-48 §8.3.39; "3" by xterm and what follows it), cursor home
_WIPE = "\x1b[H\x1b[2J\x1b[3J"
_OTHER_SCREEN, _FIRST_SCREEN = "\x1b[?1049h", "\x1b[?1049l"  # xterm: the other screen has no scroll-back
_YES = {"yes": True, "是": True, "同意": True, "no": False, "否": False, "不同意": False}


class TerminalDialogue:
    """Implements `keys.ceremony.ports.Dialogue`.

    Secrets are shown on the terminal's other screen, which keeps nothing to scroll back to, and that is wiped before
    it is left. A terminal that records its output, or a screen that is filmed, is beyond us: docs/ceremony.md.
    """

    def __init__(self, language: Language) -> None:
        self._language = language
        self._console = Console(highlight=False, soft_wrap=True)

    def tell(self, text: Text) -> None:
        self._console.print(Styled(text.to(self._language)))

    def ask(self, question: Text) -> str:
        return self._read(question)

    def confirm(self, question: Text) -> bool:
        words = Text("请键入“是”或“否”：", "Type yes or no:")
        self.tell(question)
        while True:
            answer = unicodedata.normalize("NFKC", self._read(words)).casefold()
            if answer in _YES:
                return _YES[answer]

    def reveal(self, person: str, title: Text, lines: Sequence[str]) -> None:
        self.clear()
        self._read(
            Text(
                f"请{person}一人到屏幕前，其他人转身回避，准备好纸笔。就绪后按回车键：",
                f"{person}, alone at the screen, with paper and pen; everybody else turns away. Then press Enter:",
            )
        )
        self._write(_OTHER_SCREEN + _WIPE)
        try:
            self.tell(title)
            self._console.print()
            for line in lines:
                self._console.print(Styled(f"    {line}", style="bold"))
            self._console.print()
            self._read(
                Text("抄写完成后按回车键，屏幕随即清除：", "Press Enter when it is written down; the screen is wiped:")
            )
        finally:
            self._write(_WIPE + _FIRST_SCREEN)
            self.clear()

    def ask_secret(self, question: Text) -> str:
        prompt = question.to(self._language) + " "
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", getpass.GetPassWarning)  # never echo for want of a terminal
                return getpass.getpass(prompt)
        except (EOFError, KeyboardInterrupt):
            raise _given_up() from None
        except getpass.GetPassWarning:
            raise CeremonyStopped(
                Text("须在能够关闭回显的终端上进行。", "A terminal that can stop echoing is needed.")
            ) from None

    def clear(self) -> None:
        self._write(_WIPE)

    def _read(self, question: Text) -> str:
        try:
            self._console.print(Styled(question.to(self._language) + " "), end="")
            return input().strip()
        except (EOFError, KeyboardInterrupt):
            raise _given_up() from None

    def _write(self, sequence: str) -> None:
        if self._console.is_terminal:
            sys.stdout.write(sequence)
            sys.stdout.flush()


def _given_up() -> CeremonyStopped:
    return CeremonyStopped(
        Text("仪式被中断，没有写入任何文件。", "The ceremony was broken off, and nothing was written.")
    )


_: type[Dialogue] = TerminalDialogue
