"""What a person is told about their account, in words; each says what to do if it was not they."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.text import Text
from idp.model import NoticeKind

NOTICE_WORDS: Final[Mapping[NoticeKind, Text]] = {
    NoticeKind.REFRESH_REUSED: Text(
        "{zh}替您保管的登录凭证被用了两次，我们已经让它失效。可能有人拿到了它，也可能是该网站出了差错。"
        "不放心的话，请看看您登录着的地方，并改一次密码。",
        "A token that {en} kept for you was used twice, so it was ended. Somebody may have a copy, or the site made a "
        "mistake. If in doubt, look where you are logged in, and change your password.",
    ),
    NoticeKind.NEW_DEVICE: Text(
        "有人从一个没用过的浏览器登录了您的账号。是您自己就不用管；不是的话，请结束那次登录，并马上改密码。",
        "Somebody logged in to your account from a browser that was not used before. If it was you, all is well. If "
        "not, end that log-in and change your password at once.",
    ),
    NoticeKind.PASSWORD_CHANGED: Text(
        "您的密码改过了，别处的登录都已结束。不是您改的，请马上拨打 12345 冻结账号。",
        "Your password was changed, and log-ins elsewhere were ended. If it was not you, call 12345 at once and have "
        "your account frozen.",
    ),
    NoticeKind.PASSWORD_RESET: Text(
        "您的密码凭短信验证码重设过，所有登录都已结束。不是您设的，请马上拨打 12345 冻结账号。",
        "Your password was set anew with a code by text message, and all log-ins were ended. If it was not you, call "
        "12345 at once and have your account frozen.",
    ),
    NoticeKind.FACTOR_ADDED: Text(
        "您的账号新增了一种登录方式。不是您加的，请把它删掉，并马上改密码。",
        "A way to log in was added to your account. If it was not you, remove it and change your password at once.",
    ),
    NoticeKind.FACTOR_REMOVED: Text(
        "您的账号少了一种登录方式。不是您删的，请马上改密码，再把它加回来。",
        "A way to log in was removed from your account. If it was not you, change your password at once and add it "
        "again.",
    ),
    NoticeKind.NAME_CHANGED: Text(
        "您账号上的姓名改过了，和人口库一致。不是您改的，请马上拨打 12345 冻结账号。",
        "The name of your account was changed to what the population register has. If it was not you, call 12345 at "
        "once and have your account frozen.",
    ),
    NoticeKind.NUMBER_CHANGED: Text(
        "工作人员经两人核对，更正了您账号上的身份证号和姓名，所有登录都已结束，实名等级要重新核实。"
        "您不知道这件事的，请马上拨打 12345。",
        "Two members of staff put the ID number and name of your account right. All log-ins were ended, and your "
        "identity has to be proved again. If you know nothing of it, call 12345 at once.",
    ),
    NoticeKind.MERGED: Text(
        "您的另一个账号已经并到这里，那边的登录方式不能再用。您不知道这件事的，请马上拨打 12345。",
        "Another account of yours was merged into this one; its ways to log in are gone. If you know nothing of it, "
        "call 12345 at once.",
    ),
    NoticeKind.LEAVING: Text(
        "您的账号七天后注销，在那之前登录就可以撤回。不是您本人提出的，请马上撤回并改密码。",
        "Your account will be closed in seven days; until then you can take that back. If it was not you who asked, "
        "take it back now and change your password.",
    ),
    NoticeKind.LICENCE_ENDS: Text(
        "您的{licence_zh}还有 {days} 天到期（提醒当天算起）。需要继续使用的，请到期前向颁发机构办理延续。",
        "Your {licence_en} ends in {days} days, counted from the day of this notice. If you still need it, ask the "
        "issuing office to renew it in time.",
    ),
    NoticeKind.OBJECTION_ANSWERED: Text(
        "颁发机构答复了您对证照内容提出的异议。",
        "The issuing office answered your objection to what a licence says.",
    ),
    NoticeKind.ENTRUSTED: Text(
        "有人想委托您，替他决定证照给谁用。请先核对是不是您认识的人，再决定接不接受。",
        "Somebody would like to entrust you with deciding who may use their licences. See first whether you know them.",
    ),
    NoticeKind.ENTRUSTMENT_MOVED: Text(
        "您的一项委托，对方有了答复，或者已经结束。",
        "The other side of one of your entrustments answered it, or ended it.",
    ),
    NoticeKind.PHONE_CHANGED: Text(
        "您账号的手机号换过了。不是您换的，请马上拨打 12345 冻结账号。",
        "The phone number of your account was changed. If it was not you, call 12345 at once and have your account "
        "frozen.",
    ),
}
