"""A signature of an OFD without a seal (Type `Sign`): SignedData of GM/T 0010 over its Signature.xml, or a bare value.

A bare SM2 value names nobody: whose it is cannot be told from the file, so it counts for nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.serialization import Encoding

from core.text import Text
from keys.der import SEQUENCE, NotDer, integer_of, only
from keys.trust.judgement import Judgement
from signing.ofd.facts import SignatureFact
from signing.ports import CertificateJudge
from signing.profiles import LEVEL_NAMES, SM2_CMS_SUB_FILTER
from signing.verification.chain import certificate_fault, judge_signer
from signing.verification.cms_reader import UnsupportedSignature
from signing.verification.national_reader import NationalContainer, read_national
from signing.verification.report import Check, Fault, TimestampReport
from signing.verification.stamp_times import proven_time

_PROFILE = LEVEL_NAMES[SM2_CMS_SUB_FILTER]
_BROKEN = Fault(
    Check.CONTAINER,
    "FORMAT_FAILURE",
    Text("签名结构被改过或不合规范。", "The signature's structure is broken."),
)
_NOBODY = Fault(
    Check.CONTAINER,
    "NO_SIGNING_CERTIFICATE_FOUND",
    Text("签名里没有证书，说不出是谁签的。", "The signature has no certificate; nobody can tell who made it."),
)
_UNSUPPORTED = Fault(
    Check.CONTAINER,
    "CRYPTO_CONSTRAINTS_FAILURE",
    Text("不是 SM2 配 SM3 的签名，不予采信。", "Not a signature by SM2 with SM3; it does not count."),
)
_OTHER_CONTENT = Fault(
    Check.DIGEST,
    "HASH_FAILURE",
    Text("签名描述和签名时不一样。", "The description of the signature is not what was signed."),
)
_FORGED = Fault(
    Check.SIGNATURE,
    "SIG_CRYPTO_FAILURE",
    Text("签名值不对：被改过，或是伪造的。", "The signature value is wrong: altered, or forged."),
)


@dataclass(frozen=True, slots=True)
class JudgedSignedData:
    """What was found of it.

    Attributes:
        faults: of the container, its digest, its value and its certificate; not of the files that it covers.
        container: None where it cannot be read.
        proven_at: when it existed by a time-stamp that counts.
    """

    fact: SignatureFact
    faults: tuple[Fault, ...]
    container: NationalContainer | None = None
    signer: Judgement | None = None
    proven_at: dt.datetime | None = None
    timestamps: Sequence[TimestampReport] = ()

    @property
    def good(self) -> bool:
        return not self.faults


async def judge_signed_data(
    fact: SignatureFact,
    certificates: CertificateJudge,
    *,
    now: dt.datetime,
    end: int,
    existed: dt.datetime | None = None,
) -> JudgedSignedData:
    """
    Args:
        end: octets of the file.
        existed: by when it certainly existed, as later signatures prove.

    Raises:
        core.errors.Unavailable: the trust lists cannot be read.
    """
    try:
        container = read_national(_PROFILE, fact.value)
        fault = _fault(container, fact.described)
    except NotDer:
        return JudgedSignedData(fact, (_NOBODY if _is_bare(fact.value) else _BROKEN,))
    except UnsupportedSignature:
        return JudgedSignedData(fact, (_UNSUPPORTED,))
    if fault is not None:
        return JudgedSignedData(fact, (fault,), container)
    tokens, over = container.timestamps, container.signature
    proven, stamps = await proven_time(tokens, over, certificates, now=now, field=fact.path[:200], end=end)
    by_stamp = min((one for one in (proven, existed) if one is not None), default=None)
    existed = by_stamp or now
    claimed = container.signing_time or existed  # most of them claim none
    named = container.signer, container.certificates
    signer = await judge_signer(certificates, *named, signed_at=container.signing_time, proven_at=existed)
    wrong = certificate_fault(signer, *named, signed_at=claimed, proven_at=existed)
    return JudgedSignedData(fact, () if wrong is None else (wrong,), container, signer, by_stamp, stamps)


def _fault(container: NationalContainer, described: bytes) -> Fault | None:
    digest = hashlib.new("sm3", described).digest()
    if container.digest is not None and not hmac.compare_digest(container.digest, digest):
        return _OTHER_CONTENT
    return None if container.signature_is_good([described]) else _FORGED


def _is_bare(value: bytes) -> bool:
    """SEQUENCE { r, s } alone."""
    try:
        numbers = only(value).of(SEQUENCE).items()
        return len(numbers) == 2 and all(integer_of(one) > 0 for one in numbers)
    except NotDer:
        return False


def certificate_of(container: NationalContainer) -> bytes:
    return container.signer.public_bytes(Encoding.DER)
