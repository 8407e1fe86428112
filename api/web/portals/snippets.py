"""Code that connects a portal, in what its suppliers use, filled with its real values and never with its secret."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from string import Template

from api.web.portals.views import Snippet
from core.text import Text
from idp.model import Client, ClientAuthMethod, GrantType

_FOLDER = Path(__file__).parents[1] / "snippets"
_SECRET = "$YIZHENG_CLIENT_SECRET"  # noqa: S105 - the name of an environment variable

_CODE: tuple[tuple[str, str, Text], ...] = (
    ("spring.yaml", "Spring Security", Text("application.yaml", "application.yaml")),
    (
        "authlib.py.txt",
        "Python（Authlib）",
        Text("Django、Flask、FastAPI 都一样", "the same in Django, Flask, FastAPI"),
    ),
    ("openid-client.mjs.txt", "Node.js（openid-client）", Text("第 6 版", "version 6")),
    ("php.txt", "PHP（jumbojett/openid-connect-php）", Text("composer 安装", "installed by composer")),
    ("aspnet.txt", "ASP.NET Core", Text("Program.cs", "Program.cs")),
    ("oauth2-proxy.txt", "oauth2-proxy（nginx）", Text("现成网站前面加登录", "log-in before a site as it is")),
)
_MACHINE = (("credentials.sh.txt", "curl", Text("取得令牌", "get a token")),)
_DEVICE = (("device.sh.txt", "curl", Text("自助终端登录", "log in at a kiosk")),)
_TRY = (("curl.sh.txt", "curl", Text("一步一步看懂登录", "the log-in step by step")),)

_NODE = {
    ClientAuthMethod.BASIC: "oidc.ClientSecretBasic(process.env.YIZHENG_CLIENT_SECRET)",
    ClientAuthMethod.POST: "oidc.ClientSecretPost(process.env.YIZHENG_CLIENT_SECRET)",
    ClientAuthMethod.SECRET_JWT: "oidc.ClientSecretJwt(process.env.YIZHENG_CLIENT_SECRET)",
    ClientAuthMethod.PRIVATE_KEY_JWT: "oidc.PrivateKeyJwt(privateKey)",
}


def snippets(client: Client, issuer: str) -> tuple[Snippet, ...]:
    """What fits the client's ways to get tokens."""
    chosen: tuple[tuple[str, str, Text], ...] = ()
    if GrantType.AUTHORIZATION_CODE in client.grants:
        strict = client.auth_method in (ClientAuthMethod.BASIC, ClientAuthMethod.POST)
        chosen += _CODE + _TRY if strict else tuple(one for one in _CODE if one[0].startswith("openid-client"))
    if GrantType.CLIENT_CREDENTIALS in client.grants:
        chosen += _MACHINE
    if GrantType.DEVICE_CODE in client.grants:
        chosen += _DEVICE
    values = {
        "issuer": issuer,
        "client_id": client.id,
        "redirect_uri": client.redirect_uris[0] if client.redirect_uris else "",
        "scope": " ".join(sorted(client.scopes)),
        "method": str(client.auth_method),
        "secret": _SECRET,
        "node_authentication": _NODE.get(client.auth_method, "oidc.None()"),
    }
    return tuple(
        Snippet(file.partition(".")[0], name, about, _template(file).substitute(values)) for file, name, about in chosen
    )


@cache
def _template(file: str) -> Template:
    return Template((_FOLDER / file).read_text(encoding="utf-8"))
