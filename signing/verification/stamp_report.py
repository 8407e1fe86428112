"""A national e-seal stamp in the report: the ten numbered steps of GB/T 38540-2020, each told whatever came of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from core.text import Text

StampState = Literal["good", "bad", "unknown", "skipped"]


@dataclass(frozen=True, slots=True)
class StampStep:
    """One of the ten steps.

    Attributes:
        number: from 1.
        id: which step, a stable word: `signing.eseal.judge.StepName`.
        state: `unknown` where it cannot be told now; `skipped` where a step before it left nothing to look at.
        reason: a short stable word; empty where the step is good.
    """

    number: int
    id: str
    name: Text
    state: StampState
    reason: str
    text: Text


@dataclass(frozen=True, slots=True)
class NationalStamp:
    """A stamp (SES_Signature) and what its steps found; all but `steps` is None where it cannot be read.

    Attributes:
        edition: which text its structure follows.
        seal_id, seal_name: as the seal calls itself (esID, name): claims, unless the steps are good.
        maker: whom the certificate of the seal's maker names.
        valid_from, valid_until: of the seal.
        made_at: the time that the stamp claims.
    """

    steps: tuple[StampStep, ...]
    edition: str | None = None
    seal_id: str | None = None
    seal_name: str | None = None
    maker: str | None = None
    valid_from: dt.datetime | None = None
    valid_until: dt.datetime | None = None
    made_at: dt.datetime | None = None

    @property
    def good(self) -> bool:
        return all(step.state == "good" for step in self.steps)

    @property
    def bad(self) -> bool:
        """Whether some step says no, rather than that it cannot tell."""
        return any(step.state == "bad" for step in self.steps)
