"""Changing the lists: adding and withdrawing authorities on our own, importing another publisher's."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from core.clock import Clock
from core.text import Text
from keys.trust.certificate import CertificateUnreadable, read_certificate
from keys.trust.documents import read_document, write_document
from keys.trust.errors import EntryUnknown, TrustListChanged, TrustListRefused
from keys.trust.lists import OWN
from keys.trust.model import Period, Standing, TrustEntry, TrustList
from keys.trust.ports import ListRevision, TrustStore
from keys.trust.usage import usage_fault

_SKEW = dt.timedelta(minutes=5)
_EMPTY = 1
"""Sequence number of the list before anybody has put anything on it."""
_SOURCE = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")


class ChangeTrust:
    """Each change is one new version, in one atomic step; who loses a race is told so.

    Args:
        publisher: who we are, as our list says.
        life: how long a version of our list counts for others before they must fetch it again.
    """

    def __init__(self, store: TrustStore, clock: Clock, *, publisher: Text, territory: str, life: dt.timedelta) -> None:
        self._store = store
        self._clock = clock
        self._publisher = publisher
        self._territory = territory
        self._life = life

    async def own_list(self) -> TrustList:
        """Our own list for publication, issued as of the beginning of the day, so that every worker says the same."""
        _, change = await self._read(OWN)
        known = read_document(change.document) if change and change.document else None
        return self._issued(known.entries if known else (), change.sequence if change else _EMPTY)

    async def add(self, entry: TrustEntry, *, by: str) -> TrustList:
        """Put an authority on our list, or give it new services, a new name or assurance.

        Its history stays: an authority that was withdrawn before is granted again from now on.

        Raises:
            TrustListRefused: `entry`: the certificate is no authority's (and no unit's that the services name).
            TrustListChanged: somebody else was faster.
        """
        check_entry(entry)

        def changed(entries: tuple[TrustEntry, ...]) -> tuple[TrustEntry, ...]:
            before = next((one for one in entries if one.id == entry.id), None)
            if before is None:
                return (*entries, entry)
            again = before.periods
            if before.periods[-1].standing is not Standing.GRANTED:
                again = (*before.periods, Period(Standing.GRANTED, self._now()))
            return tuple(replace(entry, periods=again) if one is before else one for one in entries)

        return await self._change(changed, by)

    async def withdraw(self, entry_id: str, *, by: str, since: dt.datetime | None = None) -> TrustList:
        """The authority is not trusted from now on, or from an earlier moment: signatures proven before stay good.

        Args:
            entry_id: SHA-256 of the certificate, or the first eight or more digits of it, hexadecimal.

        Raises:
            EntryUnknown: no authority, or more than one, goes by this number.
            TrustListRefused: `history`: `since` is in the future, or before the authority was last granted.
            TrustListChanged: somebody else was faster.
        """
        moment = (since or self._now()).replace(microsecond=0)

        def changed(entries: tuple[TrustEntry, ...]) -> tuple[TrustEntry, ...]:
            found = [one for one in entries if len(entry_id) >= 8 and one.id.startswith(entry_id.lower())]
            if len(found) != 1 or found[0].periods[-1].standing is Standing.WITHDRAWN:
                raise EntryUnknown
            if not found[0].periods[-1].since < moment <= self._now():
                text = Text(
                    "移出的时间须在列入之后、且不晚于现在。",
                    "The moment of withdrawal must be after the one of granting, and not in the future.",
                )
                raise TrustListRefused("history", text)
            ended = (*found[0].periods, Period(Standing.WITHDRAWN, moment))
            return tuple(replace(one, periods=ended) if one is found[0] else one for one in entries)

        return await self._change(changed, by)

    async def take_over(
        self, trust_list: TrustList, *, source: str, signer: bytes, by: str, new_signer: bool = False
    ) -> None:
        """Keep another publisher's list, whose signature was checked under a pinned key.

        Args:
            source: our name for it; the same for every version of the list.
            signer: the pinned public key (SubjectPublicKeyInfo, DER).
            new_signer: the publisher has told us, in another way than by this list, that it changed its key.

        Raises:
            TrustListRefused: `source`; `expired`; `future`; `publisher` if the source is another publisher's list or
                another key's; `rollback` if we have or had a newer one.
            TrustListChanged: somebody else was faster.
        """
        check_source(source)
        _check_current(trust_list, self._clock.now())
        seen, before = await self._read(source)
        if before is not None:
            _check_follows(before, trust_list, signer, new_signer=new_signer)
        document = write_document(trust_list)
        if before is None or (before.document, before.signer) != (document, signer):
            await self._append(seen, source, trust_list.sequence, trust_list.issued_at, document, signer, by)

    async def give_up(self, source: str, *, by: str) -> None:
        """Trust another publisher's list no longer.

        Raises:
            EntryUnknown: there is no such list.
            TrustListChanged: somebody else was faster.
        """
        seen, before = await self._read(source)
        if source == OWN or before is None or before.document is None:
            raise EntryUnknown
        await self._append(seen, source, before.sequence, before.issued_at, None, before.signer, by)

    async def _change(self, change: Callable[[tuple[TrustEntry, ...]], tuple[TrustEntry, ...]], by: str) -> TrustList:
        seen, before = await self._read(OWN)
        known = read_document(before.document) if before and before.document else None
        entries = change(known.entries if known else ())
        new = self._issued(entries, (before.sequence if before else _EMPTY) + 1)
        await self._append(seen, OWN, new.sequence, new.issued_at, write_document(new), b"", by)
        return new

    async def _read(self, source: str) -> tuple[int, ListRevision | None]:
        """The number of the last change, and the list as it was then or later: in this order, so that a change in
        between makes the writing fail and not vanish."""
        seen = await self._store.revision()
        return seen, next((one for one in await self._store.latest() if one.source == source), None)

    async def _append(
        self,
        seen: int,
        source: str,
        sequence: int,
        issued_at: dt.datetime,
        document: bytes | None,
        signer: bytes,
        by: str,
    ) -> None:
        change = ListRevision(seen + 1, source, sequence, issued_at, signer, document, by, self._clock.now())
        if not await self._store.append(change):
            raise TrustListChanged

    def _issued(self, entries: Sequence[TrustEntry], sequence: int) -> TrustList:
        day = self._now().replace(hour=0, minute=0, second=0)
        return TrustList(self._publisher, self._territory, sequence, day, day + self._life, tuple(entries))

    def _now(self) -> dt.datetime:
        return self._clock.now().astimezone(dt.UTC).replace(microsecond=0)


def check_entry(entry: TrustEntry) -> None:
    """
    Raises:
        TrustListRefused: `entry`: what the certificate is does not go with the services.
    """
    try:
        certificate = read_certificate(entry.certificate)
    except CertificateUnreadable:
        text = Text("这不是能读取的证书。", "This is no certificate that can be read.")
        raise TrustListRefused("entry", text) from None
    if not entry.services:
        raise TrustListRefused("entry", Text("请说明信任它做什么。", "Say what it is to be trusted for."))
    unfit = [one for one in entry.services if usage_fault(certificate, one, entry.also_extended)]
    if not certificate.authority and unfit:
        text = Text(
            "证书既不是签发机构的，也不是用于所列用途的。",
            "The certificate is neither an issuing authority's nor made for the services that you name.",
        )
        raise TrustListRefused("entry", text)


def check_source(source: str) -> None:
    """
    Raises:
        TrustListRefused: `source`: not a short name of ASCII letters, digits, dots and hyphens, or our own.
    """
    if source == OWN or not _SOURCE.fullmatch(source):
        text = Text(
            "请给这份列表起一个由小写字母、数字、点和连字符组成的名称（own 除外）。",
            "Give the list a name of small letters, digits, dots and hyphens (but not `own`).",
        )
        raise TrustListRefused("source", text)


def _check_current(trust_list: TrustList, now: dt.datetime) -> None:
    if trust_list.next_update <= now:
        text = Text(
            "这份信任列表已过期，请向发布者索取新的。", "This trust list has expired; get a new one from its publisher."
        )
        raise TrustListRefused("expired", text)
    if trust_list.issued_at > now + _SKEW:
        text = Text("这份信任列表的发布时间在将来。", "This trust list claims to be issued in the future.")
        raise TrustListRefused("future", text)


def _check_follows(before: ListRevision, trust_list: TrustList, signer: bytes, *, new_signer: bool) -> None:
    known = read_document(before.document) if before.document else None
    same = known is None or (known.publisher, known.territory) == (trust_list.publisher, trust_list.territory)
    if not same or (before.signer != signer and not new_signer):
        text = Text(
            "这个名称下已有另一发布者（或另一签名密钥）的列表；如发布者确已更换密钥，请加 --new-signer。",
            "Under this name there is a list of another publisher, or of another key; "
            "if the publisher has changed its key, say --new-signer.",
        )
        raise TrustListRefused("publisher", text)
    if (trust_list.sequence, trust_list.issued_at) < (before.sequence, before.issued_at):
        text = Text(
            "这份信任列表比已导入的旧，不能用旧的替换新的。",
            "This trust list is older than the one that was imported; an older one never replaces a newer one.",
        )
        raise TrustListRefused("rollback", text)
