"""What can go wrong with seals and signatures, in words for the caller.

::

    AppError
    ├── InvalidInput
    │   ├── PdfRefused          the file cannot be sealed: not a PDF, encrypted, XFA, damaged, active content, locked
    │   ├── OfdRefused          the OFD cannot be read, sealed, or shown as it is: damaged, ambiguous, locked, too much
    │   ├── PlacementInvalid    the seal would not lie on the page
    │   └── SealInvalid         a seal's data are not acceptable: code, glyph, diameter
    ├── NotPermitted
    │   ├── SealNotGranted      the caller holds no grant for this seal and document class
    │   ├── SealNotYours        the seal belongs to another organisation
    │   └── SealSecondPerson    somebody else must do it, or approve of it
    ├── NotFound
    │   ├── SealNotFound
    │   ├── SealApplicationNotFound
    │   ├── SealGrantNotFound
    │   ├── UseRequestNotFound
    │   └── SignatureNotFound
    ├── Unavailable
    │   ├── SealFormUnavailable this deployment makes no seals in the national form
    │   ├── LevelNotReached     the signature level that was asked for cannot be had now
    │   └── EvidenceMissing     the state of a certificate cannot be kept with the file now
    └── Conflict
        ├── SealNotActive       the seal is suspended or revoked
        ├── SealStepNotAllowed  the seal's status does not lead there
        ├── SealUsesSpent       the grant's number of uses is used up
        ├── SealApprovalNeeded  the grant asks for a second person's approval
        ├── UseRequestOver      the request was decided, used or has run out
        ├── SealCodeTaken       another seal has this code
        ├── SealPictureChanged  the seal would not look like what was approved
        ├── SealFormMissing     the seal has no national form
        ├── SealFormThere       the seal has a national form already
        └── SealCertificateStale  the certificate has been changed meanwhile
"""

from __future__ import annotations

from core.errors import Conflict, InvalidInput, LimitExceeded, NotFound, NotPermitted, Unavailable
from core.text import Text


class PdfRefused(InvalidInput):
    """The file cannot be sealed; the code says why."""

    def __init__(self, code: str, text: Text, *, private: str = "") -> None:
        super().__init__(code, text, field="pdf", private=private)


class OfdRefused(InvalidInput):
    """The OFD cannot be read, sealed, or shown as it is; the code says why."""

    def __init__(self, code: str, text: Text, *, private: str = "") -> None:
        super().__init__(code, text, field="file", private=private)


def too_complex() -> PdfRefused:
    """The file takes longer to read than one file may."""
    return PdfRefused(
        "pdf-too-complex",
        Text(
            "这个 PDF 太复杂，没能在限定时间内读完，文件没有改动。请重新导出后再试。",
            "This PDF is too complex to be read in time; nothing was sealed. Export it again and retry.",
        ),
    )


def not_extendable(private: str = "") -> PdfRefused:
    """The file is not a genuine sealed one, so there is nothing to prolong."""
    return PdfRefused(
        "pdf-not-extendable",
        Text(
            "这个文件没有可信且完好的签名，不能延长签名的有效期。可先核验一下。",
            "This file has no signature that is whole and trusted, so there is nothing to prolong. Have it verified.",
        ),
        private=private,
    )


class LevelNotReached(Unavailable):
    """The signature level that was asked for cannot be had now."""

    def __init__(self, asked: str, reached: str) -> None:
        super().__init__(
            "signature-level-not-reached",
            Text(
                "现在达不到所要求的签名级别 {asked}，文件没有改动。请稍后再试，或允许先按较低级别盖章。",
                "The signature level {asked} cannot be had now; nothing was sealed. Try again later, or allow a lower "
                "level for now.",
            ).format(asked=asked),
            private=f"{reached} instead of {asked}",
        )


class EvidenceMissing(Unavailable):
    """What it takes to judge a signature later cannot be collected now."""

    def __init__(self, private: str) -> None:
        super().__init__(
            "validation-data-missing",
            Text(
                "现在收集不全证书状态信息，签名没有延长。请稍后再试。",
                "The state of a certificate cannot be had now, so the signature was not prolonged. Try again later.",
            ),
            private=private,
        )


class SealPictureChanged(Conflict):
    """The seal would not look like what was approved."""

    def __init__(self) -> None:
        super().__init__(
            "seal-picture-changed",
            Text(
                "这枚印章现在画出来和审核时看到的不一样，没有制作。请重新申请。",
                "The seal would now look different from what was approved; it was not made. Apply for it again.",
            ),
        )


class PlacementInvalid(InvalidInput):
    """The seal would not lie on the page."""


