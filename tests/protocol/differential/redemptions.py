"""Redemptions of codes."""

from __future__ import annotations

from tests.protocol.differential.cases import case
from tests.support.two_providers import WEB, Provider, answer_of


def redemption(name: str, *, client: str = "web", by: str | None = "web", **changes: str | None) -> None:
    """A case that redeems a fresh code of `client`, spoiled by `changes`, with the credentials of `by`."""

    @case(f"code: {name}")
    async def _(provider: Provider) -> str:
        form = {**await provider.code(client), **changes}
        return await provider.token({n: value for n, value in form.items() if value is not None}, client=by)


redemption("good")
redemption("by POST credentials", client="poster", by="poster")
redemption("by a public client", client="app", by="app")
redemption("verifier missing", code_verifier=None)
redemption("verifier wrong", code_verifier="w" * 43)
redemption("verifier of 42 letters", code_verifier="w" * 42)
redemption("verifier of 129 letters", code_verifier="w" * 129)
redemption("redirect_uri missing", redirect_uri=None)
redemption("redirect_uri another one", redirect_uri=f"{WEB}?kept=1")
redemption("code missing", code=None)
redemption("code unknown", code="c" * 43)
redemption("grant_type missing", grant_type=None)
redemption("grant_type unknown", grant_type="telepathy")
redemption("grant_type password", grant_type="password")
redemption("grant that the client may not use", grant_type="client_credentials")
redemption("of another client", by="other")
redemption("without client authentication", by=None)


@case("code: twice")
async def _(provider: Provider) -> str:
    form = await provider.code()
    first = await provider.call("token", form)
    second = await provider.token(form)
    afterwards = await provider.http.get(
        provider.paths["userinfo"], headers={"Authorization": f"Bearer {first.json()['access_token']}"}
    )
    return f"{second}; the first token: {answer_of(afterwards)}"


@case("code: after a wrong verifier")
async def _(provider: Provider) -> str:
    form = await provider.code()
    spoiled = await provider.token(form | {"code_verifier": "w" * 43})
    return f"{spoiled}; then {await provider.token(form)}"
