"""One try at something that is typed: counted before it is judged, put on record when it is wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from core.audit.event import AuditEvent
from core.db.database import Database
from core.errors import AppError, InvalidInput, LimitExceeded
from core.principal import ANONYMOUS
from idp.abuse.attempt import Attempt, Way
from idp.factors.ports import Attempts, Devices, RefusedTries
from idp.login.circumstances import Circumstances
from idp.login.proofs import Method
from idp.source import source_of

Judged = TypeVar("Judged")


class CountedTries:
    """What every factor that is typed in goes through."""

    def __init__(self, database: Database, attempts: Attempts, devices: Devices, history: RefusedTries) -> None:
        self._database = database
        self._attempts = attempts
        self._devices = devices
        self._history = history

    async def __call__(
        self,
        judge: Callable[[], Awaitable[Judged]],
        method: Method,
        subject: bytes,
        account_id: str | None,
        here: Circumstances,
    ) -> Judged:
        """What `judge` answers.

        Args:
            subject: whom the try is counted for.
            account_id: whose it is; None for nobody's.

        Raises:
            InvalidInput: as `judge`.
            LimitExceeded: `puzzle-needed`, `too-many-tries`; nothing was judged.
        """
        way = Way.PASSWORD if method is Method.PASSWORD else Way.CODE
        device = await self._devices.name(account_id, here.device_cookie)
        attempt = Attempt(way, subject, here.source, here.answer, device, account_id=account_id)
        try:
            await self._attempts.admit(attempt)
            judged = await judge()
        except (InvalidInput, LimitExceeded) as error:
            if isinstance(error, InvalidInput):
                await self._attempts.failed(attempt)
            await self.refused(method, account_id, here, error)
            raise
        await self._attempts.succeeded(attempt)
        return judged

    async def knows(self, account_id: str, here: Circumstances) -> bool:
        """Whether the person logged in from this browser before."""
        return await self._devices.name(account_id, here.device_cookie) is not None

    async def refused(self, method: Method, account_id: str | None, here: Circumstances, error: AppError) -> None:
        """Put a refusal on record, for those who watch and for the person."""
        self._history.refused(
            account_id,
            method=method.value,
            reason=error.code,
            source=source_of(here.source),
            user_agent=here.user_agent,
        )
        detail = {"reason": error.code, "method": method.value}
        await self._database.record(AuditEvent("session.start", "refused", ANONYMOUS, account_id, detail=detail))
