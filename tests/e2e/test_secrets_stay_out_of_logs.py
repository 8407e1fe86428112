"""Codes, tokens and cookies stand in no log line, in no file at rest and in no Referer (attacks O-22, L-13).

One log-in in each response mode is played on a running instance; then all that it wrote is searched.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from api.demo import city
from api.journey.instance import Instance
from tests.support.idp_browser import form_of

pytestmark = pytest.mark.slow

VERIFIER = "a-verifier-of-forty-three-characters-and-more"
MODES = ["query", "fragment", "form_post", "jwt"]


@dataclass
class Played:
    """What came back on the way."""

    instance: Instance
    secrets: dict[str, str] = field(default_factory=dict)
    hops: list[httpx.Response] = field(default_factory=list)


@pytest.fixture(scope="module")
def played() -> Iterator[Played]:
    instance = Instance()
    try:
        instance.command("migrate", "--demo")
        instance.start()
        made = Played(instance)
        with httpx.Client(base_url=instance.issuer, trust_env=False, timeout=60) as http:
            _log_in(http, made)
            for mode in MODES:
                _enter(http, made, mode)
            for name, value in http.cookies.items():
                made.secrets[f"cookie {name}"] = value
        yield made
    finally:
        instance.stop()


def _log_in(http: httpx.Client, made: Played) -> None:
    fields = form_of(http.get("/login")).fields
    person = city.ZHAO
    answer = http.post("/login", data={**fields, "identifier": person.id_number, "password": city.PASSWORD})
    assert answer.status_code == 303
    made.hops.append(answer)


def _enter(http: httpx.Client, made: Played, mode: str) -> None:
    client, base = city.HOUSING_PORTAL, made.instance.issuer
    redirect_uri = f"{base}/demo/portals/{client.portal}/callback"
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    request = {
        "response_type": "code",
        "response_mode": mode,
        "client_id": client.id,
        "redirect_uri": redirect_uri,
        "scope": "openid",
        "state": f"state-{mode}",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "prompt": "none",
    }
    answer = http.get("/authorize", params=request)
    made.hops.append(answer)
    params = _parameters(answer)
    if "response" in params:
        made.secrets[f"signed answer {mode}"] = params["response"]
        return
    made.secrets[f"code {mode}"] = params["code"]
    form = {"grant_type": "authorization_code", "redirect_uri": redirect_uri, "code_verifier": VERIFIER}
    tokens = http.post("/token", auth=(client.id, client.secret), data={**form, "code": params["code"]})
    assert tokens.status_code == 200, tokens.text
    given = tokens.json()
    for kind in ("access_token", "id_token", "refresh_token"):
        made.secrets[f"{kind} {mode}"] = given[kind]
    header = {"Authorization": f"Bearer {given['access_token']}"}
    assert http.get("/userinfo", headers=header).status_code == 200
    assert http.get("/userinfo", params={"access_token": given["access_token"]}).status_code == 401


def _parameters(answer: httpx.Response) -> dict[str, str]:
    if answer.status_code == 200:
        return form_of(answer).fields
    assert answer.status_code == 303, answer.text
    parts = urlsplit(answer.headers["location"])
    return dict(parse_qsl(parts.fragment or parts.query))


def test_no_log_line_holds_one(played: Played) -> None:
    log = played.instance.log_text()
    assert '"event":"request"' in log, "the twin: requests are logged"
    assert len(played.secrets) >= 3 * 4 + 2
    for what, value in played.secrets.items():
        assert value not in log, what
        assert value.split(".")[-1] not in log, what  # not even the end of a token


def test_nothing_at_rest_holds_one(played: Played) -> None:
    files = [file for file in played.instance.folder.rglob("*") if file.is_file()]
    assert len(files) > 5
    for file in files:
        if file.name == "log" or file.suffix == ".log":
            continue
        content = Path(file).read_bytes()
        for what, value in played.secrets.items():
            assert value.encode() not in content, f"the {what} stands in {file.relative_to(played.instance.folder)}"


def test_every_hop_keeps_its_address_to_itself(played: Played) -> None:
    for hop in played.hops:
        assert hop.headers["referrer-policy"] in ("no-referrer", "same-origin")
        assert hop.headers["cache-control"] == "no-store"
    assert {hop.headers["referrer-policy"] for hop in played.hops[1:]} == {"no-referrer"}  # those that carry a code
