"""The pages on which people register."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from api.web.puzzles import PuzzleView
from core.text import Text


@dataclass(frozen=True, slots=True)
class RegisterView:
    """`/open-account` and the steps behind it.

    Attributes:
        step: `who`, `code`, `source` (the register gave no answer yet) or `done`.
        client_name: the portal that sent the person here, if one did.
        log_in: where whoever has an account goes.
        kinds: documents to choose from, each with the value that the form sends.
        typed: what was typed, to be shown again; never a password.
        masked_phone: where the code went.
        compact: in a small window, without our header and footer (OIDC Core §3.1.2.1 `display`).
        start: where all of it begins again.
    """

    step: str
    action: str
    log_in: str
    client_name: Text | None = None
    kinds: tuple[tuple[str, Text], ...] = ()
    typed: Mapping[str, str] = field(default_factory=dict, repr=False)
    masked_phone: str = ""
    error: Text | None = None
    error_field: str | None = None
    puzzle: PuzzleView | None = None
    demo: bool = False
    compact: bool = False
    start: str = "/open-account"
