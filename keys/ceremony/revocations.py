"""The root's revocation list (RFC 5280 §5): complete, numbered, and long-lived, for it is made by hand."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence

from asn1crypto import algos, core, crl, x509

from keys.ceremony.model import Issued
from keys.ports import Signer
from keys.spec import ALGORITHMS
from keys.x509.certificate import key_identifier

_REASONS = {
    "keyCompromise": "key_compromise",
    "cACompromise": "ca_compromise",
    "affiliationChanged": "affiliation_changed",
    "superseded": "superseded",
    "cessationOfOperation": "cessation_of_operation",
}

REASONS = tuple(_REASONS)
"""Why an issuing authority may be revoked (RFC 5280 §5.3.1)."""


async def build_list(
    revoked: Sequence[Issued],
    *,
    issuer: x509.Name,
    signer: Signer,
    number: int,
    this_update: dt.datetime,
    next_update: dt.datetime,
) -> bytes:
    """A signed CRL in DER.

    Args:
        revoked: rows whose `revoked_at` is set.
        number: higher than that of every list before (RFC 5280 §5.2.3).

    Raises:
        core.errors.Unavailable: the signer's device does not answer.
    """
    algorithm = algos.SignedDigestAlgorithm.load(ALGORITHMS[signer.algorithm].identifier)
    fields: dict[str, object] = {
        "version": "v2",
        "signature": algorithm,
        "issuer": issuer,
        "this_update": _time(this_update),
        "next_update": _time(next_update),  # RFC 5280 §5.1.2.5: always there
        "crl_extensions": [
            _extension("authority_key_identifier", {"key_identifier": key_identifier(signer.public_key)}),
            _extension("crl_number", number),
        ],
    }
    if revoked:  # RFC 5280 §5.1.2.6: absent where there is none
        fields["revoked_certificates"] = [_entry(one) for one in revoked]
    content = crl.TbsCertList(fields)
    message = content.dump()
    signature = await asyncio.to_thread(signer.sign, message) if signer.blocking else signer.sign(message)
    encoded: bytes = crl.CertificateList(
        {"tbs_cert_list": content, "signature_algorithm": algorithm, "signature": signature}
    ).dump()
    return encoded


def _entry(one: Issued) -> dict[str, object]:
    assert one.revoked_at is not None
    return {
        "user_certificate": int(one.serial, 16),
        "revocation_date": _time(one.revoked_at),
        "crl_entry_extensions": [_extension("crl_reason", _REASONS[one.reason])],
    }


def _extension(name: str, value: object) -> dict[str, object]:
    return {"extn_id": name, "critical": False, "extn_value": value}


def _time(moment: dt.datetime) -> x509.Time:
    """RFC 5280 §5.1.2.4: UTCTime through 2049, GeneralizedTime from 2050."""
    if moment.year < 2050:
        return x509.Time("utc_time", core.UTCTime(moment))
    return x509.Time("general_time", core.GeneralizedTime(moment))
