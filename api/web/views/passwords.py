"""Change of a password, and the steps of setting a forgotten one anew."""

from __future__ import annotations

from dataclasses import dataclass, field

from api.web.puzzles import PuzzleView
from api.web.views.steps import MethodWords
from core.text import Text


@dataclass(frozen=True, slots=True)
class OwnPasswordView:
    """`/me/security/password`.

    Attributes:
        again_href: leads to a log-in, where the last one is too long ago to change anything.
        has: False for somebody who has no password yet.
    """

    again_href: str | None
    has: bool
    error: Text | None = None
    done: Text | None = None


@dataclass(frozen=True, slots=True)
class FactorChoice:
    """One further factor: its method as the form sends it, and its words."""

    value: str
    words: MethodWords


@dataclass(frozen=True, slots=True)
class ForgotView:
    """`/forgot` and the steps behind it.

    Attributes:
        step: `who`, `code`, `factor`, `password` or `done`.
        factors: of which one is proved.
    """

    step: str
    action: str
    identifier: str = field(default="", repr=False)
    factors: tuple[FactorChoice, ...] = ()
    error: Text | None = None
    error_field: str | None = None
    puzzle: PuzzleView | None = None
    demo: bool = False

    @property
    def number(self) -> int:
        """Which of the three steps that people see this is."""
        return {"who": 1, "code": 2, "factor": 2}.get(self.step, 3)
