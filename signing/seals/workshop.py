"""Makes what a seal consists of: its key, its certificate, its picture; and its national form, where it has one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from core.clock import Clock
from core.ids import new_id
from keys.ports import KeyProvider, Signer
from keys.profile import Profile
from signing.appearance.drawn import draw_seal, image_of
from signing.appearance.official_seal import SealDrawing
from signing.errors import SealFormUnavailable
from signing.model import Seal, SealStatus
from signing.national.give import make_form
from signing.national.model import NationalForm, purposes_of
from signing.national.workshop import NationalWorkshop
from signing.ports import CertificateAuthority, SealCertificates, SealKeys
from signing.seals.order import SealOrder
from signing.work_pool import WorkPool


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where a seal's key comes from; made by us unless one of the last two is given.

    Attributes:
        backend: where a new one shall live (`software`, `pkcs11`); None for the deployment's default.
        device: address of a key that is on a device already (`pkcs11:…`).
        private: a key that was made elsewhere, PKCS #8 in DER; it will live in memory, sealed under the master key.
    """

    backend: str | None = None
    device: str | None = None
    private: bytes | None = field(default=None, repr=False)

    @property
    def told(self) -> str:
        """For the audit log."""
        if self.private is not None:
            return "imported"
        return "device" if self.device is not None else "made"


MADE_HERE = KeySource()


class Workshop:
    """Makes seals, and unmakes what could not be entered."""

    def __init__(
        self,
        keys: KeyProvider,
        authority: CertificateAuthority,
        certificates: SealCertificates,
        endings: SealKeys,
        clock: Clock,
        pool: WorkPool,
        national: NationalWorkshop | None = None,
    ) -> None:
        self._keys = keys
        self._authority = authority
        self._certificates = certificates
        self._endings = endings
        self._clock = clock
        self._pool = pool
        self._national = national

    async def draw(self, order: SealOrder) -> SealDrawing:
        """
        Raises:
            SealInvalid: the name, the code, the line, the diameter or the scan is not acceptable.
        """
        return await self._pool.run(draw_seal, order.design, order.scan)

    async def check(self, order: SealOrder) -> None:
        """Whether its forms could be made here, before anything is.

        Raises:
            core.errors.Unavailable: they could not: `seal-form-unavailable`, `library-missing` or
                `algorithm-not-offered`.
        """
        if order.profile is not None and order.profile.national:
            await self._nationally().check()

    async def make(self, order: SealOrder, status: SealStatus, source: KeySource = MADE_HERE) -> Seal:
        """A seal that is nowhere entered yet.

        Raises:
            SealInvalid: as `draw`.
            core.errors.InvalidInput: `key-refused`, for a key that others made and that cannot serve.
            core.errors.Unavailable: no key can be made, or no certificate issued; as `check`.
        """
        drawing = await self.draw(order)
        await self.check(order)
        seal_id = new_id(self._clock, "seal")
        purpose = f"seal/{seal_id}"
        signer = await self._key(purpose, order, source)
        certificate = await self._authority.issue_seal_certificate(
            organisation_name=order.name.zh,
            organisation_code=order.organisation,
            seal_name=order.line or order.name.zh,
            seal_code=order.code,
            public_key=signer.public_key,
            purpose=purpose,
        )
        return Seal(
            id=seal_id,
            code=order.code,
            organisation=order.organisation,
            name=order.name,
            kind=order.kind,
            status=status,
            # the root is left out: who verifies must have it from elsewhere
            certificates=(certificate, *list(self._authority.issuing_chain())[:-1]),
            key_purpose=purpose,
            image=image_of(drawing, order.name.zh),
            created_at=self._clock.now(),
            design=_kept_design(order),
            bearer=order.bearer,
            replaces=order.replaces,
            profile=order.profile or Profile.INTERNATIONAL,
        )

    async def make_national(self, seal: Seal) -> NationalForm | None:
        """The national form of a seal that was just made; None where it has none. Unmade with its seal.

        Raises:
            core.errors.Unavailable: as `signing.national.workshop.NationalWorkshop.make`.
        """
        return await make_form(self._nationally(), seal) if seal.profile.national else None

    def _nationally(self) -> NationalWorkshop:
        if self._national is None:
            raise SealFormUnavailable
        return self._national

    async def _key(self, purpose: str, order: SealOrder, source: KeySource) -> Signer:
        if source.private is not None:
            return await self._endings.take_in(purpose, order.algorithm, source.private)
        if source.device is not None:
            return await self._endings.adopt(purpose, order.algorithm, source.device)
        return await self._keys.create(purpose, order.algorithm, backend=source.backend)

    async def unmake(self, seal: Seal) -> None:
        """End certificates and keys of a seal that could not be entered: nothing shall lie about that signs."""
        for purpose in purposes_of(seal):
            await self._certificates.revoke(purpose)
            await self._endings.destroy(purpose)


def _kept_design(order: SealOrder) -> Mapping[str, object]:
    kept = asdict(order.design)
    return kept if order.scan is None else {**kept, "scan": hashlib.sha256(order.scan.packed()).hexdigest()}
