"""The kinds of client that the form offers: choosing one sets everything that a supplier need not know.

RFC 6749 §2.1, RFC 8252, RFC 8628, FAPI 2.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.text import Text

_CODE = ["authorization_code", "refresh_token"]
_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass(frozen=True, slots=True)
class Kind:
    """One choice.

    Attributes:
        document: the members that follow from it.
    """

    id: str
    name: Text
    about: Text
    document: Mapping[str, Any]


KINDS: tuple[Kind, ...] = (
    Kind(
        "website",
        Text("网站，有自己的服务器", "A website with a server"),
        Text("最常见。服务器保管密钥，人在浏览器里登录。", "The usual case: the server keeps a secret."),
        {
            "application_type": "web",
            "grant_types": _CODE,
            "response_types": ["code"],
            "token_endpoint_auth_method": "client_secret_basic",
        },
    ),
    Kind(
        "app",
        Text("手机应用或单页应用", "A phone or single-page app"),
        Text("程序在用户手里，存不住密钥，用 PKCE。", "The program is in people's hands: PKCE, no secret."),
        {
            "application_type": "native",
            "grant_types": _CODE,
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        },
    ),
    Kind(
        "system",
        Text("业务系统，没有人登录", "A system without people"),
        Text("系统以单位的名义调用接口。", "The system calls our API for its organisation."),
        {
            "grant_types": ["client_credentials"],
            "response_types": [],
            "token_endpoint_auth_method": "client_secret_basic",
        },
    ),
    Kind(
        "kiosk",
        Text("自助终端、没有键盘的设备", "A kiosk or a device without keys"),
        Text("屏幕显示一个码，人用手机完成登录。", "It shows a code; people log in on their phone."),
        {
            "application_type": "native",
            "grant_types": [_DEVICE, "refresh_token"],
            "response_types": [],
            "token_endpoint_auth_method": "none",
        },
    ),
    Kind(
        "strict",
        Text("高安全网站（FAPI 2.0）", "A strict website (FAPI 2.0)"),
        Text("用密钥对证明自己，请求先推送，令牌绑定密钥。", "Proves itself by a key; tokens are bound to one."),
        {
            "application_type": "web",
            "grant_types": _CODE,
            "response_types": ["code"],
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "ES256",
            "id_token_signed_response_alg": "ES256",
            "dpop_bound_access_tokens": True,
            "profile": "fapi2",
        },
    ),
)


def kind_of(name: str) -> Kind:
    """The kind of this name; a website for any other name."""
    return next((one for one in KINDS if one.id == name), KINDS[0])
