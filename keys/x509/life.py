"""The life of a certificate after it was issued: held, good again, or revoked for good (RFC 5280 §5.3.1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable

from core.clock import Clock
from core.text import Text
from keys.x509.errors import CertificateConflict, CertificateNotFound
from keys.x509.model import CertificateRecord, CertificateStatus, Origin, RevocationReason
from keys.x509.ports import CertificateStore

_GOOD, _HELD, _REVOKED = CertificateStatus.GOOD, CertificateStatus.HELD, CertificateStatus.REVOKED


class ChangeCertificate:
    """Moves a certificate along its life. Every step may be repeated: it then changes nothing.

    Args:
        published: called after a change, so that lists and answers of this worker follow at once.
    """

    def __init__(self, store: CertificateStore, clock: Clock, published: Callable[[], Awaitable[None]]) -> None:
        self._store = store
        self._clock = clock
        self._published = published

    async def suspend(self, sha256: str) -> CertificateRecord:
        """Hold a good certificate (certificateHold); it may become good again.

        Raises:
            CertificateNotFound.
            CertificateConflict: it is revoked, or not ours.
        """
        return await self._move(sha256, (_GOOD,), _HELD, RevocationReason.CERTIFICATE_HOLD)

    async def resume(self, sha256: str) -> CertificateRecord:
        """Make a held certificate good again; it leaves the lists, as `removeFromCRL` says in lists of differences.

        Raises:
            CertificateNotFound.
            CertificateConflict: it is revoked, or not ours.
        """
        return await self._move(sha256, (_HELD,), _GOOD, None)

    async def revoke(
        self, sha256: str, reason: RevocationReason, *, invalidity_at: dt.datetime | None = None
    ) -> CertificateRecord:
        """End a certificate for good. One that was held counts as not good since then; a second call changes nothing,
        not even the reason.

        Args:
            invalidity_at: since when the key is known or suspected to have been misused; not later than now.

        Raises:
            CertificateNotFound.
            CertificateConflict: it is not ours; or the reason is `certificateHold`, which is for `suspend`.
        """
        if reason is RevocationReason.CERTIFICATE_HOLD or (invalidity_at and invalidity_at > self._clock.now()):
            raise _wrong_reason()
        return await self._move(sha256, (_GOOD, _HELD), _REVOKED, reason, invalidity_at)

    async def _move(
        self,
        sha256: str,
        expected: tuple[CertificateStatus, ...],
        new: CertificateStatus,
        reason: RevocationReason | None,
        invalidity_at: dt.datetime | None = None,
    ) -> CertificateRecord:
        now = self._clock.now().replace(microsecond=0)  # as fine as lists and answers tell it
        changed = await self._store.change_status(
            sha256, expected=expected, new=new, at=now, reason=reason, invalidity_at=invalidity_at
        )
        record = await self._store.find(sha256)
        if record is None:
            raise CertificateNotFound
        if not changed and record.status is not new:  # external, revoked, or moved on by somebody else
            raise _not_in_state(record)
        if changed:
            await self._published()
        return record


def _not_in_state(record: CertificateRecord) -> CertificateConflict:
    if record.origin is Origin.EXTERNAL:
        text = Text(
            "证书由外部机构签发，请向该机构申请。", "Another authority issued this certificate; ask that authority."
        )
        return CertificateConflict("certificate-external", text)
    text = Text(
        "证书的当前状态不允许此操作；已吊销的证书不能恢复。",
        "The state of the certificate does not allow this step; a revoked one never becomes good again.",
    )
    return CertificateConflict("certificate-state", text, private=f"it is {record.status}")


def _wrong_reason() -> CertificateConflict:
    text = Text(
        "吊销原因或失效时间不正确；暂停请用“挂起”，失效时间不得晚于现在。",
        "The reason or the invalidity date cannot be: suspend a certificate to hold it; the date must be past.",
    )
    return CertificateConflict("revocation-reason", text)
