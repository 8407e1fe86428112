"""What judging certificates asks of others."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from keys.trust.anchors import Anchor, AnchorSet
from keys.trust.certificate import Certificate
from keys.trust.judgement import Evidence


class AnchorSource(Protocol):
    """Holds the authorities that count now, in memory."""

    def current(self) -> AnchorSet:
        """
        Raises:
            core.errors.Unavailable: the lists have not been read, or not for too long.
        """


class RevocationChecker(Protocol):
    """Finds out whether a certificate on a path that holds was revoked."""

    async def check(
        self, certificate: Certificate, issuer: Certificate, anchor: Anchor, *, now: dt.datetime
    ) -> Evidence | None:
        """What is known, or None when it cannot be told: never a guess.

        Args:
            issuer: the next certificate of the path; its path is known to hold.
            anchor: where the path ends.
        """


class RevocationSource(Protocol):
    """An authority's own register, asked without any network."""

    async def look_up(self, certificate: Certificate, issuer: Certificate) -> Evidence | None:
        """None when this register does not answer for the issuer; a certificate that an issuer of ours never issued
        is reported as revoked (`certificateHold` of nothing issued: RFC 6960 §2.2 asks for as much)."""
