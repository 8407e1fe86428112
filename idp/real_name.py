"""Real-name levels (实名等级): how surely it is known that an account is this person.

What each level means and which evidence it needs: docs/identity-levels.md.
"""

from __future__ import annotations

from typing import Final

REGISTERED: Final = 0
"""Stated by the person; nothing was checked."""

CHECKED: Final = 1
"""ID number and name agree with the population register."""

REACHED_BY_PHONE: Final = 2
"""As before, and reached under a phone number or bank account of theirs."""

IN_PERSON: Final = 3
"""Seen: at a window, or by video or face comparison."""

BOUND: Final = 4
"""A certificate or passkey that was bound after proof in person."""

LEVELS: Final = (REGISTERED, CHECKED, REACHED_BY_PHONE, IN_PERSON, BOUND)
