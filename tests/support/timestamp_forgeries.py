"""Time-stamp tokens written with another library than ours, right or wrong in any one point."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any

from asn1crypto import algos, cms, core, tsp, x509

from keys.spec import ALGORITHMS
from tests.support.clock import START
from tests.support.timestamp_pki import StampingCertificate

POLICY = "1.2.3.4.5"
_SIGNATURES = {"RS256": "rsassa_pkcs1v15", "ES256": "sha256_ecdsa", "ES384": "sha384_ecdsa"}


def tst_info(content: bytes, digest: str = "sha256", **changes: Any) -> tsp.TSTInfo:
    """A TSTInfo over `content`; changes are fields of TSTInfo, None takes one away."""
    fields: dict[str, Any] = {
        "version": "v1",
        "policy": POLICY,
        "message_imprint": {
            "hash_algorithm": {"algorithm": digest},
            "hashed_message": hashlib.new(digest, content).digest(),
        },
        "serial_number": 4711,
        "gen_time": core.GeneralizedTime(START),
        "accuracy": {"seconds": 1},
        "nonce": 99,
    } | changes
    return tsp.TSTInfo({name: value for name, value in fields.items() if value is not None})


def binding(unit: StampingCertificate, version: int = 2, *, named: bool = True) -> cms.CMSAttribute:
    """signing-certificate (SHA-1) or signing-certificate-v2, with or without issuer and serial number."""
    certificate = x509.Certificate.load(unit.chain[0])
    digest = "sha1" if version == 1 else "sha256"
    identifier: dict[str, Any] = {"cert_hash": hashlib.new(digest, unit.chain[0]).digest()}
    if named:
        identifier["issuer_serial"] = {
            "issuer": x509.GeneralNames([x509.GeneralName("directory_name", certificate.issuer)]),
            "serial_number": certificate.serial_number,
        }
    if version == 1:
        return cms.CMSAttribute(
            {"type": "signing_certificate", "values": [tsp.SigningCertificate({"certs": [identifier]})]}
        )
    return cms.CMSAttribute(
        {"type": "signing_certificate_v2", "values": [tsp.SigningCertificateV2({"certs": [identifier]})]}
    )


def token(
    unit: StampingCertificate,
    info: tsp.TSTInfo,
    *,
    bindings: Sequence[cms.CMSAttribute] | None = None,
    certificates: Sequence[bytes] | None = None,
    signers: int = 1,
    key_identifier: bool = False,
    version: str = "v3",
    content_type: str = "tst_info",
    claimed_digest: str | None = None,
    unsigned: bool = False,
) -> bytes:
    """A token by `unit`, truly signed."""
    row = ALGORITHMS[unit.signer.algorithm]
    digest = claimed_digest or row.digest
    content = info.dump()
    attributes = cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": [content_type]}),
            cms.CMSAttribute({"type": "signing_time", "values": [cms.Time({"utc_time": START})]}),
            cms.CMSAttribute({"type": "message_digest", "values": [hashlib.new(digest, content).digest()]}),
            *([binding(unit)] if bindings is None else bindings),
        ]
    )
    attributes = cms.CMSAttributes.load(attributes.dump(force=True))
    signer: dict[str, Any] = {
        "version": "v3" if key_identifier else "v1",
        "sid": _identifier(unit, by_key=key_identifier),
        "digest_algorithm": {"algorithm": digest},
        "signed_attrs": attributes,
        "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": _SIGNATURES[row.algorithm]}),
        "signature": unit.signer.sign(attributes.untag().dump()),
    }
    if unsigned:
        signer["unsigned_attrs"] = [{"type": "1.2.3.4", "values": [core.Null()]}]
    carried = unit.chain if certificates is None else certificates
    signed_data = cms.SignedData(
        {
            "version": version,
            "digest_algorithms": [{"algorithm": digest}],
            "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(content)},
            "certificates": [x509.Certificate.load(one) for one in carried] or None,
            "signer_infos": [signer] * signers,
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed_data}).dump())


def _identifier(unit: StampingCertificate, *, by_key: bool) -> dict[str, Any]:
    certificate = x509.Certificate.load(unit.chain[0])
    if by_key:
        return {"subject_key_identifier": certificate.key_identifier}
    return {
        "issuer_and_serial_number": {
            "issuer": certificate.issuer,
            "serial_number": certificate.serial_number,
        }
    }


def at(seconds: float) -> core.GeneralizedTime:
    """genTime so many seconds after the start of the test's clock."""
    return core.GeneralizedTime(START + dt.timedelta(seconds=seconds))
