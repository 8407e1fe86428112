"""Reads the messages that people get: in a world of objects, in a browser, over HTTP."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from playwright.sync_api import Page

from api.demo import city
from api.journey.visitor import Visitor
from idp.messages.ports import AddressKind, Message, MessageSender

STEP = "/login/step"


class RecordingSender:
    """Implements `MessageSender`: keeps what it gets."""

    def __init__(self) -> None:
        self.reaches = frozenset(AddressKind)
        self.sent: list[Message] = []

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    def to(self, value: str) -> Sequence[Message]:
        return [one for one in self.sent if one.to.value == value]

    def newest_code(self) -> str:
        """Whoever got it; other messages may have been sent since."""
        return next(one.values["code"] for one in reversed(self.sent) if "code" in one.values)

    def code(self, value: str) -> str:
        """The newest code that came to a phone or a mailbox."""
        return next(one.values["code"] for one in reversed(self.to(value)) if "code" in one.values)


_: type[MessageSender] = RecordingSender


def phone_of(id_number: str) -> str:
    """Of somebody in the demo city."""
    return next(one.phone for one in city.PEOPLE if one.id_number == id_number)


def newest_code(html: str, phone: str) -> str:
    """On the demo phone page."""
    found = re.search(rf'data-to="{phone}".*?data-code="([0-9]{{6}})"', html, re.DOTALL)
    assert found is not None, f"no code came to {phone}"
    return found[1]


def finish_in_browser(page: Page, base: str, phone: str) -> None:
    """The second step of a log-in, if the page asks for one: have a code sent, read it, type it."""
    if not urlsplit(page.url).path.startswith(STEP):
        return
    page.click(f"form[action='{STEP}/sms/send'] button")
    page.wait_for_selector("#code")
    code = newest_code(page.context.request.get(f"{base}/demo/phone").text(), phone)
    page.fill("#code", code)
    page.press("#code", "Enter")
    page.wait_for_url(lambda address: not urlsplit(address).path.startswith(STEP))
    page.wait_for_load_state()


def finish_by_http(visitor: Visitor, base: str, phone: str) -> None:
    """The same without a browser."""
    if not visitor.page_path().startswith(STEP):
        return
    visitor.submit(visitor.form())
    form, here = visitor.form(holding="code"), visitor.page
    code = newest_code(visitor.http.get(f"{base}/demo/phone").text, phone)
    visitor.page = here
    visitor.submit(form, code=code)
