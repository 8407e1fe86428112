"""People propose clients and changes of clients.

What decides who gets what waits for a security administrator (`review`); the rest works at once. Who may propose: a
system administrator for every organisation, a portal manager for their own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database, ReadTx
from core.errors import Conflict
from core.idempotency import AlreadyDone, find_result, fingerprint_of, remember_result
from core.ids import new_id
from core.principal import Principal
from core.text import Text
from idp.clients import duties
from idp.clients.description import ClientDescription
from idp.clients.duties import Duties
from idp.clients.looking import LookAtClients, PortalView
from idp.clients.offered import check_offered
from idp.clients.policy import ADMINISTRATOR
from idp.clients.records import ClientProposal, Origin, ProposalKind, ProposalState, Registration
from idp.clients.registration import audited, client_invalid, told_to_people
from idp.clients.registry import ClientRegistry
from idp.clients.sector import SectorDocuments
from idp.clients.validation import read_description
from idp.clients.writing import WriteRegistrations, client_moved_on, difference
from idp.directory import organisation_not_found
from idp.errors import RegistrationError
from idp.model import Client, ClientStatus
from idp.ports import OrganisationStore
from idp.settings import IdpSettings


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a proposal led to.

    Attributes:
        proposal: what waits; None where the change works already.
        secret: of a new client, shown this once.
    """

    client: Client
    revision: int
    proposal: ClientProposal | None
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class _Once:
    """A request that is to be done once, however often it comes."""

    scope: str
    key: str
    document: Mapping[str, object]

    @property
    def fingerprints(self) -> list[str]:
        return [fingerprint_of(json.dumps(self.document, sort_keys=True))]


class ProposeClients:
    """The use cases."""

    def __init__(
        self,
        database: Database,
        look: LookAtClients,
        organisations: OrganisationStore,
        writing: WriteRegistrations,
        sectors: SectorDocuments,
        registry: ClientRegistry,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._database = database
        self._look = look
        self._organisations = organisations
        self._writing = writing
        self._sectors = sectors
        self._registry = registry
        self._clock = clock
        self._settings = settings
        self._duties = Duties(database)

    async def register(self, document: Mapping[str, object], actor: Principal, *, key: str | None = None) -> Proposed:
        """A new client, from a registration document with the members that people may ask for.

        Args:
            key: the Idempotency-Key; a repeated request answers with the first one's client, without its secret.

        Raises:
            NotPermitted: `duty-missing`.
            InvalidInput: `client-invalid`, `uri-not-allowed`, `idempotency-key-invalid`.
            NotFound: `organisation-not-found`; `client-not-found` for another's organisation.
            Conflict: `client-exists`, `idempotency-key-reused`.
        """
        own = duties.within(actor)
        new = await self._read(document if own is None else {"organisation": own, **document})
        await self._duties.check_manages(actor, new.organisation, "client.propose", None)
        once = None if key is None else _Once(f"{actor.kind.value}:{actor.id} client.propose", key, document)
        if once is not None:
            async with self._database.read() as tx:
                earlier = await find_result(tx, scope=once.scope, key=once.key, fingerprints=once.fingerprints)
            if earlier is not None:
                return await self._again(earlier, actor)
        try:
            return await self._register(new, actor, once)
        except AlreadyDone as done:
            return await self._again(done.result, actor)

    async def _register(self, new: ClientDescription, actor: Principal, once: _Once | None) -> Proposed:
        client_id = new.client_id or new_id(self._clock, "cli")
        record = Registration(client_id, Origin.PORTAL, actor.id, 1, self._clock.now())
        async with self._database.write() as tx:
            if once is not None:
                await remember_result(
                    tx, self._clock, scope=once.scope, key=once.key, fingerprints=once.fingerprints, result=client_id
                )
            await self._check_organisation(tx, new)
            client, secret = await self._writing.add(tx, new, client_id, record, active=False)
            proposal = await self._writing.propose(
                tx, ProposalKind.REGISTRATION, client, new, changed=(), revision=1, by=actor.id
            )
            tx.audit(AuditEvent("client.propose", "done", actor, client.id, detail=audited(client)))
            await tx.commit()
        return Proposed(client, 1, proposal, secret.value if secret else None)

    async def _again(self, client_id: str, actor: Principal) -> Proposed:
        view = await self._look.read(client_id, actor)
        waiting = next((one for one in view.proposals if one.state is ProposalState.OPEN), None)
        return Proposed(view.client, view.registration.revision, waiting)

    async def change(
        self, client_id: str, document: Mapping[str, object], actor: Principal, *, revision: int | None = None
    ) -> Proposed:
        """Replace the whole description. Works at once unless a member changes that a second person must look at.

        Args:
            revision: that the caller read; None for whatever it is.

        Raises:
            NotFound: `client-not-found`, `organisation-not-found`.
            NotPermitted: `duty-missing`.
            InvalidInput: `client-invalid`, `uri-not-allowed`.
            Conflict: `client-moved-on`, `proposal-open`, `client-waits`.
        """
        view = await self._look.read(client_id, actor)
        client = view.client
        await self._duties.check_manages(actor, client.organisation, "client.change", client_id)
        if client.status is ClientStatus.PENDING:
            raise _waits()
        if revision is not None and revision != view.registration.revision:
            raise client_moved_on()
        new = await self._read({"organisation": client.organisation, **document})
        await self._duties.check_manages(actor, new.organisation, "client.change", client_id)
        if new.client_id not in (None, client_id):
            raise client_invalid("client_id", "client_id never changes")
        different = difference(client, new)
        if not different.changed:
            return Proposed(client, view.registration.revision, None)
        if different.sensitive:
            return await self._propose(view, new, different.changed, actor)
        return await self._change_now(view, new, different.changed, actor)

    async def _propose(
        self, view: PortalView, new: ClientDescription, changed: Sequence[str], actor: Principal
    ) -> Proposed:
        client, revision = view.client, view.registration.revision
        async with self._database.write() as tx:
            await self._check_organisation(tx, new)
            proposal = await self._writing.propose(
                tx, ProposalKind.CHANGE, client, new, changed=changed, revision=revision, by=actor.id
            )
            detail = {"changed": " ".join(changed)}
            tx.audit(AuditEvent("client.propose-change", "done", actor, client.id, detail=detail))
            await tx.commit()
        return Proposed(client, revision, proposal)

    async def _change_now(
        self, view: PortalView, new: ClientDescription, changed: Sequence[str], actor: Principal
    ) -> Proposed:
        revision = view.registration.revision
        async with self._database.write() as tx:
            client, _ = await self._writing.change(tx, view.client, new, revision, show=False)
            detail = {"changed": " ".join(changed)}
            tx.audit(AuditEvent("client.change", "done", actor, client.id, detail=detail))
            await tx.commit()
        self._registry.forget(client.id)
        return Proposed(client, revision + 1, None)

    async def _check_organisation(self, tx: ReadTx, new: ClientDescription) -> None:
        if new.organisation and await self._organisations.get(tx, new.organisation) is None:
            raise organisation_not_found()

    async def _read(self, document: Mapping[str, object]) -> ClientDescription:
        try:
            new = read_description(document, ADMINISTRATOR)
            check_offered(new, self._settings)
            await self._sectors.check(new)
        except RegistrationError as error:
            raise told_to_people(error) from None
        return new


def _waits() -> Conflict:
    return Conflict(
        "client-waits",
        Text(
            "这个客户端还在等审核，审核之后才能变更；要改请先撤回重新登记。",
            "The client waits for review. Change it after that, or withdraw it and register it anew.",
        ),
    )
