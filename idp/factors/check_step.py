"""The next step of a log-in, for every factor that is typed in: counted, judged, put on record, handed on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from core.audit.event import AuditEvent
from core.db.database import Database
from core.errors import AppError, InvalidInput, LimitExceeded
from core.principal import ANONYMOUS
from idp.errors import StepGone
from idp.factors.ports import Attempts
from idp.login.circumstances import Circumstances
from idp.login.proofs import Method, Proof
from idp.login.steps import LoginSteps, MoreNeeded, SignedIn
from idp.model import Account


class StepJudge(Protocol):
    """Judges what was typed for one method."""

    async def judge(self, account: Account, typed: str, circumstances: Circumstances) -> Proof:
        """
        Raises:
            InvalidInput: it is not right; on field `code` or `password`.
        """


def budget_of(account: Account) -> bytes:
    """What the guesses at an account's further factors are counted for."""
    return f"account:{account.id}".encode()


class CheckStep:
    """The use case."""

    def __init__(
        self, database: Database, steps: LoginSteps, judges: Mapping[Method, StepJudge], attempts: Attempts
    ) -> None:
        self._database = database
        self._steps = steps
        self._judges = judges
        self._attempts = attempts

    async def __call__(self, method: Method, typed: str, circumstances: Circumstances) -> SignedIn | MoreNeeded:
        """
        Raises:
            StepGone: no log-in has begun in this browser, or this method is not among its steps.
            InvalidInput: what was typed is not right.
            LimitExceeded: `too-many-tries`; every try is counted before it is judged.
        """
        account = await self._steps.account(await self._steps.pending(circumstances.step_cookie))
        judge = self._judges.get(method)
        if judge is None:
            raise StepGone(private="no such step")
        try:
            await self._attempts.admit(budget_of(account), circumstances.source)
            proof = await judge.judge(account, typed, circumstances)
        except (InvalidInput, LimitExceeded) as error:
            await self._refused(account, method, error)
            raise
        await self._attempts.succeeded(budget_of(account), circumstances.source)
        return await self._steps.proved(account, proof, circumstances)

    async def _refused(self, account: Account, method: Method, error: AppError) -> None:
        detail = {"reason": error.code, "method": method.value}
        await self._database.record(AuditEvent("session.start", "refused", ANONYMOUS, account.id, detail=detail))
