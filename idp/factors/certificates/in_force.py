"""Which of a person's certificates can still be logged in with."""

from __future__ import annotations

from core.clock import Clock
from core.db.database import ReadTx
from idp.factors.certificates.ports import CertificateStore
from idp.login.proofs import Method


class CertificatesInForce:
    """Implements `idp.factors.ways_in.HeldKeys`."""

    method = Method.CERTIFICATE

    def __init__(self, certificates: CertificateStore, clock: Clock) -> None:
        self._certificates = certificates
        self._clock = clock

    async def held(self, tx: ReadTx, account_id: str) -> frozenset[str]:
        now = self._clock.now()
        held = await self._certificates.of_account(tx, account_id)
        return frozenset(one.id for one in held if one.not_after > now)
