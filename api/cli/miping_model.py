"""What a check for 密评 (GB/T 39786-2021) says, and what all of them together do not say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.text import Text

NOTE = Text(
    "以上是程序对自身的检查，不是密码应用安全性评估，也不表示任何产品通过了商用密码认证。评估由商用密码检测机构进行。",
    "This is what the program sees of itself. It is no security assessment of cryptography applications, and says of "
    "no product that it is certified. Assessments are for institutions that may make them.",
)


class State(StrEnum):
    """How things stand."""

    MET = "met"
    PARTLY = "partly"
    LACKING = "lacking"
    OUTSIDE = "outside"  # not to be seen from here, or somebody else's matter: to be shown otherwise


class Layer(StrEnum):
    """The layers of GB/T 39786-2021."""

    NETWORK = "network-and-communication"
    EQUIPMENT = "equipment-and-computing"
    APPLICATION = "application-and-data"
    MANAGEMENT = "management"


@dataclass(frozen=True, slots=True)
class Check:
    """One line.

    Attributes:
        id: stable.
        found: how it is, and why that counts so.
        remedy: what to do; None where nothing is to be done.
    """

    id: str
    layer: Layer
    state: State
    found: Text
    remedy: Text | None = None


MODULE = Text(
    "把密钥放进经认证的密码模块：PKCS#11 接口现在可用（YIZHENG_KEY_BACKEND=pkcs11），但其标准机制里没有 SM2；"
    "SDF 接口（GM/T 0018）需要一个新的密钥后端，目前没有。",
    "Put keys into a certified module: the door PKCS#11 works today (YIZHENG_KEY_BACKEND=pkcs11), though its standard "
    "mechanisms have no SM2; the door SDF (GM/T 0018) needs a key backend of its own, which is not there yet.",
)
"""What to do about a key in software."""
