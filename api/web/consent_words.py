"""What scopes and claims give away, in the words of the page that asks for them (PIPL Art. 17).

One place for all pages on which a person agrees: a portal's log-in, a device, a request on the phone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from api.web.views.entrance import ConsentItem, ScopeWords
from core.text import Text
from idp.login.consent_terms import Item
from idp.protocol.scopes import REALNAME

PSEUDONYM = ScopeWords(
    Text("一个只给这个网站的代号，和您的实名等级", "A pseudonym made for this site only, and your identity level"),
    Text(
        "下次登录时，它认得是同一个人；别的网站对不上。",
        "So that they recognise you the next time; no other site can match it.",
    ),
)
SCOPES: Mapping[str, ScopeWords] = {
    "realname": ScopeWords(
        Text("您的姓名和身份证号", "Your name and ID number"),
        Text("已核实的实名信息，对方凭它办事。", "As proved to us; they need it to handle your case."),
    ),
    "profile": ScopeWords(
        Text("您的基本情况", "Basic facts about you"),
        Text("用来称呼您，和提供适合您年龄的服务。", "To address you, and to offer what suits your age."),
    ),
    "email": ScopeWords(
        Text("您的电子邮箱", "Your e-mail address"),
        Text("用来给您发办件进度。", "To send you news of your case."),
    ),
    "phone": ScopeWords(
        Text("您的手机号", "Your mobile number"),
        Text("用来给您打电话或发短信。", "To call you or send you text messages."),
    ),
    "address": ScopeWords(
        Text("您的联系地址", "Your postal address"),
        Text("用来给您寄材料。", "To send you papers."),
    ),
    "organisation": ScopeWords(
        Text("您代表哪个单位，按哪项授权", "For which organisation you act, and by which authority"),
        Text(
            "单位名称和代码、您的身份、办哪些事项、到哪天。", "Its name and code, your role, the items, and until when."
        ),
    ),
    "offline_access": ScopeWords(
        Text("您离开后仍可办理", "Continuing when you are away"),
        Text(
            "您不在时，对方仍可用上面的信息；您退出登录就结束。",
            "They may use the above while you are away; ends when you log out.",
        ),
    ),
    "licence:read": ScopeWords(
        Text("替您查看电子证照", "Reading e-licences on your behalf"),
        Text(
            "您自己名下的；您有岗位的，还有岗位能查的。每次都要写明事由，并有记录。",
            "Your own, and if you hold an office those of your duty. Each look names a purpose and is recorded.",
        ),
    ),
    "licence:verify": ScopeWords(
        Text("以您的岗位核验电子证照", "Verifying e-licences by your duty"),
        Text("每次核验都有记录。", "Every check is recorded."),
    ),
    "licence:issue": ScopeWords(
        Text("以您的岗位发放和变更证照", "Issuing and changing licences by your duty"),
        Text("以您单位的名义，每一次都有记录。", "In your office's name; each time is recorded."),
    ),
    "seal:sign": ScopeWords(
        Text("以您的岗位使用电子印章", "Using an e-seal by your duty"),
        Text("盖章具有法律效力，每一次都有记录。", "Sealing has legal effect; each time is recorded."),
    ),
    "seal:digest": ScopeWords(
        Text("以您的岗位给文件摘要盖章", "Sealing digests of documents by your duty"),
        Text("文件不送来，只送摘要；每一次都有记录。", "The document stays outside; each time is recorded."),
    ),
    "service": ScopeWords(
        Text("在签名软件里列出您能用的电子印章", "Listing the e-seals that you may use in signing software"),
        Text("只看，不盖。", "To look, not to seal."),
    ),
    "credential": ScopeWords(
        Text("在签名软件里用电子印章", "Using an e-seal in signing software"),
        Text(
            "只用于下面列出的摘要，只用一次；盖章具有法律效力，有记录。",
            "For the digests listed and once only. Sealing has legal effect and is recorded.",
        ),
    ),
    "seal:manage": ScopeWords(
        Text("以您的岗位管理电子印章", "Managing e-seals by your duty"),
        Text("每一步都有记录。", "Every step is recorded."),
    ),
    "seal:approve": ScopeWords(
        Text("以您的岗位审批电子印章和用印", "Reviewing e-seals and their use by your duty"),
        Text("每一步都有记录。", "Every step is recorded."),
    ),
    "client:manage": ScopeWords(
        Text("以您的岗位管理网站接入", "Managing connected sites by your duty"),
        Text("每一步都有记录。", "Every step is recorded."),
    ),
    "metrics:read": ScopeWords(
        Text("以您的岗位查看运行指标", "Reading this service's metrics by your duty"),
        Text("不含个人信息。", "They hold no personal data."),
    ),
    "audit:read": ScopeWords(
        Text("以您的岗位查看审计记录", "Reading the audit log by your duty"),
        Text("查看本身也有记录。", "Reading is recorded too."),
    ),
    "admin:system": ScopeWords(
        Text("以您的岗位做系统管理", "System administration by your duty"),
        Text("每一步都有记录。", "Every step is recorded."),
    ),
    "admin:security": ScopeWords(
        Text("以您的岗位做安全管理", "Security administration by your duty"),
        Text("每一步都有记录。", "Every step is recorded."),
    ),
    "admin:audit": ScopeWords(
        Text("以您的岗位做审计管理", "Audit administration by your duty"),
        Text("每一步都有记录。", "Every step is recorded."),
    ),
}
CLAIMS: Mapping[str, Text] = {
    "name": Text("姓氏，名字用星号代替", "family name, the rest as stars"),
    "id_number": Text("身份证号", "ID number"),
    "gender": Text("性别", "sex"),
    "birthdate": Text("出生年份", "year of birth"),
    "locale": Text("语言", "language"),
    "zoneinfo": Text("时区", "time zone"),
    "updated_at": Text("资料更新时间", "when this last changed"),
    "email": Text("邮箱地址", "e-mail address"),
    "email_verified": Text("邮箱是否核实过", "whether the mailbox was verified"),
    "phone_number": Text("手机号", "mobile number"),
    "phone_number_verified": Text("手机号是否核实过", "whether the number was verified"),
    "address": Text("省市、街道、邮编", "region, street, postal code"),
}
_ELSEWHERE = Text("在另一个政务系统里，只限这一项。", "At another service of the city; this and no more.")
_REAL = {"name": Text("姓名", "name"), "birthdate": Text("出生日期", "date of birth")}


def given_by(scopes: Sequence[str]) -> tuple[ScopeWords, ...]:
    """What a person gives away with these scopes, in words."""
    return (PSEUDONYM, *(SCOPES[scope] for scope in scopes if scope in SCOPES))


def items_in_words(items: Sequence[Item], resource_scopes: Mapping[str, Text]) -> tuple[ConsentItem, ...]:
    """The items as the page shows them; what must be given comes first."""
    real = any(item.scope == REALNAME for item in items)
    shown = [_item(item, resource_scopes, real=real) for item in items]
    return tuple(sorted(shown, key=lambda one: one.optional))


def _item(item: Item, resource_scopes: Mapping[str, Text], *, real: bool) -> ConsentItem:
    words = SCOPES.get(item.scope)
    if words is None:
        title = resource_scopes.get(item.scope, Text(item.scope, item.scope))
        words = ScopeWords(title, _ELSEWHERE)
    names = {**CLAIMS, **(_REAL if real else {})}
    tells = tuple(names[claim] for claim in item.claims if claim in names)
    return ConsentItem(
        item.scope, words.title, words.text, tells, item.optional, item.essential, item.sensitive, item.agreed_before
    )


def told_in_words(claims: Sequence[str]) -> Text:
    """Claims that a portal was told, in one line; for the person's own list."""
    names = [_REAL.get(claim) if claim == "name" else CLAIMS.get(claim, Text(claim, claim)) for claim in claims]
    known = [name for name in names if name is not None]
    return Text("、".join(name.zh for name in known), ", ".join(name.en for name in known))


def days_of(lasts: dt.timedelta) -> int:
    return max(1, lasts.days)
