"""`auth_req_id`: the request's id and a MAC, so that it is not stored and still can be sent again (CIBA Core §7.3)."""

from __future__ import annotations

import re

from idp.token_uses import AUTH_REQ_ID
from keys.ports import TokenDigests

_FORM = re.compile(r"(cba_[0-9a-z]{26})\.([A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{43})", re.ASCII)


class AuthReqIds:
    """Makes and recognises them; a made-up one costs no look into a store."""

    def __init__(self, digests: TokenDigests) -> None:
        self._digests = digests

    def make(self, request_id: str) -> str:
        """80 random bits in the id and a MAC of 256: nobody guesses it (§7.3)."""
        return f"{request_id}.{self._digests.digest(AUTH_REQ_ID, request_id)}"

    def read(self, auth_req_id: str) -> str | None:
        """The request's id; None when it is not one of ours."""
        match = _FORM.fullmatch(auth_req_id)
        if match is None or not self._digests.matches(AUTH_REQ_ID, match[1], match[2]):
            return None
        return match[1]
