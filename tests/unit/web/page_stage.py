"""A bare application around `api.web`: renders a sample by its name, as the real one renders the real thing."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import httpx
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from api.settings import Settings
from api.web.render import page
from api.web.static_files import mount_static
from api.web.visitor import Visitor, home_of, navigation
from core.principal import Principal, PrincipalKind
from core.text import Text
from tests.unit.web.page_samples import HOUSING, NOW
from tests.unit.web.page_samples import SAMPLES as CITY_SAMPLES
from tests.unit.web.page_samples_account import SAMPLES as ACCOUNT_SAMPLES
from tests.unit.web.page_samples_administration import SAMPLES as ADMINISTRATION_SAMPLES
from tests.unit.web.page_samples_agency import SAMPLES as AGENCY_SAMPLES
from tests.unit.web.page_samples_batches import BATCH_SAMPLES
from tests.unit.web.page_samples_catalogue import SAMPLES as CATALOGUE_SAMPLES
from tests.unit.web.page_samples_entrusting import SAMPLES as ENTRUSTING_SAMPLES
from tests.unit.web.page_samples_keys import SAMPLES as KEY_SAMPLES
from tests.unit.web.page_samples_persons import SAMPLES as PERSON_SAMPLES
from tests.unit.web.page_samples_presenting import SAMPLES as PRESENTING_SAMPLES
from tests.unit.web.page_samples_registers import SAMPLES as REGISTER_SAMPLES
from tests.unit.web.page_samples_seals import SEAL_SAMPLES
from tests.unit.web.page_samples_security import SAMPLES as SECURITY_SAMPLES
from tests.unit.web.page_samples_upstream import SAMPLES as UPSTREAM_SAMPLES
from tests.unit.web.page_samples_use import SAMPLES as USE_SAMPLES

_STAFF_SCOPES = {
    "clerk": {"licence:read"},
    "office": {"licence:issue", "seal:sign"},
    "administrator": {"admin:system"},
    "many duties": {"admin:system", "licence:read", "identity:prove", "licence:issue"},
}
SAMPLES = (
    CITY_SAMPLES
    | ACCOUNT_SAMPLES
    | AGENCY_SAMPLES
    | ADMINISTRATION_SAMPLES
    | BATCH_SAMPLES
    | CATALOGUE_SAMPLES
    | ENTRUSTING_SAMPLES
    | KEY_SAMPLES
    | PERSON_SAMPLES
    | PRESENTING_SAMPLES
    | REGISTER_SAMPLES
    | SEAL_SAMPLES
    | SECURITY_SAMPLES
    | UPSTREAM_SAMPLES
    | USE_SAMPLES
)


def somebody(kind: str | None) -> Visitor | None:
    """A visitor as the header shows them."""
    if kind is None:
        return None
    if kind == "citizen":
        person = Principal(PrincipalKind.PERSON, "acc_1", name="林知远", session="ses_1")
        return Visitor(person, "林知远", Text("本人", "Yourself"), navigation(person), "/me")
    scopes = frozenset(_STAFF_SCOPES[kind])
    staff = Principal(PrincipalKind.STAFF, "acc_2", "11410199DEMA00025B", "陈素", scopes, session="ses_2")
    home = home_of(staff) if kind == "many duties" else "/clerk"
    return Visitor(staff, "陈素", HOUSING, navigation(staff), home, HOUSING)


def stage(*, demo: bool = True, issuer: str = "http://127.0.0.1:8000") -> FastAPI:
    """`/page/{name}` shows a sample."""
    app = FastAPI()
    settings = Settings(issuer=issuer, demo=demo)
    clock = SimpleNamespace(now=lambda: NOW)
    idp = SimpleNamespace(settings=SimpleNamespace(secure=settings.secure))
    app.state.container = SimpleNamespace(ground=SimpleNamespace(settings=settings, clock=clock), idp=idp)
    mount_static(app)

    @app.get("/page/{name}")
    async def show(request: Request, name: str) -> Response:
        template, view, who = SAMPLES[name]
        request.state.visitor = somebody(who)
        return page(request, template, view=view)

    return app


class Guest:
    """A browser in front of the stage: keeps cookies, follows nothing."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._cookies = httpx.Cookies()

    def get(
        self, path: str, *, params: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        return asyncio.run(self._get(path, params, headers))

    async def _get(self, path: str, params: dict[str, str] | None, headers: dict[str, str] | None) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:8000", cookies=self._cookies
        ) as browser:
            answer = await browser.get(path, params=params, headers=headers)
            self._cookies = browser.cookies
        return answer
