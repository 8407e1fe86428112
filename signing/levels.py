"""PAdES baseline levels and what is done when the one asked for cannot be had (ETSI EN 319 142-1 §6)."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """How long a signature lasts; each level has all that the one before it has."""

    B_B = "PAdES-B-B"  # as long as its certificate is good
    B_T = "PAdES-B-T"  # beyond, as long as somebody can be asked about revocation
    B_LT = "PAdES-B-LT"  # with all that is needed to judge it
    B_LTA = "PAdES-B-LTA"  # and renewed, for ever

    @property
    def rank(self) -> int:
        return list(Level).index(self)

    @classmethod
    def named(cls, text: str) -> Level | None:
        """By its full name or the short one: `PAdES-B-LT`, `B-LT`."""
        full = text if text.startswith("PAdES-") else f"PAdES-{text}"
        return next((one for one in cls if one.value == full), None)


class LevelPolicy(StrEnum):
    """What happens when the level asked for cannot be had now."""

    EXACTLY = "exactly"  # nothing is sealed
    AT_LEAST_B_B = "at-least-B-B"  # sealed at the level that can be had, which is told; the rest is done later
