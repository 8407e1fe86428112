"""Whoever has a share's code opens it: what was chosen, as it is today, and the holder sees that it was done."""

from __future__ import annotations

from collections.abc import Sequence

from certstore.codes import mask_code
from certstore.face import plain
from certstore.face_titles import face_titles
from certstore.looks import look_at
from certstore.model import HOLDER_CODE, HOLDER_NAME, NUMBER, Holder, Licence, LicenceType, Look
from certstore.ports import OrganisationDirectory
from certstore.repository import Repository
from certstore.schema import face_fields
from certstore.shares.errors import share_gone, share_not_found
from certstore.shares.make import OPENED, USE
from certstore.shares.model import OpenedShare, Share
from certstore.shares.ports import ShareStore
from certstore.status import Status, status_today
from core.audit.event import AuditEvent, Detail
from core.db.database import WriteTx
from core.errors import AppError
from core.identifiers.normal import canonical
from core.ids import is_id
from core.principal import Principal, Purpose
from core.text import Text
from keys.ports import TokenDigests

_MAX_TYPED = 40
_PURPOSE = Purpose(basis=OPENED.zh)


class OpenShare:
    """The use case; open to everybody."""

    def __init__(
        self, repository: Repository, store: ShareStore, organisations: OrganisationDirectory, digests: TokenDigests
    ) -> None:
        self._repository = repository
        self._store = store
        self._organisations = organisations
        self._digests = digests

    async def __call__(self, share_id: str, typed: str, actor: Principal) -> OpenedShare:
        """
        Raises:
            NotFound: `share-not-found`: no such share, a wrong code, or it has ended; they look alike.
            NotPermitted: `share-gone`.
        """
        repository, now = self._repository, self._repository.now()
        code = canonical(typed[:_MAX_TYPED])
        known = await self._guessed(share_id) if is_id(share_id) else None
        # the digest is compared in any case, so that a share that is not there takes as long as a wrong code
        if not self._digests.matches(USE, code, known.code_digest if known else None) or known is None:
            await self._refused(actor, known, share_not_found())
            raise share_not_found()
        async with repository.database.write() as tx:
            licence = await repository.licences.locked(tx, known.licence_id)
            assert licence is not None  # licences are never removed
            share = await self._store.open(tx, known.id, now=now)
            holder = next((one for one in licence.current.holders if one.code == known.holder), None)
            if share is not None and holder is not None:
                opened = await self._opened(tx, share, licence, holder, actor)
                await tx.commit()
                return opened
        error: AppError = share_not_found() if share is None else share_gone()
        await self._refused(actor, known, error)
        raise error

    async def _guessed(self, share_id: str) -> Share | None:
        """The share, once a guess at its code is paid for: however many guess at a time, they are counted."""
        async with self._repository.database.write() as tx:
            known = await self._store.guess(tx, share_id, now=self._repository.now())
            await tx.commit()
        return known

    async def _opened(
        self, tx: WriteTx, share: Share, licence: Licence, holder: Holder, actor: Principal
    ) -> OpenedShare:
        repository = self._repository
        status = status_today(licence, repository.today())
        licence_type = await repository.catalogue.licence_type(tx, licence.type_code, licence.current.type_version)
        assert licence_type is not None  # versions of types are never removed
        fields = share.fields if status is Status.VALID else ()
        looks = look_at(
            repository,
            actor,
            Look.SHARE,
            _PURPOSE,
            licence=licence,
            fields=fields,
            consent_id=share.id,
            about=holder.code,
        )
        await repository.access.add(tx, looks)
        detail: Detail = {"share": share.id, "fields": len(fields)}
        tx.audit(AuditEvent("share.open", "done", actor, licence.id, _PURPOSE, detail))
        name = await self._organisations.name(licence.issuer)
        return OpenedShare(
            type_name=licence_type.name,
            issuer_name=name or Text(licence.issuer, licence.issuer),
            identifier=licence.current.identifier,
            status=status,
            valid_until=licence.current.valid_until,
            rows=_rows(fields, licence, licence_type, holder),
            purpose=share.purpose,
            views_left=share.views_allowed - share.views,
            expires_at=share.expires_at,
        )

    async def _refused(self, actor: Principal, known: Share | None, error: AppError) -> None:
        event = AuditEvent("share.open", "refused", actor, known.id if known else None, _PURPOSE, {"error": error.code})
        await self._repository.database.record(event)


def _rows(
    fields: Sequence[str], licence: Licence, licence_type: LicenceType, holder: Holder
) -> Sequence[tuple[Text, str]]:
    """Only the sharing holder's own name and number: what the other holders are is not theirs to show."""
    version, units = licence.current, {one.name: one.unit for one in face_fields(licence_type.schema)}
    fixed = {HOLDER_NAME: holder.name, HOLDER_CODE: mask_code(holder.code), NUMBER: version.licence_number}
    titles = face_titles(licence_type.schema)
    return [
        (
            titles[name],
            fixed[name] if name in fixed else f"{plain(version.data[name])} {units[name]}".strip(),
        )
        for name in fields
        if name in fixed or name in version.data
    ]
