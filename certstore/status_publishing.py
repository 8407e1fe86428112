"""Gives licences their places in status lists, and publishes the lists as signed tokens.

A place is taken only when somebody is told of it, at random, in a list that is at most half full: so the number and
the age of a licence cannot be read from its index, and most entries mean nothing (draft-ietf-oauth-status-list §12).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from certstore.authorise import holds, identity_of, refusals_audited
from certstore.errors import LicenceNotFound
from certstore.model import Licence
from certstore.ports import HolderDirectory
from certstore.repository import Repository
from certstore.status import Status
from certstore.status_list import LIST_SIZE, StatusReference, encode, entries, pack
from core.audit.event import AuditEvent
from core.db.database import ReadTx, WriteTx
from core.errors import NotFound
from core.principal import Principal, PrincipalKind
from core.text import Text

TTL_SECONDS = 300
"""For which a verifier may keep a list (§5.1 `ttl`)."""

LIFE_SECONDS = 3600
"""For which a list counts without network (§5.1 `exp`)."""

_FRESH_SECONDS = 30  # for which a worker gives out the token that it made


@dataclass(frozen=True, slots=True)
class ListedStatus:
    """What a list's entry stands for: a version of a licence as it is today."""

    index: int
    status: Status
    inspected_until: dt.date | None


class StatusEntryStore(Protocol):
    """Places in status lists. A place is never given twice, and never taken back."""

    async def place_of(self, tx: ReadTx, licence_id: str, version: int) -> tuple[int, int] | None:
        """List and index of a version; None if it has none yet."""

    async def open_list(self, tx: WriteTx) -> int:
        """Number of the list that takes entries, from 1; the next one once half of its places are taken."""

    async def take(
        self, tx: WriteTx, licence_id: str, version: int, place: tuple[int, int], *, now: dt.datetime
    ) -> bool:
        """Take list and index; False if that place is taken, or the version has one already."""

    async def listed(self, tx: ReadTx, number: int, today: dt.date) -> Sequence[ListedStatus]:
        """All entries of a list."""

    async def newest(self, tx: ReadTx) -> int:
        """Number of the newest list; 0 if there is none."""


class ListSigner(Protocol):
    """Signs what the repository declares, with a key that it publishes."""

    async def sign_list(self, claims: Mapping[str, object]) -> str:
        """A compact JWS with `typ: statuslist+jwt` (§5.1).

        Raises:
            core.errors.Unavailable: the key does not answer.
        """


class StatusLists:
    """The use cases."""

    def __init__(
        self,
        repository: Repository,
        places: StatusEntryStore,
        holders: HolderDirectory,
        signer: ListSigner,
        *,
        issuer: str,
    ) -> None:
        self._repository = repository
        self._places = places
        self._holders = holders
        self._signer = signer
        self._issuer = issuer
        self._made: dict[int, tuple[dt.datetime, str]] = {}
        self._turn = asyncio.Lock()

    @property
    def aggregation(self) -> str:
        """Address under which all lists are named (§9)."""
        return f"{self._issuer}/licence-status"

    def address(self, number: int) -> str:
        return f"{self._issuer}/licence-status/{number}"

    async def reference(self, licence_id: str, actor: Principal) -> StatusReference:
        """Where the state of the licence's present version is told, for its issuer and its holder.

        Raises:
            LicenceNotFound: absent, or not to be seen by this caller.
        """
        repository = self._repository
        async with refusals_audited(repository.database, "licence.status-reference", actor, subject=licence_id):
            identity = await identity_of(self._holders, actor) if actor.kind is PrincipalKind.PERSON else None
            async with repository.database.write() as tx:
                licence = await repository.licences.licence(tx, licence_id)
                if licence is None:
                    raise LicenceNotFound
                if not (holds(licence, identity) if identity else _issues(licence, actor)):
                    raise LicenceNotFound
                made = await self.place(tx, licence)
                tx.audit(AuditEvent("licence.status-reference", "done", actor, licence_id))
                await tx.commit()
        return made

    async def place(self, tx: WriteTx, licence: Licence) -> StatusReference:
        """The place of the licence's present version, taken now if it has none."""
        version = licence.current.number
        while (known := await self._places.place_of(tx, licence.id, version)) is None:
            place = (await self._places.open_list(tx), secrets.randbelow(LIST_SIZE))
            await self._places.take(tx, licence.id, version, place, now=self._repository.now())
        return StatusReference(self.address(known[0]), known[1])

    async def token(self, number: int) -> str:
        """A list as a signed token; made anew after half a minute.

        Raises:
            NotFound: `status-list-unknown`.
        """
        made = self._made.get(number)
        if made is None or not self._is_fresh(made[0]):
            async with self._turn:  # of many who ask at once, one makes it
                made = self._made.get(number)
                if made is None or not self._is_fresh(made[0]):
                    made = self._made[number] = await self._make(number)
        return made[1]

    async def addresses(self) -> Sequence[str]:
        async with self._repository.database.read() as tx:
            newest = await self._places.newest(tx)
        return [self.address(number) for number in range(1, newest + 1)]

    async def _make(self, number: int) -> tuple[dt.datetime, str]:
        repository = self._repository
        now, today = repository.now(), repository.today()
        async with repository.database.read() as tx:
            known = 1 <= number <= await self._places.newest(tx)
            listed = await self._places.listed(tx, number, today) if known else ()
        if not known:
            raise NotFound(
                "status-list-unknown",
                Text("没有这份状态列表。请核对地址。", "No such status list. Check the address."),
            )
        values = entries(((one.index, one.status, one.inspected_until) for one in listed), today)
        packed = await asyncio.to_thread(pack, values)
        second = int(now.timestamp())
        claims = {
            "sub": self.address(number),  # §5.1: the `uri` of the references
            "iat": second,
            "exp": second + LIFE_SECONDS,
            "ttl": TTL_SECONDS,
            "status_list": {**encode(packed), "aggregation_uri": self.aggregation},
        }
        return now, await self._signer.sign_list(claims)

    def _is_fresh(self, made_at: dt.datetime) -> bool:
        age = (self._repository.now() - made_at).total_seconds()
        return 0 <= age < _FRESH_SECONDS


def _issues(licence: Licence, actor: Principal) -> bool:
    return (
        actor.may("licence:issue")
        and actor.organisation == licence.issuer
        and actor.may_with("licence:issue", licence.type_code)
    )
