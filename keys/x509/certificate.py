"""Building certificates (RFC 5280 §4): one path for every backend, since only a `Signer` touches the private key."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from asn1crypto import algos, core, keys, x509

from keys.ports import Signer
from keys.spec import ALGORITHMS
from keys.x509.profiles import CertificateProfile
from keys.x509.publication import Publication

_NOWHERE = Publication()


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """Everything in a certificate but its issuer.

    Attributes:
        public_key: SubjectPublicKeyInfo, DER.
        published: addresses that the certificate carries.
        serial: its number, where addresses depend on it; otherwise a fresh one is taken.
    """

    subject: x509.Name
    public_key: bytes
    not_before: dt.datetime
    not_after: dt.datetime
    profile: CertificateProfile
    published: Publication = _NOWHERE
    serial: int | None = None


def new_serial() -> int:
    """A random serial number of 159 bits, always positive (RFC 5280 §4.1.2.2: at most 20 octets)."""
    return secrets.randbits(158) | 1 << 158


async def build_certificate(request: CertificateRequest, *, issuer: x509.Name, signer: Signer) -> x509.Certificate:
    """A signed certificate.

    Raises:
        core.errors.Unavailable: the signer's device does not answer.
    """
    algorithm = algos.SignedDigestAlgorithm.load(ALGORITHMS[signer.algorithm].identifier)
    content = x509.TbsCertificate(
        {
            "version": "v3",
            "serial_number": new_serial() if request.serial is None else request.serial,
            "signature": algorithm,
            "issuer": issuer,
            "validity": {"not_before": time_of(request.not_before), "not_after": time_of(request.not_after)},
            "subject": request.subject,
            "subject_public_key_info": keys.PublicKeyInfo.load(request.public_key),
            "extensions": _extensions(request, issuer_key=signer.public_key),
        }
    )
    signature = await sign(signer, content.dump())
    return x509.Certificate(
        {"tbs_certificate": content, "signature_algorithm": algorithm, "signature_value": signature}
    )


def key_identifier(public_key: bytes) -> bytes:
    """SHA-1 of the subjectPublicKey bits: a name, not a protection (RFC 5280 §4.2.1.2, method 1)."""
    bits = bytes(keys.PublicKeyInfo.load(public_key)["public_key"])
    return hashlib.sha1(bits, usedforsecurity=False).digest()


async def sign(signer: Signer, message: bytes) -> bytes:
    """A signature, made in a thread where it waits for a device."""
    return await asyncio.to_thread(signer.sign, message) if signer.blocking else signer.sign(message)


def _extensions(request: CertificateRequest, *, issuer_key: bytes) -> Sequence[dict[str, object]]:
    profile = request.profile
    authority = profile.path_length is not None
    constraints: dict[str, object] = {"ca": authority}
    if authority:
        constraints["path_len_constraint"] = profile.path_length
    found: list[dict[str, object]] = [
        _extension("basic_constraints", constraints, critical=True),  # RFC 5280 §4.2.1.9
        _extension("key_usage", set(profile.key_usage), critical=True),  # RFC 5280 §4.2.1.3
        _extension("key_identifier", key_identifier(request.public_key)),  # RFC 5280 §4.2.1.2
        _extension("authority_key_identifier", {"key_identifier": key_identifier(issuer_key)}),  # RFC 5280 §4.2.1.1
    ]
    if profile.extended_key_usage:
        usage = _extension("extended_key_usage", list(profile.extended_key_usage), critical=profile.critical_usage)
        found.append(usage)  # RFC 5280 §4.2.1.12
    if profile.policies:
        found.append(_extension("certificate_policies", _policies(request)))  # RFC 5280 §4.2.1.4
    if profile.no_check:
        found.append(_extension("ocsp_no_check", core.Null()))  # RFC 6960 §4.2.2.2.1
    return found + _addresses(request.published)


def _policies(request: CertificateRequest) -> list[dict[str, object]]:
    address = request.published.policy
    if address is None:
        return [{"policy_identifier": policy} for policy in request.profile.policies]
    qualifier = {"policy_qualifier_id": "certification_practice_statement", "qualifier": core.IA5String(address)}
    return [{"policy_identifier": policy, "policy_qualifiers": [qualifier]} for policy in request.profile.policies]


def _addresses(published: Publication) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    access = [
        {"access_method": method, "access_location": _uri(address)}
        for method, address in (("ocsp", published.ocsp), ("ca_issuers", published.ca_issuers))
        if address is not None
    ]
    if access:
        found.append(_extension("authority_information_access", access))  # RFC 5280 §4.2.2.1
    if published.crl is not None:
        point = {"distribution_point": x509.DistributionPointName("full_name", [_uri(published.crl)])}
        found.append(_extension("crl_distribution_points", [point]))  # RFC 5280 §4.2.1.13
    return found


def _uri(address: str) -> x509.GeneralName:
    return x509.GeneralName("uniform_resource_identifier", address)


def _extension(name: str, value: object, *, critical: bool = False) -> dict[str, object]:
    return {"extn_id": name, "critical": critical, "extn_value": value}


def time_of(moment: dt.datetime) -> x509.Time:
    """RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050, both to the second."""
    moment = moment.astimezone(dt.UTC).replace(microsecond=0)
    if moment.year < 2050:
        return x509.Time("utc_time", core.UTCTime(moment))
    return x509.Time("general_time", core.GeneralizedTime(moment))
