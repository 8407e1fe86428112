"""Building certificates (RFC 5280 §4): one path for every backend, since only a `Signer` touches the private key.

Policy identifiers: we own no enterprise number, so they lie under 2.25 (ITU-T X.667 §7), the arc of random UUIDs:
`2.25.72962855071913607934903862042269658486.1.N`, N = 1 for the certificates of electronic seals.
"""

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

POLICY_ARC = "2.25.72962855071913607934903862042269658486.1"
SEAL_POLICY = f"{POLICY_ARC}.1"
DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"  # id-kp-documentSigning, RFC 9336 §3


@dataclass(frozen=True, slots=True)
class CertificateProfile:
    """What a kind of certificate says about its key.

    Attributes:
        path_length: for an authority, how many further authorities may follow; None for an end entity.
        key_usage: names as in RFC 5280 §4.2.1.3.
        extended_key_usage: OIDs; none where the key is not limited.
        critical_usage: whether the extended key usage is critical.
        policies: OIDs of certificate policies.
    """

    path_length: int | None
    key_usage: frozenset[str]
    extended_key_usage: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    critical_usage: bool = False


ROOT = CertificateProfile(1, frozenset({"key_cert_sign", "crl_sign"}))
ISSUING = CertificateProfile(0, frozenset({"key_cert_sign", "crl_sign"}), policies=(SEAL_POLICY,))
SEAL = CertificateProfile(
    None, frozenset({"digital_signature", "non_repudiation"}), (DOCUMENT_SIGNING,), policies=(SEAL_POLICY,)
)


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """Everything in a certificate but its issuer. `public_key` is a SubjectPublicKeyInfo in DER."""

    subject: x509.Name
    public_key: bytes
    not_before: dt.datetime
    not_after: dt.datetime
    profile: CertificateProfile


async def build_certificate(request: CertificateRequest, *, issuer: x509.Name, signer: Signer) -> x509.Certificate:
    """A signed certificate with a random serial number of 159 bits (RFC 5280 §4.1.2.2: at most 20 octets).

    Raises:
        core.errors.Unavailable: the signer's device does not answer.
    """
    algorithm = algos.SignedDigestAlgorithm.load(ALGORITHMS[signer.algorithm].identifier)
    content = x509.TbsCertificate(
        {
            "version": "v3",
            "serial_number": secrets.randbits(158) | 1 << 158,
            "signature": algorithm,
            "issuer": issuer,
            "validity": {"not_before": _time(request.not_before), "not_after": _time(request.not_after)},
            "subject": request.subject,
            "subject_public_key_info": keys.PublicKeyInfo.load(request.public_key),
            "extensions": _extensions(request, issuer_key=signer.public_key),
        }
    )
    signature = await _sign(signer, content.dump())
    return x509.Certificate(
        {"tbs_certificate": content, "signature_algorithm": algorithm, "signature_value": signature}
    )


def key_identifier(public_key: bytes) -> bytes:
    """SHA-1 of the subjectPublicKey bits: a name, not a protection (RFC 5280 §4.2.1.2, method 1)."""
    bits = bytes(keys.PublicKeyInfo.load(public_key)["public_key"])
    return hashlib.sha1(bits, usedforsecurity=False).digest()


async def _sign(signer: Signer, message: bytes) -> bytes:
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
        policies = [{"policy_identifier": policy} for policy in profile.policies]
        found.append(_extension("certificate_policies", policies))  # RFC 5280 §4.2.1.4
    return found


def _extension(name: str, value: object, *, critical: bool = False) -> dict[str, object]:
    return {"extn_id": name, "critical": critical, "extn_value": value}


def _time(moment: dt.datetime) -> x509.Time:
    """RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050, both to the second."""
    moment = moment.astimezone(dt.UTC).replace(microsecond=0)
    if moment.year < 2050:
        return x509.Time("utc_time", core.UTCTime(moment))
    return x509.Time("general_time", core.GeneralizedTime(moment))
