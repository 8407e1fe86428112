"""The demo city on a free port and a browser in front of it, afresh for each module of page tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect, sync_playwright

from api.demo.city import PASSWORD
from api.journey.instance import Instance
from tests.support.messages import finish_in_browser, phone_of
from tests.support.page_shots import CAMERA


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Instance, Path]]:
    """The demo city before anybody did anything, and a copy of all its data."""
    instance = Instance()
    try:
        instance.command("migrate", "--demo")
        copy = tmp_path_factory.mktemp("city") / "founded"
        shutil.copytree(instance.folder, copy)
        yield instance, copy
    finally:
        instance.stop()


@pytest.fixture(scope="module")
def city(founded: tuple[Instance, Path]) -> Iterator[Instance]:
    """The service with the demo city, as `bin/run` starts it; each module finds it untouched, in whatever order."""
    instance = _untouched(founded)
    try:
        instance.start()
        yield instance
    finally:
        instance.stop(keep_data=True)


@pytest.fixture(scope="session")
def national_city() -> Iterator[Instance]:
    """A demo city whose seals have both forms, served; what its modules leave behind stays there."""
    instance = Instance({"profile": "both"})
    try:
        instance.command("migrate", "--demo")
        instance.start()
        yield instance
    finally:
        instance.stop()


@pytest.fixture(scope="module")
def instance(founded: tuple[Instance, Path]) -> Iterator[Instance]:
    """The demo city with nobody serving it, for the command line; untouched as well."""
    made = _untouched(founded)
    with made.settings_restored():
        yield made


def _untouched(founded: tuple[Instance, Path]) -> Instance:
    instance, copy = founded
    shutil.rmtree(instance.folder)
    shutil.copytree(copy, instance.folder)
    return instance


@pytest.fixture(scope="session", autouse=True)
def shots(pytestconfig: pytest.Config) -> None:
    """Pictures of all pages, where `--shots` names a folder for them (`tests.e2e.screenshots --all`)."""
    if folder := pytestconfig.getoption("--shots"):
        CAMERA.folder = Path(folder)
        CAMERA.folder.mkdir(parents=True, exist_ok=True)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    # for one module only: while it is open, Playwright's own event loop keeps asynchronous tests from running
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@dataclass
class Visit:
    """One person's browser window on the service; notes whatever a page complains about."""

    context: BrowserContext
    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))
        self.page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        # the browser itself says so when a page answers 400 or 404; those answers are checked by status
        if message.type in ("error", "warning") and "the server responded with a status of 4" not in message.text:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status} {response.url}")

    def open(self, path: str) -> Response:
        answer = self.page.goto(self.base + path)
        assert answer is not None
        return answer

    def log_in(self, id_number: str) -> None:
        """On the log-in page, by keyboard and as a person would."""
        self.page.fill("#identifier", id_number)
        self.page.fill("#password", PASSWORD)
        self.page.press("#password", "Enter")
        self.page.wait_for_load_state()
        finish_in_browser(self.page, self.base, phone_of(id_number))

    def title(self) -> str:
        return self.page.inner_text("h1")

    def has_focus_at(self, selector: str) -> None:
        """Waits until the page that is arriving has put the focus there; a page has no body yet when its address is."""
        expect(self.page.locator(selector)).to_be_focused()

    def save(self, folder: Path, name: str, click: str) -> bytes:
        """The file that a click hands out."""
        with self.page.expect_download() as waiting:
            self.page.click(click)
        waiting.value.save_as(folder / name)
        return (folder / name).read_bytes()


@pytest.fixture
def visit(city: Instance, browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Opens windows; at the end none of them may have complained (no policy violation, no script error)."""
    opened: list[Visit] = []

    def open_window(**options: object) -> Visit:
        size = {"width": 1280, "height": 800}
        settings = {"viewport": size, "locale": "zh-CN", "reduced_motion": "reduce", **options}
        context = browser.new_context(**settings)  # type: ignore[arg-type]  # names are playwright's own
        window = Visit(context, context.new_page(), city.issuer)
        opened.append(window)
        return window

    yield open_window
    complaints = [one for window in opened for one in window.complaints]
    for window in opened:
        window.context.close()
    assert complaints == []
