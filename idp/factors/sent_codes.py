"""A code by text message or e-mail as a further step of a log-in (attacks O-55)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.clock import Clock
from core.text import Language
from idp.errors import StepGone
from idp.factors.addresses import Addresses, masked
from idp.factors.check_step import StepJudge, budget_of
from idp.factors.codes import OneTimeCodes, Post
from idp.login.circumstances import Circumstances
from idp.login.ports import SecondFactor
from idp.login.proofs import KINDS, Method, Proof
from idp.login.steps import LoginSteps, PendingLogin
from idp.messages.ports import AddressKind
from idp.model import Account

CHANNELS: Final = {Method.SMS: AddressKind.SMS, Method.EMAIL: AddressKind.EMAIL}
_AMR = {Method.SMS: ("otp", "sms"), Method.EMAIL: ("otp",)}  # RFC 8176 §2


def code_proof(method: Method, clock: Clock) -> Proof:
    """That somebody got a code."""
    return Proof(method, _AMR[method], KINDS[method], clock.now())


@dataclass(frozen=True, slots=True)
class SentCodeFactor:
    """A method of `CHANNELS`: whoever can be reached has it. Implements `SecondFactor` and `StepJudge`."""

    method: Method
    addresses: Addresses
    codes: OneTimeCodes
    clock: Clock

    async def usable(self, account: Account) -> bool:
        return await self.addresses.of(account, CHANNELS[self.method]) is not None

    async def judge(self, account: Account, typed: str, circumstances: Circumstances) -> Proof:
        await self.codes.check(_slot(self.method, circumstances), typed)
        return code_proof(self.method, self.clock)


class SendStepCode:
    """The use case: sends a code for the log-in that has begun in a browser."""

    def __init__(self, steps: LoginSteps, codes: OneTimeCodes, addresses: Addresses) -> None:
        self._steps = steps
        self._codes = codes
        self._addresses = addresses

    async def destination(self, pending: PendingLogin, method: Method) -> str | None:
        """Where a code would go, masked; None when it could not."""
        address = await self._addresses.of(await self._steps.account(pending), CHANNELS[method])
        return None if address is None else masked(address)

    async def __call__(self, method: Method, circumstances: Circumstances, language: Language) -> None:
        """
        Raises:
            StepGone: there is no such log-in, or the account cannot be reached like this.
            LimitExceeded: `code-too-soon`, `too-many-codes`.
        """
        account = await self._steps.account(await self._steps.pending(circumstances.step_cookie))
        address = await self._addresses.of(account, CHANNELS[method])
        if address is None:
            raise StepGone(private="no address")
        await self._codes.issue(
            _slot(method, circumstances), Post(budget_of(account), address, circumstances.source, language)
        )


def _slot(method: Method, circumstances: Circumstances) -> str:
    return f"step:{method.value}:{circumstances.step_cookie}"


_: tuple[type[SecondFactor], type[StepJudge]] = (SentCodeFactor, SentCodeFactor)
