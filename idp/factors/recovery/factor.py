"""A recovery code as a step of a log-in."""

from __future__ import annotations

import msgspec

from core.clock import Clock
from core.db.database import Database
from core.errors import InvalidInput
from core.text import Text
from idp.factors.check_step import StepJudge
from idp.factors.recovery.codes import HashedCodes, without
from idp.factors.recovery.ports import RecoveryCodes, RecoveryCodeStore
from idp.login.circumstances import Circumstances
from idp.login.ports import SecondFactor
from idp.login.proofs import KINDS, Method, Proof
from idp.model import Account
from keys.ports import FieldCipher

_SWAPS = 5


def codes_context(account_id: str) -> str:
    """The place that the codes are sealed for."""
    return f"recovery-codes:{account_id}"


def opened_codes(fields: FieldCipher, kept: RecoveryCodes) -> HashedCodes:
    text = fields.decrypt(kept.content, context=codes_context(kept.account_id))
    return msgspec.json.decode(text.encode(), type=HashedCodes)


def sealed_codes(fields: FieldCipher, account_id: str, codes: HashedCodes) -> bytes:
    return fields.encrypt(msgspec.json.encode(codes).decode(), context=codes_context(account_id))


class RecoveryFactor:
    """Implements `SecondFactor` and `StepJudge`."""

    method = Method.RECOVERY

    def __init__(self, database: Database, store: RecoveryCodeStore, fields: FieldCipher, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._fields = fields
        self._clock = clock

    async def usable(self, account: Account) -> bool:
        return await self.left(account.id) > 0

    async def left(self, account_id: str) -> int:
        """How many codes can still be used."""
        async with self._database.read() as tx:
            kept = await self._store.get(tx, account_id)
        return 0 if kept is None else len(opened_codes(self._fields, kept).hashes)

    async def judge(self, account: Account, typed: str, circumstances: Circumstances) -> Proof:
        for _ in range(_SWAPS):
            async with self._database.write() as tx:
                kept = await self._store.get(tx, account.id)
                left = None if kept is None else without(opened_codes(self._fields, kept), typed)
                if kept is None or left is None:
                    break
                content = sealed_codes(self._fields, account.id, left)
                changed = RecoveryCodes(account.id, content, kept.revision + 1, kept.made_at)
                if await self._store.replace(tx, changed, revision=kept.revision):
                    await tx.commit()
                    return Proof(self.method, ("otp",), KINDS[self.method], self._clock.now())
        raise InvalidInput(
            "recovery-code-wrong",
            Text(
                "恢复码不对，或者已经用过。每个只能用一次，请换一个。",
                "Wrong code, or one that was used already: each works once. Try another.",
            ),
            field="code",
        )


_: tuple[type[SecondFactor], type[StepJudge]] = (RecoveryFactor, RecoveryFactor)
