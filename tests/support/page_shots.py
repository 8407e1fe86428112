"""Pictures of every page that a browser test judges, at a desktop's and a phone's width, for people to look at."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page

WIDTHS = (1280, 390)
_NAME_OF_ONE = re.compile(r"[a-z]{2,4}_[0-9a-z]{26}|[A-Za-z0-9_-]{32,}")


class Camera:
    """Takes each page once in each state: a page is its address without names of single things, a state its heading."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self._seen: dict[str, list[str]] = {}

    def take(self, page: Page) -> None:
        """Nothing happens unless a folder was named."""
        if self.folder is None:
            return
        name = self._name(page)
        if name is None:
            return
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=self.folder / f"{name}-{width}.png", full_page=True)

    def _name(self, page: Page) -> str | None:
        path = "-".join(_NAME_OF_ONE.sub("one", part) for part in urlsplit(page.url).path.split("/") if part)
        name = f"{path or 'front'}-{page.get_attribute('html', 'lang')}"
        states, state = self._seen.setdefault(name, []), page.inner_text("h1") + page.inner_text("main")[:400]
        if state in states:
            return None
        states.append(state)
        return name if len(states) == 1 else f"{name}-{len(states)}"


CAMERA = Camera()
