"""The next step of a log-in, for every factor that is typed in: counted, judged, put on record, handed on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from core.errors import InvalidInput
from core.kv.port import KeyValueStore
from idp.abuse.attempt import too_many
from idp.errors import StepGone
from idp.factors.judging import CountedTries
from idp.login.circumstances import Circumstances
from idp.login.proofs import Method, Proof
from idp.login.steps import LoginSteps, MoreNeeded, SignedIn
from idp.model import Account
from idp.settings import IdpSettings

_DAY = 86400


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
        self,
        steps: LoginSteps,
        judges: Mapping[Method, StepJudge],
        tries: CountedTries,
        kv: KeyValueStore,
        settings: IdpSettings,
    ) -> None:
        self._steps = steps
        self._judges = judges
        self._tries = tries
        self._kv = kv
        self._settings = settings

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
        try:
            proof = await self._tries(
                lambda: self._judged(judge, account, typed, circumstances),
                method,
                budget_of(account),
                account.id,
                circumstances,
            )
        except InvalidInput:
            await self._kv.incr(_wrong(account), _DAY)
            raise
        return await self._steps.proved(account, proof, circumstances)

    async def _judged(self, judge: StepJudge, account: Account, typed: str, here: Circumstances) -> Proof:
        """Whoever comes here knows one factor already: in a day they get so many wrong tries at the others, and in a
        browser that the person used before they get the budget of that browser besides.

        NIST SP 800-63B-4 §3.2.2: no more than 100 in a row.
        """
        wrong = int(await self._kv.get(_wrong(account)) or b"0")
        if wrong >= self._settings.step_wrong_per_day and not await self._tries.knows(account.id, here):
            raise too_many(_DAY)
        return await judge.judge(account, typed, here)


def _wrong(account: Account) -> str:
    return f"idp:step-wrong:{account.id}"
