"""A signed face: verified with published keys alone, short of life, and forged by nobody."""

from __future__ import annotations

import base64
import json

import pytest

from api.web.qr import qr_svg
from certstore.end import EndCommand
from certstore.errors import Gone, LicenceNotFound
from certstore.lifecycle import Event
from certstore.presentation.offline import FACE_SECONDS, OfflineState, judge_face
from certstore.presentation.signed import PublishedKeysJudge
from keys.jose.jwk_set import read_jwk_set
from tests.support.certstore_fakes import OneKey
from tests.support.certstore_world import HOME, LIN, LIN_NAME, LIN_NUMBER, POLICE_SYSTEM, ZHAO, World

ISSUER = "https://yizheng.example.gov.cn"


def offline(city: World, issuer: str = ISSUER) -> PublishedKeysJudge:
    """What somebody without network has: yesterday's copy of the published keys."""
    keys = read_jwk_set(json.dumps(city.presentation.declarations.jwks()).encode())
    return PublishedKeysJudge(lambda: keys, issuer, city.clock)


def told(city: World, text: str, judge: PublishedKeysJudge | None = None) -> OfflineState:
    return judge_face(text, judge or offline(city), city.clock).state


async def test_keys_alone_are_enough(both_cities: World) -> None:
    city = both_cities
    permit = await city.issue_permit()
    made = await city.presentation.signed_face(permit.id, LIN)
    verdict = judge_face(made.token, offline(city), city.clock)
    assert verdict.face is not None
    assert (verdict.state, verdict.face.name, verdict.face.type_name.zh) == (OfflineState.GOOD, LIN_NAME, "居住证")
    assert verdict.face.status == await city.presentation.status_lists.reference(permit.id, LIN)
    said = json.dumps(_claims(made.token), ensure_ascii=False)
    assert LIN_NUMBER not in said
    assert HOME["address"] not in said
    assert len(made.token) < 900
    assert qr_svg(made.token)  # fits


async def test_it_counts_for_minutes(city: World) -> None:
    permit = await city.issue_permit()
    token = (await city.presentation.signed_face(permit.id, LIN)).token
    city.clock.advance(FACE_SECONDS)
    assert told(city, token) is OfflineState.GOOD  # clocks of two places differ a little
    city.clock.advance(60)
    assert told(city, token) is OfflineState.EXPIRED
    city.clock.advance(-FACE_SECONDS - 60 - 120)
    assert told(city, token) is OfflineState.EXPIRED  # made in the future


async def test_nobody_forges_one(city: World) -> None:
    permit = await city.issue_permit()
    token = (await city.presentation.signed_face(permit.id, LIN)).token
    assert told(city, token) is OfflineState.GOOD
    head, body, signature = token.split(".")
    longer = _encoded(_claims(token) | {"exp": _claims(token)["exp"] + 86400})
    none = _encoded({"alg": "none", "typ": "licence-face+jwt"})
    log_in = _encoded(json.loads(_decoded(head)) | {"typ": "JWT"})
    for forged in (f"{head}.{longer}.{signature}", f"{none}.{body}.", f"{none}.{body}.{signature}"):
        assert told(city, forged) in (OfflineState.FORGED, OfflineState.NOT_A_FACE)
    assert told(city, f"{log_in}.{body}.{signature}") is OfflineState.NOT_A_FACE
    other = PublishedKeysJudge(lambda: read_jwk_set(_jwks_of(OneKey())), ISSUER, city.clock)
    assert told(city, token, other) is OfflineState.FORGED  # another authority's keys
    assert told(city, token, offline(city, "https://elsewhere.example")) is OfflineState.FORGED
    for nonsense in ("", "hello", "a.b.c", "https://yizheng.example.gov.cn/v/abc", "x" * 20_000):
        assert told(city, nonsense) is OfflineState.NOT_A_FACE


async def test_nothing_is_signed_for_strangers_or_for_what_has_ended(city: World) -> None:
    permit = await city.issue_permit()
    with pytest.raises(LicenceNotFound):
        await city.presentation.signed_face(permit.id, ZHAO)
    await city.services.end(EndCommand(permit.id, Event.REVOKE, "理由"), POLICE_SYSTEM)
    with pytest.raises(Gone):
        await city.presentation.signed_face(permit.id, LIN)


def _jwks_of(keys: OneKey) -> dict[str, object]:
    from keys.jose.jwk import public_jwks

    return public_jwks(keys, ("any",))


def _claims(token: str) -> dict[str, int]:
    return json.loads(_decoded(token.split(".")[1]))  # type: ignore[no-any-return]


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _encoded(value: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
