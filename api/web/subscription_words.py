"""Words for subscriptions: how they are doing, and why something did not arrive."""

from __future__ import annotations

from collections.abc import Mapping

from api.web.views.common import Mark
from api.web.words import minute
from certstore.subscriptions.deliver import BEHIND
from certstore.subscriptions.model import Subscription, SubscriptionState
from core.text import Text

MARKS: Mapping[SubscriptionState, Mark] = {
    SubscriptionState.ACTIVE: Mark("good", "check", Text("正常", "in order")),
    SubscriptionState.PAUSED: Mark("", "clock", Text("已暂停", "paused")),
    SubscriptionState.HALTED: Mark("bad", "no", Text("已停送", "halted")),
    SubscriptionState.ENDED: Mark("", "no", Text("已结束", "ended")),
}
NOT_WELL = frozenset({SubscriptionState.HALTED})
REASONS: Mapping[str, Text] = {
    "timeout": Text("对方没有及时应答", "no answer in time"),
    "unreachable": Text("连不上对方", "could not be reached"),
    "too-large": Text("对方的应答太大", "the answer was too large"),
    "encoded": Text("对方的应答压缩了", "the answer was compressed"),
    "address-refused": Text("地址通到内网，不允许访问", "the address leads inside and is not called"),
    "status-401": Text("对方不认签名（401）", "the receiver does not accept the signature (401)"),
    "status-403": Text("对方拒绝访问（403）", "the receiver forbids it (403)"),
    "status-404": Text("对方没有这个地址（404）", "the receiver has no such address (404)"),
    "status-429": Text("对方说太频繁（429）", "the receiver asks for a pause (429)"),
    "status-503": Text("对方暂时不能用（503）", "the receiver is out of service (503)"),
}
_SAID: Mapping[str, Text] = {
    "pause": Text(
        "已暂停。期间的变更都留着，恢复后接着送。", "Paused. Changes are kept and follow once it is resumed."
    ),
    "resume": Text("已恢复，从停下的地方接着送。", "Resumed: it goes on from where it stopped."),
    "send-again": Text("退回的正在重送。", "The refused ones are being sent again."),
    "forget-secrets": Text(
        "旧密钥已停用，今后只用新密钥签名。", "The old secret is forgotten; messages are signed by the new one."
    ),
    "end": Text("已结束，不再发送。", "Ended. Nothing more is sent."),
}


def said(step: str) -> Text | None:
    """What was done, after a step."""
    return _SAID.get(step)


def title_of(count: int, not_well: int) -> Text:
    """The list's title says what needs looking after."""
    if not_well:
        return Text(f"{not_well} 个接收端要处理", f"{not_well} to look after")
    if count:
        return Text("变更都送到了", "Changes are arriving")
    return Text("还没有接收端", "No receiver yet")


def last_words(one: Subscription) -> Text:
    """When something last arrived."""
    if one.delivered_at is None:
        return Text("还没有送过", "nothing yet")
    at = minute(one.delivered_at)
    return Text(f"上次送到 {at}", f"last at {at}")


def letter_words(result: str) -> Text:
    """Why a change is a dead letter."""
    if result == BEHIND:
        return Text("同一证照前面的还没收，先留着", "waits behind an earlier one of the same licence")
    code = result.rpartition("-")[2]
    return Text(f"对方不收（{code}）", f"refused by the receiver ({code})")
