"""O-34: tokens truly signed by our key whose claims are wrong, each next to a twin that is right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from keys.errors import TokenRejected
from keys.jose.tokens import LEEWAY_SECONDS, PROFILES, TokenVerifier
from keys.spec import SignatureAlgorithm
from tests.support.clock import FakeClock
from tests.unit.keys.forge import header_for, token
from tests.unit.keys.rings import CLIENT, ISSUER, access_token_claims, fixed_signer, id_token_claims, our_keys

ES = fixed_signer(SignatureAlgorithm.ES256)
HUGE = int("1" + "0" * 400)


def _verified(text: str, clock: FakeClock, *, typ: str = "JWT", audience: str | None = CLIENT, **options: Any) -> Any:
    return TokenVerifier(our_keys(), clock).verify(text, typ=typ, issuer=ISSUER, audience=audience, **options)


def _signed(claims: Any, typ: str = "JWT") -> str:
    return token(header_for(ES, typ), claims, ES)


def _now(clock: FakeClock) -> int:
    return int(clock.now().timestamp())


# -- times -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "outside", "inside"),
    [
        ("exp", -LEEWAY_SECONDS, -LEEWAY_SECONDS + 1),
        ("nbf", LEEWAY_SECONDS + 1, LEEWAY_SECONDS),
        ("iat", LEEWAY_SECONDS + 1, LEEWAY_SECONDS),
    ],
)
def test_o34_moment_outside_the_leeway_is_refused(claim: str, outside: int, inside: int, clock: FakeClock) -> None:
    good = id_token_claims(clock, **{claim: _now(clock) + inside})
    assert _verified(_signed(good), clock) == good
    with pytest.raises(TokenRejected):
        _verified(_signed(id_token_claims(clock, **{claim: _now(clock) + outside})), clock)


def test_o34_token_ends_while_the_clock_runs(clock: FakeClock) -> None:
    text = _signed(id_token_claims(clock))
    _verified(text, clock)
    clock.advance(300 + LEEWAY_SECONDS)
    with pytest.raises(TokenRejected):
        _verified(text, clock)
    assert _verified(text, clock, accept_expired=True)  # as the hint of a log-out it still names its person


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize(
    "value",
    ["2000000000", 2000000000.5, 2e9, -1, HUGE, -HUGE, True, None, [2000000000], {}, 2**63, 253_402_300_800],
    ids=lambda value: "huge" if isinstance(value, int) and abs(value) == HUGE else repr(value),
)
def test_o34_moment_that_is_no_date_is_refused(claim: str, value: Any, clock: FakeClock) -> None:
    claims = id_token_claims(clock) | {claim: value}
    for accept_expired in (False, True):
        with pytest.raises(TokenRejected):
            _verified(_signed(claims), clock, accept_expired=accept_expired)


@pytest.mark.parametrize("value", ["1e400", "-1e400", "NaN", "Infinity", "-Infinity", "1" + "0" * 5000])
def test_o34_number_beyond_numbers_is_refused(value: str, clock: FakeClock) -> None:
    claims = json.dumps(id_token_claims(clock) | {"extra": "X"}).replace('"X"', value)
    with pytest.raises(TokenRejected):
        _verified(_signed(claims), clock)


# -- issuer and audience ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "iat", "sub"])
def test_o34_missing_claim_is_refused(claim: str, clock: FakeClock) -> None:
    with pytest.raises(TokenRejected):
        _verified(_signed(id_token_claims(clock, **{claim: None})), clock)


@pytest.mark.parametrize(
    "issuer",
    [ISSUER + "/", ISSUER.upper(), ISSUER[:-1], ISSUER + ".evil.example", "", [ISSUER], {"iss": ISSUER}, 1],
    ids=str,
)
def test_o34_other_issuer_is_refused(issuer: Any, clock: FakeClock) -> None:
    with pytest.raises(TokenRejected):
        _verified(_signed(id_token_claims(clock, iss=issuer)), clock)


@pytest.mark.parametrize(
    "audience",
    [
        "portal-b",
        CLIENT + " ",
        CLIENT[:-1],
        CLIENT + "-2",
        CLIENT.upper(),
        "",
        [],
        [CLIENT, "portal-b"],
        ["portal-b", CLIENT],
        [CLIENT, CLIENT],
        [[CLIENT]],
        [CLIENT, 1],
        {CLIENT: CLIENT},
        1,
        True,
        f"{CLIENT} portal-b",
    ],
    ids=str,
)
def test_o34_other_audience_is_refused(audience: Any, clock: FakeClock) -> None:
    with pytest.raises(TokenRejected):
        _verified(_signed(id_token_claims(clock) | {"aud": audience}), clock)


@pytest.mark.parametrize("audience", [CLIENT, [CLIENT]], ids=str)
def test_o34_twin_our_audience_is_accepted(audience: Any, clock: FakeClock) -> None:
    claims = id_token_claims(clock, aud=audience)
    assert _verified(_signed(claims), clock) == claims


@pytest.mark.parametrize("audience", [1, [], {}, [1], None], ids=str)
def test_o34_audience_has_its_form_even_where_nobody_compares_it(audience: Any, clock: FakeClock) -> None:
    with pytest.raises(TokenRejected):
        _verified(_signed(id_token_claims(clock) | {"aud": audience}), clock, audience=None)


@pytest.mark.parametrize("claim", ["sub", "client_id", "jti"])
@pytest.mark.parametrize("value", [1, ["p-1"], {"a": 1}, True, None], ids=str)
def test_o34_name_that_is_no_string_is_refused(claim: str, value: Any, clock: FakeClock) -> None:
    with pytest.raises(TokenRejected):
        _verified(_signed(access_token_claims(clock) | {claim: value}, "at+jwt"), clock, typ="at+jwt")


# -- type confusion --------------------------------------------------------------------------------------------------


def _claims_of_all(clock: FakeClock) -> dict[str, Any]:
    """Claims that would satisfy every kind of token, so that only the type can tell them apart."""
    event: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
    return access_token_claims(clock, events=event)


@pytest.mark.parametrize("made", PROFILES)
@pytest.mark.parametrize("wanted", PROFILES)
def test_o34_one_kind_of_token_is_not_taken_for_another(made: str, wanted: str, clock: FakeClock) -> None:
    text = _signed(_claims_of_all(clock), made)
    if made == wanted:
        assert _verified(text, clock, typ=wanted)
    else:
        with pytest.raises(TokenRejected):
            _verified(text, clock, typ=wanted)


@pytest.mark.parametrize("typ", ["at+JWT", "application/at+jwt", "jwt", "", "at+jwt ", 1, ["at+jwt"], None], ids=str)
def test_o34_type_is_compared_exactly(typ: Any, clock: FakeClock) -> None:
    text = token(header_for(ES, typ), access_token_claims(clock), ES)
    with pytest.raises(TokenRejected):
        _verified(text, clock, typ="at+jwt")


@pytest.mark.parametrize("typ", ["none", "", "dpop+jwt"])
def test_o34_type_that_we_do_not_issue_cannot_be_asked_for(typ: str, clock: FakeClock) -> None:
    with pytest.raises(TokenRejected):
        _verified(_signed(_claims_of_all(clock), typ), clock, typ=typ)


@pytest.mark.parametrize("typ", PROFILES)
def test_o34_each_required_claim_is_required(typ: str, clock: FakeClock) -> None:
    claims = _claims_of_all(clock)
    for claim in PROFILES[typ].required:
        less = {name: value for name, value in claims.items() if name != claim}
        with pytest.raises(TokenRejected):
            _verified(_signed(less, typ), clock, typ=typ)


# -- JSON ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("second", ["p-2", "p-1"])
def test_o34_duplicate_claim_is_refused(second: str, clock: FakeClock) -> None:
    text = json.dumps(id_token_claims(clock))
    assert _verified(_signed(text), clock)
    for doubled in (
        text[:-1] + f', "sub": "{second}"}}',
        f'{{"sub": "{second}", ' + text[1:],
        text[:-1] + f', "s\\u0075b": "{second}"}}',
        text[:-1] + ', "act": {"sub": "a", "sub": "b"}}',
    ):
        with pytest.raises(TokenRejected):
            _verified(_signed(doubled), clock)


def test_o34_duplicate_header_member_is_refused(clock: FakeClock) -> None:
    header = json.dumps(header_for(ES))
    assert _verified(token(header, id_token_claims(clock), ES), clock)
    for name, value in (("alg", "none"), ("typ", "at+jwt"), ("kid", "other"), ("alg", "ES256")):
        for doubled in (header[:-1] + f', "{name}": "{value}"}}', f'{{"{name}": "{value}", ' + header[1:]):
            with pytest.raises(TokenRejected):
                _verified(token(doubled, id_token_claims(clock), ES), clock)


@pytest.mark.parametrize("claims", ["[]", "null", '"text"', "1", "", "{", "{}garbage", '{"a":1,}', "\ufeff{}"])
def test_o34_payload_that_is_no_object_is_refused(claims: str, clock: FakeClock) -> None:
    with pytest.raises(TokenRejected):
        _verified(_signed(claims), clock)
