"""How long the seal of an OFD lasts. GB/T 38540 knows one thing that prolongs it: a time-stamp over the signature."""

from __future__ import annotations

from core.errors import InvalidInput
from core.text import Text
from signing.levels import Level, LevelPolicy

POSSIBLE = frozenset({Level.B_B, Level.B_T})


def name_of(level: Level) -> str:
    """What the ledger calls it: `SES-B-T` means what B-T of EN 319 142-1 means, of another container."""
    return f"SES-{level.value.removeprefix('PAdES-')}"


def level_to_seek(asked: Level | None, usual: Level, policy: LevelPolicy) -> Level:
    """The level for an OFD: what was asked for, else what is usual, as far as the format goes.

    Raises:
        core.errors.InvalidInput: `level-needs-pdf`: it was asked for, and nothing less will do.
    """
    if asked is not None and asked not in POSSIBLE and policy is LevelPolicy.EXACTLY:
        raise InvalidInput(
            "level-needs-pdf",
            Text(
                "OFD 签章最高为带时间戳（B-T），文件没有改动。要更长期的级别，请改盖 PDF，或允许较低级别。",
                "The seal of an OFD lasts as long as its time-stamp (B-T); nothing was sealed. For more, seal a PDF, "
                "or allow a lower level.",
            ),
            field="level",
        )
    wanted = asked or usual
    return wanted if wanted in POSSIBLE else Level.B_T
