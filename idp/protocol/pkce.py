"""Proof Key for Code Exchange, S256 only (RFC 7636; RFC 9700 §2.1.1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from idp.errors import InvalidGrant, InvalidRequest

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)  # 32 bytes, base64url (RFC 7636 §4.2)
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)  # RFC 7636 §4.1


def check_challenge(challenge: str | None, method: str | None, *, required: bool = True) -> str | None:
    """The challenge of an authorization request.

    Args:
        required: False only for clients that were registered to do without it.

    Raises:
        InvalidRequest: missing, malformed, or of another method than S256.
    """
    if challenge is None and method is None and not required:
        return None
    if challenge is None:
        raise InvalidRequest("code_challenge is required")  # RFC 7636 §4.4.1
    if method != "S256":  # absent means plain (RFC 7636 §4.3), which is refused
        raise InvalidRequest("code_challenge_method must be S256")
    if not _CHALLENGE.fullmatch(challenge):
        raise InvalidRequest("code_challenge is malformed")
    return challenge


def check_verifier(verifier: str | None, challenge: str | None) -> None:
    """
    Raises:
        InvalidGrant: the verifier is absent or does not fit the challenge (RFC 7636 §4.6), or there was none to fit.
    """
    if challenge is None:
        if verifier is not None:  # RFC 9700 §4.8.2: somebody took the challenge out of the request
            raise InvalidGrant("code_verifier was sent, but no code_challenge before it")
        return
    if verifier is None or not _VERIFIER.fullmatch(verifier):
        raise InvalidGrant("code_verifier is missing or malformed")
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=")
    if not hmac.compare_digest(digest, challenge.encode("ascii")):
        raise InvalidGrant("code_verifier does not fit code_challenge")
