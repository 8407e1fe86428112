"""What client authentication asks of others."""

from __future__ import annotations

from typing import Protocol

from keys.trust.judgement import Judgement
from keys.trust.model import Service


class CertificateJudge(Protocol):
    """Judges whether an authority on our lists stands behind a certificate."""

    async def judge(self, certificate: bytes, *, service: Service) -> Judgement:
        """
        Args:
            certificate: DER, from a stranger.

        Raises:
            core.errors.Unavailable: the lists cannot be read; nothing is said.
        """
