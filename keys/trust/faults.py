"""Why a certificate cannot be relied on: sub-indications after ETSI EN 319 102-1 §5.1.3, words for people."""

from __future__ import annotations

from dataclasses import dataclass

from core.text import Text


@dataclass(frozen=True, slots=True)
class Fault:
    """
    Attributes:
        reason: a short stable word for logs and tests.
        rank: of several paths that fail, the one that came furthest says why.
    """

    sub_indication: str
    reason: str
    text: Text
    rank: int = 0


_CONSTRAINTS = "CHAIN_CONSTRAINTS_FAILURE"

UNREADABLE = Fault(
    "NO_CERTIFICATE_CHAIN_FOUND",
    "unreadable",
    Text("证书无法读取。", "The certificate cannot be read."),
)
UNKNOWN = Fault(
    "NO_CERTIFICATE_CHAIN_FOUND",
    "no-path",
    Text(
        "证书不是可信机构签发的，印章上的名字不能作数。",
        "No trusted authority issued the certificate; the name on the seal proves nothing.",
    ),
)
TOO_MUCH = Fault(
    "CERTIFICATE_CHAIN_GENERAL_FAILURE",
    "too-much-work",
    Text("证书链过于复杂，核验中止。", "The certificates are too tangled; checking was stopped."),
    1,
)
NOT_LISTED_FOR_THIS = Fault(
    "NO_CERTIFICATE_CHAIN_FOUND",
    "not-for-this-use",
    Text(
        "签发机构在信任列表上，但不是用于这一用途。",
        "The issuing authority is on the trust list, but not for this use.",
    ),
    2,
)
WITHDRAWN = Fault(
    "NO_CERTIFICATE_CHAIN_FOUND_NO_POE",
    "withdrawn",
    Text(
        "签发机构已被移出信任列表，或当时还未列入。",
        "The issuing authority was withdrawn from the trust list, or was not on it yet.",
    ),
    3,
)
WEAK = Fault(
    "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
    "algorithm",
    Text(
        "证书使用的密码算法或密钥长度不被接受。",
        "The certificate uses an algorithm or key size that is not accepted.",
    ),
    4,
)
OUT_OF_TIME = Fault(
    "OUT_OF_BOUNDS_NO_POE",
    "out-of-time",
    Text(
        "证书在签名时不在有效期内，或已过期而签名时间没有证明。",
        "The certificate was not valid when signing, or has expired and nothing proves the time of signing.",
    ),
    5,
)


def constraint(reason: str, zh: str, en: str, rank: int = 6) -> Fault:
    return Fault(_CONSTRAINTS, reason, Text(zh, en), rank)


NOT_AN_AUTHORITY = constraint(
    "not-an-authority", "链上有证书无权签发别的证书。", "A certificate on the path must not issue others."
)
TOO_LONG = constraint("path-length", "证书链比上级机构允许的长。", "The path is longer than an authority above allows.")
NAMES = constraint(
    "names",
    "证书上的名字超出了上级机构允许的范围。",
    "The certificate has a name that an authority above does not allow.",
)
POLICIES = constraint(
    "policies", "证书链不满足所要求的证书策略。", "The path does not satisfy the certificate policies called for."
)
UNKNOWN_CRITICAL = constraint(
    "unknown-critical", "证书含有无法识别的关键扩展。", "The certificate has a critical extension that is unknown."
)
WRONG_USE = constraint("wrong-use", "这张证书不是用来做这件事的。", "This certificate is not for this use.", rank=7)
NOT_FOR_DOCUMENTS = constraint(
    "wrong-use", "这张证书不是用来给文件盖章的。", "This certificate is not for sealing documents.", rank=7
)
REVOKED = Fault(
    "REVOKED", "revoked", Text("证书在签名之前已被吊销。", "The certificate was revoked before the signature was made.")
)
REVOKED_NO_POE = Fault(
    "REVOKED_NO_POE",
    "revoked",
    Text(
        "证书已被吊销，又没有证据表明签名在吊销之前。",
        "The certificate was revoked, and nothing proves that the signature was made before.",
    ),
)
AUTHORITY_REVOKED = Fault(
    "REVOKED_CA_NO_POE",
    "authority-revoked",
    Text("签发机构的证书已被吊销。", "The certificate of the issuing authority was revoked."),
)
UNCERTAIN = Fault(
    "TRY_LATER",
    "revocation-unknown",
    Text(
        "现在查不到证书是否被吊销，请稍后再试。",
        "It cannot be found out now whether the certificate was revoked; try again later.",
    ),
)
