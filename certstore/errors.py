"""Errors of the e-licence repository.

::

    core.errors.AppError
    ├── InvalidInput
    │   └── DataInvalid            the face data do not fit the type's schema; `field` names the first one
    ├── NotPermitted
    │   ├── NotIssuingAuthority    the caller's organisation may not issue or end this licence
    │   └── UseNotGranted          no grant, no consent, or the fields asked for go beyond them
    ├── NotFound
    │   ├── LicenceNotFound        absent, or not to be seen by this caller
    │   ├── ConsentNotFound        absent, or another's
    │   ├── CopyNotFound           absent, or another's
    │   ├── CheckNotFound          absent, over, or another's
    │   └── UseCodeNotFound        absent, or another's
    ├── Conflict
    │   ├── TransitionNotAllowed   the licence's state does not allow the event
    │   ├── StepNotForType         the type's life profile leaves the step out
    │   ├── SecondPersonNeeded     a colleague must decide
    │   ├── RevisionMoved          the licence is no longer as the caller saw it
    │   ├── TypeRetired            nothing new of the type
    │   ├── ConsentDecided         the request was decided before, or has run out
    │   └── AlreadyHeld            the holder has a valid licence of a type that one can have only once
    └── Gone                       a copy or a consent that existed and can no longer be used
"""

from __future__ import annotations

from core.errors import Conflict, InvalidInput, NotFound, NotPermitted
from core.text import Text


class DataInvalid(InvalidInput):
    """The face data do not fit the schema; the message names the field and never the value."""


class NotIssuingAuthority(NotPermitted):
    """The caller's organisation is not the issuing authority."""

    def __init__(self) -> None:
        super().__init__(
            "not-issuing-authority",
            Text(
                "只有这类证照的颁发机构可以这样做。请用颁发机构的账号调用，或请目录管理员登记本机关为颁发机构。",
                "Only an issuing authority of this licence type may do this. Call with that authority's account, "
                "or ask the catalogue's administrator to register your organisation as an issuer.",
            ),
        )


class TypeRetired(Conflict):
    """Nothing new is issued of a retired type."""

    def __init__(self) -> None:
        super().__init__(
            "licence-type-retired",
            Text(
                "这类证照已停用，不再新发；已发的照常有效。请核对应发的证照类型。",
                "This licence type is retired: nothing new is issued, what was issued stays valid. "
                "Check which type is meant.",
            ),
        )


class UseNotGranted(NotPermitted):
    """Nothing allows this organisation to use these data for this service item."""

    def __init__(self, text: Text | None = None, *, code: str = "use-not-granted", private: str = "") -> None:
        super().__init__(
            code,
            text
            or Text(
                "本机关没有为这个事项使用这类证照（或其中所要字段）的授权。请先向目录管理员申请使用授权。",
                "Your organisation has no grant to use this licence type, or these fields of it, for this service "
                "item. Apply to the catalogue's administrator for a grant first.",
            ),
            private=private,
        )


class LicenceNotFound(NotFound):
    """The licence is absent or not to be seen by this caller; the two look alike."""

    def __init__(self) -> None:
        super().__init__(
            "licence-not-found",
            Text(
                "没有找到这份证照，或您无权查看。请核对编号。",
                "No such licence, or you may not see it. Check the id.",
            ),
        )


class ConsentNotFound(NotFound):
    """The consent is absent or another's; the two look alike."""

    def __init__(self) -> None:
        super().__init__(
            "consent-not-found",
            Text("没有找到这份授权请求，请核对链接。", "No such consent request. Check the link."),
        )


class CopyNotFound(NotFound):
    """The annotated copy is absent or another's; the two look alike."""

    def __init__(self) -> None:
        super().__init__(
            "copy-not-found",
            Text("没有找到这份加注件，请核对编号。", "No such annotated copy. Check the id."),
        )


class CheckNotFound(NotFound):
    """The exemption check is absent, over, or another's; they look alike."""

    def __init__(self) -> None:
        super().__init__(
            "check-not-found",
            Text("没有找到这次核对，或已过期。请重新核对。", "No such check, or it is over. Check again."),
        )


