"""Takes messages and carries them to the gateway, again if need be, without anybody waiting for it.

A message waits in memory only: a code is worthless after minutes and its owner asks for the next, and what must not be
lost stands in the database as a notice (ADR 40). So no queue of ours ever holds a code at rest.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from dataclasses import dataclass, field

from core.clock import Clock
from idp.messages.ports import AddressKind, GatewayBusy, GatewayRefused, Letter, Message, MessageGateway, MessageSender
from idp.messages.templates import letter

_log = logging.getLogger(__name__)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 60.0


@dataclass
class Counts:
    """How messages fared since the worker began."""

    delivered: int = 0
    refused: int = 0
    late: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class _Waiting:
    letter: Letter = field(repr=False)
    until: float


class PostOffice:
    """Implements `MessageSender` over a gateway.

    Args:
        city: stands in front of every message.
        room: how many messages may wait; what comes beyond is dropped and counted.
        carriers: how many messages are on their way to the gateway at the same time.
    """

    reaches = frozenset(AddressKind)

    def __init__(
        self, gateway: MessageGateway, clock: Clock, *, city: str, room: int = 10_000, carriers: int = 8
    ) -> None:
        self._gateway = gateway
        self._clock = clock
        self._city = city
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(room)
        self._carriers = carriers
        self._open = False
        self.counts = Counts()

    async def send(self, message: Message) -> None:
        """Queue it; where nobody carries (a command, not a worker) it is carried at once."""
        waiting = _Waiting(letter(message, self._clock, city=self._city), self._seconds() + message.useful_for)
        if not self._open:
            await self._carry(waiting)
            return
        try:
            self._queue.put_nowait(waiting)
        except asyncio.QueueFull:
            self.counts.dropped += 1
            _log.warning("message dropped: too many wait")

    async def forever(self) -> None:
        """Carry for the life of a worker."""
        self._open = True
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._carriers):
                    group.create_task(self._carrier())
        finally:
            self._open = False

    async def _carrier(self) -> None:
        while True:
            await self._carry(await self._queue.get())

    async def _carry(self, waiting: _Waiting) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._gateway.deliver(waiting.letter)
            except GatewayRefused as error:
                self.counts.refused += 1
                _log.warning("message %s refused: %s", waiting.letter.id, error)
                return
            except GatewayBusy as error:
                wait = pause * (0.5 + secrets.randbelow(1000) / 1000)  # not all of them in step
                if not self._open or self._seconds() + wait > waiting.until:
                    self.counts.late += 1
                    _log.warning("message %s given up: %s", waiting.letter.id, error)
                    return
                await asyncio.sleep(wait)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                self.counts.delivered += 1
                return

    def _seconds(self) -> float:
        return self._clock.now().timestamp()


class NoGateway:
    """Implements `MessageSender` where the city has no gateway: whatever needs one is not offered."""

    reaches: frozenset[AddressKind] = frozenset()

    async def send(self, message: Message) -> None:
        _log.warning("message not sent: there is no gateway")


_: tuple[type[MessageSender], ...] = (PostOffice, NoGateway)
