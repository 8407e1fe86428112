"""A type's elements are edited as rows, without a script; experts may write the schema itself."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from core.db.database import Database
from tests.support.certstore_pages import Pages, pages
from tests.support.certstore_world import PERMIT, POLICE, world
from tests.support.clock import FakeClock

PAGE = f"/office/types/{PERMIT}"
_INPUT = re.compile(r'<input[^>]*? name="([^"]+)"[^>]*?>')
_AREA = re.compile(r'<textarea[^>]*? name="([^"]+)"[^>]*>(.*?)</textarea>', re.DOTALL)
_CHOSEN = re.compile(r'<select[^>]*? name="([^"]+)"[^>]*>.*?<option value="([^"]*)" selected', re.DOTALL)


@pytest.fixture
async def shown(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Pages]:
    async with world(sqlite_database, clock, tmp_path) as city, pages(city) as made:
        yield made


def as_sent(html: str) -> dict[str, str]:
    """What a browser without scripts would send of the form as it is."""
    values: dict[str, str] = {}
    for found in _INPUT.finditer(html):
        tag, name = found.group(0), found.group(1)
        ticked = ('type="checkbox"' not in tag and 'type="radio"' not in tag) or " checked" in tag
        value = re.search(r' value="([^"]*)"', tag)
        if ticked and name != "csrf":
            values.setdefault(name, unescape(value.group(1)) if value else "")
    values |= {name: unescape(text) for name, text in _AREA.findall(html)}
    return values | dict(_CHOSEN.findall(html))


async def test_an_element_is_added_by_a_row_and_the_rest_stays(shown: Pages) -> None:
    before = await shown.city.services.catalogue.licence_type(PERMIT)
    form = as_sent((await shown.get(PAGE, "keeper")).text)
    more = await shown.post(PAGE, "keeper", form | {"more": "1"}, on=PAGE)
    assert more.text.count('class="element"') > int(form["rows"])
    unchanged = await shown.city.services.catalogue.licence_type(PERMIT)
    assert unchanged.version == before.version, "more rows register nothing"
    row = {
        "zh": "区",
        "en": "District",
        "name": "district",
        "code": "KZ_Q",
        "kind": "choice",
        "choices": "青石区\n河东区",
    }
    sent = await shown.post(PAGE, "keeper", form | {f"f2.{name}": value for name, value in row.items()}, on=PAGE)
    assert sent.status_code == 303
    after = await shown.city.services.catalogue.licence_type(PERMIT)
    rules = after.schema["properties"]
    assert isinstance(rules, dict)
    assert rules.pop("district") == {
        "type": "string",
        "enum": ["青石区", "河东区"],
        "x-face": {"zh": "区", "en": "District", "mask": "none", "code": "KZ_Q"},
    }
    assert rules == before.schema["properties"]
    assert (after.version, after.schema["required"]) == (before.version + 1, before.schema["required"])


async def test_a_form_that_no_seal_can_seal_is_refused_at_its_field(shown: Pages) -> None:
    form = as_sent((await shown.get(PAGE, "keeper")).text)
    before = await shown.city.services.catalogue.licence_type(PERMIT)
    shown.city.sealer.forms[POLICE] = False
    wrong = await shown.post(PAGE, "keeper", form | {"file_forms": "ofd"}, on=PAGE)
    assert wrong.status_code == 400
    assert 'id="file_forms-e"' in wrong.text
    assert POLICE in wrong.text
    assert as_sent(wrong.text)["file_forms"] == "ofd", "what was chosen stays chosen"
    shown.city.sealer.forms[POLICE] = True
    assert (await shown.post(PAGE, "keeper", form | {"file_forms": "ofd"}, on=PAGE)).status_code == 303
    after = await shown.city.services.catalogue.licence_type(PERMIT)
    assert (after.version, after.file_forms.value) == (before.version + 1, "ofd")


async def test_a_row_at_fault_keeps_what_was_typed_and_json_counts_only_when_chosen(shown: Pages) -> None:
    form = as_sent((await shown.get(PAGE, "keeper")).text)
    wrong = await shown.post(PAGE, "keeper", form | {"f2.zh": "区", "f2.name": "district", "f2.code": "Q"}, on=PAGE)
    assert wrong.status_code == 400
    assert "第 2 项：标准代码以 KZ_ 开头" in wrong.text
    assert as_sent(wrong.text)["f2.zh"] == "区"
    schema = json.loads(form["schema"])
    schema["properties"]["address"]["minLength"] = 4
    written = form | {"schema": json.dumps(schema)}
    await shown.post(PAGE, "keeper", written, on=PAGE)
    catalogue = shown.city.services.catalogue
    assert "minLength" not in json.dumps((await catalogue.licence_type(PERMIT)).schema)
    again = as_sent((await shown.get(PAGE, "keeper")).text)
    await shown.post(PAGE, "keeper", again | {"schema": written["schema"], "by_json": "1"}, on=PAGE)
    assert '"minLength": 4' in json.dumps((await catalogue.licence_type(PERMIT)).schema)
    kept = as_sent((await shown.get(PAGE, "keeper")).text)
    await shown.post(PAGE, "keeper", kept | {"f1.zh": "住址"}, on=PAGE)
    last = json.dumps((await catalogue.licence_type(PERMIT)).schema, ensure_ascii=False)
    assert '"minLength": 4' in last, "rows keep what only JSON can say"
    assert "住址" in last
