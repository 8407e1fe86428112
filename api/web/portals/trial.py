"""Checks a registration as a log-in would meet it, without sending anybody anywhere."""

from __future__ import annotations

from collections.abc import Iterator

from api.web.portals.views import StepRow
from api.web.views.common import Mark
from core.text import Text
from idp.model import Client, ClientAuthMethod, ClientStatus, GrantType
from idp.protocol.params import Parameters
from idp.protocol.redirect_uri import host_of
from idp.requests.sources import Resolved, Source
from keys.jose.jwk_set import JwkSet

_GOOD = Mark("good", "check", Text("可以", "good"))
_BAD = Mark("bad", "no", Text("不行", "wrong"))
_OPEN = Mark("warn", "warn", Text("要留意", "look here"))
_KEYED = frozenset({ClientAuthMethod.PRIVATE_KEY_JWT, ClientAuthMethod.SELF_SIGNED_TLS})
_CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # the example of RFC 7636 Appendix B


def steps_of(client: Client, keys: JwkSet) -> tuple[StepRow, ...]:
    """What can be told without a request."""
    return tuple(_steps(client, keys))


def sample_request(client: Client) -> Resolved | None:
    """A plain log-in request of this client; None where nobody logs in through it."""
    if GrantType.AUTHORIZATION_CODE not in client.grants or not client.redirect_uris:
        return None
    asked = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": client.redirect_uris[0],
        "scope": " ".join(sorted(client.scopes)),
        "state": "test",
        "nonce": "test",
        "code_challenge": _CHALLENGE,
        "code_challenge_method": "S256",
    }
    return Resolved(Parameters(asked), _source(client))


def _source(client: Client) -> Source:
    """As this client would send it: what its registration demands is taken as done."""
    metadata = client.metadata
    if metadata.profile == "fapi2-message-signing" or metadata.require_signed_request_object:
        return Source.PUSHED_OBJECT
    return Source.PUSHED


def _steps(client: Client, keys: JwkSet) -> Iterator[StepRow]:
    state = Text("登记的状态", "State of the registration")
    if client.status is ClientStatus.ACTIVE:
        yield StepRow(_GOOD, state, Text("在用。", "In use."))
    else:
        yield StepRow(_BAD, state, Text("没有在用，登录会被拒绝。", "Not in use: log-ins are refused."))
    yield from _addresses(client)
    yield from _proof(client, keys)


def _addresses(client: Client) -> Iterator[StepRow]:
    name = Text("登录后回到的网址", "Where people return to")
    for uri in client.redirect_uris:
        if uri.startswith("http://") and client.metadata.application_type == "web":
            text = Text(f"{uri} 没有加密，只能在本机试用。", f"{uri} is not encrypted: for tests on one machine only.")
            yield StepRow(_OPEN, name, text)
        else:
            text = Text(f"{host_of(uri)}：请求里要一字不差地写 {uri}", f"{host_of(uri)}: requests say exactly {uri}")
            yield StepRow(_GOOD, name, text)


def _proof(client: Client, keys: JwkSet) -> Iterator[StepRow]:
    name = Text("怎样证明自己", "How it proves itself")
    method = client.auth_method
    if method in _KEYED or client.metadata.jwks_uri is not None:
        if keys.keys:
            count = len(keys.keys)
            yield StepRow(_GOOD, name, Text(f"{method}，公钥能用的有 {count} 把。", f"{method}: {count} usable keys."))
        else:
            text = Text(
                f"{method}，但找不到能用的公钥。公钥网址要能从这里访问，并返回 JWKS。",
                f"{method}, but no key can be used. The address must be reachable from here and give a JWKS.",
            )
            yield StepRow(_BAD, name, text)
    elif method is ClientAuthMethod.NONE:
        yield StepRow(_GOOD, name, Text("不用密钥，必须用 PKCE（S256）。", "Without a secret; PKCE (S256) is a must."))
    else:
        text = Text(f"{method}。密钥放在服务器上，不要写进网页。", f"{method}. Keep the secret on the server.")
        yield StepRow(_GOOD, name, text)
    keyed = client.metadata.jwks is not None or client.metadata.jwks_uri is not None
    for left_out in keys.left_out if keyed else ():
        yield StepRow(_OPEN, name, Text(f"有一把公钥没采用：{left_out}", f"A key was left out: {left_out}"))
