"""How holders are told what concerns licences of theirs: on their own page, and by a message."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from certstore.codes import HolderCode
from core.db.database import WriteTx


class News(StrEnum):
    """What there is to tell."""

    ENDS_SOON = "licence-ends"
    OBJECTION_ANSWERED = "objection-answered"
    ENTRUSTED = "entrusted"
    ENTRUSTMENT_MOVED = "entrustment-moved"


class HolderNews(Protocol):
    """Tells holders who have an account; whoever has none is told by nobody."""

    async def account_of(self, holder: HolderCode) -> str | None:
        """The account of whoever has this number."""

    async def write(self, tx: WriteTx, account_id: str, news: News, detail: Mapping[str, str]) -> object:
        """Put it on the person's page, in the caller's unit; hand the answer to `send` after the commit.

        Args:
            detail: short words; no personal data.
        """

    def send(self, told: object) -> None:
        """By message; does not wait and never fails."""
