"""A licence issued as OFD alone (GB/T 33190-2016, GB/T 38540-2020) over HTTP, from its type to its end, in a city
whose seals have both forms."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from api.cli.prepare import prepare
from api.demo import catalogue as demo_catalogue
from api.demo import city
from api.export_chapters import LicenceChapters
from api.journey.visitor import Form, _Forms
from api.main import create_app
from api.settings import Settings
from api.wiring.container import Container, build_container
from certstore.definition import definition_of
from certstore.model import FileForms
from core.clock import SystemClock
from core.principal import SYSTEM
from signing.ofd.package import read_package
from tests.support.clock import FakeClock

ISSUER = "http://127.0.0.1:8000"
TYPE = demo_catalogue.INSURANCE
DATA = {"kinds": "养老、医疗", "months": 14, "until": "2026-10-31"}
PURPOSE = {"service_item": "410199-ZF-0207", "case_number": "GZF-2026-1123-00418", "basis": "示例办法第九条（演示）"}


@dataclass
class City:
    """The service and a browser."""

    container: Container
    http: httpx.AsyncClient
    tokens: dict[str, str] = field(default_factory=dict)

    async def ask(self, method: str, path: str, client: city.Client | None = None, **options: object) -> httpx.Response:
        headers = dict(options.pop("headers", None) or {})  # type: ignore[call-overload]  # of this file's calls
        if client is not None:
            headers["Authorization"] = f"Bearer {await self._token(client)}"
        return await self.http.request(method, path, headers=headers, **options)  # type: ignore[arg-type]  # as above

    async def _token(self, client: city.Client) -> str:
        if client.id not in self.tokens:
            scopes = " ".join(one for one in client.scopes if one.startswith("licence:"))
            answer = await self.http.post(
                "/token", data={"grant_type": "client_credentials", "scope": scopes}, auth=(client.id, client.secret)
            )
            self.tokens[client.id] = answer.json()["access_token"]
        return self.tokens[client.id]

    async def verified(self, content: bytes) -> dict[str, object]:
        answer = await self.ask("POST", "/v1/verifications", files={"file": ("licence", content)})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def log_in(self, person: city.Person) -> None:
        parser = _Forms()
        parser.feed((await self.http.get("/login")).text)
        form: Form = next(one for one in parser.forms if urlsplit(one.action).path == "/login")
        values = {**form.values, form.field("text"): person.phone, form.field("password"): city.PASSWORD}
        answer = await self.http.post("/login", data=values, headers={"Origin": ISSUER})
        assert answer.status_code == 303, answer.text


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[City]:
    settings = Settings(data=tmp_path, mode="development", demo=True, issuer=ISSUER, profile="both")
    await prepare(settings)
    container = await build_container(settings, FakeClock(SystemClock().now()))
    app = create_app(settings, log_requests=False)
    app.state.container = container
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ISSUER) as http:
            yield City(container, http)
    finally:
        await container.close()


async def test_from_its_issue_to_its_end(served: City) -> None:
    body = {
        "type": TYPE.code,
        "holders": [{"code_type": "111", "code": city.LIN.id_number, "name": city.LIN.name}],
        "data": DATA,
    }
    await served.container.trust.refresh()
    catalogue = served.container.certstore.catalogue
    made = definition_of(await catalogue.licence_type(TYPE.code))
    await catalogue.register_type(replace(made, file_forms=FileForms.OFD), SYSTEM)
    issued = await served.ask(
        "POST", "/v1/licences", city.HRSS_SYSTEM, json=body, headers={"Idempotency-Key": "ofd-alone"}
    )
    assert issued.status_code == 201, issued.text
    base = issued.headers["location"]

    original = await served.ask("GET", f"{base}/files/original", city.HRSS_SYSTEM)
    ofd = original.content
    assert (original.status_code, original.headers["content-type"]) == (200, "application/ofd")
    assert original.headers["content-disposition"].endswith('.ofd"')
    assert any(name.endswith("SignedValue.dat") for name in read_package(ofd).files)
    assert (await served.ask("GET", f"{base}/files/original?form=ofd", city.HRSS_SYSTEM)).content == ofd
    as_pdf = await served.ask("GET", f"{base}/files/original?form=pdf", city.HRSS_SYSTEM)
    assert (as_pdf.status_code, as_pdf.json()["type"].rpartition("/")[2]) == (404, "file-form-not-issued")
    (line,) = (await served.ask("GET", f"{base}/versions", city.HRSS_SYSTEM)).json()["items"]
    assert (line["sha256"], line["ofd_sha256"], line["chained"]) == (None, hashlib.sha256(ofd).hexdigest(), True)
    assert (await served.ask("GET", line["file"], city.HRSS_SYSTEM)).content == ofd

    told = await served.verified(ofd)
    assert (told["state"], told["same_file"]) == ("valid", True), told
    assert told["genuine"]["answer"] == told["unchanged"]["answer"] == told["valid_now"]["answer"] == "yes"  # type: ignore[index]  # an object of the answer

    copy = await served.ask("POST", f"{base}/copies", city.HOUSING_PORTAL, json={"purpose": PURPOSE})
    assert copy.status_code == 201, copy.text
    file = await served.ask("GET", copy.json()["file"], city.HOUSING_PORTAL)
    assert (file.headers["content-type"], file.content[:5]) == ("application/pdf", b"%PDF-")
    assert (await served.verified(file.content))["state"] == "valid"

    await served.log_in(city.LIN)
    own = f"/me/licences/{base.rpartition('/')[2]}"
    page = await served.http.get(own, headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert f'href="{own}/original"' in page.text
    assert "form=ofd" not in page.text, "one file, one link"
    picture = await served.http.get(f"{own}/pages/1.png")
    assert picture.content.startswith(b"\x89PNG"), "drawn from the OFD"
    assert (await served.http.get(f"{own}/original")).content == ofd

    services = served.container.certstore
    (cookie,) = [value for name, value in served.http.cookies.items() if name.endswith("session")]
    lin = await served.container.idp.sessions.principal(cookie)
    assert lin is not None
    attachments = served.container.own.attachments
    chapters = LicenceChapters(
        services.my_licences, services.read, services.my_accesses, services.consents, attachments
    )
    entries = (await chapters.chapters(lin))[0].entries
    forms = {str(one["identifier"]): one["originals"] for one in entries}
    assert forms.pop(issued.json()["identifier"]) == ["OFD"]
    assert forms, "of what was issued before its type changed"
    assert all(one == ["PDF"] for one in forms.values())

    ended = await served.ask("POST", f"{base}/revoke", city.HRSS_SYSTEM, json={"reason": "骗取"}, headers=_key(issued))
    assert ended.status_code == 200, ended.text
    told = await served.verified(ofd)
    assert (told["state"], told["same_file"]) == ("revoked", True)
    assert [told[name]["answer"] for name in ("genuine", "unchanged", "valid_now")] == ["yes", "yes", "no"]  # type: ignore[index]  # as above
    assert (await served.http.get(f"{own}/original")).status_code == 403


def _key(issued: httpx.Response) -> dict[str, str]:
    return {"Idempotency-Key": "the-end", "If-Match": issued.headers["etag"]}
