"""Settings of the e-seal service."""

from __future__ import annotations

from pydantic import Field

from core.settings import Section
from signing.levels import Level, LevelPolicy
from signing.profiles import NATIONAL_FILTER

_OCTETS_A_SECOND = 20_000_000


class SigningSettings(Section):
    """Bounds on what one file may cost, and how long signatures last.

    Attributes:
        max_pdf_bytes: largest file to seal or to verify; 500 MB, however they are counted.
        threads: files worked on at the same time, each in a process apart.
        waiting: files that may wait for a thread before callers are turned away.
        large_waiting: large files that may wait for theirs.
        seconds_per_file: time after which reading one file is given up; a large one gets more.
        mebibytes_per_file: memory that reading one file may take, in a process apart.
        level: how long signatures last, where a caller does not say.
        level_policy: what happens when a level cannot be had now, where a caller does not say.
        national_filter: what SM2 signatures in a PDF name as the program that they are meant for.
    """

    max_pdf_bytes: int = 525_000_000
    threads: int = 2
    waiting: int = 64
    large_waiting: int = 8
    seconds_per_file: float = 8.0
    mebibytes_per_file: int = 400
    level: Level = Level.B_B
    level_policy: LevelPolicy = LevelPolicy.EXACTLY
    national_filter: str = Field(default=NATIONAL_FILTER, pattern=r"^[A-Za-z0-9._-]{1,64}$")

    def seconds_for(self, octets: int) -> float:
        """How long reading a file of this size may take: its octets are looked at more than once."""
        return self.seconds_per_file + octets / _OCTETS_A_SECOND
