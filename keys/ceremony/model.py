"""The facts of a ceremony: who is there, what happens in which order, what the root has issued."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from core.text import Text


class Role(StrEnum):
    """What somebody does in a ceremony; one person may have several roles."""

    LEAD = "lead"  # 主持人: reads the steps aloud and works the machine
    WITNESS = "witness"  # 见证人: watches, and confirms everything that is confirmed
    HOLDER = "holder"  # 分片持有人: keeps one share


ROLE_NAMES = {
    Role.LEAD: Text("主持人", "leader"),
    Role.WITNESS: Text("见证人", "witness"),
    Role.HOLDER: Text("分片持有人", "share holder"),
}


class Kind(StrEnum):
    """What a ceremony is held for."""

    FOUND = "found"
    SIGN = "sign"
    RESHARE = "reshare"


KIND_NAMES = {
    Kind.FOUND: Text("建立根证书", "making the root"),
    Kind.SIGN: Text("用根密钥签发", "signing with the root"),
    Kind.RESHARE: Text("重新分配密钥分片", "sharing the root's key anew"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who takes part. `organisation` is where they come from, and their post."""

    name: str
    organisation: str
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its name in the protocol, and its title on the screen."""

    name: str
    title: Text


PEOPLE = Step("people", Text("确认参加人员", "Who is here"))
MACHINE = Step("machine", Text("检查计算机", "Looking at the machine"))
PLAN = Step("plan", Text("核对本次事项", "Agreeing on what is to be done"))
KEY = Step("key", Text("生成根密钥", "Making the root's key"))
SHARES = Step("shares", Text("分发密钥分片", "Handing out the shares"))
FORGET = Step("forget", Text("清除内存中的根密钥", "Forgetting the root's key"))
RECOVER = Step("recover", Text("用分片恢复根密钥", "Opening the root's key with shares"))
SIGNING = Step("sign", Text("签发证书和吊销列表", "Signing certificates and the revocation list"))
ACKNOWLEDGE = Step("acknowledge", Text("参加人员确认", "Everybody confirms"))

STEPS: dict[Kind, tuple[Step, ...]] = {
    # the certificates are signed with the recovered key: nothing is issued before recovery is proved
    Kind.FOUND: (PEOPLE, MACHINE, PLAN, KEY, SHARES, FORGET, RECOVER, SIGNING, ACKNOWLEDGE),
    Kind.SIGN: (PEOPLE, MACHINE, PLAN, RECOVER, SIGNING, ACKNOWLEDGE),
    # the new shares prove themselves by opening the new file
    Kind.RESHARE: (PEOPLE, MACHINE, PLAN, RECOVER, SHARES, FORGET, RECOVER, ACKNOWLEDGE),
}
"""The procedure, as data: a ceremony runs through all of its steps in this order, or leaves nothing behind."""


@dataclass(frozen=True, slots=True)
class Event:
    """What was shown or done, and what somebody answered to it (empty where nothing was asked)."""

    at: dt.datetime
    step: str
    who: str
    text: Text
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who keeps which share. `fingerprint` recognises the share and does not betray it."""

    index: int
    name: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that the root has signed, and whether it was revoked since.

    Attributes:
        name: which issuing authority: `seals`, `persons`, …
        serial: lower-case hexadecimal.
        reason: why it was revoked (RFC 5280 §5.3.1), when it was.
    """

    name: str
    serial: str
    subject: str
    sha256: str
    not_after: dt.datetime
    revoked_at: dt.datetime | None = None
    reason: str = ""
