"""A citizen's browser, as far as the journey needs one: cookies, redirects, forms sent as they stand."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import httpx


class Form:
    """One form of a page: where it goes, what it already holds, which buttons it has."""

    def __init__(self, action: str, method: str) -> None:
        self.action = action
        self.method = method
        self.values: dict[str, str] = {}
        self.kinds: dict[str, str] = {}
        self.buttons: list[tuple[str, str]] = []
        self.choices: dict[str, list[str]] = {}

    def field(self, kind: str) -> str:
        """Name of the first field of this type."""
        return next(name for name, found in self.kinds.items() if found == kind)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
            self._open = True
        elif self._open and tag in ("input", "button", "select", "textarea") and given.get("name"):
            self._add(tag, given)

    def _add(self, tag: str, given: dict[str, str]) -> None:
        form, kind = self.forms[-1], given.get("type", "submit" if tag == "button" else "text")
        if tag == "button" or kind == "submit":
            form.buttons.append((given["name"], given.get("value", "")))
        if kind == "radio":
            form.choices.setdefault(given["name"], []).append(given.get("value", ""))
        if kind not in ("checkbox", "radio", "submit") or "checked" in given:
            form.values[given["name"]] = given.get("value", "")
            form.kinds[given["name"]] = kind

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False


class Visitor:
    """Walks pages; remembers every hop so that the story can tell it."""

    def __init__(self) -> None:
        self.http = httpx.Client(
            follow_redirects=True, timeout=30, trust_env=False, headers={"Accept": "text/html,*/*"}
        )
        self.page: httpx.Response | None = None

    def open(self, address: str) -> httpx.Response:
        self.page = self.http.get(address)
        return self.page

    def form(self, *, holding: str | None = None) -> Form:
        """The first form of the page that is sent by POST (and has the field or button `holding`)."""
        assert self.page is not None
        parser = _Forms()
        parser.feed(self.page.text)
        for form in parser.forms:
            names = {*form.values, *(name for name, _ in form.buttons)}
            if form.method == "post" and (holding is None or holding in names):
                return form
        raise AssertionError(
            f"no form with {holding or 'POST'} on {self.page.url.path} (status {self.page.status_code})"
        )

    def submit(self, form: Form, **values: str) -> httpx.Response:
        assert self.page is not None
        address = urljoin(str(self.page.url), form.action)
        origin = f"{self.page.url.scheme}://{self.page.url.netloc.decode()}"
        self.page = self.http.post(address, data={**form.values, **values}, headers={"Origin": origin})
        return self.page

    def page_path(self) -> str:
        assert self.page is not None
        return self.page.url.path

    def query(self, name: str) -> str | None:
        """A query parameter of the page's address."""
        assert self.page is not None
        value: str | None = self.page.url.params.get(name)
        return value

    def json(self) -> dict[str, Any]:
        """The page as JSON, as the journey's portals answer."""
        assert self.page is not None
        if "json" not in self.page.headers.get("content-type", ""):
            raise AssertionError(f"expected a portal's answer, got {self.page.status_code} {self.page_path()}")
        answer: dict[str, Any] = self.page.json()
        return answer

    def hops(self) -> list[str]:
        """The redirects that led to the page, as `303 /authorize`."""
        assert self.page is not None
        return [f"{hop.status_code} {hop.url.path}" for hop in self.page.history]

    def close(self) -> None:
        self.http.close()