class UseCodeNotFound(NotFound):
    """The use code is absent or another's; the two look alike."""

    def __init__(self) -> None:
        super().__init__(
            "use-code-not-found",
            Text("没有找到这个用证码，请核对。", "No such use code. Check it."),
        )


class TransitionNotAllowed(Conflict):
    """The licence's present state does not allow the event."""

    def __init__(self, state: Text) -> None:
        super().__init__(
            "transition-not-allowed",
            Text(
                f"这份证照现在是“{state.zh}”状态，不能这样处理。请先查看它的现状。",
                f"This licence is {state.en}, which does not allow this. Look at its present state first.",
            ),
        )


class StepNotForType(Conflict):
    """The type's own life profile leaves this step out."""

    def __init__(self) -> None:
        super().__init__(
            "step-not-for-type",
            Text(
                "这类证照不办这一步。目录里写着它能办哪些。",
                "Licences of this type do not take this step. The catalogue says which ones they take.",
            ),
        )


class SecondPersonNeeded(Conflict):
    """The type asks for two members of staff: one proposes, another decides."""

    def __init__(self) -> None:
        super().__init__(
            "second-person-needed",
            Text(
                "这类证照要两个人办：您先提出，再由另一位同事决定。",
                "This takes two people for licences of this type: propose it, and a colleague decides.",
            ),
        )


class RevisionMoved(Conflict):
    """If-Match named a revision that is no longer the current one."""

    def __init__(self) -> None:
        super().__init__(
            "precondition-failed",
            Text(
                "这份证照在您查看之后有过变化。请重新读取后再试。",
                "The licence changed after you read it. Read it again and retry.",
            ),
        )


class ConsentDecided(Conflict):
    """The request was decided before, withdrawn, or has run out."""

    def __init__(self) -> None:
        super().__init__(
            "consent-decided",
            Text(
                "这个授权请求已经处理过或已超时。需要的话，请对方重新发起。",
                "This consent request was already decided or has run out. If it is still needed, ask the "
                "requesting office to send a new one.",
            ),
        )


class AlreadyHeld(Conflict):
    """The holder has a valid licence of a type that one can have only once."""

    def __init__(self) -> None:
        super().__init__(
            "licence-already-held",
            Text(
                "持证人已有一份有效的同类证照。请先注销原证，或办理变更、延续。",
                "The holder already has a valid licence of this type. Cancel it first, or change or renew it.",
            ),
        )


class Gone(NotPermitted):
    """A copy or consent that existed and can no longer be used: withdrawn, run out, or its licence has ended."""


def consent_gone() -> Gone:
    """`consent-not-in-force`: withdrawn, refused, run out, or given for something else."""
    return Gone(
        "consent-not-in-force",
        Text(
            "本人的同意不在有效状态（未作出、已撤回或已到期），现在不能使用。请重新征求本人同意。",
            "The holder's consent is not in force (not given, withdrawn, or run out), so it cannot be used now. "
            "Ask the holder again.",
        ),
    )


def mandate_over() -> Gone:
    """`mandate-over`: ended, or good for no further case."""
    return Gone(
        "mandate-over",
        Text(
            "委托已经结束，或者可办的件数已用完。请委托人本人决定，或重新委托。",
            "The entrustment has ended, or no further case may be begun under it. The principal decides themselves, or "
            "entrusts anew.",
        ),
    )


def use_code_gone() -> Gone:
    """`use-code-gone`: run out, or used as often as it may be."""
    return Gone(
        "use-code-gone",
        Text(
            "这个用证码已过期或已用完。仍需使用的，请重新申请。",
            "This use code has run out or was used as often as it may be. If it is still needed, get a new one.",
        ),
    )


def copy_expired() -> Gone:
    """`copy-expired`: past the date printed on it."""
    return Gone(
        "copy-expired",
        Text(
            "这份加注件已过使用期限。仍需使用的，请重新申请。",
            "This annotated copy is past its use-by date. If it is still needed, ask for a new one.",
        ),
    )


def licence_ended(state: Text) -> Gone:
    """`licence-not-valid`: the licence behind the copy is not valid today."""
    return Gone(
        "licence-not-valid",
        Text(
            f"这份证照现在是“{state.zh}”状态，不再提供副本。",
            f"The licence is {state.en} now; copies of it are no longer given out.",
        ),
    )
