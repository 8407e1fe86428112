"""The same registration documents to us and to oidc-provider: the same answers, or a reason for each difference.

The documents are those of `test_idp_client_validation`: each rule's fault, and its twin without the fault.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.clock import FakeClock
from tests.support.peer_provider import peer_provider
from tests.support.registration_http import registration_world
from tests.support.servers import BackendMissing
from tests.unit.idp.test_idp_client_validation import REFUSED

STRICTER = {
    "redirect_uris": "upper case in scheme or host, loopback for web clients or too many: stored as they are compared",
    "response_types": "grants and response types must fit, and there must be one where a grant needs it",
    "grant_types": "a grant that can never be used, or none, is a mistake that its developer wants to hear of",
    "client_name": "people read it when they log in: printable, and not endless",
    "client_name#zh-CN": "the same",
    "scope": "without openid there is no log-in here",
    "sector_identifier_uri": "several hosts need one (OIDC Core 8.1); the peer has public subjects only",
    "token_endpoint_auth_method": "a key that fits the method must be there; strict profiles name their methods",
    "tls_client_auth_san_dns": "a member that counts for nothing is a mistake",
    "jwks": "two keys of one name could not be told apart",
    "jwks_uri": "https only",
    "request_uris": "https only, and no longer than OIDC Core 6.2 has it",
    "policy_uri": "no user name in an address that people follow",
    "backchannel_logout_uri": "no fragment (Back-Channel Logout 2.2); the peer has that feature off",
    "frontchannel_logout_uri": "the origin of a redirect URI (Front-Channel Logout 2); the peer does not know it",
    "id_token_signed_response_alg": "a strict profile has its own algorithms",
    "id_token_encrypted_response_alg": "a key to encrypt to must be there; the peer has encryption off",
    "id_token_encrypted_response_enc": "the same",
    "userinfo_signed_response_alg": "the peer has signed userinfo off",
    "userinfo_encrypted_response_enc": "the peer has encryption off",
    "authorization_signed_response_alg": "a strict profile has its own algorithms",
    "authorization_encrypted_response_alg": "signed, then encrypted (JARM 3)",
    "request_object_signing_alg": "a key that fits must be there",
    "request_object_encryption_alg": "the peer has encryption off",
    "require_signed_request_object": "without keys nothing can be signed; a strict profile demands it",
    "require_pushed_authorization_requests": "a strict profile demands it",
    "dpop_bound_access_tokens": "a strict profile demands it",
    "authorization_details_types": "the peer has that feature off",
    "backchannel_token_delivery_mode": "goes with a grant that the peer has off",
}
"""We refuse what the peer takes."""

WIDER = {
    "backchannel_token_delivery_mode": "CIBA is off at the peer",
    "grant_types": "the peer wants redirect URIs of clients that never redirect",
}
"""We take what the peer refuses."""

OTHERWISE = {"grant_types": "both refuse; the peer misses redirect URIs first"}
"""Both refuse, with different codes."""


def documents() -> dict[str, tuple[str, dict[str, Any]]]:
    """Each once, with the member that it is about."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for field, right, wrong in REFUSED:
        for document in (right, {**right, **wrong}):
            said = {name: value for name, value in document.items() if value is not None}
            text = json.dumps(said, sort_keys=True)
            if said:
                found.setdefault(text, (field, said))
    return found


async def test_registrations_are_answered_alike_or_there_is_a_reason(tmp_path: Path, pytestconfig: Any) -> None:
    given = {"clients": [], "scopes": ["openid", "offline_access"], "resource": "https://rs.test"}
    used: set[tuple[str, str]] = set()
    unexplained: list[str] = []
    same = 0
    try:
        async with (
            peer_provider(given) as peer,
            registration_world(tmp_path, FakeClock(), registration="open") as there,
            httpx.AsyncClient(trust_env=False) as http,
        ):
            for field, document in documents().values():
                body, headers = json.dumps(document).encode(), {"Content-Type": "application/json"}
                ours = await there.http.post("/register", content=body, headers=headers)
                theirs = await http.post(f"{peer}/reg", content=body, headers=headers)
                answers = [(one.status_code, one.json().get("error")) for one in (ours, theirs)]
                kind = _difference(*answers)
                if kind is None:
                    same += 1
                elif field in _REASONS[kind]:
                    used.add((kind, field))
                else:
                    unexplained.append(f"{kind}: {field}: {answers}: {document}")
    except BackendMissing as missing:
        if pytestconfig.getoption("--require-backends"):
            pytest.fail(f"a required backend is missing: {missing}", pytrace=False)
        pytest.skip(str(missing))
    assert unexplained == []
    assert same > 50
    stale = {(kind, field) for kind, reasons in _REASONS.items() for field in reasons} - used
    assert stale == set(), "reasons that nothing needs any more"


_REASONS = {"stricter": STRICTER, "wider": WIDER, "otherwise": OTHERWISE}


def _difference(ours: tuple[int, Any], theirs: tuple[int, Any]) -> str | None:
    if ours == theirs:
        return None
    if theirs[0] == 201:
        return "stricter"
    return "wider" if ours[0] == 201 else "otherwise"
