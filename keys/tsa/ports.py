"""What the time-stamp authority, its verifier and its client ask of others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from keys.ports import KeyProvider, VerificationKey
from keys.tsa.imprint import Imprint


@dataclass(frozen=True, slots=True)
class SerialBlock:
    """Numbers that nobody else gets: `first`, `first` + 1, … as many as were asked for.

    Attributes:
        latest: the latest moment at which any worker has asked for a block, this time included.
    """

    first: int
    latest: dt.datetime


class SerialStore(Protocol):
    """Hands out blocks of numbers, each number once and never again, whoever asks and whoever crashes."""

    async def reserve(self, count: int, *, moment: dt.datetime) -> SerialBlock:
        """The next `count` numbers, in one atomic step. What a worker does not use is lost: gaps do no harm."""

    async def set_latest(self, moment: dt.datetime) -> None:
        """Forget a latest moment that was wrong, after the clock had run ahead and was put right by people."""


class TimestampCertificates(Protocol):
    """Certificates of the authority's own keys."""

    async def chain(self, purpose: str, key_id: str) -> tuple[bytes, ...]:
        """The key's certificate and then its issuers below the root, DER; empty when there is none that is good now."""

    async def certify(self, purpose: str, key_id: str, public_key: bytes) -> None:
        """Issue a certificate for a key of ours, unless it has one.

        Args:
            purpose: of the key, `tsa/1`; tells units apart in the subject.
            public_key: SubjectPublicKeyInfo, DER.

        Raises:
            core.errors.AppError: the issuing authority is not there, or must not issue.
        """


class UnitKeys(KeyProvider, Protocol):
    """The key ring, as far as units need it."""

    async def prepare_next(self, purpose: str) -> VerificationKey | None:
        """Make the key that will follow."""

    async def rotate(self, purpose: str, *, at_once: bool = False) -> None:
        """Next becomes active."""

    async def refresh(self) -> bool:
        """Follow what other workers have changed."""


class ClockCheck(Protocol):
    """Says whether the machine's clock follows UTC."""

    def fault(self) -> str | None:
        """None when the clock can be relied on; otherwise what is wrong, for the log. Must not block."""


@dataclass(frozen=True, slots=True)
class Issued:
    """One token that was issued; holds nothing about people.

    Attributes:
        purpose: the unit's key purpose, `tsa/1`.
    """

    serial: int
    purpose: str
    imprint: Imprint


class IssueLog(Protocol):
    """Is told of each token that was issued. Must not block."""

    def issued(self, token: Issued) -> None: ...


class TimestampTrust(Protocol):
    """Judges the certificate of a token: is an accepted time-stamping authority behind it?"""

    async def judge(self, certificate: bytes, others: Sequence[bytes], *, at: dt.datetime) -> tuple[bytes, ...]:
        """Validate the path of `certificate` as it stood at `at`, revocation included where the deployment asks for it.

        Args:
            certificate: the signer's, DER.
            others: certificates that came along and may help; none of them is to be believed by itself.

        Returns:
            The path, the signer's certificate first, the trust anchor last.

        Raises:
            core.errors.AppError: no accepted path; or it cannot be told right now (Unavailable).
        """


class TimestampSource(Protocol):
    """Takes a TimeStampReq to an authority and brings its TimeStampResp back."""

    async def ask(self, request: bytes) -> bytes:
        """
        Raises:
            core.errors.Unavailable: no answer, or one that breaks the transport's rules (size, type, status).
        """
