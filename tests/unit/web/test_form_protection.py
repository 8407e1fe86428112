"""Forms are taken from our own pages only (attacks O-51): each attack beside its legitimate twin."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from starlette.requests import Request

from api.web.csrf import check_form, cookie_name, form_token
from core.errors import NotPermitted

ISSUER = "https://yizheng.example"
SESSION = "session-cookie-value"


def request(cookie: str | None = None, **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    if cookie is not None:
        raw.append((b"cookie", f"{cookie_name(secure=True)}={cookie}".encode()))
    return Request(
        {"type": "http", "method": "POST", "headers": raw, "path": "/login", "query_string": b"", "state": {}}
    )


def shown(session: str | None = SESSION) -> SimpleNamespace:
    """A form on a page: what its hidden field and its cookie hold."""
    page = request()
    token = form_token(page, session, secure=True)
    return SimpleNamespace(token=token, cookie=page.state.new_form_secret)


def refused(sent: Request, token: str, session: str | None = SESSION) -> None:
    with pytest.raises(NotPermitted) as caught:
        check_form(sent, token, session, issuer=ISSUER)
    assert caught.value.code == "form-not-ours"


@pytest.mark.parametrize("headers", [{}, {"origin": ISSUER}, {"origin": ISSUER, "sec_fetch_site": "same-origin"}])
def test_our_own_form_is_taken(headers: dict[str, str]) -> None:
    form = shown()
    check_form(request(form.cookie, **headers), form.token, SESSION, issuer=ISSUER)


def test_two_forms_of_one_browser_are_both_taken() -> None:
    first = shown()
    second = form_token(request(first.cookie), SESSION, secure=True)
    assert second == first.token


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://yizheng.example"},
        {"origin": ISSUER + ".evil.example"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": ISSUER, "sec_fetch_site": "cross-site"},
    ],
)
def test_another_site_cannot_send_it(headers: dict[str, str]) -> None:
    form = shown()
    refused(request(form.cookie, **headers), form.token)


@pytest.mark.parametrize("token", ["", "x", "0" * 64, "é" * 64])
def test_a_guessed_token_is_refused(token: str) -> None:
    refused(request(shown().cookie), token)


def test_another_browsers_token_is_refused() -> None:
    mine, theirs = shown(), shown()
    refused(request(mine.cookie), theirs.token)


def test_another_sessions_token_is_refused() -> None:
    before = shown(session=None)
    refused(request(before.cookie), before.token, session=SESSION)


@pytest.mark.parametrize("cookie", [None, "", "short"])
def test_without_the_cookie_no_token_helps(cookie: str | None) -> None:
    refused(request(cookie), shown().token)


def test_the_token_is_not_the_cookie() -> None:
    form = shown()
    assert form.token != form.cookie
    refused(request(form.cookie), form.cookie)


def test_the_cookie_is_bound_to_the_host_over_https() -> None:
    assert cookie_name(secure=True).startswith("__Host-")
    assert not cookie_name(secure=False).startswith("__")
