"""What the identity provider stores under keys: for re-encryption, and for whoever wants to destroy a key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, exists, func, select, true

from core.clock import Clock
from core.db.database import Database, ReadTx, WriteTx
from core.db.held_names import HeldNames
from core.db.walk import Walk
from core.identifiers.documents import Document, DocumentKind
from idp.agency.sealing import agent_context
from idp.clients.secrets import secret_context
from idp.directory import account_context, document_context, proposal_context
from idp.identifiers import CITIZEN_ID, PHONE
from idp.stores.agency_tables import authorisation
from idp.stores.person_tables import person_document, person_document_index, person_proposal
from idp.stores.registration_tables import client_registration, registration_permit
from idp.stores.tables import account, account_index, account_profile, client, session, token_family
from keys.ports import BlindIndex, FieldCipher
from keys.reencrypt.digests import StoredDigests
from keys.reencrypt.held import HeldIndexes, Owner
from keys.reencrypt.model import KeyRef
from keys.reencrypt.ports import Collection, KeyHolder
from keys.reencrypt.rows import SealedColumn, SealedRows
from keys.secrets.purposes import FORMER_FIELDS, FORMER_INDEX, PEOPLE, PEOPLE_INDEX, TOKENS

_LAG = dt.timedelta(minutes=5)  # a worker that had not heard of the rotation yet
_SEALED = ("number", "name", "phone")
_SIGNED_WITH = ("secret_sealed", "earlier_secret_sealed")


def people_collections(database: Database, fields: FieldCipher, index: BlindIndex) -> Sequence[Collection]:
    """Accounts, what they state, the indexes by which they are found, and the secrets that clients sign with."""
    columns = [SealedColumn(name, fields, _place(name)) for name in _SEALED]
    names = HeldNames(account_index, "account_id", "kind")
    return (
        SealedRows(database, Walk(account), "account", (PEOPLE, FORMER_FIELDS), columns),
        SealedRows(
            database,
            Walk(account_profile),
            "account_profile",
            (PEOPLE, FORMER_FIELDS),
            [SealedColumn("content", fields, lambda row: account_context(row["account_id"], "profile"))],
        ),
        SealedRows(
            database,
            Walk(person_document),
            "person_document",
            (PEOPLE,),
            [SealedColumn("number", fields, lambda row: document_context(row["id"]))],
        ),
        SealedRows(
            database,
            Walk(person_proposal),
            "person_proposal",
            (PEOPLE,),
            [SealedColumn("content", fields, lambda row: proposal_context(row["id"]))],
        ),
        HeldIndexes(
            database,
            names,
            AccountOwners(fields),
            index,
            name="account_index",
            purposes=(PEOPLE_INDEX, FORMER_INDEX),
        ),
        HeldIndexes(
            database,
            HeldNames(person_document_index, "document_id", "kind"),
            DocumentOwners(fields),
            index,
            name="person_document_index",
            purposes=(PEOPLE_INDEX,),
        ),
        SealedRows(
            database,
            Walk(authorisation),
            "authorisation",
            (PEOPLE, FORMER_FIELDS),
            [SealedColumn("agent", fields, lambda row: agent_context(row["id"]))],
        ),
        SealedRows(
            database,
            Walk(client),
            "client",
            (PEOPLE, FORMER_FIELDS),
            [SealedColumn(name, fields, lambda row: secret_context(row["id"])) for name in _SIGNED_WITH],
        ),
    )


def token_holders(clock: Clock) -> Sequence[KeyHolder]:
    """Digests and tokens that only their own use brings under another key, or their end makes worthless."""
    now = clock.now
    return (
        StoredDigests(client, "secret_digest", lambda: client.c.secret_digest.is_not(None)),
        StoredDigests(client, "earlier_secret_digest", lambda: client.c.earlier_secret_ends_at > now()),
        StoredDigests(client_registration, "access_digest", lambda: client_registration.c.access_digest.is_not(None)),
        StoredDigests(registration_permit, "digest", lambda: registration_permit.c.expires_at > now()),
        StoredDigests(
            session, "cookie_digest", lambda: and_(session.c.ended_at.is_(None), session.c.expires_at > now())
        ),
        StoredDigests(authorisation, "code_digest", lambda: authorisation.c.offered_until > now()),
        StoredDigests(token_family, "code_digest", lambda: token_family.c.expires_at > now()),
        RefreshTokensHanded(clock),
    )


class AccountOwners:
    """Implements `keys.reencrypt.held.Owners`: accounts by ID number and phone."""

    def __init__(self, fields: FieldCipher) -> None:
        self._fields = fields

    async def read(self, tx: ReadTx, ids: Sequence[str]) -> Sequence[Owner]:
        query = select(account.c.id, account.c.number, account.c.phone).where(account.c.id.in_(ids))
        return [self._owner(row.id, row.number, row.phone) for row in await tx.connection.execute(query)]

    def _owner(self, account_id: str, number: bytes | None, phone: bytes | None) -> Owner:
        kinds = {CITIZEN_ID: ("number", number), PHONE: ("phone", phone)}
        held = {kind: (column, bytes(sealed)) for kind, (column, sealed) in kinds.items() if sealed is not None}
        names = []
        for kind, (column, sealed) in held.items():
            value = self._fields.decrypt(sealed, context=account_context(account_id, column))
            names.append(({"account_id": account_id, "kind": kind}, kind, value))
        return Owner(account_id, dict(held.values()), names)

    async def keep(self, tx: WriteTx, owner_id: str, guard: Mapping[str, object]) -> bool:
        return await Walk(account).exchange(tx, (owner_id,), guard, guard)


class DocumentOwners:
    """Implements `keys.reencrypt.held.Owners`: people's further documents."""

    def __init__(self, fields: FieldCipher) -> None:
        self._fields = fields

    async def read(self, tx: ReadTx, ids: Sequence[str]) -> Sequence[Owner]:
        query = select(person_document).where(person_document.c.id.in_(ids), person_document.c.proved_at.is_not(None))
        return [self._owner(row.id, row.kind, bytes(row.number)) for row in await tx.connection.execute(query)]

    def _owner(self, document_id: str, kind: str, sealed: bytes) -> Owner:
        state, _, number = self._fields.decrypt(sealed, context=document_context(document_id)).partition(":")
        document = Document(DocumentKind(kind), number, state)
        return Owner(
            document_id, {"number": sealed}, [({"document_id": document_id, "kind": kind}, kind, document.key)]
        )

    async def keep(self, tx: WriteTx, owner_id: str, guard: Mapping[str, object]) -> bool:
        return await Walk(person_document).exchange(tx, (owner_id,), guard, guard)


class RefreshTokensHanded:
    """Implements `keys.reencrypt.ports.KeyHolder`: refresh tokens are not stored, but their families are.

    A family's newest token has a MAC under the key that was active when it was handed out.
    """

    name = "refresh tokens"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def holds(self, tx: ReadTx, key: KeyRef) -> bool:
        if key.purpose != TOKENS:
            return False
        columns = token_family.c
        handed = func.coalesce(columns.rotated_at, columns.redeemed_at)
        alive = and_(columns.revoked_at.is_(None), columns.expires_at > self._clock.now(), handed.is_not(None))
        under = true() if key.active_until is None else handed <= key.active_until + _LAG
        found = select(1).select_from(token_family).where(alive, under)
        return bool((await tx.connection.execute(select(exists(found)))).scalar_one())


def _place(column: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda row: account_context(row["id"], column)
