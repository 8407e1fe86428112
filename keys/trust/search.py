"""Finds a valid path from a certificate to an anchor (RFC 4158), with bounds on every kind of work.

Certificates come from strangers. Names say which to try, signatures decide, and both are counted: a bag of look-alikes,
a circle of cross-certificates or an enormous key costs a bounded number of steps. Nothing is ever fetched here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from keys.trust import faults
from keys.trust.anchors import Anchor, AnchorSet
from keys.trust.certificate import Certificate
from keys.trust.faults import Fault
from keys.trust.names import NameKey
from keys.trust.path import Demands, path_fault, usable_key

MOST_CERTIFICATES = 24
MOST_SIGNATURES = 48
MOST_PATHS = 16
LONGEST = 8
"""Bounds of one search: certificates at hand, signatures checked, whole paths judged, certificates in a path."""


@dataclass(frozen=True, slots=True)
class Found:
    """A path that holds: the certificate first, its issuers next, and the anchor that it ends at."""

    path: tuple[Certificate, ...]
    anchor: Anchor

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """With the anchor's own certificate at the end."""
        return (*self.path, self.anchor.certificate)


class Search:
    """One search; make a new one for each certificate."""

    def __init__(self, anchors: AnchorSet, others: Sequence[Certificate], demands: Demands) -> None:
        self._anchors = anchors
        self._demands = demands
        self._signatures = MOST_SIGNATURES
        self._paths = MOST_PATHS
        self._checked: dict[tuple[str, bytes], bool] = {}
        self._others: dict[NameKey, list[Certificate]] = {}
        for other in {one.der: one for one in others[:MOST_CERTIFICATES]}.values():
            self._others.setdefault(other.subject, []).append(other)
        self._too_many = len(others) > MOST_CERTIFICATES

    def run(self, leaf: Certificate) -> Found | Fault:
        """The first path that holds, or what speaks against the one that came furthest."""
        worst = faults.TOO_MUCH if self._too_many else faults.UNKNOWN
        for path, anchor in self._paths_of(leaf):
            if self._paths == 0:
                return _further(worst, faults.TOO_MUCH)
            self._paths -= 1
            fault = self._anchor_fault(anchor, path) or path_fault(path, anchor, self._demands)
            if fault is None:
                return Found(path, anchor)
            worst = _further(worst, fault)
        return _further(worst, faults.TOO_MUCH) if self._signatures == 0 else worst

    def _paths_of(self, leaf: Certificate) -> Iterator[tuple[tuple[Certificate, ...], Anchor]]:
        for anchor in self._anchors.of(leaf):
            if anchor.certificate.der == leaf.der:  # the list names the certificate itself
                yield (), anchor
        yield from self._onward((leaf,))

    def _onward(self, path: tuple[Certificate, ...]) -> Iterator[tuple[tuple[Certificate, ...], Anchor]]:
        """Depth first, anchors before other issuers, those whose key identifiers agree before the others."""
        last = path[-1]
        for anchor in sorted(self._anchors.named(last.issuer), key=lambda one: _disagree(last, one.certificate)):
            if self._issued(last, anchor.certificate):
                yield path, anchor
        if len(path) == LONGEST:
            return
        for issuer in sorted(self._others.get(last.issuer, ()), key=lambda one: _disagree(last, one)):
            if not _is_in(issuer, path) and self._issued(last, issuer):
                yield from self._onward((*path, issuer))

    def _issued(self, certificate: Certificate, issuer: Certificate) -> bool:
        """Whether the issuer's key made the certificate's signature (§6.1.3 (a)(1))."""
        edge = (certificate.fingerprint, issuer.public_key)
        known = self._checked.get(edge)
        if known is None:
            key = usable_key(issuer.public_key, certificate.algorithm) if certificate.algorithm else None
            if key is None or self._signatures == 0:
                known = False
            else:
                self._signatures -= 1
                known = key.verify(certificate.signature, certificate.tbs)
            self._checked[edge] = known
        return known

    def _anchor_fault(self, anchor: Anchor, path: tuple[Certificate, ...]) -> Fault | None:
        """Whether the list stands behind the anchor, for this, at this moment, and behind everyone on the way."""
        demands = self._demands
        if demands.service not in anchor.entry.services:
            return faults.NOT_LISTED_FOR_THIS
        if not anchor.stands(demands.moment):
            return faults.WITHDRAWN
        on_the_way = (*path, anchor.certificate)
        if any(self._anchors.withdrawn(one, demands.service, demands.moment) for one in on_the_way):
            return faults.WITHDRAWN
        return None if anchor.certificate.valid_at(demands.moment) else faults.OUT_OF_TIME


def _is_in(issuer: Certificate, path: tuple[Certificate, ...]) -> bool:
    """The same authority twice is a circle (RFC 4158 §5.2); a new key under the old name is not."""
    return any(one.subject == issuer.subject and one.public_key == issuer.public_key for one in path)


def _disagree(certificate: Certificate, issuer: Certificate) -> bool:
    named, own = certificate.authority_key, issuer.subject_key
    return named is not None and own is not None and named != own


def _further(first: Fault, second: Fault) -> Fault:
    return second if second.rank > first.rank else first
