"""People who hold a ceremony as written: they answer what is asked, write shares on paper and type them again."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from core.text import Text
from keys.ceremony.errors import CeremonyStopped
from keys.ceremony.ports import Dialogue, Machine, Surroundings

LEAD, WITNESS = "张主持", "李见证"
HOLDERS = ("王一", "赵二", "钱三", "孙四", "周五")


class CalmMachine:
    """A machine as it should be."""

    def __init__(self, **changes: object) -> None:
        facts: dict[str, object] = {
            "networks": (),
            "swap": False,
            "random_ready": True,
            "program": "ab" * 32,
            "versions": {"yizheng": "0.1.0"},
        }
        self._facts = facts | changes

    def examine(self) -> Surroundings:
        return Surroundings(**self._facts)  # type: ignore[arg-type]  # the names are right


class People:
    """The people of a test.

    Attributes:
        paper: what each holder has written down: five lines.
        said: everything that was shown to all, in English, in order.
        refuse: a pattern of what somebody says no to.
        types: how a person types line `number` of their paper; None gives up.
    """

    def __init__(self, *, holders: Sequence[str] = HOLDERS, come: Sequence[int] = (1, 2, 3)) -> None:
        self.paper: dict[str, list[str]] = {}
        self.said: list[str] = []
        self.confirmed: list[str] = []
        self.refuse: str | None = None
        self.types: Callable[[str, int, str], str | None] = lambda _person, _number, line: line
        self.names = {"leader": LEAD, "witness": WITNESS}
        self.acknowledge: Callable[[str], str] = lambda name: name
        self.holders = holders
        self.come = list(come)
        self._at_keyboard = ""

    def tell(self, text: Text) -> None:
        assert text.zh
        assert text.en
        self.said.append(text.en)
        if found := re.match(r"(.+), alone at the keyboard", text.en):
            self._at_keyboard = found[1]

    def ask(self, question: Text) -> str:
        asked = question.en
        self.said.append(asked)
        if found := re.match(r"Name of the (leader|witness)", asked):
            return self.names[found[1]]
        if found := re.match(r"Name of the holder of share (\d+)", asked):
            return self.holders[int(found[1]) - 1]
        if found := re.match(r"Holder (\d+) of", asked):
            return str(self.come[int(found[1]) - 1])
        if found := re.match(r"(.+): if this is so, type your own name", asked):
            return self.acknowledge(found[1])
        if asked.startswith("Place"):
            return "示例市政务服务中心 机房"
        if asked.startswith("Organisation and post"):
            return "示例市政务数据局"
        raise AssertionError(f"nobody knows what to answer to {asked!r}")

    def confirm(self, question: Text) -> bool:
        self.said.append(question.en)
        self.confirmed.append(question.en)
        return self.refuse is None or re.search(self.refuse, question.en) is None

    def reveal(self, person: str, title: Text, lines: Sequence[str]) -> None:
        self.paper[person] = [line.partition(":")[2].strip() for line in lines]

    def ask_secret(self, question: Text) -> str:
        found = re.match(r"Line (\d+):", question.en)
        assert found is not None
        number = int(found[1])
        typed = self.types(self._at_keyboard, number, self.paper[self._at_keyboard][number - 1])
        if typed is None:
            raise CeremonyStopped(Text("中断", "broken off"))
        return typed

    def clear(self) -> None:
        """Nothing is kept on this screen."""


_people: type[Dialogue] = People
_machine: type[Machine] = CalmMachine
