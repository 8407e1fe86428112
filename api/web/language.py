"""The language of a page: how it is chosen, remembered and switched without leaving the page."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from api.deps import LANGUAGE_COOKIE, language
from core.text import Language

HTML_LANG: dict[Language, str] = {"zh": "zh-CN", "en": "en"}
LABELS: dict[Language, str] = {"zh": "中文", "en": "EN"}
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """One half of the switch in the header."""

    language: Language
    label: str
    html_lang: str
    href: str
    current: bool


def language_links(request: Request) -> tuple[LanguageLink, ...]:
    """Links to this very page in both languages; every other query parameter is kept."""
    now = language(request)
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return tuple(
        LanguageLink(one, label, HTML_LANG[one], f"?{urlencode([*kept, ('lang', one)])}", one == now)
        for one, label in LABELS.items()
    )


def remember_language(request: Request, response: Response, *, secure: bool) -> None:
    """Keep an explicit choice (`?lang=`) for a year. The cookie holds nothing else, so it needs no consent."""
    if request.query_params.get("lang"):
        response.set_cookie(
            LANGUAGE_COOKIE, language(request), max_age=_YEAR, path="/", secure=secure, httponly=True, samesite="lax"
        )
