"""Issues a licence: made and sealed (`certstore.making`), then one unit with rows, event and audit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import orjson

from certstore.authorise import acting_organisation, refusals_audited, require_scope, require_type
from certstore.catalogue import validity_of
from certstore.errors import AlreadyHeld, NotIssuingAuthority, StepNotForType, TypeRetired
from certstore.lifecycle import Event
from certstore.making import HolderInput, VersionContent, VersionMaker, check_first_day, check_holders, check_number
from certstore.model import Licence, LicenceChange, LicenceFile, LicenceType, Trust
from certstore.numbering import LicenceNumbers, number_is_drawn
from certstore.repository import Repository
from certstore.schema import check_data
from core.audit.event import AuditEvent, Detail
from core.db.database import WriteTx
from core.errors import Conflict, InvalidInput, NotFound
from core.idempotency import AlreadyDone, find_result, remember_result
from core.principal import Principal
from core.text import Text
from keys.ports import TokenDigests


@dataclass(frozen=True, slots=True)
class IssueCommand:
    """What to issue.

    Attributes:
        licence_number: 证照编号 as printed; None lets the type's own pattern give it, or the identifier's serial.
        valid_from: today when None.
        valid_until: only for types whose rule is `stated`.
        seal_code: one of the authority's seals; its official one when None.
    """

    type_code: str
    holders: Sequence[HolderInput]
    data: Mapping[str, object] = field(repr=False)
    idempotency_key: str
    licence_number: str | None = field(default=None, repr=False)
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None
    seal_code: str | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a new licence comes from: nothing, a draft, a licence of another region, a paper.

    Attributes:
        event: ISSUE or TRANSFER_IN.
        based_on: the identifier that it follows.
        licence_id: the draft's id.
        before: what happened to it until now.
        first: done in the same unit before the licence is written; what it raises undoes everything.
    """

    event: Event = Event.ISSUE
    trust: Trust = Trust.A
    based_on: str | None = None
    licence_id: str | None = None
    before: tuple[LicenceChange, ...] = ()
    first: Callable[[WriteTx, Licence], Awaitable[None]] | None = None


FROM_NOTHING = Origin()


