"""Answers questions about certificates (RFC 6960 §2.2): signed once and kept, or signed freshly for a nonce.

`good` is said of certificates in the register alone. A number that an authority never gave is `unknown`.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from core.clock import Clock
from core.errors import AppError
from keys.der import NotDer
from keys.errors import KeyUnavailable
from keys.x509.authorities import Authorities, Authority
from keys.x509.certificate import sign
from keys.x509.model import AuthorityRow, CertificateRecord, CertificateStatus
from keys.x509.ocsp import response
from keys.x509.ocsp.delegates import OcspDelegates
from keys.x509.ocsp.request import DIGESTS, CertificateId, OcspRequest, read_request
from keys.x509.ocsp.response import Failure
from keys.x509.ports import CertificateStore
from keys.x509.watch import RevocationWatch

_WAITING = 64  # signatures that may wait for a slow device
_STALE = dt.timedelta(seconds=60)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """An OCSPResponse. `fresh_until` is None where no cache may keep it.

    Attributes:
        signed_at: when it was signed.
        key_id: by which key.
    """

    der: bytes
    signed_at: dt.datetime | None = None
    fresh_until: dt.datetime | None = None
    key_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Said:
    """What is said about one certificate: the SingleResponse, when it was looked up, and the signed answer with it
    alone, once somebody asked for that."""

    single: bytes
    at: dt.datetime
    answer: Answer | None = None


class OcspResponder:
    """Implements `keys.x509.watch.Follower`.

    Args:
        life: how long an answer is good; a kept one is signed again at half of it.
        kept: certificates whose answers stay in memory.
    """

    def __init__(
        self,
        authorities: Authorities,
        certificates: CertificateStore,
        delegates: OcspDelegates,
        watch: RevocationWatch,
        clock: Clock,
        *,
        life: dt.timedelta,
        kept: int,
    ) -> None:
        self._authorities = authorities
        self._certificates = certificates
        self._delegates = delegates
        self._watch = watch
        self._clock = clock
        self._life = life
        self._most = kept
        self._kept: dict[tuple[str, str], dict[bytes, _Said]] = {}
        self._seen: dict[str, int] = {}
        self._names: dict[str, dict[bytes, tuple[bytes, bytes]]] = {}
        self._followed_at: dt.datetime | None = None
        self._waiting = 0

    def kept_answer(self, slug: str, der: bytes) -> Answer | None:
        """The answer, if it is at hand and costs nothing; a request that cannot be read has none."""
        authority = self._authorities.of_slug(slug)
        if authority is None or not self._watch.is_fresh():
            return None
        try:
            request = read_request(der)
        except NotDer:
            return None
        if request.nonce is not None or len(request.certificates) != 1:
            return None
        found = self._find(authority, request.certificates[0])
        return None if found is None else self._still(authority, found.answer)

    async def answer(self, slug: str, der: bytes) -> Answer:
        """The answer to an OCSPRequest; never raises for what comes in."""
        try:
            request = read_request(der)
        except NotDer:
            return Answer(response.failure(Failure.MALFORMED))
        try:
            if not await self._is_current():
                return Answer(response.failure(Failure.TRY_LATER))
            authority = self._authorities.of_slug(slug)
            if authority is None or not authority.kind.answers:
                return Answer(response.failure(Failure.UNAUTHORIZED))
            return await self._answer(authority, request)
        except AppError as error:
            _log.error("no OCSP answer for %s: %s", slug, error.private or error.code)
            return Answer(response.failure(Failure.TRY_LATER))
        except Exception:  # whatever fails, nothing is said about a certificate
            _log.exception("no OCSP answer for %s", slug)
            return Answer(response.failure(Failure.INTERNAL))

    async def follow(self, rows: Sequence[AuthorityRow]) -> None:
        for row in rows:
            seen = self._seen.get(row.key_id)
            if seen is not None and row.changes > seen:
                for serial in await self._certificates.changed_since(row.key_id, seen):
                    self._kept.pop((row.key_id, serial), None)
            self._seen[row.key_id] = row.changes
        self._followed_at = self._clock.now()

    # -- parts -----------------------------------------------------------------------------------------------------

    async def _is_current(self) -> bool:
        """Whether what is in memory may still be said; asks the store when the last look was not a moment ago."""
        if self._watch.is_fresh():
            return True
        try:
            await self._watch.fresh()
        except Exception:  # the store is away: for a short while what was known a moment ago is still said
            last = self._followed_at
            return last is not None and self._clock.now() - last < _STALE
        return True

    async def _answer(self, authority: Authority, request: OcspRequest) -> Answer:
        said = [await self._say(authority, one) for one in request.certificates]
        now = self._clock.now().replace(microsecond=0)
        if request.nonce is not None or len(said) != 1:
            return Answer(await self._signed(authority, [one.single for one in said], now, request.nonce))
        (only,) = said
        if (kept := self._still(authority, only.answer)) is not None:
            return kept
        key_id = (await self._delegates.current(authority)).signer.key_id
        made = Answer(await self._signed(authority, [only.single], now, None), only.at, only.at + self._life, key_id)
        return self._remember(authority, request.certificates[0], only, made)

    async def _say(self, authority: Authority, asked: CertificateId) -> _Said:
        """What is known: from memory, or looked up in the register and kept."""
        found = self._find(authority, asked)
        if found is not None:
            return found
        seen, now = self._seen.get(authority.key_id), self._clock.now().replace(microsecond=0)
        record = await self._record(authority, asked)
        if record is None:  # without a next update: it may be issued the moment after
            return _Said(response.single(asked.encoded, response.UNKNOWN, this_update=now), now)
        single = response.single(
            asked.encoded,
            _status(record),
            this_update=now,
            next_update=now + self._life,
            archive_cutoff=authority.certificate.not_valid_before,
        )
        said = _Said(single, now)
        if seen == self._seen.get(authority.key_id):  # no change was noticed since the register was read
            self._keep((authority.key_id, asked.serial), asked.encoded, said)
        return said

    def _still(self, authority: Authority, answer: Answer | None) -> Answer | None:
        """An answer, unless its key was replaced since: perhaps it leaked."""
        same = answer is not None and answer.key_id == self._delegates.key_id(authority)
        return answer if same else None

    def _find(self, authority: Authority, asked: CertificateId) -> _Said | None:
        kept = self._kept.get((authority.key_id, asked.serial))
        found = None if kept is None else kept.get(asked.encoded)
        return None if found is None or self._clock.now() - found.at >= self._life / 2 else found

    def _keep(self, key: tuple[str, str], asked: bytes, said: _Said) -> None:
        kept = self._kept.get(key)
        if kept is None:
            while len(self._kept) >= self._most:
                self._kept.pop(next(iter(self._kept)))
            kept = self._kept[key] = {}
        kept[asked] = said

    def _remember(self, authority: Authority, asked: CertificateId, said: _Said, made: Answer) -> Answer:
        """Keep the signed answer beside what it says, unless that was let go of in the meantime."""
        key = (authority.key_id, asked.serial)
        if self._kept.get(key, {}).get(asked.encoded) is not said:
            return Answer(made.der)
        self._kept[key][asked.encoded] = _Said(said.single, said.at, made)
        return made

    async def _record(self, authority: Authority, asked: CertificateId) -> CertificateRecord | None:
        names = self._names.get(authority.key_id)
        if names is None:
            names = self._names[authority.key_id] = _names(authority)
        if names.get(asked.digest) != (asked.name_hash, asked.key_hash) or not asked.serial:
            return None  # another issuer, or a digest or a number that is none
        return await self._certificates.of_serial(authority.key_id, asked.serial)

    async def _signed(
        self, authority: Authority, singles: Sequence[bytes], now: dt.datetime, nonce: bytes | None
    ) -> bytes:
        delegate = await self._delegates.current(authority)
        content = delegate.envelope.to_sign(singles, now, nonce)
        if not delegate.signer.blocking:
            return delegate.envelope.seal(content, delegate.signer.sign(content))
        if self._waiting >= _WAITING:
            raise KeyUnavailable("too many answers wait for the responder's key")
        self._waiting += 1
        try:
            return delegate.envelope.seal(content, await sign(delegate.signer, content))
        finally:
            self._waiting -= 1


def _status(record: CertificateRecord) -> bytes:
    if record.status is CertificateStatus.GOOD:
        return response.GOOD
    assert record.revoked_at is not None
    return response.revoked(record.revoked_at, record.reason)


def _names(authority: Authority) -> dict[bytes, tuple[bytes, bytes]]:
    """The hashes by which a CertID names this issuer (RFC 6960 §4.1.1), for each digest."""
    name: bytes = authority.certificate.subject.dump()
    key = bytes(authority.certificate.public_key["public_key"])
    return {digest: (make(name).digest(), make(key).digest()) for digest, make in DIGESTS.items()}
