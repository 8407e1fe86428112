"""Finds out whether a certificate was revoked: from our own register, by OCSP, from lists; answers are kept a while.

Only for certificates on a path that holds (the judge sees to that), only from hosts that the operator allows, and
within one bound of time for everything. Whatever is doubtful is no answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import hashlib
import logging
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakValueDictionary

from core.egress.errors import EgressError
from core.egress.port import Fetcher
from core.errors import Unavailable
from core.kv.port import KeyValueStore
from keys.trust.anchors import Anchor
from keys.trust.certificate import Certificate
from keys.trust.crl import RevocationList, RevocationRefused, read_list
from keys.trust.judgement import Evidence
from keys.trust.ocsp import LARGEST, NONCE_OCTETS, REQUEST_TYPE, RESPONSE_TYPE, Answer, build_request, read_answer
from keys.trust.ports import RevocationChecker, RevocationSource

_log = logging.getLogger(__name__)

_MOST_TRIED = 2  # addresses of one kind
_LISTS_IN_MEMORY = 64
_NUMBERS_KEPT = 400 * 86400.0
_SHORTEST = 1.0


@dataclass(frozen=True, slots=True)
class RevocationRules:
    """
    Attributes:
        seconds: for everything about one certificate.
        keep_seconds: for how long an answer is used again, at the longest; its own next update may come earlier.
        away_seconds: for how long an address that did not answer is left alone.
    """

    seconds: float = 5.0
    keep_seconds: float = 3600.0
    away_seconds: float = 60.0


class Revocations:
    """Implements `keys.trust.ports.RevocationChecker`.

    Args:
        sources: registers that answer for their own authorities, asked first.
        fetcher: under rules that name the hosts that may be called.
        kv: shared between workers; what comes from it is judged again, for it is no place of trust.
    """

    def __init__(
        self,
        sources: Sequence[RevocationSource],
        fetcher: Fetcher,
        kv: KeyValueStore,
        rules: RevocationRules | None = None,
    ) -> None:
        self._sources = sources
        self._fetcher = fetcher
        self._kv = kv
        self._rules = rules or RevocationRules()
        self._lists: OrderedDict[tuple[str, str], tuple[RevocationList, dt.datetime]] = OrderedDict()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def check(
        self, certificate: Certificate, issuer: Certificate, anchor: Anchor, *, now: dt.datetime
    ) -> Evidence | None:
        for source in self._sources:
            known = await source.look_up(certificate, issuer)
            if known is not None:
                return known
        with contextlib.suppress(TimeoutError, Unavailable):  # a cache that is away is no reason to believe anybody
            async with asyncio.timeout(self._rules.seconds):
                return await self._by_ocsp(certificate, issuer, now) or await self._by_lists(certificate, issuer, now)
        return None

    async def _by_ocsp(self, certificate: Certificate, issuer: Certificate, now: dt.datetime) -> Evidence | None:
        key = f"trust.ocsp.{_digest(issuer.public_key, str(certificate.serial).encode())}"
        if not certificate.ocsp:
            return None
        async with self._lock(key):
            kept = await self._kv.get(key)
            if kept is not None:
                with contextlib.suppress(RevocationRefused):
                    return _said(certificate, read_answer(kept, certificate, issuer, nonce=None, now=now))
            for url in certificate.ocsp[:_MOST_TRIED]:
                answer = await self._ask(url, certificate, issuer, now)
                if answer is not None:
                    await self._kv.put(key, answer.encoded, self._life(answer.next_update, now))
                    return _said(certificate, answer)
        return None

    async def _ask(self, url: str, certificate: Certificate, issuer: Certificate, now: dt.datetime) -> Answer | None:
        nonce = secrets.token_bytes(NONCE_OCTETS)
        body = await self._fetch(url, RESPONSE_TYPE, body=build_request(certificate, issuer, nonce))
        if body is None or len(body) > LARGEST:
            return None
        try:
            return read_answer(body, certificate, issuer, nonce=nonce, now=now)
        except RevocationRefused as refused:
            _log.warning("an OCSP answer was refused: %s", refused)
            await self._leave_alone(url)
            return None

    async def _by_lists(self, certificate: Certificate, issuer: Certificate, now: dt.datetime) -> Evidence | None:
        for url in certificate.crls[:_MOST_TRIED]:
            try:
                found = await self._list(url, issuer, now)
                if found is None:
                    continue
                entry = found.entry_of(certificate)
            except RevocationRefused as refused:
                _log.warning("a revocation list was refused: %s", refused)
                continue
            revoked_at, reason = entry or (None, None)
            return Evidence(certificate.fingerprint, "crl", found.this_update, revoked_at, reason, found.encoded)
        return None

    async def _list(self, url: str, issuer: Certificate, now: dt.datetime) -> RevocationList | None:
        """The list at an address, from memory, from the shared store, or fetched."""
        key = (url, issuer.fingerprint)
        async with self._lock(url):
            in_memory = self._lists.get(key)
            if in_memory is not None and now < in_memory[1]:
                return in_memory[0]
            stored = f"trust.crl.{_digest(url.encode(), issuer.public_key)}"
            kept = await self._kv.get(stored)
            if kept is not None:
                with contextlib.suppress(RevocationRefused):
                    return self._remember(key, await self._read(kept, issuer, now), now)
            body = await self._fetch(url, None)
            if body is None:
                return None
            try:
                found = await self._read(body, issuer, now)
            except RevocationRefused:
                await self._leave_alone(url)
                raise
            await self._kv.put(stored, body, self._life(found.next_update, now))
            return self._remember(key, found, now)

    async def _read(self, body: bytes, issuer: Certificate, now: dt.datetime) -> RevocationList:
        found = await asyncio.to_thread(read_list, body, issuer, now=now)  # a long list takes some milliseconds
        await self._check_newer(found, issuer)
        return found

    async def _check_newer(self, found: RevocationList, issuer: Certificate) -> None:
        """An older list never replaces a newer one: it would make what was revoked since good again.

        Raises:
            RevocationRefused: `older`.
        """
        key = f"trust.crlnumber.{_digest(issuer.public_key, found.scope.encode())}"
        mark = f"{found.number or 0:064x}.{int(found.this_update.timestamp()):016x}".encode()
        while True:
            seen = await self._kv.get(key)
            if seen is not None and seen > mark:
                raise RevocationRefused("older")
            if seen is None:
                done = await self._kv.put_if_absent(key, mark, _NUMBERS_KEPT)
            else:
                done = seen == mark or await self._kv.compare_and_swap(key, seen, mark, _NUMBERS_KEPT)
            if done:
                return

    def _remember(self, key: tuple[str, str], found: RevocationList, now: dt.datetime) -> RevocationList:
        self._lists[key] = (found, now + dt.timedelta(seconds=self._life(found.next_update, now)))
        self._lists.move_to_end(key)
        while len(self._lists) > _LISTS_IN_MEMORY:
            self._lists.popitem(last=False)
        return found

    async def _fetch(self, url: str, media_type: str | None, *, body: bytes = b"") -> bytes | None:
        """The body of a 200 answer; None, and a while of silence, for anything else."""
        if await self._kv.get(_away(url)) is not None:
            return None
        asked = {"Content-Type": REQUEST_TYPE, "Accept": RESPONSE_TYPE} if body else {}
        types = frozenset({media_type}) if media_type else None
        try:
            method = "POST" if body else "GET"
            answer = await self._fetcher.fetch(url, method=method, body=body, headers=asked, media_types=types)
        except EgressError as error:
            _log.warning("revocation data could not be fetched: %s", error.reason)
        else:
            if answer.status == 200:
                return answer.body
            _log.warning("revocation data could not be fetched: status %s", answer.status)
        await self._leave_alone(url)
        return None

    async def _leave_alone(self, url: str) -> None:
        """Who does not answer, or answers with what cannot be believed, is not asked again for a while."""
        await self._kv.put(_away(url), b"1", self._rules.away_seconds)

    def _life(self, next_update: dt.datetime, now: dt.datetime) -> float:
        return max(min((next_update - now).total_seconds(), self._rules.keep_seconds), _SHORTEST)

    def _lock(self, key: str) -> asyncio.Lock:
        """Of many questions at once about one thing, one goes out."""
        lock = self._locks.get(key)
        if lock is None:
            self._locks[key] = lock = asyncio.Lock()
        return lock


def _said(certificate: Certificate, answer: Answer) -> Evidence:
    return Evidence(
        certificate.fingerprint, "ocsp", answer.this_update, answer.revoked_at, answer.reason, answer.encoded
    )


def _away(url: str) -> str:
    return f"trust.away.{_digest(url.encode())}"


def _digest(*parts: bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(4, "big") + part)
    return whole.hexdigest()


_: type[RevocationChecker] = Revocations