class IssueLicence:
    """The use case. The actor's organisation is the issuing authority."""

    def __init__(
        self, repository: Repository, maker: VersionMaker, digests: TokenDigests, numbers: LicenceNumbers
    ) -> None:
        self._repository = repository
        self._maker = maker
        self._digests = digests
        self._numbers = numbers

    async def __call__(self, command: IssueCommand, actor: Principal, origin: Origin = FROM_NOTHING) -> Licence:
        """Issue, or answer what the same Idempotency-Key issued before.

        Raises:
            InvalidInput: the input does not fit the type; names the field, never the value.
            NotPermitted: no `licence:issue`, or not an issuing authority of the type, or no right to the seal.
            TransitionNotAllowed, StepNotForType: the type's own profile leaves the event out.
            NotFound: `licence-type-not-found`.
            Conflict: `licence-already-held`, `idempotency-key-reused`, `numbers-exhausted`.
            Unavailable: seal, fonts or document store do not answer; nothing was issued.
        """
        action = f"licence.{origin.event.value}"
        async with refusals_audited(self._repository.database, action, actor):
            require_scope(actor, "licence:issue")
            require_type(actor, "licence:issue", command.type_code)
            issuer = acting_organisation(actor)
            scope = f"{actor.id} {action}"[:128]
            key, fingerprints = command.idempotency_key, self._fingerprints(command, issuer, origin)
            async with self._repository.database.read() as tx:
                earlier = await find_result(tx, scope=scope, key=key, fingerprints=fingerprints)
                licence_type = await self._repository.catalogue.licence_type(tx, command.type_code)
            if earlier is not None:
                return await self._issued(earlier)
            if licence_type is None:
                raise NotFound(
                    "licence-type-not-found", Text("目录里没有这类证照。", "The catalogue has no such licence type.")
                )
            if issuer not in licence_type.issuers:
                raise NotIssuingAuthority
            licence, file = await self._make(command, licence_type, issuer, actor, origin)
            try:
                return await self._write(licence, file, licence_type, actor, origin, (scope, key, fingerprints))
            except AlreadyDone as done:
                return await self._issued(done.result)

    async def check_seal(self, issuer: str, seal_code: str | None) -> None:
        """
        Raises:
            InvalidInput: `seal-unknown`: the authority has no such active seal.
        """
        if seal_code is not None and not await self._maker.has_seal(issuer, seal_code):
            raise InvalidInput(
                "seal-unknown",
                Text(
                    "本机关没有这个编码的有效公章或证照专用章。",
                    "Your authority has no active official or licence seal of this code.",
                ),
                field="seal_code",
            )

    async def _make(
        self, command: IssueCommand, licence_type: LicenceType, issuer: str, actor: Principal, origin: Origin
    ) -> tuple[Licence, LicenceFile]:
        if licence_type.retired:
            raise TypeRetired
        if not licence_type.allows(origin.event):
            raise StepNotForType
        await self.check_seal(issuer, command.seal_code)
        today = self._repository.today()
        valid_from = check_first_day(command.valid_from or today, today)
        content = VersionContent(
            holders=check_holders(command.holders, licence_type, today),
            data=check_data(licence_type.schema, command.data),
            licence_number=check_number(command.licence_number),
            valid_from=valid_from,
            valid_until=validity_of(licence_type.validity, valid_from, command.valid_until),
        )
        if licence_type.numbering and origin.event is Event.ISSUE:
            if content.licence_number is not None:
                raise number_is_drawn()
            # last of all that can be refused for what was typed: numbers are not spent on mistakes
            number = await self._numbers.draw(licence_type.code, licence_type.numbering, issuer, today)
            content = replace(content, licence_number=number)
        made, file = await self._maker.first(
            content,
            licence_type,
            issuer,
            actor,
            event=origin.event,
            trust=origin.trust,
            based_on=origin.based_on,
            licence_id=origin.licence_id,
            seal_code=command.seal_code,
        )
        return replace(made, revision=len(origin.before) + 1), file

    async def _write(
        self,
        licence: Licence,
        file: LicenceFile,
        licence_type: LicenceType,
        actor: Principal,
        origin: Origin,
        idempotency: tuple[str, str, tuple[str, ...]],
    ) -> Licence:
        repository, version = self._repository, licence.current
        scope, key, fingerprints = idempotency
        change = LicenceChange(
            licence.revision,
            origin.event,
            licence.state,
            version.number,
            version.issued_at,
            actor.kind,
            actor.id,
            actor.organisation,
        )
        async with repository.database.write() as tx:
            await remember_result(
                tx, repository.clock, scope=scope, key=key, fingerprints=fingerprints, result=licence.id
            )
            newest = await repository.catalogue.licence_type(tx, licence_type.code)
            if newest is None or newest.version != licence_type.version:
                raise Conflict(
                    "licence-type-changed",
                    Text("这类证照的定义刚刚更新，请重试。", "The type's definition just changed. Try again."),
                )
            if origin.first is not None:
                await origin.first(tx, licence)
            await repository.licences.add(tx, licence, *origin.before, change)
            if licence_type.one_per_holder and not await repository.licences.claim_single(
                tx, licence, today=repository.today()
            ):
                raise AlreadyHeld
            await repository.files.add(tx, file)
            detail: Detail = {
                "type": licence_type.code,
                "version": version.number,
                "file": file.sha256,
                "seal": file.seal_id,
            }
            tx.audit(AuditEvent(f"licence.{origin.event.value}", "done", actor, licence.id, detail=detail))
            await tx.commit()
        return licence

    async def _issued(self, licence_id: str) -> Licence:
        async with self._repository.database.read() as tx:
            found = await self._repository.licences.licence(tx, licence_id)
        assert found is not None  # written in the same unit as the key
        return found

    def _fingerprints(self, command: IssueCommand, issuer: str, origin: Origin) -> tuple[str, ...]:
        # keyed: the request holds an ID number, and a plain digest of it could be guessed from a stolen table
        parts = [
            issuer,
            command.type_code,
            [[holder.code_type, holder.code, holder.name, holder.role] for holder in command.holders],
            command.data,
            command.licence_number,
            command.valid_from,
            command.valid_until,
            *([origin.event, origin.based_on, origin.licence_id] if origin != FROM_NOTHING else []),
            *([command.seal_code] if command.seal_code else []),
        ]
        try:
            content = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS).decode()
        except TypeError:
            raise InvalidInput(
                "licence-data-invalid", Text("照面信息读不懂。", "The face data cannot be read."), field="data"
            ) from None
        return self._digests.digests("idempotency/licence.issue", content)
