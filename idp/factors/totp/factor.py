"""A code of an authenticator app as a step of a log-in."""

from __future__ import annotations

import base64

from core.clock import Clock
from core.db.database import Database
from idp.factors.check_step import StepJudge
from idp.factors.codes import as_typed
from idp.factors.totp.errors import wrong_code
from idp.factors.totp.model import Authenticator, secret_context
from idp.factors.totp.ports import AuthenticatorStore
from idp.factors.totp.values import matching_step
from idp.login.circumstances import Circumstances
from idp.login.ports import SecondFactor
from idp.login.proofs import KINDS, Method, Proof
from idp.model import Account
from keys.ports import FieldCipher


class TotpFactor:
    """Implements `SecondFactor` and `StepJudge`."""

    method = Method.TOTP

    def __init__(self, database: Database, store: AuthenticatorStore, fields: FieldCipher, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._fields = fields
        self._clock = clock

    async def usable(self, account: Account) -> bool:
        async with self._database.read() as tx:
            return bool(await self._store.of_account(tx, account.id))

    async def judge(self, account: Account, typed: str, circumstances: Circumstances) -> Proof:
        now, code = self._clock.now(), as_typed(typed)
        async with self._database.write() as tx:
            for one in await self._store.of_account(tx, account.id):
                step = matching_step(opened_secret(self._fields, one), code, now, after=one.last_step)
                if step is not None and await self._store.use(tx, one.id, step=step, at=now):
                    await tx.commit()
                    return Proof(self.method, ("otp",), KINDS[self.method], now)
        raise wrong_code()


def opened_secret(fields: FieldCipher, authenticator: Authenticator) -> bytes:
    text = fields.decrypt(authenticator.secret, context=secret_context(authenticator.id))
    return base64.b32decode(text)


_: tuple[type[SecondFactor], type[StepJudge]] = (TotpFactor, TotpFactor)
