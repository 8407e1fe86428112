"""What can go wrong with seals and signatures, in words for the caller.

::

    AppError
    ├── InvalidInput
    │   ├── PdfRefused          the file cannot be sealed: not a PDF, encrypted, XFA, damaged, active content, locked
    │   ├── PlacementInvalid    the seal would not lie on the page
    │   └── SealInvalid         a seal's data are not acceptable: code, glyph, diameter
    ├── NotPermitted
    │   ├── SealNotGranted      the caller holds no grant for this seal and document class
    │   └── SealNotYours        the seal belongs to another organisation
    ├── NotFound
    │   ├── SealNotFound
    │   └── SignatureNotFound
    └── Conflict
        ├── SealNotActive       the seal is suspended or revoked
        ├── SealCodeTaken       another seal has this code
        └── SealCertificateStale  the certificate has been changed meanwhile
"""

from __future__ import annotations

from core.errors import Conflict, InvalidInput, LimitExceeded, NotFound, NotPermitted
from core.text import Text


class PdfRefused(InvalidInput):
    """The file cannot be sealed; the code says why."""

    def __init__(self, code: str, text: Text, *, private: str = "") -> None:
        super().__init__(code, text, field="pdf", private=private)


class PlacementInvalid(InvalidInput):
    """The seal would not lie on the page."""


class SealInvalid(InvalidInput):
    """A seal's data are not acceptable."""


class SealNotGranted(NotPermitted):
    """The caller holds no grant for this seal and this class of document."""

    def __init__(self) -> None:
        super().__init__(
            "seal-not-granted",
            Text(
                "您没有使用这枚印章的授权，或授权不在有效期、不含这类文件。请联系印章管理员。",
                "You hold no valid grant to use this seal for this kind of document. Ask the seal's custodian.",
            ),
        )


class SealNotYours(NotPermitted):
    """Seals are managed by the organisation that owns them."""

    def __init__(self) -> None:
        super().__init__(
            "seal-not-yours",
            Text(
                "这枚印章属于别的单位，只有本单位的印章管理员可以管理。",
                "This seal belongs to another organisation; only its own custodian manages it.",
            ),
        )


class SealNotFound(NotFound):
    """No such seal, or none that this caller may see."""

    def __init__(self) -> None:
        super().__init__("seal-not-found", Text("没有这枚印章。", "There is no such seal."))


class SignatureNotFound(NotFound):
    """No such signature, or none that this caller may see."""

    def __init__(self) -> None:
        super().__init__("signature-not-found", Text("没有这条盖章记录。", "There is no such signature."))


class SealNotActive(Conflict):
    """The seal is suspended or revoked; nothing was sealed."""

    def __init__(self) -> None:
        super().__init__(
            "seal-not-active",
            Text(
                "没盖成：这枚印章已停用或注销，文件没有改动。请换一枚印章。",
                "Not sealed: this seal is suspended or cancelled. Your file is unchanged. Use another seal.",
            ),
        )


class SealCertificateStale(Conflict):
    """Somebody else gave the seal another certificate meanwhile."""

    def __init__(self) -> None:
        super().__init__(
            "seal-certificate-stale",
            Text(
                "这枚印章的证书刚刚被别人换过。请先看看现在的证书。",
                "Somebody else has just changed this seal's certificate. Look at the present one first.",
            ),
        )


class SealCodeTaken(Conflict):
    """Another seal has this code."""

    def __init__(self) -> None:
        super().__init__(
            "seal-code-taken",
            Text("这个印章编码已有印章使用，请换一个。", "Another seal has this code. Choose another one."),
        )


def too_large(limit: int) -> LimitExceeded:
    """The file is over the limit of `limit` bytes."""
    return LimitExceeded(
        "too-large",
        Text("文件太大，最多 {mb} MB。", "The file is too large; the limit is {mb} MB.").format(mb=limit // 1_000_000),
    )


def busy() -> LimitExceeded:
    """More work waits than will be done soon."""
    return LimitExceeded(
        "busy",
        Text(
            "现在排队的文件太多，文件没有改动。请过几秒再试。",
            "Too many files are waiting. Try again in a few seconds.",
        ),
        retry_after=2,
    )
