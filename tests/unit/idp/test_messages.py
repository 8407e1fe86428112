"""Messages: their words, their signature, what is tried again and what is given up."""

from __future__ import annotations

import asyncio
import string
from collections.abc import Callable, Mapping
from pathlib import Path

import orjson
import pytest

from api.settings import Settings
from api.wiring.messages import _rules, read_message_key
from core.egress.errors import AddressRefused, FetchFailed
from core.egress.port import Fetched
from core.http_signature import is_signed, signature_headers
from core.kv.embedded import EmbeddedKeyValueStore
from core.text import Language
from idp.messages.http_gateway import HttpGateway
from idp.messages.ports import Address, AddressKind, GatewayBusy, GatewayRefused, Letter, Message
from idp.messages.post_office import NoGateway, PostOffice
from idp.messages.stand_in import StandInGateway
from idp.messages.templates import CODE_TO_LOG_IN, TEMPLATES, letter
from tests.support.clock import FakeClock

KEY, URL = b"k" * 32, "https://gateway.example.test/messages"
TO = Address(AddressKind.SMS, "13900000001")
CODE = Message(TO, CODE_TO_LOG_IN, "zh", {"code": "123456", "minutes": "5"}, useful_for=300)


class Gateway:
    """Answers as a test says, and keeps what arrived."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.got: list[Letter] = []
        self.tried: list[str] = []
        self.arrived = asyncio.Event()

    async def deliver(self, one: Letter) -> None:
        self.tried.append(one.id)
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        self.got.append(one)
        self.arrived.set()


class Wire:
    """Implements `core.egress.port.Fetcher`."""

    def __init__(self, answer: Callable[[], Fetched]) -> None:
        self.answer = answer
        self.sent: list[tuple[str, bytes, Mapping[str, str]]] = []

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        media_types: frozenset[str] | None = None,
    ) -> Fetched:
        self.sent.append((url, body, headers or {}))
        return self.answer()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_message_says_who_sends_it_in_both_languages(clock: FakeClock, language: Language) -> None:
    for name, template in TEMPLATES.items():
        fields = {field for _, field, _, _ in string.Formatter().parse(template.text.to(language)) if field}
        values = dict.fromkeys(fields, "123456")
        sms = letter(Message(TO, name, language, values), clock, city="示例市")
        mail = letter(Message(Address(AddressKind.EMAIL, "a@b.test"), name, language, values), clock, city="示例市")
        assert sms.text.startswith("【示例市一证】" if language == "zh" else "[示例市 Yizheng]")
        assert "{" not in sms.text
        assert "http" not in sms.text, "nobody shall learn to follow links in messages"
        assert (sms.subject, bool(mail.subject)) == ("", True)
        assert ("code" in fields) == ("code" in name), "what carries a code is named so"


async def test_a_message_is_tried_again_until_it_is_not_worth_it(clock: FakeClock) -> None:
    busy = Gateway(GatewayBusy("http-503"), GatewayBusy("timeout"))
    office = PostOffice(busy, clock, city="示例市")
    work = asyncio.create_task(office.forever())
    await asyncio.sleep(0)
    await office.send(CODE)
    async with asyncio.timeout(20):
        await busy.arrived.wait()
    assert len(set(busy.tried)) == 1, "the same id at every try"
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert (office.counts.delivered, office.counts.late) == (1, 0)


async def test_what_is_refused_or_late_is_given_up_and_counted(clock: FakeClock) -> None:
    office = PostOffice(Gateway(GatewayRefused("http-400"), GatewayBusy("http-503"), None), clock, city="示例市")
    for _ in range(3):
        await office.send(CODE)  # nobody carries: at once, and never again
    assert (office.counts.refused, office.counts.late, office.counts.delivered) == (1, 1, 1)


async def test_too_many_waiting_are_dropped_and_nobody_learns_of_it(clock: FakeClock) -> None:
    office = PostOffice(Gateway(), clock, city="示例市", room=2)
    office._open = True
    for _ in range(5):
        await office.send(CODE)
    assert office.counts.dropped == 3
    await NoGateway().send(CODE)
    assert NoGateway().reaches == frozenset()


async def test_the_gateway_gets_a_signed_request(clock: FakeClock) -> None:
    wire = Wire(lambda: Fetched(202, "application/json", b"{}"))
    await HttpGateway(wire, URL, key_id="city", key=KEY, clock=clock).deliver(letter(CODE, clock, city="示例市"))
    ((url, body, headers),) = wire.sent
    sent = orjson.loads(body)
    assert (url, sent["channel"], sent["to"], sent["subject"]) == (URL, "sms", TO.value, None)
    assert "123456" in sent["text"]
    lower = {name.lower(): value for name, value in headers.items()}
    assert is_signed("POST", URL, body, lower, keys={"city": KEY}, now=clock.now())


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        (lambda: Fetched(400, "", b""), GatewayRefused),
        (lambda: Fetched(302, "", b""), GatewayRefused),
        (lambda: Fetched(429, "", b""), GatewayBusy),
        (lambda: Fetched(503, "", b""), GatewayBusy),
        (lambda: _raise(FetchFailed("timeout")), GatewayBusy),
        (lambda: _raise(AddressRefused("inside")), GatewayRefused),
    ],
)
async def test_what_the_gateway_answers(
    clock: FakeClock, answer: Callable[[], Fetched], raised: type[Exception]
) -> None:
    gateway = HttpGateway(Wire(answer), URL, key_id="city", key=KEY, clock=clock)
    with pytest.raises(raised):
        await gateway.deliver(letter(CODE, clock, city="示例市"))


def _raise(error: Exception) -> Fetched:
    raise error


def test_o_71_a_signature_covers_method_address_body_and_moment(clock: FakeClock) -> None:
    now, keys = clock.now(), {"city": KEY}
    made = signature_headers("POST", URL, b"body", key_id="city", key=KEY, at=now)
    headers = {name.lower(): value for name, value in made.items()}
    assert is_signed("POST", URL, b"body", headers, keys=keys, now=now)
    assert not is_signed("PUT", URL, b"body", headers, keys=keys, now=now)
    assert not is_signed("POST", f"{URL}/x", b"body", headers, keys=keys, now=now)
    assert not is_signed("POST", URL, b"other", headers, keys=keys, now=now)
    assert not is_signed("POST", URL, b"body", headers, keys={"city": b"x" * 32}, now=now)
    assert not is_signed("POST", URL, b"body", headers, keys={"other": KEY}, now=now)
    clock.advance(61)
    assert not is_signed("POST", URL, b"body", headers, keys=keys, now=clock.now())
    for name in headers:
        assert not is_signed("POST", URL, b"body", headers | {name: ""}, keys=keys, now=now)


async def test_the_stand_in_keeps_the_newest_and_each_message_once(clock: FakeClock, tmp_path: Path) -> None:
    kv = EmbeddedKeyValueStore(tmp_path / "kv.db", clock)
    gateway = StandInGateway(kv, clock)
    letters = [letter(CODE, clock, city="示例市") for _ in range(70)]
    await asyncio.gather(*(gateway.deliver(one) for one in letters[:5]))
    assert {one.id for one in await gateway.read()} == {one.id for one in letters[:5]}
    for one in [*letters[5:], letters[-1]]:
        await gateway.deliver(one)
    kept = await gateway.read()
    assert [one.id for one in kept] == [one.id for one in letters[:9:-1]]
    await kv.close()


def test_settings_of_the_gateway(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"short")
    with pytest.raises(ValueError, match="32 bytes"):
        read_message_key(key)
    key.write_bytes(KEY + b"\n")
    assert read_message_key(key) == KEY
    with pytest.raises(ValueError, match="go together"):
        Settings(messages_url=URL)
    settings = Settings(messages_url="http://10.1.2.3:8080/sms", messages_key_file=key)
    assert any("MESSAGES_URL" in fault for fault in settings.unsafe_in_production())
    rules = _rules(settings)
    assert rules.schemes == {"http"}
    assert 8080 in rules.ports
    assert 80 not in rules.ports
