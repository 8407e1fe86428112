"""A puzzle between a form and the use case behind it: what the page shows, and what the browser answered."""

from __future__ import annotations

from dataclasses import dataclass

from api.web.forms import Form
from core.errors import AppError
from idp.abuse.attempt import Answer, PuzzleNeeded
from idp.abuse.puzzle import Puzzle
from idp.errors import WrongCredentials

_MOST = 200


@dataclass(frozen=True, slots=True)
class PuzzleView:
    """What a form holds for the script that computes; as `puzzle` in a view, shown by `puzzle_field`."""

    token: str
    name: str
    bits: int


def answer_of(form: Form) -> Answer:
    """What the browser computed, if it had to."""
    return Answer(form["puzzle"][:_MOST], form["puzzle_number"][:20])


def puzzle_of(error: AppError) -> PuzzleView | None:
    """What the browser must compute before the next try."""
    puzzle: Puzzle | None = error.puzzle if isinstance(error, PuzzleNeeded | WrongCredentials) else None
    return None if puzzle is None else PuzzleView(puzzle.token, puzzle.name, puzzle.bits)
