"""What each look at somebody's data is called, for the pages of the person it was about."""

from __future__ import annotations

import datetime as dt

from api.web.views.common import Mark, TimelineEntry
from api.web.views.own import AccessRow
from api.web.words import near
from certstore.holder import MyAccess
from certstore.model import Look
from core.text import Text

_SOMEBODY = Text("一个办事机构", "an office")
_READER = Text("拿到您分享码的人", "somebody with your share's code")
_AGENT = Text("受您委托的人", "whom you entrusted")
_SOME_LICENCE = Text("证照", "a licence")


def access_row(one: MyAccess) -> AccessRow:
    """A line of the full list."""
    mark = right_of(one)
    number = one.record.purpose.case_number
    return AccessRow(one.record.at, who_looked(one), what_was_seen(one), number, mark.word, mark.tone, mark.icon)


def look_entry(one: MyAccess, now: dt.datetime) -> TimelineEntry:
    """An entry of the short list."""
    mark, at = right_of(one), one.record.at
    when = Text(f"{near(at, now, 'zh')} · {mark.word.zh}", f"{near(at, now, 'en')} · {mark.word.en}")
    tone = "" if one.by_consent else "info"
    return TimelineEntry("eye", who_looked(one), what_was_seen(one), when, tone)  # type: ignore[arg-type]  # two of the tones


def who_looked(one: MyAccess) -> Text:
    """The office, and the person in it where one is named."""
    office = one.organisation_name or (_READER if one.shared else _AGENT if one.entrusted else _SOMEBODY)
    name = one.record.actor_name
    return Text(f"{office.zh} {name}", f"{office.en} · {name}") if name else office


def what_was_seen(one: MyAccess) -> Text:
    """What, and what for."""
    what, count = one.type_name or _SOME_LICENCE, len(one.record.fields)
    seen = {
        Look.SEARCH: Text(f"看了{what.zh}的 {count} 项", f"Saw {count} entries of your {what.en}"),
        Look.COPY: Text(
            f"取了{what.zh}的加注副本，{count} 项", f"Made an annotated copy of your {what.en}, {count} entries"
        ),
        Look.FILE: Text(f"打开了{what.zh}的加注副本", f"Opened the annotated copy of your {what.en}"),
        Look.ISSUER: Text(f"颁发机构查看{what.zh}", f"The issuing authority looked at your {what.en}"),
        Look.FIELD_CHECK: Text(
            f"核对{what.zh}上的说法，只得到“是”或“否”", f"Checked a claim about your {what.en}: told only yes or no"
        ),
        Look.PRESENTATION: Text(f"您出示了{what.zh}，给了 {count} 项", f"You showed your {what.en}: {count} entries")
        if count
        else Text(f"扫了您出示的{what.zh}，没有看到内容", f"Scanned the {what.en} you showed; saw no contents"),
        Look.SHARE: Text(
            f"打开了您分享的{what.zh}，{count} 项", f"Opened your share of your {what.en}, {count} entries"
        ),
        Look.USE_CODE: Text(
            f"用用证码取了{what.zh}的 {count} 项", f"Took {count} entries of your {what.en} by a use code"
        )
        if count
        else Text(f"取了{what.zh}的用证码，还没有看内容", f"Got a use code for your {what.en}; saw no contents"),
        Look.VIEW: Text(
            f"打开了{what.zh}的查看页，{count} 项", f"Opened a page with {count} entries of your {what.en}"
        ),
        Look.ENTRUSTED: Text(
            f"看了{what.zh}的 {count} 项，替您决定给不给", f"Saw {count} entries of your {what.en}, to decide for you"
        )
        if one.type_name
        else Text("替您决定给不给证照，没有查到", "Was to decide on a licence of yours; there was none"),
        Look.EXPORT: Text(f"导出本机关颁发的证照，其中有您的{what.zh}", f"Exported what it issued, your {what.en} too"),
        Look.REGISTER: Text(
            "接收登记簿时核对，得知您的号码另有记录或姓名不同，没有看到内容",
            "Took a register over and was told that others know your number, perhaps by another name; saw no contents",
        ),
        Look.EXEMPTION: Text(
            f"核对{what.zh}有没有、是否有效，没有看内容", f"Checked that you hold a valid {what.en}; saw no contents"
        )
        if one.type_name
        else Text("核对有没有所需的证照，没有查到", "Checked for a licence; none was found"),
    }[one.record.look]
    item = one.item_name
    return Text(f"{seen.zh}，为办{item.zh}", f"{seen.en}, for {item.en}") if item else seen


def right_of(one: MyAccess) -> Mark:
    """By what right it was done."""
    if one.shared:
        return Mark("good", "check", Text("您的分享", "your share"))
    if one.record.about_other:
        return Mark("info", "shield", Text("共有人的办件", "another holder's case"))
    if one.entrusted:
        return Mark("good", "check", Text("您的委托", "you entrusted them"))
    if one.by_consent:
        return Mark("good", "check", Text("您已同意", "you agreed"))
    if one.record.look is Look.PRESENTATION:
        return Mark("good", "check", Text("您当面出示", "you showed it"))
    if one.record.look is Look.ISSUER:
        return Mark("info", "org", Text("颁发机构", "issuer"))
    return Mark("info", "shield", Text("依职能", "by function"))
