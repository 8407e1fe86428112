"""What may stand against a change of somebody's life."""

from __future__ import annotations

from core.errors import Conflict, InvalidInput, NotFound, NotPermitted, Unavailable
from core.text import Text


def duty_missing() -> NotPermitted:
    return NotPermitted(
        "duty-missing",
        Text("您的岗位不办这件事。", "Your role doesn't do this."),
    )


def own_account() -> NotPermitted:
    return NotPermitted(
        "own-account",
        Text("自己的账号要由同事来办。", "For your own account a colleague has to do it."),
    )


def second_person_needed() -> NotPermitted:
    return NotPermitted(
        "second-person-needed",
        Text("自己提出的要由另一个人决定。", "What you proposed is decided by somebody else."),
    )


def proposal_not_found() -> NotFound:
    return NotFound("proposal-not-found", Text("没有这项申请。", "There is no such proposal."))


def proposal_decided() -> Conflict:
    return Conflict(
        "proposal-decided",
        Text("这项申请已经办结或已过期。", "This proposal was decided already, or has run out."),
    )


def wrong_status(now: str) -> Conflict:
    text = Text("这个账号现在的状态（{now}）办不了这件事。", "Not possible while the account is {now}.")
    return Conflict("account-status", text.format(now=now))


def number_taken() -> Conflict:
    return Conflict(
        "number-taken",
        Text(
            "这个证件已有另一个账号。两个账号是同一个人的，请办合并。",
            "Another account has this document. If both are the same person, propose a merge.",
        ),
    )


def phone_taken() -> Conflict:
    return Conflict(
        "phone-taken",
        Text(
            "这个手机号在另一个账号上。号码是您的，请带身份证到政务服务大厅办理。",
            "This mobile number stands in another account. If it is yours, bring your ID card to a service hall.",
        ),
    )


def reason_invalid() -> InvalidInput:
    return InvalidInput(
        "reason-invalid",
        Text("请写明事由，200 字以内。", "Say why, in at most 200 characters."),
        field="reason",
    )


def name_invalid() -> InvalidInput:
    return InvalidInput(
        "name-invalid",
        Text("姓名请照证件填写，60 字以内。", "Write the name as on the document, in at most 60 characters."),
        field="name",
    )


def differs() -> InvalidInput:
    return InvalidInput(
        "person-differs",
        Text(
            "姓名和证件号对不上。请对着证件再核一遍。",
            "Name and number don't belong together. Check them on your document.",
        ),
        field="name",
    )


def source_away() -> Unavailable:
    return Unavailable(
        "source-away",
        Text(
            "人口库暂时没有回应，什么也没有改。请过几分钟再试。",
            "The population register gives no answer now, and nothing was changed. Try again in some minutes.",
        ),
    )
