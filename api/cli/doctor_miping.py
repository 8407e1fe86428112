"""`yizheng doctor --miping`: what a deployment still lacks for 密评, as a table or as one JSON document."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from typing import Literal

from api.cli.miping_checks import checks
from api.cli.miping_model import NOTE, Check, State
from api.cli.prepare import check_current
from api.settings import Settings
from api.wiring.cryptography import cryptography_facts
from api.wiring.keys import build_keys
from core.clock import SystemClock
from core.db.database import Database
from core.db.engine import create_engine
from core.text import Text

Language = Literal["zh", "en"]
_WIDTH = 100
_WORDS = {
    State.MET: Text("已具备", "met"),
    State.PARTLY: Text("部分", "partly"),
    State.LACKING: Text("缺", "lacking"),
    State.OUTSIDE: Text("须另证", "outside"),
}


async def examine(settings: Settings) -> Sequence[Check]:
    """
    Raises:
        StartupFault: there is no database, or it is of another release.
        keys.errors.KeysError: the key store does not open.
    """
    await check_current(settings)
    database = Database(create_engine(settings.database.url, pool_size=1), SystemClock())
    try:
        keys = await build_keys(settings.keys, SystemClock())
        try:
            return checks(await cryptography_facts(settings, database, keys))
        finally:
            await keys.close()
    finally:
        await database.close()


def lines(found: Sequence[Check], language: Language) -> list[str]:
    """For people: state, id and why, then what to do; the note that this is no assessment at the end."""
    said = []
    for one in found:
        said.append(f"{_in(_WORDS[one.state], language):<8} {one.id}")
        said += _indented(_in(one.found, language))
        if one.remedy is not None:
            said += _indented("→ " + _in(one.remedy, language))
    counted = {state: sum(one.state is state for one in found) for state in State}
    summary = ", ".join(f"{_in(_WORDS[state], language)} {number}" for state, number in counted.items())
    return [*said, "", summary, *textwrap.wrap(_in(NOTE, language), _WIDTH)]


def document(found: Sequence[Check]) -> str:
    """For programs, in both languages."""
    rows = [
        {
            "id": one.id,
            "layer": str(one.layer),
            "state": str(one.state),
            "found": _both(one.found),
            "remedy": None if one.remedy is None else _both(one.remedy),
        }
        for one in found
    ]
    return json.dumps({"checks": rows, "note": _both(NOTE)}, ensure_ascii=False, indent=1)


def _in(text: Text, language: Language) -> str:
    return text.zh if language == "zh" else text.en


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _indented(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=" " * 9, subsequent_indent=" " * 9)
