"""Asks the browser of a log-in page for a passkey."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request

from api.deps import container
from api.web.csrf import browser_secret
from api.web.passkey_options import request_options
from idp.factors.passkeys.challenges import Ceremony
from idp.factors.passkeys.model import Passkey


def passkey_request(request: Request, allowed: Sequence[Passkey] = ()) -> str | None:
    """Options for the page's script; None where passkeys do not work at this address.

    Args:
        allowed: passkeys of the person whose log-in has begun; empty for anybody's.
    """
    keys = container(request).idp.keys
    if keys.party is None:
        return None
    return request_options(keys.challenges.make(Ceremony.LOG_IN, browser_of(request)), keys.party, allowed)


def browser_of(request: Request) -> str:
    """A secret that only this browser has."""
    return browser_secret(request, secure=container(request).ground.settings.secure)
