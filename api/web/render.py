"""Turns a template and what it shows into an answer with the page's security headers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.deps import container, language
from api.session_cookie import read_session_cookie
from api.web import csrf, words
from api.web.account_area import GROUPS, OVERVIEW, section_at
from api.web.language import HTML_LANG, language_links, remember_language
from api.web.policy import content_security_policy
from api.web.static_files import asset
from api.web.visitor import known_visitor
from core.text import Language, Text

FOLDERS = (Path(__file__).parent / "templates", Path(__file__).parents[1] / "demo" / "portals" / "templates")
_BOLD = re.compile(r"\*\*(.+?)\*\*")


@cache
def environment() -> Environment:
    """The template environment: everything is escaped, an unknown name is an error."""
    made = Environment(
        loader=FileSystemLoader(FOLDERS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        enable_async=False,
    )
    made.globals["asset"] = asset
    made.filters["minute"] = words.minute
    made.filters["second"] = words.second
    made.filters["thousands"] = words.thousands
    return made


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    form_action: Sequence[str] = (),
    frames: Sequence[str] = (),
    **context: object,
) -> Response:
    """A page for a browser.

    Args:
        template: file in one of the template folders.
        form_action: origins, besides our own, that a form on this page may end at.
        frames: origins that frames on this page show.
        context: what the template shows; texts are escaped.
    """
    settings = container(request).ground.settings
    lang = language(request)
    html = environment().get_template(template).render(**_ground(request, lang), **context)
    response = HTMLResponse(html, status, page_headers(form_action, frames))
    response.headers["Content-Language"] = HTML_LANG[lang]
    csrf.keep_secret(request, response, secure=settings.secure)
    remember_language(request, response, secure=settings.secure)
    return response


def page_headers(form_action: Sequence[str] = (), frames: Sequence[str] = ()) -> dict[str, str]:
    """The headers of every page.

    `same-origin` rather than `no-referrer`: under the latter browsers send `Origin: null` with our own forms.
    """
    return {
        "Content-Security-Policy": content_security_policy(form_action, frames),
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }


def _ground(request: Request, lang: Language) -> dict[str, object]:
    """What every template may use."""
    settings = container(request).ground.settings

    def csrf_field() -> Markup:
        token = csrf.form_token(request, read_session_cookie(request), secure=settings.secure)
        return Markup('<input type="hidden" name="{}" value="{}">').format(csrf.FIELD, token)

    return {
        "lang": lang,
        "html_lang": HTML_LANG[lang],
        "languages": language_links(request),
        "t": translator(lang),
        "say": teller(lang),
        "told": lambda text: text.to(lang),
        "day": lambda day: words.day_in_words(day, lang),
        "near": lambda moment: words.near(moment, container(request).ground.clock.now(), lang),
        "csrf_field": csrf_field,
        "visitor": known_visitor(request),
        "path": request.url.path,
        "account_home": OVERVIEW,
        "account_groups": GROUPS,
        "account_section": section_at(request.url.path),
        "password_least": settings.password_least,
        "city": settings.city,
        "operator": settings.operator_name,
        "demo": settings.demo,
        "request_id": getattr(request.state, "request_id", ""),
    }


def translator(lang: Language) -> Callable[[str, str], str]:
    """`t(zh, en)` of the templates."""
    return lambda zh, en: Text(zh, en).to(lang)


def teller(lang: Language) -> Callable[..., Markup]:
    """`say(zh, en, **values)` of the templates: a sentence in which `**…**` is bold and `{name}` is put in, escaped."""

    def say(zh: str, en: str, **values: object) -> Markup:
        sentence = _BOLD.sub(r"<b>\1</b>", str(escape(Text(zh, en).to(lang))))
        return Markup(sentence.format(**{name: escape(value) for name, value in values.items()}))  # noqa: S704 - both parts are escaped

    return say
