"""The words of every message, in two languages.

A message says who sends it and what it is for, and a code never comes without the warning not to pass it on. No message
holds a link: people shall not learn to follow one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from core.clock import Clock
from core.ids import new_id
from core.text import Text
from idp.messages.ports import AddressKind, Letter, Message


@dataclass(frozen=True, slots=True)
class Template:
    """`subject` is for e-mail only; both may have places in braces."""

    subject: Text
    text: Text


CODE_TO_LOG_IN: Final = "code-to-log-in"
CODE_TO_CONFIRM: Final = "code-to-confirm"
FACTOR_ADDED: Final = "factor-added"
FACTOR_REMOVED: Final = "factor-removed"
CODE_TO_RESET: Final = "code-to-reset"
NEW_DEVICE: Final = "new-device"
PASSWORD_CHANGED: Final = "password-changed"  # noqa: S105 - the template's name
PHONE_CHANGED: Final = "phone-changed"
HAS_ACCOUNT: Final = "has-account"
LEAVING: Final = "leaving"
LICENCE_ENDS: Final = "licence-ends"
OBJECTION_ANSWERED: Final = "objection-answered"
ENTRUSTED: Final = "entrusted"
ENTRUSTMENT_MOVED: Final = "entrustment-moved"

_SIGNATURE = Text("【{city}一证】", "[{city} Yizheng] ")

TEMPLATES: Final[Mapping[str, Template]] = {
    CODE_TO_LOG_IN: Template(
        Text("登录验证码", "Your log-in code"),
        Text(
            "验证码 {code}，用于登录，{minutes} 分钟内有效。请勿告诉任何人，工作人员也不会向您要。"
            "不是您本人操作，请尽快改密码。",
            "{code} is your log-in code, good for {minutes} minutes. Tell it to nobody: no member of staff will ask "
            "for it. If this was not you, change your password.",
        ),
    ),
    CODE_TO_CONFIRM: Template(
        Text("验证码", "Your code"),
        Text(
            "验证码 {code}，用于确认这个联系方式是您的，{minutes} 分钟内有效。请勿告诉任何人。",
            "{code} confirms that you can be reached here; it is good for {minutes} minutes. Tell it to nobody.",
        ),
    ),
    FACTOR_ADDED: Template(
        Text("新增了登录方式", "A way to log in was added"),
        Text(
            "您的账号刚刚新增了一种登录方式。不是您本人操作，请马上拨打 12345 冻结账号。",
            "A way to log in was added to your account. If this was not you, call 12345 at once and have your account "
            "frozen.",
        ),
    ),
    FACTOR_REMOVED: Template(
        Text("取消了登录方式", "A way to log in was removed"),
        Text(
            "您的账号刚刚取消了一种登录方式。不是您本人操作，请马上拨打 12345 冻结账号。",
            "A way to log in was removed from your account. If this was not you, call 12345 at once and have your "
            "account frozen.",
        ),
    ),
    CODE_TO_RESET: Template(
        Text("重设密码的验证码", "Your code to reset the password"),
        Text(
            "验证码 {code}，用于重设密码，{minutes} 分钟内有效。请勿告诉任何人，工作人员也不会向您要。"
            "不是您本人操作，不用理会，密码不会变。",
            "{code} is your code to set a new password, good for {minutes} minutes. Tell it to nobody: no member of "
            "staff will ask for it. If this was not you, do nothing: your password stays as it is.",
        ),
    ),
    NEW_DEVICE: Template(
        Text("新浏览器登录", "A log-in from a new browser"),
        Text(
            "有人从一个没用过的浏览器登录了您的账号。不是您本人，请马上改密码，或拨打 12345 冻结账号。",
            "Somebody logged in to your account from a browser that was not used before. If it was not you, change "
            "your password at once, or call 12345 and have your account frozen.",
        ),
    ),
    PASSWORD_CHANGED: Template(
        Text("密码已修改", "Your password was changed"),
        Text(
            "您账号的密码刚刚改过，别处的登录都已结束。不是您本人操作，请马上拨打 12345 冻结账号。",
            "The password of your account was just changed, and log-ins elsewhere were ended. If it was not you, call "
            "12345 at once and have your account frozen.",
        ),
    ),
    HAS_ACCOUNT: Template(
        Text("您已有账号", "You have an account already"),
        Text(
            "有人用您的证件号或手机号注册账号。您已有账号，没有再开新的：请直接登录，忘了密码可以重设。"
            "不是您本人操作，不用理会。",
            "Somebody registered with your ID number or phone. You have an account already, and no other was opened: "
            "log in, or reset your password. If it was not you, do nothing.",
        ),
    ),
    LICENCE_ENDS: Template(
        Text("证照快到期了", "A licence of yours ends soon"),
        Text(
            "您的{licence_zh}还有 {days} 天到期。需要继续使用的，请在到期前向颁发机构办理延续。",
            "Your {licence_en} ends in {days} days. If you still need it, ask the issuing office to renew it in time.",
        ),
    ),
    OBJECTION_ANSWERED: Template(
        Text("异议有了答复", "Your objection was answered"),
        Text(
            "颁发机构答复了您对证照内容提出的异议。请登录后在“异议”里查看。",
            "The issuing office answered your objection to what a licence says. Log in and see it under “Objections”.",
        ),
    ),
    ENTRUSTED: Template(
        Text("有人想委托您", "Somebody would like to entrust you"),
        Text(
            "有人想委托您，替他决定证照给谁用。请登录后在“我的委托”里核对是谁，再决定接不接受。",
            "Somebody would like to entrust you with deciding who may use their licences. Log in and see under “My "
            "entrustments” who it is before you accept.",
        ),
    ),
    ENTRUSTMENT_MOVED: Template(
        Text("您的委托有变化", "One of your entrustments changed"),
        Text(
            "您的一项委托，对方有了答复，或者已经结束。请登录后在“我的委托”里查看。",
            "The other side of one of your entrustments answered it, or ended it. Log in and see it under “My "
            "entrustments”.",
        ),
    ),
    LEAVING: Template(
        Text("账号将要注销", "Your account will be closed"),
        Text(
            "您的账号七天后注销，在那之前登录就可以撤回。不是您本人提出的，请马上登录撤回并改密码，或拨打 12345。",
            "Your account will be closed in seven days. Log in before then to take that back. If it was not you who "
            "asked, take it back now and change your password, or call 12345.",
        ),
    ),
    PHONE_CHANGED: Template(
        Text("手机号已更换", "Your phone number was changed"),
        Text(
            "您账号的手机号刚刚换过。不是您本人操作，请马上拨打 12345 冻结账号。",
            "The phone number of your account was just changed. If it was not you, call 12345 at once and have your "
            "account frozen.",
        ),
    ),
}


def letter(message: Message, clock: Clock, *, city: str) -> Letter:
    """The message in its words.

    Raises:
        KeyError: there is no such template, or it lacks a value.
    """
    template, language = TEMPLATES[message.template], message.language
    text = template.text.to(language).format(**message.values)
    subject = template.subject.to(language) if message.to.kind is AddressKind.EMAIL else ""
    signature = _SIGNATURE.to(language).format(city=city)
    return Letter(new_id(clock, "msg"), message.to, signature + text, subject)
