"""What following deaths needs: the reports, and a list for those who issued."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from certstore.model import Licence
from core.db.database import ReadTx, WriteTx


@dataclass(frozen=True, slots=True)
class Report:
    """A death that a source reported, or that such a report was taken back.

    Attributes:
        number: of the audit event; reports come in its order.
        died_on: None where the report was a mistake.
    """

    number: int
    account_id: str
    died_on: dt.date | None


@dataclass(frozen=True, slots=True)
class Departure:
    """A licence whose holder has died, for its issuing authority; nobody is named."""

    licence_id: str
    identifier: str
    type_code: str
    died_on: dt.date
    reported_at: dt.datetime


class ReportSource(Protocol):
    """Reports, in the order in which they came."""

    async def part(self, tx: ReadTx, after: int, *, limit: int) -> tuple[Sequence[Report], int]:
        """Reports among the events after `after`, and the number of the last event that was looked at."""


class DepartureStore(Protocol):
    """Licences of people who have died, as long as they are not ended."""

    async def add(self, tx: WriteTx, licence: Licence, *, account_id: str, died_on: dt.date, now: dt.datetime) -> None:
        """Twice is once."""

    async def take_back(self, tx: WriteTx, account_id: str) -> int: ...

    async def of_issuer(self, tx: ReadTx, issuer: str, *, limit: int = 100) -> Sequence[Departure]:
        """Those that still run, the longest reported first."""

    async def delete_ended(self, tx: WriteTx) -> int:
        """Remove a part of those whose licence has ended; answers how many."""
