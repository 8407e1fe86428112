"""What the members of a registration, the scopes and the states are called for people who are no engineers."""

from __future__ import annotations

from collections.abc import Mapping

from api.web.views.common import Mark
from core.text import Text
from idp.clients.records import Origin, ProposalState
from idp.model import ClientStatus

MEMBERS: Mapping[str, Text] = {
    "client_name": Text("名称", "Name"),
    "client_name#zh-CN": Text("名称（中文）", "Name in Chinese"),
    "client_name#en": Text("名称（英文）", "Name in English"),
    "client_id": Text("客户端标识", "Client id"),
    "organisation": Text("所属单位", "Organisation"),
    "redirect_uris": Text("登录后回到的网址", "Addresses after log-in"),
    "post_logout_redirect_uris": Text("退出后回到的网址", "Addresses after log-out"),
    "backchannel_logout_uri": Text("退出通知网址（后台）", "Log-out notices, to the server"),
    "frontchannel_logout_uri": Text("退出通知网址（浏览器）", "Log-out notices, in the browser"),
    "token_endpoint_auth_method": Text("怎样证明自己", "How it proves itself"),
    "token_endpoint_auth_signing_alg": Text("证明自己用的签名算法", "Algorithm it proves itself with"),
    "grant_types": Text("取得令牌的方式", "Ways to get tokens"),
    "response_types": Text("登录页的回复方式", "Answers of the log-in page"),
    "scope": Text("能要的权限", "Scopes"),
    "realname_approved": Text("准许要实名信息", "May ask for real names"),
    "id_token_signed_response_alg": Text("身份令牌的签名算法", "Algorithm of ID tokens"),
    "sector": Text("共用代称的范围", "Who shares pseudonyms"),
    "sector_identifier_uri": Text("共用代称的范围（网址）", "Who shares pseudonyms, as an address"),
    "subject_type": Text("个人的代称", "How people are named to it"),
    "application_type": Text("应用类型", "Kind of application"),
    "profile": Text("安全等级", "Security profile"),
    "require_pkce": Text("必须用 PKCE", "PKCE is a must"),
    "jwks": Text("公钥", "Public keys"),
    "jwks_uri": Text("公钥网址", "Address of public keys"),
    "dpop_bound_access_tokens": Text("令牌绑定密钥（DPoP）", "Tokens bound to a key (DPoP)"),
    "tls_client_certificate_bound_access_tokens": Text("令牌绑定证书", "Tokens bound to a certificate"),
    "require_pushed_authorization_requests": Text("登录请求先推送", "Requests are pushed first"),
    "require_signed_request_object": Text("登录请求必须签名", "Requests are signed"),
    "policy_uri": Text("隐私政策网址", "Privacy policy"),
    "tos_uri": Text("使用条款网址", "Terms"),
    "client_uri": Text("网站首页", "Home page"),
    "contacts": Text("联系人", "Contacts"),
}

SCOPES: Mapping[str, tuple[Text, Text]] = {
    "openid": (Text("登录", "Log in"), Text("一个只给它用的代称，和实名等级", "a pseudonym of its own, and a level")),
    "offline_access": (Text("保持登录", "Stay logged in"), Text("关掉浏览器后也能续期", "goes on after the browser")),
    "realname": (
        Text("实名", "Real name"),
        Text("姓名和身份证号，要批准，也要本人同意", "name and ID number, by approval"),
    ),
    "profile": (Text("基本资料", "Profile"), Text("打码的姓名、性别、生日，要本人同意", "masked name, by consent")),
    "phone": (Text("手机号", "Phone"), Text("要本人同意", "by consent")),
    "email": (Text("电子邮箱", "E-mail"), Text("要本人同意", "by consent")),
    "address": (Text("地址", "Address"), Text("要本人同意", "by consent")),
    "licence:read": (Text("查证照", "Read licences"), Text("还要有证照授权", "with a grant for each type")),
    "licence:issue": (Text("发证照", "Issue licences"), Text("只限本单位的证照", "its own organisation's")),
    "licence:verify": (Text("核验证照", "Verify licences"), Text("只答真伪", "genuine or not, no more")),
    "seal:sign": (Text("盖章", "Seal documents"), Text("还要有用印授权", "with a grant for each seal")),
    "seal:digest": (
        Text("只送摘要盖章", "Seal digests"),
        Text("文件留在本单位；还要有“只送摘要”的授权", "documents stay outside; with a grant for digests"),
    ),
}
"""Scopes that the form offers, with what each gives; others are for administrators of the service itself."""

STATES: Mapping[ClientStatus, Mark] = {
    ClientStatus.PENDING: Mark("warn", "clock", Text("等审核", "Waiting")),
    ClientStatus.ACTIVE: Mark("good", "check", Text("在用", "In use")),
    ClientStatus.DISABLED: Mark("bad", "no", Text("已停用", "Disabled")),
    ClientStatus.REMOVED: Mark("", "x", Text("已注销", "Removed")),
}

DECISIONS: Mapping[ProposalState, Mark] = {
    ProposalState.OPEN: Mark("warn", "clock", Text("等审核", "Waiting")),
    ProposalState.APPROVED: Mark("good", "check", Text("已同意", "Approved")),
    ProposalState.REFUSED: Mark("bad", "no", Text("不同意", "Refused")),
    ProposalState.WITHDRAWN: Mark("", "x", Text("已撤回", "Withdrawn")),
}

ORIGINS: Mapping[Origin, Text] = {
    Origin.OPERATOR: Text("运维登记", "entered by an operator"),
    Origin.PORTAL: Text("单位申请", "proposed by a person"),
    Origin.DYNAMIC: Text("自动注册", "registered by itself"),
}


def member(name: str) -> Text:
    """What a member is called; its registered name where it has no other."""
    return MEMBERS.get(name, Text(name, name))
