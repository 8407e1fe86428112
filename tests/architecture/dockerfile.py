"""Reads a Dockerfile: instructions by stage, line continuations joined, comments left out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field


@dataclass
class Stage:
    """One `FROM` and what follows it; `instructions` are pairs of upper-case keyword and the rest of the line."""

    base: str
    name: str | None
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, keyword: str) -> list[str]:
        return [rest for word, rest in self.instructions if word == keyword]

    def last(self, keyword: str) -> str:
        return self.all(keyword)[-1]

    def command(self, keyword: str) -> list[str]:
        """The exec form of `keyword` as a list of words."""
        words = json.loads(self.last(keyword))
        assert isinstance(words, list)
        return words


def parse(text: str) -> list[Stage]:
    """Stages in order; arguments before the first `FROM` are put into the bases."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    for line in re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines():
        word, _, rest = line.partition(" ")
        if word.upper() == "FROM":
            base, _, name = rest.partition(" AS ")
            for variable, value in arguments.items():
                base = base.replace(f"${{{variable}}}", value)
            stages.append(Stage(base, name or None))
        elif not stages:
            assert word.upper() == "ARG", line
            variable, _, value = rest.partition("=")
            arguments[variable] = value
        else:
            stages[-1].instructions.append((word.upper(), rest))
    return stages
