"""What a seal's certificate says, and what the trust list makes of it today."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from asn1crypto import x509

from core.clock import Clock
from core.db.database import Database
from core.errors import Unavailable
from keys.trust.judgement import Judgement
from keys.trust.model import Service
from signing.errors import SealNotFound
from signing.ports import CertificateJudge, SealStore

_SOON = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class SealCertificate:
    """
    Attributes:
        subject, issuer: as the certificate names them, their common names first.
        sha256: of the whole, hexadecimal.
        judgement: None while nothing can be said.
        ends_soon: within thirty days, or it has ended.
    """

    subject: str
    issuer: str
    serial: str
    valid_from: dt.datetime
    valid_until: dt.datetime
    sha256: str
    judgement: Judgement | None
    ends_soon: bool

    @property
    def trusted(self) -> bool | None:
        return None if self.judgement is None else self.judgement.good


class LookAtCertificate:
    """For anybody who may look at seals: certificates are public, every sealed file carries one."""

    def __init__(self, database: Database, store: SealStore, judge: CertificateJudge, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._judge = judge
        self._clock = clock

    async def __call__(self, seal_id: str) -> SealCertificate:
        """
        Raises:
            SealNotFound
        """
        async with self._database.read() as tx:
            seal = await self._store.seal(tx, seal_id)
        if seal is None:
            raise SealNotFound
        return await self.of_chain(seal.certificates)

    async def of_chain(self, certificates: Sequence[bytes]) -> SealCertificate:
        """
        Args:
            certificates: DER, the seal's own first, then its issuers; of either form.
        """
        read = x509.Certificate.load(certificates[0])
        try:
            judgement = await self._judge.judge(certificates[0], certificates[1:], service=Service.DOCUMENTS)
        except Unavailable:
            judgement = None
        return SealCertificate(
            subject=_named(read.subject),
            issuer=_named(read.issuer),
            serial=f"{read.serial_number:X}",
            valid_from=read.not_valid_before,
            valid_until=read.not_valid_after,
            sha256=hashlib.sha256(certificates[0]).hexdigest(),
            judgement=judgement,
            ends_soon=read.not_valid_after - self._clock.now() <= _SOON,
        )


def _named(name: x509.Name) -> str:
    parts = name.native
    said = [parts.get(part) for part in ("common_name", "organization_name")]
    texts = [", ".join(one) if isinstance(one, list) else one for one in said if one]
    return " · ".join(dict.fromkeys(texts))
