"""The headers of pages and static files: policy, caching, language (attacks O-20, O-22)."""

from __future__ import annotations

import gzip

import pytest

from api.web.policy import content_security_policy, origin_of
from api.web.static_files import asset, static_files
from tests.unit.web.page_stage import Guest, stage


def directives(header: str) -> dict[str, str]:
    return dict(part.strip().split(" ", 1) for part in header.split(";"))


def test_a_page_loads_nothing_but_our_own_files() -> None:
    policy = directives(content_security_policy())
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("style-src", "img-src", "font-src", "script-src", "form-action")} == {"'self'"}
    assert policy["base-uri"] == policy["frame-ancestors"] == "'none'"


def test_a_form_may_end_at_the_named_portals_and_nowhere_else() -> None:
    policy = directives(content_security_policy(["https://a.example", "http://127.0.0.1:9000", "https://a.example"]))
    assert policy["form-action"] == "'self' https://a.example http://127.0.0.1:9000"


@pytest.mark.parametrize(
    "smuggled",
    ["https://a.example; script-src *", "https://a.example/path", "https://a.example *", "*", "'unsafe-inline'", "a"],
)
def test_an_origin_cannot_smuggle_a_directive(smuggled: str) -> None:
    with pytest.raises(ValueError, match=r"origin|host"):
        content_security_policy([smuggled])


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://Portal.Example/cb?x=1", "https://portal.example"),
        ("https://portal.example:443/cb", "https://portal.example"),
        ("http://127.0.0.1:9000/cb", "http://127.0.0.1:9000"),
        ("http://[::1]:9000/cb", "http://[::1]:9000"),
    ],
)
def test_origins_are_written_as_browsers_write_them(address: str, origin: str) -> None:
    assert origin_of(address) == origin


def test_a_page_is_not_stored_not_framed_and_sends_no_referrer_elsewhere() -> None:
    answer = Guest(stage()).get("/page/me")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_the_language_follows_choice_then_cookie_then_browser() -> None:
    client = Guest(stage())
    assert client.get("/page/front", headers={"accept-language": "fr, en;q=0.8"}).headers["content-language"] == "en"
    assert client.get("/page/front", headers={"accept-language": "fr"}).headers["content-language"] == "zh-CN"
    assert client.get("/page/front?lang=en").headers["content-language"] == "en"  # sets the cookie
    assert client.get("/page/front", headers={"accept-language": "zh"}).headers["content-language"] == "en"
    assert client.get("/page/front?lang=zh").headers["content-language"] == "zh-CN"


def test_the_language_switch_keeps_the_page_and_its_other_parameters() -> None:
    text = Guest(stage()).get("/page/accesses?cursor=abc&lang=en").text
    assert 'href="?cursor=abc&amp;lang=zh"' in text
    assert 'href="?cursor=abc&amp;lang=en"' in text


def test_a_parameter_in_the_switch_is_escaped() -> None:
    text = Guest(stage()).get("/page/accesses", params={"x": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in text


def test_static_files_never_go_stale() -> None:
    client = Guest(stage())
    answer = client.get(asset("css/ground.css"))
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/css")
    other = client.get("/static/000000000000/css/ground.css")
    assert "immutable" not in other.headers["cache-control"]


def test_static_files_are_compressed_for_those_who_can_read_it() -> None:
    client = Guest(stage())
    answer = client.get(asset("css/pages.css"), headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == static_files()["css/pages.css"].content
    assert gzip.decompress(static_files()["css/pages.css"].zipped) == answer.content
    plain = client.get(asset("css/pages.css"), headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers


@pytest.mark.parametrize("name", ["%2e%2e/render.py", "css/none.css", "css", ""])
def test_nothing_else_is_served(name: str) -> None:
    assert Guest(stage()).get(f"/static/x/{name}").status_code == 404


def test_a_page_cannot_name_a_file_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        asset("css/none.css")
