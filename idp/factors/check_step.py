"""The next step of a log-in, for every factor that is typed in: counted, judged, put on record, handed on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from idp.errors import StepGone
from idp.factors.judging import CountedTries
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

    def __init__(self, steps: LoginSteps, judges: Mapping[Method, StepJudge], tries: CountedTries) -> None:
        self._steps = steps
        self._judges = judges
        self._tries = tries

    async def __call__(self, method: Method, typed: str, circumstances: Circumstances) -> SignedIn | MoreNeeded:
        """
        Raises:
            StepGone: no log-in has begun in this browser, or this method is not among its steps.
            InvalidInput: what was typed is not right.
            LimitExceeded: `puzzle-needed`, `too-many-tries`; every try is counted before it is judged.
        """
        account = await self._steps.account(await self._steps.pending(circumstances.step_cookie))
        judge = self._judges.get(method)
        if judge is None:
            raise StepGone(private="no such step")
        proof = await self._tries(
            lambda: judge.judge(account, typed, circumstances), method, budget_of(account), account.id, circumstances
        )
        return await self._steps.proved(account, proof, circumstances)
