"""Judges certificates: a path to an authority on our lists (RFC 5280 §6), its use, its revocation.

1. a path of certificates at hand that holds, ending at an authority that the lists stand behind for this service, then;
2. revocation of every certificate below the anchor, authorities first: only now may anything be fetched, so a chain
   that leads nowhere makes us call nobody (attack S-16);
3. one sub-indication after ETSI EN 319 102-1 when something is wrong.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence

from core.clock import Clock
from keys.trust import faults
from keys.trust.faults import Fault
from keys.trust.judgement import Evidence, Judgement
from keys.trust.model import Service
from keys.trust.path import Demands
from keys.trust.ports import AnchorSource, KeptRevocation, RevocationChecker
from keys.trust.search import Found
from keys.trust.verdicts import PathVerdicts


class Judge:
    """Judges under the lists that count now.

    Args:
        revocation: None leaves revocation out: for tools that only look at paths, never for a service.
        lenient: services for which it is no fault that nothing can be found out about revocation.
    """

    def __init__(
        self,
        anchors: AnchorSource,
        revocation: RevocationChecker | None,
        clock: Clock,
        *,
        lenient: frozenset[Service] = frozenset(),
    ) -> None:
        self._anchors = anchors
        self._revocation = revocation
        self._clock = clock
        self._lenient = lenient
        self._verdicts = PathVerdicts()

    async def judge(
        self,
        certificate: bytes,
        others: Sequence[bytes] = (),
        *,
        service: Service,
        at: dt.datetime | None = None,
        claimed: dt.datetime | None = None,
        policies: frozenset[str] | None = None,
        kept: KeptRevocation | None = None,
    ) -> Judgement:
        """
        Args:
            certificate: DER, from a stranger.
            others: certificates that came along; they may help to build a path and count for nothing themselves.
            at: when the signature certainly existed: a proven time; None for now.
            claimed: when it was made by its signer's word; tells "revoked before" from "revoked, time unproven".
            policies: certificate policies (OIDs) of which one must hold; None for any.
            kept: what to go by where nobody can be asked about revocation any more.

        Raises:
            core.errors.Unavailable: the lists cannot be read; nothing is said.
        """
        anchors, moment = self._anchors.current(), at or self._clock.now()
        demands = Demands(service, moment, policies)
        found: Found | Fault | None = self._verdicts.kept(anchors, certificate, others, demands)
        if found is None:  # signatures are checked: up to a few milliseconds
            found = await asyncio.to_thread(self._verdicts.find, anchors, certificate, others, demands)
        if isinstance(found, Fault):
            return Judgement(service, moment, found)
        evidence, fault = await self._revocations(found, moment, claimed, kept, lenient=service in self._lenient)
        path = tuple(one.der for one in found.certificates)
        return Judgement(service, moment, fault, path, found.anchor.entry, tuple(evidence))

    async def _revocations(
        self,
        found: Found,
        moment: dt.datetime,
        claimed: dt.datetime | None,
        kept: KeptRevocation | None,
        *,
        lenient: bool,
    ) -> tuple[list[Evidence], Fault | None]:
        evidence: list[Evidence] = []
        if self._revocation is None:
            return evidence, None
        now = self._clock.now()
        pairs = list(zip(found.path, found.certificates[1:], strict=True))
        for certificate, issuer in reversed(pairs):  # what a revoked authority says of others is worth nothing
            known = await self._revocation.check(certificate, issuer, found.anchor, now=now)
            if known is None and kept is not None:
                known = await asyncio.to_thread(kept.look_up, certificate, issuer, moment=moment)
            if known is None:
                if lenient:
                    continue
                return evidence, faults.UNCERTAIN
            evidence.append(known)
            if known.revoked_at is not None and known.revoked_at <= moment:
                if certificate is not found.path[0]:
                    return evidence, faults.AUTHORITY_REVOKED
                before = claimed is not None and claimed >= known.revoked_at
                return evidence, faults.REVOKED if before else faults.REVOKED_NO_POE
        return evidence, None
