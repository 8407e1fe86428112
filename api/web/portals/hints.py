"""What a refusal means for a portal's developer, and what to do about it. By the registered error code."""

from __future__ import annotations

from collections.abc import Mapping

from core.text import Text

HINTS: Mapping[str, Text] = {
    "invalid_request": Text(
        "请求的写法不对。对照右边的说明，看少了哪个参数或写错了哪个。",
        "The request is malformed. The description names the parameter that is missing or wrong.",
    ),
    "invalid_client": Text(
        "没能证明自己是谁。核对标识、密钥和登记的认证方式，密钥是否已到期。",
        "It did not prove who it is. Check the id, the secret and the registered method, and whether the secret ended.",
    ),
    "invalid_grant": Text(
        "授权码或续期令牌不能用：用过了、过期了、给了别人，或 PKCE、回调网址对不上。",
        "The code or refresh token cannot be used: spent, expired, another client's, or PKCE or redirect_uri differ.",
    ),
    "unauthorized_client": Text(
        "没有登记这种取得令牌的方式。在“变更登记”里加上。",
        "It is not registered for this way to get tokens. Add it to the registration.",
    ),
    "unsupported_grant_type": Text("grant_type 写错了。", "The grant_type does not exist here."),
    "unsupported_response_type": Text(
        "response_type 写错了，或没有登记。", "The response_type is wrong or unregistered."
    ),
    "invalid_scope": Text(
        "要了没有登记的权限，或少了 openid。", "It asks for a scope that it is not registered for, or not for openid."
    ),
    "invalid_target": Text(
        "resource 不存在，或没有准许这个门户用。", "The resource is unknown or not for this portal."
    ),
    "redirect-uri-not-registered": Text(
        "回调网址和登记的不是一字不差。多一个斜杠也不行。",
        "The redirect_uri is not, character by character, one that is registered.",
    ),
    "invalid_dpop_proof": Text(
        "DPoP 证明不对：方法、网址、时间或签名不符，或用过了。",
        "The DPoP proof is wrong: method, address, time or signature differ, or it was used before.",
    ),
    "invalid_token": Text(
        "访问令牌过期、被收回，或没有带上密钥证明。", "The access token ended, or came without its proof."
    ),
    "insufficient_scope": Text("令牌里没有这个接口要的权限。", "The token lacks the scope that this address needs."),
    "invalid_request_object": Text("签名的登录请求验不过。", "The signed request could not be verified."),
    "invalid_request_uri": Text("推送的请求已用过或过期。", "The pushed request was used or has expired."),
    "invalid_client_metadata": Text("登记内容不合规则。", "The registration is not as required."),
    "unmet_authentication_requirements": Text(
        "要求的认证等级现在达不到。", "The authentication class that it demands cannot be reached."
    ),
}

_OTHER = Text("请把请求号告诉我们，可以在日志里查到。", "Tell us the request number; it is in our log.")


def hint(error: str) -> Text:
    """What to do about an error code."""
    return HINTS.get(error, _OTHER)
