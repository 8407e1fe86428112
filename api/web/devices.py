"""Which browser on which system, in words that its owner knows, from what it says about itself (RFC 9110 §10.1.5).

Only ever shown to the person who used it, never believed: anybody can send any User-Agent.
"""

from __future__ import annotations

import re

from core.text import Text

_BROWSERS = (  # whoever stands on another's shoulders names it too, so the rarer names come first
    ("MicroMessenger/", Text("微信", "WeChat")),
    ("AlipayClient/", Text("支付宝", "Alipay")),
    ("HuaweiBrowser/", Text("华为浏览器", "Huawei Browser")),
    ("MiuiBrowser/", Text("小米浏览器", "Mi Browser")),
    ("HeyTapBrowser/", Text("OPPO 浏览器", "OPPO browser")),
    ("VivoBrowser/", Text("vivo 浏览器", "vivo browser")),
    ("MQQBrowser/", Text("QQ 浏览器", "QQ Browser")),
    ("QQBrowser/", Text("QQ 浏览器", "QQ Browser")),
    ("UCBrowser/", Text("UC 浏览器", "UC Browser")),
    ("QIHU", Text("360 浏览器", "360 Browser")),
    ("Edg", Text("Edge", "Edge")),
    ("OPR/", Text("Opera", "Opera")),
    ("Firefox/", Text("火狐", "Firefox")),
    ("Chrome/", Text("Chrome", "Chrome")),
    ("Safari/", Text("Safari", "Safari")),
    ("Trident/", Text("IE 浏览器", "Internet Explorer")),
)
_SYSTEMS = (
    (re.compile(r"HarmonyOS|OpenHarmony|ArkWeb"), Text("鸿蒙", "HarmonyOS")),
    (re.compile(r"iPhone"), Text("iPhone", "iPhone")),
    (re.compile(r"iPad"), Text("iPad", "iPad")),
    (re.compile(r"Android"), Text("安卓", "Android")),
    (re.compile(r"Windows"), Text("Windows", "Windows")),
    (re.compile(r"Mac OS X|Macintosh"), Text("Mac", "Mac")),
    (re.compile(r"UOS"), Text("统信 UOS", "UOS")),
    (re.compile(r"Kylin", re.IGNORECASE), Text("麒麟", "Kylin")),
    (re.compile(r"Linux|X11"), Text("Linux", "Linux")),
)
_UNKNOWN = Text("未知的浏览器", "An unknown browser")
_ON_A_PHONE = re.compile(r"Mobile|iPhone|Android|HarmonyOS")


def device_of(user_agent: str) -> Text:
    """`Edge · Windows`; what is not known is left out."""
    browser = next((name for token, name in _BROWSERS if token in user_agent), None)
    system = next((name for pattern, name in _SYSTEMS if pattern.search(user_agent)), None)
    parts = [part for part in (browser, system) if part is not None]
    if not parts:
        return _UNKNOWN
    return Text(" · ".join(part.zh for part in parts), " · ".join(part.en for part in parts))


def device_icon(user_agent: str) -> str:
    """A phone, or any other place."""
    return "phone" if _ON_A_PHONE.search(user_agent) else "user"
