"""Makes the national form of a seal: an SM2 key of its own, a certificate over it, and SESeal, which its maker signs.

GB/T 38540-2020 §6: the maker (制章者) signs what the seal is called, how it looks, how long it counts and whose
certificate may stamp with it. Only the seal's own certificate may, and it counts as long as that does.
"""

from __future__ import annotations

from cryptography import x509

from core.clock import Clock
from core.ids import new_id
from core.text import Text
from keys.errors import KeyMissing
from signing.errors import SealFormUnavailable
from signing.eseal.model import SealInfo, Signers
from signing.eseal.write import write_info, write_signed_seal
from signing.model import SealImage, SealKind
from signing.national.kinds import KIND_NUMBERS
from signing.national.model import NationalForm, national_purpose
from signing.national.picture import raster
from signing.national.ports import NationalAuthority, NationalKeys
from signing.work_pool import WorkPool

VERSION = 4
"""Of the header: GB/T 38540-2020."""

VENDOR = "Yizheng"


class NationalWorkshop:
    """Makes national forms; what could not be entered is unmade with its seal."""

    def __init__(self, keys: NationalKeys, authority: NationalAuthority, clock: Clock, pool: WorkPool) -> None:
        self._keys = keys
        self._authority = authority
        self._clock = clock
        self._pool = pool

    async def check(self) -> None:
        """Whether a national form could be made, before anything of a seal is.

        Raises:
            SealFormUnavailable: there is no authority for it.
            keys.errors.LibraryMissing, keys.errors.AlgorithmNotOffered: there is no SM2.
        """
        try:
            self._authority.issuing_chain()
        except KeyMissing:
            raise SealFormUnavailable from None
        await self._keys.check()

    async def make(
        self,
        seal_id: str,
        *,
        organisation: str,
        name: Text,
        line: str,
        code: str,
        kind: SealKind,
        image: SealImage,
    ) -> NationalForm:
        """A form that is nowhere entered yet, with a new key.

        Args:
            name, organisation: of the owner.
            line: short line on the seal, which names it among others of its owner.

        Raises:
            As `check`.
            core.errors.Unavailable: no key can be made, no certificate issued, or the picture cannot be drawn.
        """
        await self.check()
        picture = await self._pool.run(raster, image)
        purpose = national_purpose(seal_id)
        key = await self._keys.make(purpose)
        certificate = await self._authority.issue_seal_certificate(
            organisation_name=name.zh,
            organisation_code=organisation,
            seal_name=line or name.zh,
            seal_code=code,
            public_key=key.public_key,
            purpose=purpose,
        )
        read = x509.load_der_x509_certificate(certificate)
        maker = await self._authority.maker(until=read.not_valid_after_utc)
        now = self._clock.now().replace(microsecond=0)
        info = SealInfo(
            version=VERSION,
            vendor=VENDOR,
            seal_id=code,
            kind=KIND_NUMBERS[kind],
            name=f"{name.zh}{line}",
            signers=Signers(certificates=(certificate,)),
            created_at=now,
            valid_from=max(now, read.not_valid_before_utc),
            valid_to=min(read.not_valid_after_utc, maker.until),
            picture=picture,
        )
        signature = await maker.sign(write_info(info))
        return NationalForm(
            id=new_id(self._clock, "sealform"),
            seal_id=seal_id,
            key_id=key.key_id,
            # the root is left out: who verifies must have it from elsewhere
            certificates=(certificate, *list(self._authority.issuing_chain())[:-1]),
            encoded=write_signed_seal(info, maker.certificate, signature),
            esid=code,
            created_at=now,
            valid_from=info.valid_from,
            valid_to=info.valid_to,
        )
