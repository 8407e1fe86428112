"""Seals what was approved, once: a second call answers with the first one's file."""

from __future__ import annotations

from core.db.database import Database
from core.principal import Principal
from keys.ports import DocumentVault
from signing.errors import UseRequestNotFound, UseRequestOver
from signing.levels import Level
from signing.model import RequestState, SealedPdf, SealPdfCommand
from signing.places import Place
from signing.ports import UseRequestStore
from signing.profiles import PdfProfile
from signing.seal_file import Sealed, SealFile
from signing.seals.look_up import Seals
from signing.uses.ask import asked_by, request_context


class SealRequested:
    """For the one who asked."""

    def __init__(
        self, database: Database, requests: UseRequestStore, vault: DocumentVault, seal_file: SealFile, seals: Seals
    ) -> None:
        self._database = database
        self._requests = requests
        self._vault = vault
        self._seal_file = seal_file
        self._seals = seals

    async def __call__(
        self,
        request_id: str,
        placement: Place | tuple[Place, ...] | None,
        *,
        actor: Principal,
        level: Level | None = None,
        profile: PdfProfile | None = None,
    ) -> Sealed:
        """
        Args:
            level: how long the signature is to last; None for what the settings say.
            profile: in which form; None for the one that goes with the seal.

        Raises:
            UseRequestNotFound: also when somebody else asked.
            UseRequestOver: not approved, or no more.
            core.errors.AppError: as `SealFile`.
        """
        async with self._database.read() as tx:
            request = await self._requests.request(tx, request_id)
        if request is None or not asked_by(request, actor):
            raise UseRequestNotFound
        if request.state is RequestState.SEALED and request.signature_id is not None:
            return await self._again(request.signature_id, actor)
        if request.document is None:
            raise UseRequestOver
        command = SealPdfCommand(
            pdf=await self._vault.open_file(request.document, context=request_context(request.id)),
            seal_id=request.seal_id,
            actor=actor,
            document_class=request.document_class,
            placement=placement,
            reason=request.reason,
            request_id=request.id,
            level=level,
            profile=profile,
        )
        try:
            return await self._seal_file(command)
        except UseRequestOver:
            async with self._database.read() as tx:
                after = await self._requests.request(tx, request_id)
            if after is None or after.signature_id is None:
                raise
            return await self._again(after.signature_id, actor)  # another call of theirs was faster

    async def _again(self, signature_id: str, actor: Principal) -> SealedPdf:
        record = await self._seals.use(signature_id, caller=actor)
        content = await self._seals.file(signature_id, caller=actor)
        return SealedPdf(content, record.id, record.seal_id, record.signed_at, record.level, record.level)
