"""Makes what a seal consists of: its key, its certificate, its picture."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from core.clock import Clock
from core.ids import new_id
from core.text import Text
from keys.ports import KeyProvider
from keys.spec import SignatureAlgorithm
from signing.appearance.drawn import draw_seal, image_of
from signing.appearance.official_seal import SealDesign, SealDrawing, SealShape
from signing.model import Seal, SealKind, SealStatus
from signing.ports import CertificateAuthority, SealCertificates, SealKeys
from signing.work_pool import WorkPool


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be made; `backend` says where the key shall live, None for the deployment's default."""

    organisation: str
    kind: SealKind
    name: Text
    code: str
    line: str
    diameter_mm: float
    algorithm: SignatureAlgorithm
    backend: str | None = None
    bearer: str | None = None
    replaces: str | None = None
    shape: SealShape = SealShape.ROUND

    @property
    def design(self) -> SealDesign:
        return SealDesign(self.name.zh, self.code, self.line, self.diameter_mm, self.shape)


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
    ) -> None:
        self._keys = keys
        self._authority = authority
        self._certificates = certificates
        self._endings = endings
        self._clock = clock
        self._pool = pool

    async def draw(self, wanted: Wanted) -> SealDrawing:
        """
        Raises:
            SealInvalid: the name, the code, the line or the diameter is not acceptable.
        """
        return await self._pool.run(draw_seal, wanted.design)

    async def make(self, wanted: Wanted, status: SealStatus) -> Seal:
        """A seal that is nowhere entered yet.

        Raises:
            SealInvalid: as `draw`.
            core.errors.Unavailable: no key can be made, or no certificate issued.
        """
        drawing = await self.draw(wanted)
        seal_id = new_id(self._clock, "seal")
        purpose = f"seal/{seal_id}"
        signer = await self._keys.create(purpose, wanted.algorithm, backend=wanted.backend)
        certificate = await self._authority.issue_seal_certificate(
            organisation_name=wanted.name.zh,
            organisation_code=wanted.organisation,
            seal_name=wanted.line or wanted.name.zh,
            seal_code=wanted.code,
            public_key=signer.public_key,
            purpose=purpose,
        )
        return Seal(
            id=seal_id,
            code=wanted.code,
            organisation=wanted.organisation,
            name=wanted.name,
            kind=wanted.kind,
            status=status,
            # the root is left out: who verifies must have it from elsewhere
            certificates=(certificate, *list(self._authority.issuing_chain())[:-1]),
            key_purpose=purpose,
            image=image_of(drawing, wanted.name.zh),
            created_at=self._clock.now(),
            design=asdict(wanted.design),
            bearer=wanted.bearer,
            replaces=wanted.replaces,
        )

    async def unmake(self, seal: Seal) -> None:
        """End the certificate and the key of a seal that could not be entered: nothing shall lie about that signs."""
        await self._certificates.revoke(seal.key_purpose)
        await self._endings.destroy(seal.key_purpose)
