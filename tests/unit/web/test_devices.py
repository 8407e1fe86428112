"""A browser's own words about itself become words that its owner knows; anything else stays harmless."""

from __future__ import annotations

import pytest

from api.web.devices import device_icon, device_of
from api.web.log_in_words import amr_words, method_words
from core.text import Text

_MOZILLA = "Mozilla/5.0 (%s) AppleWebKit/537.36 (KHTML, like Gecko) "
_WINDOWS, _ANDROID = "Windows NT 10.0; Win64; x64", "Linux; Android 14; Pixel 8"


@pytest.mark.parametrize(
    ("user_agent", "zh", "icon"),
    [
        (_MOZILLA % _WINDOWS + "Chrome/130.0.0.0 Safari/537.36 Edg/130.0", "Edge · Windows", "user"),
        (_MOZILLA % _WINDOWS + "Chrome/130.0.0.0 Safari/537.36", "Chrome · Windows", "user"),
        (
            _MOZILLA % _ANDROID + "Version/4.0 Chrome/116 Mobile Safari/537.36 MicroMessenger/8.0",
            "微信 · 安卓",
            "phone",
        ),
        (_MOZILLA % "Phone; OpenHarmony 5.0" + "Chrome/114 Safari/537.36 ArkWeb/4.1 Mobile", "Chrome · 鸿蒙", "phone"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            "Safari · iPhone",
            "phone",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0", "火狐 · Linux", "user"),
        ("curl/8.5.0", "未知的浏览器", "user"),
        ("", "未知的浏览器", "user"),
        ("<script>alert(1)</script>", "未知的浏览器", "user"),
    ],
)
def test_what_it_is_called(user_agent: str, zh: str, icon: str) -> None:
    assert (device_of(user_agent).zh, device_icon(user_agent)) == (zh, icon)


def test_how_somebody_logged_in() -> None:
    province = {"province": Text("省平台", "Province")}
    assert method_words("password+sms", {}).zh == "密码 + 短信验证码"
    assert method_words("upstream:province+totp", province).en == "Province + authenticator code"
    assert method_words("upstream:gone", {}).zh == "其他账号"
    assert amr_words(("pwd", "otp", "mfa")).zh == "密码 + 一次性验证码"
