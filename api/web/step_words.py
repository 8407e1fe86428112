"""The steps of a licence's life in words: their names, what pressing the button does, and what must be said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from certstore.lifecycle import Event
from core.text import Text

WHY = Text("理由", "Reason")


@dataclass(frozen=True, slots=True)
class StepWords:
    """One step.

    Attributes:
        name: a verb, as on the button.
        effect: what will be so afterwards.
        reason: what the reason is asked for by; None where none is needed.
        legal: an act of legal effect; its button is cinnabar.
    """

    name: Text
    effect: Text
    reason: Text | None = WHY
    legal: bool = True


NAMES: Mapping[Event, Text] = {
    Event.CREATE: Text("起草", "draft"),
    Event.ISSUE: Text("颁发", "issue"),
    Event.RECORD: Text("登记入库", "take over from a register"),
    Event.RENEW: Text("延续", "renew"),
    Event.CHANGE: Text("变更", "change"),
    Event.ANNUAL_PASS: Text("年检通过", "pass inspection"),
    Event.ANNUAL_FAIL: Text("年检不通过", "fail inspection"),
    Event.SUSPEND: Text("暂扣", "suspend"),
    Event.RESUME: Text("发还", "give back"),
    Event.EXPIRE: Text("到期", "expire"),
    Event.CANCEL: Text("注销", "cancel"),
    Event.WITHDRAW: Text("撤销", "withdraw"),
    Event.REVOKE: Text("吊销", "revoke"),
    Event.ANNUL: Text("作废", "annul"),
    Event.TRANSFER_OUT: Text("转出", "transfer out"),
    Event.TRANSFER_IN: Text("转入", "transfer in"),
    Event.TRANSFER_UNDO: Text("取消转出", "undo transfer"),
    Event.REISSUE: Text("补办", "reissue"),
    Event.CORRECT: Text("更正", "correct"),
    Event.CONFIRM: Text("核对原件", "confirm"),
}

_NEW_VERSION = Text(
    "重新排版、盖章，成为新的一版；旧版验真时答“已被取代”。",
    "Set and sealed anew as the next version; the old one verifies as superseded.",
)
_NO_WAY_BACK = Text("办了就不能恢复，持证人马上看得到。", "There is no way back, and the holder sees it at once.")

STEPS: Mapping[Event, StepWords] = {
    Event.RENEW: StepWords(
        Text("延续", "Renew"),
        Text(
            "有效期接着原来的往后算，到期后办的从今天算。",
            "The new term follows the old one; after the end it begins today.",
        ),
        None,
    ),
    Event.CHANGE: StepWords(Text("变更", "Change"), _NEW_VERSION),
    Event.CORRECT: StepWords(Text("更正", "Correct"), _NEW_VERSION, Text("哪里写错了", "What was wrong")),
    Event.REISSUE: StepWords(Text("补办", "Reissue"), _NEW_VERSION, Text("为什么补办", "Why")),
    Event.CONFIRM: StepWords(
        Text("核对原件", "Confirm"),
        Text("可信级别从 C 升到 B。", "Its trust rises from C to B."),
        Text("看的是什么原件", "Which original you have seen"),
    ),
    Event.ANNUAL_PASS: StepWords(
        Text("年检通过", "Pass inspection"),
        Text(
            "覆盖到下一个年检日；因年检暂扣的同时发还。",
            "Covered until the next inspection day; given back if it was suspended.",
        ),
        None,
        legal=False,
    ),
    Event.ANNUAL_FAIL: StepWords(
        Text("年检不通过", "Fail inspection"), Text("暂扣，通过后发还。", "Suspended until one is passed.")
    ),
    Event.SUSPEND: StepWords(
        Text("暂扣", "Suspend"),
        Text("发还之前不能用来办事；有效期照走。", "Not usable until it is given back; its term runs on."),
    ),
    Event.RESUME: StepWords(Text("发还", "Give back"), Text("马上恢复有效。", "Valid again at once."), legal=False),
    Event.TRANSFER_OUT: StepWords(
        Text("转出", "Transfer out"),
        Text("转入地发出新证照之前，可以取消。", "It can be undone until the other place has issued its own."),
        Text("转到哪里", "Where to"),
    ),
    Event.TRANSFER_UNDO: StepWords(
        Text("取消转出", "Undo the transfer"), Text("马上恢复有效。", "Valid again at once."), legal=False
    ),
    Event.CANCEL: StepWords(Text("注销", "Cancel"), _NO_WAY_BACK),
    Event.WITHDRAW: StepWords(
        Text("撤销", "Withdraw"), _NO_WAY_BACK, Text("为什么本不该发", "Why it should not have been granted")
    ),
    Event.REVOKE: StepWords(Text("吊销", "Revoke"), _NO_WAY_BACK, Text("处罚决定", "The decision of the penalty")),
    Event.ANNUL: StepWords(Text("作废", "Annul"), _NO_WAY_BACK, Text("错在哪里", "What the error was")),
}
"""What the console offers; the rest happens by itself or before a licence exists."""
