"""Every page in both languages keeps the rules that a page must keep (ui.md §6 and §8)."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

import pytest

from tests.unit.web.html_reading import Document
from tests.unit.web.page_stage import SAMPLES, Guest, stage

PAGES = [(name, lang) for name in SAMPLES for lang in ("zh", "en")]
ELSEWHERE = {  # pages whose purpose is to lead to another provider, and there only; links to a portal's own words
    "login": ("https://zwfw.demo.invalid/",),
    "scopes": ("https://zwfw.demo.invalid/",),
    "device-confirm": ("https://zwfw.demo.invalid/",),
    "sign-in-request": ("https://zwfw.demo.invalid/",),
    "link": ("https://id.province.invalid/",),
    "goodbye": ("https://id.province.invalid/",),
}
_HEADING = re.compile(r"h[1-6]")


@pytest.fixture(scope="module")
def client() -> Guest:
    return Guest(stage())


def document(client: Guest, name: str, lang: str) -> Document:
    answer = client.get(f"/page/{name}", params={"lang": lang})
    assert answer.status_code == 200
    return Document(answer.text)


@pytest.mark.parametrize(("name", "lang"), PAGES)
def test_one_language_one_main_one_title(client: Guest, name: str, lang: str) -> None:
    page = document(client, name, lang)
    assert page.first("html").attributes["lang"] == {"zh": "zh-CN", "en": "en"}[lang]
    assert len(page.all("main")) == 1
    assert len(page.all("h1")) == 1
    assert page.all("h1")[0].text.strip()
    assert page.first("title").text.strip()


@pytest.mark.parametrize(("name", "lang"), PAGES)
def test_headings_do_not_skip_a_level(client: Guest, name: str, lang: str) -> None:
    levels = [int(one.tag[1]) for one in document(client, name, lang).elements if _HEADING.fullmatch(one.tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels


@pytest.mark.parametrize(("name", "lang"), PAGES)
def test_everything_operable_has_a_name(client: Guest, name: str, lang: str) -> None:
    page = document(client, name, lang)
    labels = {one.attributes.get("for") for one in page.all("label")}
    for one in page.all("input", "select", "textarea"):
        if one.attributes.get("type") != "hidden":
            wrapped = "label" in one.ancestors
            assert wrapped or one.attributes.get("id") in labels or "aria-label" in one.attributes, one
    for one in page.all("button", "a"):
        assert one.text.strip() or one.attributes.get("aria-label"), one
    for one in page.all("img"):
        assert "alt" in one.attributes, one


@pytest.mark.parametrize(("name", "lang"), PAGES)
def test_references_lead_somewhere(client: Guest, name: str, lang: str) -> None:
    page = document(client, name, lang)
    counted = Counter(one.attributes["id"] for one in page.elements if "id" in one.attributes)
    assert [name for name, count in counted.items() if count > 1] == []
    ids = set(counted)
    for one in page.elements:
        for attribute in ("aria-labelledby", "aria-describedby", "for"):
            assert set(one.attributes.get(attribute, "").split()) <= ids, one
        if one.tag in ("a", "use") and one.attributes.get("href", "").startswith("#"):
            assert one.attributes["href"][1:] in ids, one
        assert one.attributes.get("href") != "", one


@pytest.mark.parametrize(("name", "lang"), PAGES)
def test_nothing_that_the_policy_would_stop(client: Guest, name: str, lang: str) -> None:
    page = document(client, name, lang)
    for one in page.elements:
        assert "style" not in one.attributes, one
        assert not [attribute for attribute in one.attributes if attribute.startswith("on")], one
        for attribute in ("src", "href", "action"):
            address = one.attributes.get(attribute, "")
            if attribute != "src" and address.startswith(ELSEWHERE.get(name, ("-",))):
                continue
            assert not address.startswith(("http:", "https:", "//", "data:", "javascript:")), one
    assert page.all("style") == []
    assert all("src" in one.attributes and not one.text.strip() for one in page.all("script"))


@pytest.mark.parametrize(("name", "lang"), PAGES)
def test_every_form_that_changes_something_carries_its_token(client: Guest, name: str, lang: str) -> None:
    page = document(client, name, lang)
    forms = [one for one in page.all("form") if one.attributes.get("method") == "post"]
    # a form for somebody else must not hand them the token
    forms = [one for one in forms if one.attributes["action"].startswith("/")]
    tokens = [one for one in page.all("input") if one.attributes.get("name") == "csrf"]
    assert len(tokens) == len(forms)
    assert all(one.attributes.get("method") == "post" for one in page.all("form"))


@pytest.mark.parametrize("name", SAMPLES)
def test_at_most_one_act_of_legal_effect(client: Guest, name: str) -> None:
    buttons = [one for one in document(client, name, "zh").all("button") if "legal" in one.attributes.get("class", "")]
    assert len(buttons) <= 1


@pytest.mark.parametrize("name", SAMPLES)
def test_the_demo_strip_stands_on_every_page_in_demo_mode_only(name: str) -> None:
    assert 'class="demo"' in Guest(stage()).get(f"/page/{name}").text
    assert 'class="demo"' not in Guest(stage(demo=False)).get(f"/page/{name}").text


def test_what_people_typed_is_text_and_never_markup() -> None:
    from api.web.render import environment, teller

    hostile = "<script>alert(1)</script>"
    told = teller("zh")("您好 {name}", "Hello {name}", name=hostile)
    assert "<script>" not in told
    assert "&lt;script&gt;" in told
    assert environment().from_string("{{ x }}").render(x=hostile) == "&lt;script&gt;alert(1)&lt;/script&gt;"


def test_braces_in_a_value_are_not_read_as_a_format() -> None:
    from api.web.render import teller

    assert teller("en")("{a}", "{a}", a="{b} **c**") == "{b} **c**"
