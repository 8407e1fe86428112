"""What the certificate at the end of a path must be for (RFC 5280 §4.2.1.3, §4.2.1.12; RFC 9336; RFC 3161 §2.3)."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.x509.oid import ExtensionOID

from keys.trust.certificate import Certificate
from keys.trust.faults import NOT_FOR_DOCUMENTS, WRONG_USE, Fault
from keys.trust.model import Service

DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"  # RFC 9336 §3
CLIENT_AUTHENTICATION = "1.3.6.1.5.5.7.3.2"
TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"
ANY_EXTENDED_USAGE = "2.5.29.37.0"

_SIGNING = frozenset({"digital_signature", "content_commitment"})


@dataclass(frozen=True, slots=True)
class _Rule:
    """`usage`: key usage bits of which one must be set; `alone`: nothing else may be (RFC 3161 §2.3)."""

    usage: frozenset[str]
    extended: str
    fault: Fault = WRONG_USE
    alone: bool = False


_RULES = {
    Service.DOCUMENTS: _Rule(_SIGNING, DOCUMENT_SIGNING, NOT_FOR_DOCUMENTS),
    Service.LOGIN: _Rule(frozenset({"digital_signature"}), CLIENT_AUTHENTICATION),
    Service.TIMESTAMPS: _Rule(_SIGNING, TIME_STAMPING, alone=True),
    Service.MACHINES: _Rule(frozenset({"digital_signature"}), CLIENT_AUTHENTICATION),
    Service.OCSP: _Rule(_SIGNING, OCSP_SIGNING),
}


def usage_fault(certificate: Certificate, service: Service, also: frozenset[str] = frozenset()) -> Fault | None:
    """What speaks against using the certificate for the service. Uses must be named: silence, or "any", is no leave.

    Args:
        also: extended key usages that count as the service's own, because the authority's entry says so.
    """
    rule = _RULES[service]
    usage, extended = certificate.key_usage or frozenset(), certificate.extended or frozenset()
    if certificate.authority or not usage & rule.usage or not extended & ({rule.extended} | also):
        return rule.fault
    if rule.alone and (extended != {rule.extended} or not usage <= rule.usage or not _critical_usage(certificate)):
        return rule.fault
    return None


def authority_usage_allows(certificate: Certificate, service: Service, also: frozenset[str]) -> bool:
    """An authority that names extended usages certifies for these only (as most verifiers hold)."""
    if certificate.extended is None:
        return True
    return bool(certificate.extended & ({_RULES[service].extended, ANY_EXTENDED_USAGE} | also))


def _critical_usage(certificate: Certificate) -> bool:
    try:
        return certificate.parsed.extensions.get_extension_for_oid(ExtensionOID.EXTENDED_KEY_USAGE).critical
    except ValueError:
        return False
