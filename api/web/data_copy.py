"""The copy of a person's data as a ZIP file: JSON for machines, one page for people, which needs nothing else."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from api.web.render import environment, translator
from core.text import Language, Text

_STAMP = (1980, 1, 1, 0, 0, 0)  # the moment is inside; the same copy is the same file


@dataclass(frozen=True, slots=True)
class CopyChapter:
    """One chapter as the page shows it; `entries` are labels and values in the person's language."""

    name: str
    title: str
    about: str
    entries: Sequence[Sequence[tuple[str, str]]] = field(repr=False)


def zipped(content: bytes, language: Language) -> bytes:
    """
    Args:
        content: what `idp.export.work` kept.
    """
    copy: dict[str, Any] = orjson.loads(content)
    plain = {"made_at": copy["made_at"], **{one["name"]: one["entries"] for one in copy["chapters"]}}
    files = {
        "data.json": orjson.dumps(plain, option=orjson.OPT_INDENT_2),
        "index.html": _page(copy, language).encode(),
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, octets in files.items():
            archive.writestr(zipfile.ZipInfo(name, _STAMP), octets, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _page(copy: Mapping[str, Any], language: Language) -> str:
    chapters = [_chapter(one, language) for one in copy["chapters"]]
    template = environment().get_template("data_copy_file.html")
    return template.render(lang=language, t=translator(language), made_at=copy["made_at"], chapters=chapters)


def _chapter(one: Mapping[str, Any], language: Language) -> CopyChapter:
    labels = {name: label[language] for name, label in one["labels"].items()}
    entries = [
        [(labels.get(name, name), _shown(value, language)) for name, value in entry.items() if value not in (None, [])]
        for entry in one["entries"]
    ]
    return CopyChapter(one["name"], one["title"][language], one["about"][language], entries)


def _shown(value: object, language: Language) -> str:
    if isinstance(value, bool):
        return Text("是", "yes").to(language) if value else Text("否", "no").to(language)
    if isinstance(value, Mapping):
        return str(value[language])
    if isinstance(value, list):
        return ("、" if language == "zh" else ", ").join(str(one) for one in value)
    return str(value)
