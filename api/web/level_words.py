"""The real-name levels in words, and what leads to the next one (docs/identity-levels.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.text import Text
from idp import real_name


@dataclass(frozen=True, slots=True)
class LevelWords:
    """One level.

    Attributes:
        name: as in the header of a page.
        means: what was made sure of.
        next_step: what the person does to reach the next level; None at the top.
    """

    name: Text
    means: Text
    next_step: Text | None


LEVELS: Mapping[int, LevelWords] = {
    real_name.REGISTERED: LevelWords(
        Text("未实名", "Not yet proved"),
        Text("姓名和证件号是您自己填的，还没有核对。", "Name and number are as you stated them; nothing was checked."),
        Text("核对姓名和证件号，就能办不涉及隐私的事。", "Have your name and number checked, for simple services."),
    ),
    real_name.CHECKED: LevelWords(
        Text("实名一级", "Identity level 1"),
        Text("姓名和证件号与人口库一致。", "Name and number agree with the population register."),
        Text("再核实手机号，就能在网上办大多数事。", "Prove your mobile number too, for most online services."),
    ),
    real_name.REACHED_BY_PHONE: LevelWords(
        Text("实名二级", "Identity level 2"),
        Text("证件与手机号都已核实。", "Your document and your mobile number are proved."),
        Text(
            "刷脸，或带证件到窗口，就能办必须本人到场的事。",
            "Show your face, or come to a counter with your document, for what must be done in person.",
        ),
    ),
    real_name.IN_PERSON: LevelWords(
        Text("实名三级", "Identity level 3"),
        Text("已核实证件，并确认是本人。", "Your document is proved, and it was seen that it is you."),
        Text(
            "绑定数字证书或通行密钥，就能办要签名的事。",
            "Bind a certificate or a passkey, for what takes a signature.",
        ),
    ),
    real_name.BOUND: LevelWords(
        Text("实名四级", "Identity level 4"),
        Text("本人到场后绑定了数字证书或通行密钥。", "A certificate or passkey was bound after you were seen."),
        None,
    ),
}
HIGHEST = max(LEVELS)
