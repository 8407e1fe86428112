"""Validates one path from an anchor down to a certificate (RFC 5280 §6.1), at one moment.

The signatures along the path were checked while it was found. Revocation is judged afterwards, with what can be had.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence
from dataclasses import dataclass

from keys.errors import KeyRefused
from keys.primitives.ports import PublicKey
from keys.spec import SignatureAlgorithm, Use
from keys.trust import faults
from keys.trust.anchors import Anchor
from keys.trust.certificate import Certificate
from keys.trust.faults import Fault
from keys.trust.model import Service
from keys.trust.name_constraints import NameSpace
from keys.trust.policies import PolicyFault, PolicyState
from keys.trust.usage import authority_usage_allows, usage_fault
from keys.verification import counts, load_verification_key


@dataclass(frozen=True, slots=True)
class Demands:
    """What is asked of a path.

    Attributes:
        policies: certificate policies of which one must hold (user-initial-policy-set); None for any.
        explicit_policy, inhibit_mapping, inhibit_any: the other inputs of RFC 5280 §6.1.1 (e), (f), (g).
    """

    service: Service
    moment: dt.datetime
    policies: frozenset[str] | None = None
    explicit_policy: bool = False
    inhibit_mapping: bool = False
    inhibit_any: bool = False
    check_usage: bool = True


def path_fault(path: Sequence[Certificate], anchor: Anchor, demands: Demands) -> Fault | None:
    """
    Args:
        path: the certificate first; the anchor's own certificate is not part of it. Empty when the certificate is
            itself on the list.
    """
    if not path:
        return _usage(anchor.certificate, anchor, demands)
    state = PolicyState.begin(
        len(path),
        explicit=demands.explicit_policy or demands.policies is not None,
        inhibit_mapping=demands.inhibit_mapping,
        inhibit_any=demands.inhibit_any,
    )
    top = anchor.certificate  # what it says about those below counts as if it were above them all (RFC 5937)
    walk = _Walk(demands, anchor, state, NameSpace().narrowed(top), top.path_length, issuer=top)
    fault = _authority_fault(anchor.certificate, anchor, demands)
    for index in range(len(path) - 1, -1, -1):
        if fault is not None:
            return fault
        fault = walk.take(path[index], last=index == 0)
    return fault


@dataclass
class _Walk:
    """Working state between certificates (§6.1.2)."""

    demands: Demands
    anchor: Anchor
    policies: PolicyState
    names: NameSpace
    room: int | None  # max_path_length; None without a limit
    issuer: Certificate

    def take(self, certificate: Certificate, *, last: bool) -> Fault | None:
        moment = self.demands.moment
        if not _signed_well_enough(certificate, self.issuer, moment):  # the table's word on §6.1.3 (a)(1)
            return faults.WEAK
        if not certificate.valid_at(moment):  # §6.1.3 (a)(2)
            return faults.OUT_OF_TIME
        if certificate.unknown_critical:  # §6.1.4 (o), §6.1.5 (f)
            return faults.UNKNOWN_CRITICAL
        if (last or not certificate.self_issued) and not self.names.admits(certificate):  # §6.1.3 (b), (c)
            return faults.NAMES
        try:
            self.policies.take(certificate, last=last)
            if last:
                self.policies.finish(certificate, self.demands.policies)
                return _usage(certificate, self.anchor, self.demands)
            self.policies.descend(certificate)
        except PolicyFault:
            return faults.POLICIES
        return self._descend(certificate)

    def _descend(self, certificate: Certificate) -> Fault | None:
        """§6.1.4 (g), (k) to (n)."""
        fault = _authority_fault(certificate, self.anchor, self.demands)
        if fault is not None:
            return fault
        if not certificate.self_issued and self.room is not None:
            if self.room <= 0:  # §6.1.4 (l)
                return faults.TOO_LONG
            self.room -= 1
        if certificate.path_length is not None:  # §6.1.4 (m)
            self.room = certificate.path_length if self.room is None else min(self.room, certificate.path_length)
        self.names = self.names.narrowed(certificate)
        self.issuer = certificate
        return None


def _authority_fault(certificate: Certificate, anchor: Anchor, demands: Demands) -> Fault | None:
    may_sign = certificate.key_usage is None or "key_cert_sign" in certificate.key_usage  # §6.1.4 (n)
    if not certificate.authority or not may_sign:  # §6.1.4 (k)
        return faults.NOT_AN_AUTHORITY
    if demands.check_usage and not authority_usage_allows(certificate, demands.service, anchor.entry.also_extended):
        return faults.WRONG_USE
    return None


def _usage(certificate: Certificate, anchor: Anchor, demands: Demands) -> Fault | None:
    if not demands.check_usage:
        return None
    if not _key_counts(certificate.public_key, demands.service.uses, demands.moment):
        return faults.WEAK
    return usage_fault(certificate, demands.service, anchor.entry.also_extended)


def _signed_well_enough(certificate: Certificate, issuer: Certificate, moment: dt.datetime) -> bool:
    if certificate.algorithm is None:
        return False
    key = usable_key(issuer.public_key, certificate.algorithm)
    return key is not None and counts(certificate.algorithm, key.bits, use=Use.CERTIFICATE, at=moment)


def _key_counts(spki: bytes, uses: frozenset[Use], moment: dt.datetime) -> bool:
    """Whether the table has an algorithm and a size for this key that count for one of the uses at the moment."""
    found = ((algorithm, usable_key(spki, algorithm)) for algorithm in SignatureAlgorithm)
    return any(
        counts(algorithm, key.bits, use=use, at=moment) for algorithm, key in found if key is not None for use in uses
    )


@functools.lru_cache(maxsize=1024)
def usable_key(spki: bytes, algorithm: SignatureAlgorithm) -> PublicKey | None:
    """The key, parsed once; None if it does not go with the algorithm."""
    try:
        return load_verification_key(spki, algorithm)
    except KeyRefused:
        return None
