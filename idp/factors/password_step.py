"""The password as a further step: for whoever began with something that they have."""

from __future__ import annotations

from core.clock import Clock
from core.errors import InvalidInput
from core.text import Text
from idp.factors.check_step import StepJudge
from idp.login.circumstances import Circumstances
from idp.login.ports import SecondFactor
from idp.login.proofs import KINDS, Method, Proof, resting_on
from idp.model import Account
from idp.passwords.normal import normal_password
from idp.source import source_of
from keys.ports import PasswordHasher


class PasswordStep:
    """Implements `SecondFactor` and `StepJudge`."""

    method = Method.PASSWORD

    def __init__(self, passwords: PasswordHasher, clock: Clock) -> None:
        self._passwords = passwords
        self._clock = clock

    async def usable(self, account: Account) -> bool:
        return bool(account.password_hash)

    async def judge(self, account: Account, typed: str, circumstances: Circumstances) -> Proof:
        usable = normal_password(typed)
        stored = account.password_hash or None
        right = await self._passwords.verify(usable or "", stored, source=source_of(circumstances.source))
        if not right or usable is None:
            raise InvalidInput(
                "password-wrong", Text("密码不对。请再输一次。", "Wrong password. Try again."), field="password"
            )
        rests_on = resting_on(account.password_hash)
        return Proof(self.method, ("pwd",), KINDS[self.method], self._clock.now(), rests_on=rests_on)


_: tuple[type[SecondFactor], type[StepJudge]] = (PasswordStep, PasswordStep)
