"""Settings of the e-seal service."""

from __future__ import annotations

from core.settings import Section
from signing.levels import Level, LevelPolicy


class SigningSettings(Section):
    """Bounds on what one file may cost, and how long signatures last.

    Attributes:
        max_pdf_bytes: largest file to seal or to verify.
        threads: files worked on at the same time.
        waiting: files that may wait for a thread before callers are turned away.
        seconds_per_file: time after which reading one file is given up.
        level: how long signatures last, where a caller does not say.
        level_policy: what happens when a level cannot be had now, where a caller does not say.
    """

    max_pdf_bytes: int = 100_000_000
    threads: int = 2
    waiting: int = 64
    seconds_per_file: float = 8.0
    level: Level = Level.B_B
    level_policy: LevelPolicy = LevelPolicy.EXACTLY