def outside_page(number: int, page: tuple[float, float], seal: tuple[float, float]) -> PlacementInvalid:
    """The seal would leave the page; widths and heights in millimetres."""
    return PlacementInvalid(
        "placement-outside-page",
        Text(
            "印章会超出页面：第 {n} 页宽 {w} 毫米、高 {h} 毫米，印章宽 {a} 毫米、高 {b} 毫米。",
            "The seal would leave page {n}, which is {w} mm wide and {h} mm high; the seal measures {a} × {b} mm.",
        ).format(n=number, w=round(page[0]), h=round(page[1]), a=f"{seal[0]:g}", b=f"{seal[1]:g}"),
        field="x_mm",
    )


def no_such_page(count: int) -> PlacementInvalid:
    """The file has `count` pages, and not the one that was named."""
    return PlacementInvalid(
        "placement-page",
        Text("文件只有 {n} 页，没有这一页。", "The file has {n} pages; there is no such page.").format(n=count),
        field="page",
    )


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


class SealSecondPerson(NotPermitted):
    """Nobody does both halves of what takes two people."""

    def __init__(self) -> None:
        super().__init__(
            "seal-second-person",
            Text(
                "这一步要由另一个人办：自己申请、制作、停用的，不能自己审核、启用、恢复。请找另一位有岗位的同事。",
                "Somebody else must take this step: nobody reviews, activates or resumes what they asked for, made or "
                "stopped themselves. Ask a colleague with that duty.",
            ),
        )


class SealFormUnavailable(Unavailable):
    """This deployment makes no seals in the national form."""

    def __init__(self) -> None:
        super().__init__(
            "seal-form-unavailable",
            Text(
                "本系统还没有国密印章的签发机构，做不了国密形式的印章，什么都没有制作。请系统管理员先建立（yizheng ca"
                " request seals-sm2），或选国际形式。",
                "This service has no authority for seals in the national form yet, so nothing was made. Ask the system"
                " administrator to set one up (yizheng ca request seals-sm2), or choose the international form.",
            ),
        )


class SealFormMissing(Conflict):
    """The seal was made in the international form alone."""

    def __init__(self) -> None:
        super().__init__(
            "seal-form-missing",
            Text(
                "这枚印章没有国密形式，文件没有改动。请印章保管人为它加做国密形式，或按国际形式盖章。",
                "This seal has no national form; your file is unchanged. Ask its custodian to add one, or seal in the"
                " international form.",
            ),
        )


class SealFormThere(Conflict):
    """The seal has a national form already."""

    def __init__(self) -> None:
        super().__init__(
            "seal-form-there",
            Text("这枚印章已经有国密形式。", "This seal has a national form already."),
        )


class SealApplicationNotFound(NotFound):
    """No such application, or none that this caller may see."""

    def __init__(self) -> None:
        super().__init__("seal-application-not-found", Text("没有这个制章申请。", "There is no such application."))


class SealGrantNotFound(NotFound):
    """No such grant, or none that this caller may see."""

    def __init__(self) -> None:
        super().__init__("seal-grant-not-found", Text("没有这个用印授权。", "There is no such grant."))


class UseRequestNotFound(NotFound):
    """No such request, or none that this caller may see."""

    def __init__(self) -> None:
        super().__init__("use-request-not-found", Text("没有这个用印申请。", "There is no such request."))


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


class SealStepNotAllowed(Conflict):
    """The seal, or the application for one, is in a status that does not lead there."""

    def __init__(self, status: Text) -> None:
        super().__init__(
            "seal-step-not-allowed",
            Text(
                f"现在的状态是“{status.zh}”，办不了这一步；可能同事刚办过。请刷新后再看。",
                f"It is “{status.en}” now, so this step cannot be taken; a colleague may have been faster. Look again.",
            ),
        )


class SealUsesSpent(Conflict):
    """The grant allowed so many uses, and they are used up."""

    def __init__(self) -> None:
        super().__init__(
            "seal-uses-spent",
            Text(
                "没盖成：这项授权的用印次数已用完，文件没有改动。请印章保管人另行授权。",
                "Not sealed: this grant's number of uses is used up. Your file is unchanged. Ask for another grant.",
            ),
        )


class SealApprovalNeeded(Conflict):
    """The grant asks for a second person's approval of every use."""

    def __init__(self) -> None:
        super().__init__(
            "seal-approval-needed",
            Text(
                "没盖成：用这枚印章要先经审批，文件没有改动。请提交用印申请，同意后再盖。",
                "Not sealed: each use of this seal needs an approval. Your file is unchanged. File a request first.",
            ),
        )


class UseRequestOver(Conflict):
    """The request was decided, used or withdrawn already, or has run out."""

    def __init__(self) -> None:
        super().__init__(
            "use-request-over",
            Text(
                "这个用印申请已经办过、用过、撤回或过期了，没有再办。",
                "This request was decided, used or withdrawn already, or has run out; nothing was done again.",
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
