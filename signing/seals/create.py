"""Makes a seal: its key, its certificate, its picture."""

from __future__ import annotations

from dataclasses import dataclass

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.identifiers.uscc import parse_uscc
from core.ids import new_id
from core.principal import Principal
from core.text import Text
from keys.ports import KeyProvider
from keys.spec import SignatureAlgorithm
from signing.appearance.official_seal import SealDesign, SealDrawing, draw
from signing.appearance.pdf_content import to_pdf_content
from signing.appearance.svg import to_svg
from signing.errors import SealCodeTaken, SealNotYours
from signing.model import Seal, SealImage, SealKind, SealStatus
from signing.policy import may_manage
from signing.ports import CertificateAuthority, SealStore
from signing.work_pool import WorkPool


@dataclass(frozen=True, slots=True)
class CreateSealCommand:
    """A seal to make.

    Attributes:
        organisation: unified social credit code of the owner.
        name: the owner's registered name; the Chinese one stands on the arc.
        code: 13 digits.
        line: short line under the star; empty for none.
        backend: where the key shall live (`software`, `pkcs11`); None for the deployment's default.
    """

    organisation: str
    name: Text
    code: str
    actor: Principal
    kind: SealKind = SealKind.OFFICIAL
    line: str = ""
    diameter_mm: float = 42.0
    algorithm: SignatureAlgorithm = SignatureAlgorithm.ES256
    backend: str | None = None


class CreateSeal:
    """Makes an active seal."""

    def __init__(
        self,
        database: Database,
        store: SealStore,
        keys: KeyProvider,
        authority: CertificateAuthority,
        clock: Clock,
        pool: WorkPool,
    ) -> None:
        self._database = database
        self._store = store
        self._keys = keys
        self._authority = authority
        self._clock = clock
        self._pool = pool

    async def __call__(self, command: CreateSealCommand) -> Seal:
        """
        Raises:
            SealNotYours: the actor does not manage this organisation's seals.
            SealInvalid: the name, the code, the line or the diameter is not acceptable.
            core.errors.InvalidInput: `uscc-invalid`.
            SealCodeTaken: `seal-code-taken`.
        """
        organisation = parse_uscc(command.organisation)
        if not may_manage(command.actor, organisation):
            await self._database.record(AuditEvent("seal.create", "refused", command.actor, subject=organisation))
            raise SealNotYours
        design = SealDesign(command.name.zh, command.code, command.line, command.diameter_mm)
        drawing = await self._pool.run(draw, design)
        async with self._database.read() as read:  # before a key is made for nothing
            if await self._store.seal_of_code(read, command.code) is not None:
                raise SealCodeTaken
        seal_id = new_id(self._clock, "seal")
        purpose = f"seal/{seal_id}"
        signer = await self._keys.create(purpose, command.algorithm, backend=command.backend)
        certificate = await self._authority.issue_seal_certificate(
            organisation_name=command.name.zh,
            organisation_code=organisation,
            seal_name=command.line or command.name.zh,
            seal_code=command.code,
            public_key=signer.public_key,
            purpose=purpose,
        )
        seal = Seal(
            id=seal_id,
            code=command.code,
            organisation=organisation,
            name=command.name,
            kind=command.kind,
            status=SealStatus.ACTIVE,
            # the root is left out: who verifies must have it from elsewhere
            certificates=(certificate, *list(self._authority.issuing_chain())[:-1]),
            key_purpose=purpose,
            image=_image(drawing, command.name.zh),
            created_at=self._clock.now(),
        )
        async with self._database.write() as tx:
            await self._store.add_seal(tx, seal)
            detail: dict[str, str | int | bool | None] = {"code": seal.code, "kind": seal.kind.value}
            tx.audit(AuditEvent("seal.create", "done", command.actor, subject=seal.id, detail=detail))
            await tx.commit()
        return seal


def _image(drawing: SealDrawing, title: str) -> SealImage:
    return SealImage(drawing.diameter_mm, to_svg(drawing, title), to_pdf_content(drawing))
