"""Addresses in proofs, and nonces: what is accepted, and nothing beside it (RFC 9449 §4.3, §8; RFC 3986 §6.2)."""

from __future__ import annotations

from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from idp.binding.endpoint_names import names_endpoint
from idp.binding.nonces import PERIOD, DpopNonces
from keys.secrets.token_digest import HmacTokenDigests
from tests.support.clock import FakeClock
from tests.support.idp_keys import shared_ring

HOST = "id.example.test"
_label = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=8)
_segment = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x2FF), min_size=1, max_size=8).map(
    lambda text: quote(text, safe="")
)
_path = st.lists(_segment.filter(lambda one: one not in (".", "..")), min_size=1, max_size=4).map(
    lambda parts: "/" + "/".join(parts)
)
_case = st.sampled_from([str.lower, str.upper, str.title])


@given(_path, _case, _case, st.booleans(), st.sampled_from(["", "?", "?a=b", "#c", "?a#c"]))
def test_a_spelling_of_the_same_address(path: str, scheme, host, port: bool, rest: str) -> None:  # type: ignore[no-untyped-def]
    spelled = f"{scheme('https')}://{host(HOST)}{':443' if port else ''}{path}{rest}"
    assert names_endpoint(spelled, f"https://{HOST}{path}")
    assert names_endpoint(spelled.replace("%C3", "%c3"), f"https://{HOST}{path}")


@given(_path, _path, _label)
def test_another_address(path: str, other: str, label: str) -> None:
    url = f"https://{HOST}{path}"
    assert names_endpoint(f"https://{HOST}{other}", url) is (other == path)
    for wrong in (
        f"http://{HOST}{path}",
        f"https://{label}.{HOST}{path}",
        f"https://{HOST}.{label}{path}",
        f"https://{label}@{HOST}{path}",
        f"https://{HOST}:8443{path}",
        f"https://{HOST}{path}/{label}",
        f"https://{HOST}/{label}/..{path}",
        f"//{HOST}{path}",
        path,
    ):
        assert not names_endpoint(wrong, url)


@given(st.text(max_size=60))
def test_no_text_breaks_the_comparison(text: str) -> None:
    assert names_endpoint(text, f"https://{HOST}/token") in (True, False)


async def test_nonces_live_for_their_period_and_the_next() -> None:
    """At any moment within a period; under no other clock, use or key."""
    digests = HmacTokenDigests(await shared_ring())

    @given(st.integers(0, PERIOD - 1), st.integers(-3 * PERIOD, 4 * PERIOD), st.text(max_size=80))
    def check(begun: int, later: int, made_up: str) -> None:
        clock = FakeClock()
        start = clock.now().timestamp() % PERIOD
        clock.advance(-start + begun)
        nonces = DpopNonces(digests, clock)
        nonce = nonces.current()
        clock.advance(later)
        age = (begun + later) // PERIOD
        assert nonces.accepts(nonce) is (age in (0, 1))
        assert nonces.ages(nonce) is (age != 0)
        assert nonces.accepts(made_up) is (made_up == nonces.current())
        other = digests.digest("client-secret", str(int(clock.now().timestamp()) // PERIOD))
        assert not nonces.accepts(other)

    check()
