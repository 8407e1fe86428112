"""Forms are accepted only from our own pages, in the browser and the session they were shown in (attacks O-51).

Three checks, all of which must hold:

1. `Sec-Fetch-Site`, where the browser sends it, says `same-origin`.
2. `Origin`, where the browser sends it, is ours. `null` is not.
3. The form's token is the HMAC of the session cookie under a random secret that only the form cookie holds.

The token needs no store and no server key: to make one, an attacker would have to read a cookie of ours. Being
bound to the session, a form shown before a log-in or a log-out is worthless after it.
"""

from __future__ import annotations

import hashlib
import hmac

from starlette.requests import Request
from starlette.responses import Response

from api.web.policy import origin_of
from core.errors import NotPermitted
from core.ids import new_secret
from core.text import Text

FIELD = "csrf"
_LENGTH = 43  # 32 bytes, base64url


def cookie_name(*, secure: bool) -> str:
    """`__Host-` keeps neighbouring hosts from setting the cookie (RFC 6265bis §4.1.3.2)."""
    return "__Host-yz_form" if secure else "yz_form"


def form_token(request: Request, session: str | None, *, secure: bool) -> str:
    """The token for a form on the page being rendered."""
    return _token(_secret(request, secure=secure), session)


def browser_secret(request: Request, *, secure: bool) -> str:
    """What only this browser has, before a log-in and after it; to bind to the browser what must not leave it."""
    return _secret(request, secure=secure)


def keep_secret(request: Request, response: Response, *, secure: bool) -> None:
    """Set the form cookie, if a token was made with a new secret while rendering."""
    secret = getattr(request.state, "new_form_secret", None)
    if secret:
        response.set_cookie(cookie_name(secure=secure), secret, path="/", secure=secure, httponly=True, samesite="lax")


def check_form(request: Request, sent: str, session: str | None, *, issuer: str) -> None:
    """
    Raises:
        NotPermitted: `form-not-ours`; nothing may be changed then.
    """
    secret = request.cookies.get(cookie_name(secure=issuer.startswith("https://")), "")
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site not in (None, "same-origin") or origin not in (None, origin_of(issuer)):
        raise _refused("another site sent the form")
    right = hmac.compare_digest(sent.encode("utf-8", "surrogatepass"), _token(secret, session).encode())
    if len(secret) != _LENGTH or not right:
        raise _refused("form token does not match")


def _secret(request: Request, *, secure: bool) -> str:
    kept = request.cookies.get(cookie_name(secure=secure), "")
    if len(kept) == _LENGTH:
        return kept
    if not hasattr(request.state, "new_form_secret"):
        request.state.new_form_secret = new_secret(32)
    made: str = request.state.new_form_secret
    return made


def _token(secret: str, session: str | None) -> str:
    return hmac.new(secret.encode(), (session or "no session").encode(), hashlib.sha256).hexdigest()


def _refused(private: str) -> NotPermitted:
    return NotPermitted(
        "form-not-ours",
        Text(
            "这个表单已经过期，或者不是从本站打开的。没有做任何改动。请回到原来的页面，刷新后再提交一次。",
            "This form is out of date, or did not come from this site. Nothing was changed. "
            "Go back to the page, reload it and submit again.",
        ),
        private=private,
    )
