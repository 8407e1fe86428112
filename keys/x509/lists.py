"""Keeps each authority's revocation lists: made on a change and well before their end, by one worker for all.

Nothing is made for a request: a list is signed once, kept in the store and in memory, and served from there.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Sequence

from core.clock import Clock
from core.errors import AppError
from keys.errors import KeyMissing, KeyUnavailable
from keys.x509.authorities import Authorities, Authority
from keys.x509.crl import ListContent, build_list
from keys.x509.errors import AuthorityUnknown
from keys.x509.model import AuthorityRow, ListHead, StoredList
from keys.x509.ports import CertificateStore, ListStore
from keys.x509.publication import PARTS, PkiAddresses, part_of
from keys.x509.watch import RevocationWatch

_LEASE = dt.timedelta(seconds=60)
_TRIES, _PAUSE = 100, 0.05
_log = logging.getLogger(__name__)


class RevocationLists:
    """Implements `keys.x509.watch.Follower`.

    Args:
        life: how long a list is good; the next one is made at half of it.
        parts_from: from how many entries on certificates are served their part.
    """

    def __init__(
        self,
        authorities: Authorities,
        certificates: CertificateStore,
        lists: ListStore,
        watch: RevocationWatch,
        clock: Clock,
        addresses: PkiAddresses,
        *,
        life: dt.timedelta,
        parts_from: int,
    ) -> None:
        self._authorities = authorities
        self._certificates = certificates
        self._lists = lists
        self._watch = watch
        self._clock = clock
        self._addresses = addresses
        self._life = life
        self._parts_from = parts_from
        self._kept: dict[tuple[str, int | None], StoredList] = {}
        self._making = asyncio.Lock()

    async def get(self, slug: str, part: int | None = None) -> StoredList:
        """The list to serve: the whole, or with `part` what a certificate of this part needs, which is the whole
        while it is short.

        Raises:
            AuthorityUnknown: no such authority, no such part, or an offline authority whose list is not installed.
            core.errors.Unavailable: its key does not answer, and there is no list that is still good.
        """
        try:
            await self._watch.fresh()
        except Exception:  # the store is away: a list in memory that is still good is served all the same
            _log.exception("the state of certificates could not be looked at")
        authority = self._authorities.of_slug(slug)
        if authority is None or (part is not None and not (authority.kind.answers and 0 <= part < PARTS)):
            raise AuthorityUnknown
        whole = await self._current(authority, None)
        if part is None or whole.entries < self._parts_from:
            return whole
        return await self._current(authority, part)

    async def follow(self, rows: Sequence[AuthorityRow]) -> None:
        """Take over newer lists of other workers; make those that are due."""
        for row in rows:
            authority = self._authorities.of_key(row.key_id)
            if authority is None:
                continue
            heads = await self._lists.heads(row.key_id)
            for head in heads:
                await self._take_over(head)
            try:
                if heads and self._can_sign(authority):  # the first list is made when somebody asks for it
                    await self._make_due(authority, row, heads)
            except AppError as error:  # its key does not answer: the list of before is good for long enough
                _log.error("the revocation list of %s could not be made: %s", row.slug, error.private or error.code)

    # -- looking ---------------------------------------------------------------------------------------------------

    async def _current(self, authority: Authority, part: int | None) -> StoredList:
        """A list that is still good; made now if there is none."""
        key = (authority.key_id, part)
        for _ in range(_TRIES):
            found = self._kept.get(key) or await self._stored(key)
            if found is not None and (self._is_good(found) or not self._can_sign(authority)):
                return found
            if not self._can_sign(authority):
                raise AuthorityUnknown

            async def missing() -> list[int | None]:
                stored = await self._stored(key)
                return [] if stored is not None and self._is_good(stored) else [part]

            if not await self._make(authority, missing):  # another worker is making it
                self._kept.pop(key, None)
                await asyncio.sleep(_PAUSE)
        raise KeyUnavailable(f"the revocation list of {authority.slug} is being made for too long")

    async def _stored(self, key: tuple[str, int | None]) -> StoredList | None:
        found = await self._lists.get(*key)
        if found is not None:
            self._kept[key] = found
        return found

    async def _take_over(self, head: ListHead) -> None:
        key = (head.authority_key_id, head.part)
        kept = self._kept.get(key)
        if kept is not None and kept.number < head.number:
            newer = await self._lists.get(*key)
            if newer is not None:
                self._kept[key] = newer

    # -- making ----------------------------------------------------------------------------------------------------

    async def _make_due(self, authority: Authority, row: AuthorityRow, heads: Sequence[ListHead]) -> None:
        if not await self._due(row, heads):
            return

        async def still_due() -> list[int | None]:
            return await self._due(row, await self._lists.heads(row.key_id))

        await self._make(authority, still_due)

    async def _due(self, row: AuthorityRow, heads: Sequence[ListHead]) -> list[int | None]:
        """Which lists are old, or do not know of a change."""
        latest = await self._latest_changes(heads) if len(heads) > 1 else {}
        return [
            head.part
            for head in heads
            if self._is_old(head) or head.changes < (row.changes if head.part is None else latest.get(head.part, 0))
        ]

    async def _latest_changes(self, heads: Sequence[ListHead]) -> dict[int, int]:
        """The number of the last change in each part that has changed."""
        oldest = min(head.changes for head in heads if head.part is not None)
        latest: dict[int, int] = {}
        for serial, change in (await self._certificates.changed_since(heads[0].authority_key_id, oldest)).items():
            part = part_of(int(serial, 16))
            latest[part] = max(change, latest.get(part, 0))
        return latest

    async def _make(self, authority: Authority, due: Callable[[], Awaitable[list[int | None]]]) -> bool:
        """Make the lists that are still due once it is this worker's turn; False when it is another's."""
        async with self._making:
            now = self._clock.now().replace(microsecond=0)
            number = await self._lists.claim(authority.key_id, moment=now, lease=_LEASE)
            if number is None:
                return False
            try:
                for part in await due():
                    made = await self._made(authority, part, number, now)
                    if await self._lists.keep(made):
                        self._kept[(authority.key_id, part)] = made
            finally:
                await self._lists.release(authority.key_id)
            return True

    async def _made(self, authority: Authority, part: int | None, number: int, now: dt.datetime) -> StoredList:
        keeps = authority.kind.keeps_expired
        # RFC 5280 §3.3: an entry stays until it has been on one regular list after its certificate's end
        ended_after = None if keeps else now - 2 * self._life
        changes, revocations = await self._lists.revocations(authority.key_id, part=part, ended_after=ended_after)
        content = ListContent(
            issuer=authority.certificate.subject.dump(),
            number=number,
            this_update=now,
            next_update=now + self._life,
            revocations=revocations,
            point=None if part is None else self._addresses.crl(authority.slug, part),
            expired_since=authority.certificate.not_valid_before if keeps else None,
        )
        der = await build_list(content, self._authorities.signer(authority))
        return StoredList(
            authority.key_id, part, number, now, content.next_update, changes=changes, entries=len(revocations), der=der
        )

    def _can_sign(self, authority: Authority) -> bool:
        try:
            self._authorities.signer(authority)
        except KeyMissing:
            return False
        return True

    def _is_good(self, found: StoredList) -> bool:
        return self._clock.now() < found.next_update

    def _is_old(self, head: ListHead) -> bool:
        return self._clock.now() >= head.this_update + self._life / 2
