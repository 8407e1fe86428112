"""A department sets up a receiver of changes in a browser, and the running service tells it of the next one, signed."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import orjson
import pytest

from api.demo import city as cast
from api.journey.instance import Instance
from core.clock import SystemClock
from core.http_signature import is_signed
from tests.e2e.conftest import Visit
from tests.support.machine import issue, token_of
from tests.support.page_checks import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]


@dataclass
class Receiver:
    """Takes every message and keeps its head and body."""

    address: str = ""
    messages: queue.Queue[tuple[dict[str, str], bytes]] = field(default_factory=queue.Queue)


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.messages.put(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    receiver.address = f"http://127.0.0.1:{server.server_port}/changes"
    try:
        yield receiver
    finally:
        server.shutdown()


def test_a_receiver_is_set_up_told_paused_and_ended(visit: Open, city: Instance) -> None:
    he = visit()
    he.open("/office")
    he.log_in(cast.HE.id_number)
    he.page.click("a:has-text('变更推送')")
    assert faults_of(he.page) == []
    with receiving() as receiver:
        he.page.fill("#name", "公租房业务系统")
        he.page.fill("#address", f"{receiver.address}?token=abc")
        he.page.click("button:has-text('加上')")
        assert he.page.get_attribute("#address", "aria-invalid") == "true"
        assert he.page.input_value("#name") == "公租房业务系统"
        assert faults_of(he.page) == []
        he.page.fill("#address", receiver.address)
        he.page.click("button:has-text('加上')")
        secret, key_id = he.page.inner_text(".secret"), he.page.inner_text(".facts dd")
        assert faults_of(he.page) == []
        with httpx.Client(base_url=city.issuer, trust_env=False) as http:
            issued = issue(
                http, token_of(http, cast.HOUSING_SYSTEM), "e2e-change", (cast.ZHAO.id_number, cast.ZHAO.name)
            )
        headers, body = receiver.messages.get(timeout=60)
    assert is_signed(
        "POST", receiver.address, body, headers, keys={key_id: secret.encode()}, now=SystemClock().now(), most_age=120
    )
    (change,) = orjson.loads(body)["changes"]
    assert (change["licence"], change["state"]) == (issued["id"], "valid")
    assert cast.ZHAO.name.encode() not in body
    he.page.click("text=去接收端页")
    assert faults_of(he.page) == []
    he.page.click("button:has-text('暂停')")
    assert "恢复后接着送" in he.page.inner_text("main .note")
    assert faults_of(he.page) == []
    he.page.click("button:has-text('换一个新密钥')")
    assert "两把一起签" in he.page.inner_text("main")
    he.page.click("text=去接收端页")
    he.page.click("button:has-text('停用旧密钥')")
    he.page.click("summary:has-text('不再推送')")
    he.page.click("button:has-text('确定结束')")
    assert he.title() == "还没有接收端"
    assert faults_of(he.page) == []


def test_a_clerk_has_no_duty_for_it(visit: Open) -> None:
    chen = visit()
    chen.open("/office/subscriptions")
    chen.log_in(cast.CHEN.id_number)
    assert chen.open("/office/subscriptions").status == 403
