"""What proofing asks of others: the registers of people and organisations, stores, and who hears of deaths.

The registers know; we ask and keep the answer. Nothing that a source says is shown to anybody but as agreed or not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from core.db.database import ReadTx, WriteTx
from core.errors import Unavailable
from core.text import Text
from idp.proofing.window_model import WindowProof


class Match(StrEnum):
    """What a register says to what it was told."""

    AGREED = "agreed"
    DIFFERED = "differed"  # it knows the number, under another name
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PopulationAnswer:
    """What the population register says about a number and a name.

    Attributes:
        alive: what it says of a person whom it knows.
        reference: its receipt.
    """

    match: Match
    alive: bool
    reference: str


@dataclass(frozen=True, slots=True)
class OrganisationAnswer:
    """What the register of organisations says about a code.

    Attributes:
        name: as registered; empty where the code is unknown.
        active: false when it was dissolved.
        representative: whether the person named is its legal representative; None where none was named.
    """

    known: bool
    name: str
    active: bool
    representative: Match | None
    reference: str


@dataclass(frozen=True, slots=True)
class Change:
    """Something that a register reports: a death, a dissolution.

    Attributes:
        position: its place in the feed; grows.
        number: citizen ID number or unified social credit code.
        on: the day on which it happened.
    """

    position: int
    number: str = field(repr=False)
    on: dt.date


class SourceAway(Unavailable):
    """The register did not answer, or not sensibly; nothing is known, so nothing counts."""

    def __init__(self, reason: str) -> None:
        text = Text(
            "核对用的国家库现在没有回答，您的资料没有变。请过几分钟再试，或带证件到政务服务大厅。",
            "The register that we ask does not answer now; nothing of yours has changed. Try again in a few minutes, "
            "or bring your document to a service hall.",
        )
        super().__init__("source-away", text, private=reason)
        self.reason = reason


class PopulationSource(Protocol):
    """A register of people."""

    @property
    def connected(self) -> bool:
        """False where the city has none; every question then raises `SourceAway`."""

    async def check(self, number: str, name: str) -> PopulationAnswer:
        """
        Args:
            number: citizen ID number in canonical form.

        Raises:
            SourceAway.
        """

    async def deaths(self, after: int, most: int) -> Sequence[Change]:
        """What was reported after a position, in order.

        Raises:
            SourceAway.
        """


class OrganisationSource(Protocol):
    """A register of legal persons."""

    @property
    def connected(self) -> bool: ...

    async def check(self, code: str, *, number: str | None = None, name: str | None = None) -> OrganisationAnswer:
        """
        Args:
            code: unified social credit code in canonical form.
            number, name: of the person who is said to be its legal representative.

        Raises:
            SourceAway.
        """

    async def dissolutions(self, after: int, most: int) -> Sequence[Change]:
        """
        Raises:
            SourceAway.
        """


class PersonNews(Protocol):
    """Hears of deaths; may hear of the same one twice."""

    async def died(self, number: str, on: dt.date) -> None: ...


class OrganisationNews(Protocol):
    """Hears of dissolutions; may hear of the same one twice."""

    async def dissolved(self, code: str, on: dt.date) -> None: ...


class WindowProofStore(Protocol):
    """What clerks recorded, and what became of it."""

    async def add(self, tx: WriteTx, proof: WindowProof) -> bool:
        """False, and nothing changes, while another one of the same account waits."""

    async def get(self, tx: ReadTx, proof_id: str) -> WindowProof | None: ...

    async def waiting(self, tx: ReadTx, organisation: str, now: dt.datetime, limit: int) -> Sequence[WindowProof]:
        """Those that wait for a second clerk of an organisation, the oldest first."""

    async def decide(self, tx: WriteTx, proof: WindowProof) -> bool:
        """Write state, who decided and when, if it still waits and another than `decided_by` recorded it.

        True for one caller only.
        """

    async def lapse(self, tx: WriteTx, now: dt.datetime) -> int:
        """Let what has waited too long wait no more; answers how many."""

    async def delete_before(self, tx: WriteTx, before: dt.datetime) -> int: ...


class PositionStore(Protocol):
    """How far a feed was read."""

    async def get(self, tx: ReadTx, feed: str) -> int:
        """0 where nothing was read."""

    async def advance(self, tx: WriteTx, feed: str, position: int, at: dt.datetime) -> None:
        """Set it, never back."""
