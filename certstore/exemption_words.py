"""The answers of an exemption check: their order, the rule that each rests on, the next step, and the words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum

from certstore.conditions import Condition
from certstore.model import Trust
from certstore.schema import face_fields
from certstore.status import STATUS_NAMES, Status
from core.text import Text


class Exemption(StrEnum):
    """The answer for one material, best first."""

    EXEMPT = "exempt"
    NEEDS_CONSENT = "needs-consent"
    LOW_TRUST = "low-trust"
    CONDITION_NOT_MET = "condition-not-met"
    NOT_YET_VALID = "not-yet-valid"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    CANCELLED = "cancelled"
    NOT_VALID = "not-valid"  # annulled, transferred out, superseded
    QUOTA_USED_UP = "quota-used-up"
    NOT_FOUND = "not-found"
    NOT_GRANTED = "not-granted"
    UNKNOWN_TYPE = "unknown-type"  # the material names a type that the catalogue does not have
    NOT_IN_STORE = "not-in-store"


class NextStep(StrEnum):
    """What the caller does about a material."""

    TAKE_COPY = "take-copy"
    ASK_CONSENT = "ask-consent"
    SEE_ORIGINAL = "see-original"
    RENEW_OR_PAPER = "renew-or-paper"
    TAKE_PAPER = "take-paper"
    WAIT = "wait"
    APPLY_FOR_GRANT = "apply-for-grant"
    TELL_CATALOGUE = "tell-catalogue"


RULES: Mapping[Exemption, str] = {
    Exemption.EXEMPT: "EX-01",
    Exemption.NEEDS_CONSENT: "EX-02",
    Exemption.EXPIRED: "EX-03",
    Exemption.SUSPENDED: "EX-04",
    Exemption.WITHDRAWN: "EX-05",
    Exemption.REVOKED: "EX-06",
    Exemption.CANCELLED: "EX-07",
    Exemption.NOT_YET_VALID: "EX-08",
    Exemption.NOT_VALID: "EX-09",
    Exemption.NOT_FOUND: "EX-10",
    Exemption.NOT_GRANTED: "EX-11",
    Exemption.NOT_IN_STORE: "EX-12",
    Exemption.LOW_TRUST: "EX-13",
    Exemption.CONDITION_NOT_MET: "EX-14",
    Exemption.QUOTA_USED_UP: "EX-15",
    Exemption.UNKNOWN_TYPE: "EX-16",
}

STEPS: Mapping[Exemption, NextStep] = {
    Exemption.EXEMPT: NextStep.TAKE_COPY,
    Exemption.NEEDS_CONSENT: NextStep.ASK_CONSENT,
    Exemption.LOW_TRUST: NextStep.SEE_ORIGINAL,
    Exemption.CONDITION_NOT_MET: NextStep.TAKE_PAPER,
    Exemption.NOT_YET_VALID: NextStep.WAIT,
    Exemption.SUSPENDED: NextStep.TAKE_PAPER,
    Exemption.EXPIRED: NextStep.RENEW_OR_PAPER,
    Exemption.WITHDRAWN: NextStep.TAKE_PAPER,
    Exemption.REVOKED: NextStep.TAKE_PAPER,
    Exemption.CANCELLED: NextStep.TAKE_PAPER,
    Exemption.NOT_VALID: NextStep.TAKE_PAPER,
    Exemption.QUOTA_USED_UP: NextStep.WAIT,
    Exemption.NOT_FOUND: NextStep.TAKE_PAPER,
    Exemption.NOT_GRANTED: NextStep.APPLY_FOR_GRANT,
    Exemption.UNKNOWN_TYPE: NextStep.TELL_CATALOGUE,
    Exemption.NOT_IN_STORE: NextStep.TAKE_PAPER,
}

STEP_WORDS: Mapping[NextStep, Text] = {
    NextStep.TAKE_COPY: Text("取加注件", "take the annotated copy"),
    NextStep.ASK_CONSENT: Text("请申请人同意", "ask the applicant to consent"),
    NextStep.SEE_ORIGINAL: Text("看原件核对", "see the original and check it"),
    NextStep.RENEW_OR_PAPER: Text("先办延续，或收纸质件", "have it renewed, or take the paper"),
    NextStep.TAKE_PAPER: Text("收纸质件", "take the paper"),
    NextStep.WAIT: Text("过后再核对，或收纸质件", "check again later, or take the paper"),
    NextStep.APPLY_FOR_GRANT: Text("收纸质件，并申请授权", "take the paper, and apply for a grant"),
    NextStep.TELL_CATALOGUE: Text(
        "收纸质件，并告知目录管理员", "take the paper, and tell the catalogue's administrator"
    ),
}

_PLAIN: Mapping[Exemption, Text] = {
    Exemption.NOT_FOUND: Text(
        "证照库里没有查到申请人的这份证照，请收纸质件。",
        "The repository has no such licence of the applicant. Take the paper.",
    ),
    Exemption.NOT_GRANTED: Text(
        "本机关没有为这个事项使用这类证照的授权，不能查。请申请授权，或收纸质件。",
        "Your organisation has no grant to use this type for this item, so nothing was looked up. Apply for a grant, "
        "or take the paper.",
    ),
    Exemption.NOT_IN_STORE: Text(
        "证照库没有这一类材料，请收纸质件。",
        "The repository does not keep this kind of material. Take the paper.",
    ),
    Exemption.UNKNOWN_TYPE: Text(
        "事项写的证照类型不在目录里，不能查。请收纸质件，并请目录管理员更正事项。",
        "The item names a licence type that the catalogue does not have, so nothing was looked up. Take the paper, "
        "and ask the catalogue's administrator to mend the item.",
    ),
    Exemption.QUOTA_USED_UP: Text(
        "本机关为这个事项使用这类证照的次数已到上限，这次没有查。请过后再核对，或收纸质件。",
        "Your organisation's ceiling for this type and item is reached, so it was not looked up. Check again later, "
        "or take the paper.",
    ),
    Exemption.NEEDS_CONSENT: Text(
        "在库且有效。须本人同意后才能取，请申请人在手机上同意。",
        "In the repository and valid. The holder must consent first: ask the applicant to consent.",
    ),
}


def explain(
    outcome: Exemption,
    *,
    issuer: Text | None = None,
    until: dt.date | None = None,
    status: Status = Status.VALID,
    trust: Trust = Trust.A,
    missed: Condition | None = None,
    schema: Mapping[str, object] | None = None,
) -> Text:
    """Why, in words; never a value of the licence's data."""
    if outcome in _PLAIN:
        return _PLAIN[outcome]
    if outcome is Exemption.EXEMPT:
        named = issuer or Text("", "")
        return Text(
            f"在库且有效（{named.zh}颁发，{'有效至 ' + until.isoformat() if until else '长期有效'}），不用交。",
            f"In the repository and valid (issued by {named.en}, "
            f"{'until ' + until.isoformat() if until else 'without end'}). Do not ask for it.",
        )
    if outcome is Exemption.LOW_TRUST:
        return Text(
            f"在库，但可信等级为 {trust}（由本人上传或承诺，没有核对过原件），不能直接用。请看原件核对。",
            f"In the repository, but at trust level {trust} (uploaded or declared by the holder, never checked against "
            "the original), so it cannot be relied on. See the original and check it.",
        )
    if outcome is Exemption.CONDITION_NOT_MET and missed is not None:
        return _missed(missed, schema or {})
    word = STATUS_NAMES[status]
    since = until.isoformat() if outcome is Exemption.EXPIRED and until else None
    return Text(
        f"在库，但现在是“{word.zh}”状态{f'（截止 {since}）' if since else ''}，不能用来免交。",
        f"In the repository, but {word.en}{f' (on {since})' if since else ''}, so it does not exempt.",
    )


def _missed(condition: Condition, schema: Mapping[str, object]) -> Text:
    titles = {one.name: one.title for one in face_fields(schema)}
    title, asked = titles.get(condition.field, Text(condition.field, condition.field)), condition.says()
    return Text(
        f"在库且有效，但不符合这个事项的条件：{title.zh}{asked.zh}。",
        f"In the repository and valid, but not what this item asks for: {title.en} {asked.en}.",
    )
