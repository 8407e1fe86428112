"""Signing a protocol with the root's key: a detached CMS signature (RFC 5652 §5), which any tool can check.

    openssl cms -verify -binary -inform DER -in protocol.p7s -content protocol.json -CAfile root.pem -purpose any

We write one form only, and take nothing else: a signature is good if we would have written the same around it.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib

from asn1crypto import algos, cms, core, x509

from core.text import Text
from keys.ceremony.errors import CeremonyRefused
from keys.errors import KeysError
from keys.ports import Signer
from keys.spec import ALGORITHMS, AlgorithmRow, Use
from keys.verification import algorithm_of_identifier, check_signature

_FIRST_GENERALIZED = 2050  # RFC 5652 §11.3, as in certificates


async def sign_statement(content: bytes, signer: Signer, certificate: bytes, moment: dt.datetime) -> bytes:
    """A SignedData in DER over `content`, which it does not hold.

    Args:
        certificate: the signer's, DER; goes into the signature.
        moment: the signing time, to the second.

    Raises:
        core.errors.Unavailable: the signer's device does not answer.
    """
    row = ALGORITHMS[signer.algorithm]
    message = _attributes(content, row, moment).dump()  # RFC 5652 §5.4: signed with the tag of a SET OF
    signature = await asyncio.to_thread(signer.sign, message) if signer.blocking else signer.sign(message)
    return _encoded(content, row, moment, signature, certificate)


def check_statement(content: bytes, statement: bytes, certificate: bytes, *, at: dt.datetime) -> None:
    """Whether the key of `certificate` signed `content`.

    Args:
        at: when it was signed; the signing time must say the same.

    Raises:
        CeremonyRefused: no; the text says whether the content or the signature is at fault.
    """
    try:
        info = cms.ContentInfo.load(statement, strict=True)["content"]["signer_infos"][0]
        algorithm = algorithm_of_identifier(info["signature_algorithm"].dump())
        row, signature = ALGORITHMS[algorithm], info["signature"].native
        claimed = [one["values"].native for one in info["signed_attrs"] if one["type"].native == "message_digest"]
        message = _attributes(content, row, at).dump()
        public_key = x509.Certificate.load(certificate).public_key.dump()
        same = claimed == [[hashlib.new(row.digest, content).digest()]]
        if same:
            check_signature(public_key, algorithm, signature, message, use=Use.STATEMENT, at=at)
            same_form = _encoded(content, row, at, signature, certificate) == statement
    except (KeysError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        raise _forged() from None
    if not same:
        raise CeremonyRefused(Text("内容在签名之后被改动。", "The content was changed after it was signed."))
    if not same_form:
        raise _forged()


def _attributes(content: bytes, row: AlgorithmRow, moment: dt.datetime) -> cms.CMSAttributes:
    """What is signed; asn1crypto puts the SET OF into the order of DER."""
    return cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
            cms.CMSAttribute({"type": "signing_time", "values": [_time(moment)]}),
            cms.CMSAttribute({"type": "message_digest", "values": [hashlib.new(row.digest, content).digest()]}),
        ]
    )


def _encoded(content: bytes, row: AlgorithmRow, moment: dt.datetime, signature: bytes, certificate: bytes) -> bytes:
    holder = x509.Certificate.load(certificate)
    digest = algos.DigestAlgorithm({"algorithm": row.digest})
    name = cms.IssuerAndSerialNumber({"issuer": holder.issuer, "serial_number": holder.serial_number})
    info = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier("issuer_and_serial_number", name),
            "digest_algorithm": digest,
            "signed_attrs": _attributes(content, row, moment),
            "signature_algorithm": algos.SignedDigestAlgorithm.load(row.identifier),
            "signature": signature,
        }
    )
    signed = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [digest],
            "encap_content_info": {"content_type": "data"},
            "certificates": [cms.CertificateChoices("certificate", holder)],
            "signer_infos": [info],
        }
    )
    encoded: bytes = cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump()
    return encoded


def _time(moment: dt.datetime) -> cms.Time:
    if moment.year < _FIRST_GENERALIZED:
        return cms.Time("utc_time", core.UTCTime(moment))
    return cms.Time("generalized_time", core.GeneralizedTime(moment))


def _forged() -> CeremonyRefused:
    return CeremonyRefused(Text("签名不是该根密钥作出的。", "The signature was not made by the key of this root."))
