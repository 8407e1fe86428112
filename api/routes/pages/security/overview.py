"""All ways to log in at a glance, and what to add next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.web.render import page
from api.web.views.security import FactorRow, SecurityView
from api.web.views.steps import METHODS
from api.web.visitor import logged_in
from core.text import Text
from idp.factors.registry import HeldFactor, has_two_factors
from idp.login.proofs import Method

router = APIRouter(include_in_schema=False)
PAGE = "/me/security"
_PLACES: Final[Mapping[Method, str]] = {
    Method.PASSWORD: f"{PAGE}/password",
    Method.TOTP: f"{PAGE}/totp",
    Method.RECOVERY: f"{PAGE}/recovery",
    Method.PASSKEY: f"{PAGE}/passkeys",
    Method.CERTIFICATE: f"{PAGE}/certificates",
    Method.EMAIL: "/me/details",
}
"""Where one is changed; a method without a place is changed elsewhere (the phone: by fresh proof of the person)."""


@router.get(PAGE)
async def overview(request: Request) -> Response:
    """What can I log in with, and is that enough?"""
    who = await logged_in(request)
    held = await container(request).idp.factors.registry.of(who.principal.id)
    upstream = await container(request).idp.upstream.registry.offered()
    view = SecurityView(
        rows=tuple(_row(one) for one in held),
        two_factors=has_two_factors(held),
        upstream_href="/me/identities" if upstream else None,
    )
    return page(request, "security.html", view=view)


def _row(held: HeldFactor) -> FactorRow:
    state = Text("可用", "in use") if held.usable else Text("没有", "not set up")
    if held.usable and held.method is Method.RECOVERY:
        state = Text("还剩 {left} 个", "{left} left").format(left=held.shown)
    shown = "" if held.method is Method.RECOVERY else held.shown
    return FactorRow(METHODS[held.method], held.usable, state, shown, _PLACES.get(held.method))
