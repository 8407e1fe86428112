"""Clients register and manage themselves (OIDC Registration 1.0 §3, §4; RFC 7591 §3; RFC 7592 §2).

A client that came this way waits for a security administrator unless its policy says otherwise, and so does every
change that decides who gets what. Its registration access token is replaced at every change; which of two changes at
once counts is decided by that exchange.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.audit.event import AuditEvent, Detail
from core.clock import Clock
from core.db.database import Database, WriteTx
from core.errors import Conflict, NotFound
from core.ids import new_id, new_secret
from core.principal import Principal, PrincipalKind
from core.text import Text
from idp.clients.admission import Admission, Admitted
from idp.clients.description import CLIENT_ID, ClientDescription, described
from idp.clients.document import registration_document
from idp.clients.offered import check_offered
from idp.clients.policy import RegistrationPolicy
from idp.clients.records import Origin, ProposalKind, Registration
from idp.clients.registration import audited
from idp.clients.registry import ClientRegistry
from idp.clients.rules.refusals import refused
from idp.clients.secrets import MadeSecret
from idp.clients.sector import SectorDocuments
from idp.clients.statements import asserted, issuer_of
from idp.clients.validation import read_description
from idp.clients.writing import Difference, RegistrationStores, WriteRegistrations, difference, sector_of
from idp.errors import InvalidClientMetadata, InvalidToken
from idp.model import Client, ClientStatus
from idp.settings import IdpSettings
from idp.token_uses import CLIENT_SECRET, REGISTRATION_ACCESS
from keys.ports import TokenDigests

_NOT_IN_AN_UPDATE = (
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
)


@dataclass(frozen=True, slots=True)
class _Known:
    """A client that showed its registration access token."""

    client: Client
    record: Registration
    policy: RegistrationPolicy
    digest: str


class DynamicRegistration:
    """The use cases; answers are the members of a client information response (RFC 7591 §3.2.1)."""

    def __init__(
        self,
        database: Database,
        stores: RegistrationStores,
        admission: Admission,
        writing: WriteRegistrations,
        sectors: SectorDocuments,
        digests: TokenDigests,
        registry: ClientRegistry,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._database = database
        self._stores = stores
        self._admission = admission
        self._writing = writing
        self._sectors = sectors
        self._digests = digests
        self._registry = registry
        self._clock = clock
        self._settings = settings

    async def register(self, document: Mapping[str, Any], bearer: str | None) -> dict[str, Any]:
        """
        Raises:
            NotFound: `registration-off`.
            InvalidToken: the initial access token.
            idp.errors.RegistrationError: RFC 7591 §3.2.2.
        """
        self._check_on()
        admitted = await self._admission.admit(document, bearer)
        policy = admitted.permit.policy
        new = read_description(admitted.document, policy)
        check_offered(new, self._settings)
        await self._sectors.check(new)
        token = new_secret()
        record = self._record(admitted, token)
        async with self._database.write() as tx:
            await self._admission.use(tx, admitted.permit)
            client, secret = await self._writing.add(tx, new, record.client_id, record, active=not policy.review)
            if policy.review:  # whoever gave the permit is the proposer: somebody else decides
                by = admitted.permit.created_by
                await self._writing.propose(tx, ProposalKind.REGISTRATION, client, new, changed=(), revision=1, by=by)
            tx.audit(
                AuditEvent("client.register", "done", _itself(client.id), client.id, detail=_detail(client, admitted))
            )
            await tx.commit()
        return self._answer(client, token, secret, record.statement)

    async def read(self, client_id: str, bearer: str | None) -> dict[str, Any]:
        """RFC 7592 §2.1.

        Raises:
            NotFound: `registration-off`.
            InvalidToken: no such client, or not its token.
        """
        known = await self._known(client_id, bearer)
        if not self._digests.is_current(known.digest):
            await self._renew(known, bearer or "")
        return self._answer(known.client, bearer or "", None, known.record.statement)

    async def update(self, client_id: str, document: Mapping[str, Any], bearer: str | None) -> dict[str, Any]:
        """RFC 7592 §2.2: the document replaces what is registered. The answer says what is registered now.

        Raises:
            NotFound: `registration-off`.
            InvalidToken: no such client, or not its token.
            idp.errors.RegistrationError: RFC 7591 §3.2.2.
        """
        known = await self._known(client_id, bearer)
        self._check_update(known.client, document)
        if known.record.statement is not None:
            _, statement = issuer_of(known.record.statement)
            document = {**document, **asserted(statement.claims)}
        new = _keeping(known.client, read_description(document, known.policy), known.policy)
        check_offered(new, self._settings)
        await self._sectors.check(new)
        different = difference(known.client, new)
        if (
            different.changed and known.client.status is ClientStatus.PENDING
        ):  # whoever decides has looked at it already
            raise refused("client_id", "waits for review and cannot be changed before")
        try:
            return await self._update(known, new, different)
        except Conflict as conflict:
            raise InvalidClientMetadata(
                "another change is under way or waits for review", private=conflict.code
            ) from None

    async def _update(self, known: _Known, new: ClientDescription, different: Difference) -> dict[str, Any]:
        client, record, secret = known.client, known.record, None
        access_token = new_secret()
        waits = bool(different.sensitive) and known.policy.review
        async with self._database.write() as tx:
            await self._exchange(tx, known, access_token)
            if waits:
                by, changed = await self._proposer(tx, record), different.changed
                await self._writing.propose(
                    tx, ProposalKind.CHANGE, client, new, changed=changed, revision=record.revision, by=by
                )
            elif different.changed:
                client, secret = await self._writing.change(tx, client, new, record.revision, show=True)
            detail: Detail = {"changed": " ".join(different.changed), "waits": waits}
            tx.audit(AuditEvent("client.update", "done", _itself(client.id), client.id, detail=detail))
            await tx.commit()
        self._registry.forget(client.id)
        return self._answer(client, access_token, secret, record.statement)

    async def delete(self, client_id: str, bearer: str | None) -> None:
        """RFC 7592 §2.3: the client is gone, and everything that it holds is worthless.

        Raises:
            NotFound: `registration-off`.
            InvalidToken: no such client, or not its token.
        """
        known = await self._known(client_id, bearer)
        async with self._database.write() as tx:
            if not await self._writing.remove(tx, known.client, by=client_id):
                raise _invalid_token("removed meanwhile")
            tx.audit(AuditEvent("client.remove", "done", _itself(client_id), client_id))
            await tx.commit()
        self._registry.forget(client_id)

    async def _proposer(self, tx: WriteTx, record: Registration) -> str:
        permit = await self._stores.permits.get(tx, record.permit) if record.permit else None
        return permit.created_by if permit else record.client_id

    async def _known(self, client_id: str, bearer: str | None) -> _Known:
        """RFC 7592 §2.1: the same answer whatever is wrong."""
        self._check_on()
        if not CLIENT_ID.fullmatch(client_id):
            raise _invalid_token("no client id")
        async with self._database.read() as tx:
            record = await self._stores.registrations.get(tx, client_id)
            client = await self._stores.clients.get(tx, client_id)
        stored = record.access_digest if record else None
        right = self._digests.matches(REGISTRATION_ACCESS, bearer or "", stored)
        if record is None or client is None or stored is None or record.policy is None or not right:
            raise _invalid_token("unknown client or another token")
        if client.status in (ClientStatus.DISABLED, ClientStatus.REMOVED):
            raise _invalid_token("disabled or removed")
        return _Known(client, record, record.policy, stored)

    async def _renew(self, known: _Known, token: str) -> None:
        """Keep the digest under today's key: nobody else has the token, and the former key is to go some day."""
        made = self._digests.digest(REGISTRATION_ACCESS, token)
        async with self._database.write() as tx:
            if await self._stores.registrations.exchange_token(tx, known.client.id, old=known.digest, new=made):
                await tx.commit()

    async def _exchange(self, tx: WriteTx, known: _Known, token: str) -> None:
        new = self._digests.digest(REGISTRATION_ACCESS, token)
        if not await self._stores.registrations.exchange_token(tx, known.client.id, old=known.digest, new=new):
            raise _invalid_token("used at the same time")

    def _check_update(self, client: Client, document: Mapping[str, Any]) -> None:
        if document.get("client_id") != client.id:  # RFC 7592 §2.2: MUST be the same
            raise refused("client_id", "must be the client's own")
        for name in _NOT_IN_AN_UPDATE:  # RFC 7592 §2.2: MUST NOT include
            if name in document:
                raise refused(name, "must not be in an update")
        shown = document.get("client_secret")
        if shown is not None and not (
            isinstance(shown, str) and self._digests.matches(CLIENT_SECRET, shown, client.secret_digest)
        ):
            raise refused("client_secret", "must be the current one, or left out")  # RFC 7592 §2.2

    def _check_on(self) -> None:
        if self._settings.registration == "off":
            raise NotFound(
                "registration-off",
                Text(
                    "本服务没有开放自助登记，请向管理员申请。",
                    "Clients do not register themselves here. Ask an administrator.",
                ),
            )

    def _record(self, admitted: Admitted, token: str) -> Registration:
        return Registration(
            client_id=new_id(self._clock, "cli"),
            origin=Origin.DYNAMIC,
            registered_by=admitted.permit.id,
            revision=1,
            changed_at=self._clock.now(),
            permit=admitted.permit.id,
            policy=admitted.permit.policy,
            access_digest=self._digests.digest(REGISTRATION_ACCESS, token),
            statement=admitted.statement,
        )

    def _answer(self, client: Client, token: str, secret: MadeSecret | None, statement: str | None) -> dict[str, Any]:
        answer = registration_document(client)
        if secret is not None:
            answer |= {"client_secret": secret.value, "client_secret_expires_at": 0}  # 0: never
        if statement is not None:
            answer["software_statement"] = statement  # RFC 7591 §3.2.1: MUST be returned unmodified
        return answer | {
            "registration_access_token": token,
            "registration_client_uri": f"{self._settings.issuer}/register/{client.id}",
            "registration_status": client.status.value,
        }


def _keeping(client: Client, new: ClientDescription, policy: RegistrationPolicy) -> ClientDescription:
    """What people gave the client beyond its policy is not its own to give up or to change."""
    metadata = dataclasses.replace(
        new.metadata,
        resources=client.metadata.resources,
        exchange_audiences=client.metadata.exchange_audiences,
        exchange_impersonation=client.metadata.exchange_impersonation,
        exchange_actor=client.metadata.exchange_actor,
    )
    by_addresses = sector_of(dataclasses.replace(described(client), sector=None), client.id)
    return dataclasses.replace(
        new,
        organisation=client.organisation,
        realname_approved=client.realname_approved,
        scopes=new.scopes | (client.scopes - policy.scopes),
        sector=None if client.sector == by_addresses else client.sector,
        metadata=metadata,
    )


def _itself(client_id: str) -> Principal:
    return Principal(PrincipalKind.CLIENT, client_id)


def _detail(client: Client, admitted: Admitted) -> Detail:
    return {**audited(client), "permit": admitted.permit.id, "status": client.status.value}


def _invalid_token(private: str) -> InvalidToken:
    return InvalidToken("the registration access token is not valid", private=private)
