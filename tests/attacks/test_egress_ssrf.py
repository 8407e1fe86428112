"""O-19, S-16: addresses from outside never make us call inside, wait long or swallow much. Twins must pass."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.egress.errors import AddressRefused, EgressError, FetchFailed
from core.egress.fetch import Egress
from core.egress.rules import EgressRules, HostList
from tests.support.listener import Listener, listening, response

GOOD = b"what was asked for"


@pytest.fixture
async def inside() -> AsyncIterator[Listener]:
    async with listening() as listener:
        listener.answers["/good"] = response(GOOD, "Content-Type: application/pkix-crl")
        yield listener


def rules(listener: Listener, *, inside: Sequence[str] = (), **changes: object) -> EgressRules:
    """Everything but the address is allowed: schemes, and the listener's own port."""
    allowed = EgressRules(
        schemes=frozenset({"http", "https"}),
        ports=frozenset({80, 443, listener.port}),
        inside=HostList.of(inside),
        seconds=1.0,
        most_bytes=4096,
    )
    return replace(allowed, **changes)  # type: ignore[arg-type]


class Names:
    """A resolver whose answers change from one question to the next: DNS rebinding."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers, self.asked = answers, 0

    async def __call__(self, _host: str, _port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


LITERALS = {
    "loopback": "127.0.0.1",
    "loopback-other": "127.8.9.1",
    "zero": "0.0.0.0",
    "zero-short": "0",
    "short": "127.1",
    "decimal": "2130706433",
    "octal": "0177.0.0.1",
    "octal-whole": "017700000001",
    "hexadecimal": "0x7f000001",
    "hexadecimal-dotted": "0x7f.0.0.1",
    "padded": "127.000.000.001",
    "trailing-dot": "127.0.0.1.",
    "full-width": "１２７.０.０.１",
    "ideographic-stop": "127。0。0。1",
    "circled": "①②⑦.⓪.⓪.①",
    "metadata": "169.254.169.254",
    "private-10": "10.0.0.1",
    "private-172": "172.16.0.1",
    "private-192": "192.168.1.1",
    "carrier": "100.64.0.1",
    "benchmark": "198.18.0.1",
    "multicast": "224.0.0.1",
    "broadcast": "255.255.255.255",
    "v6-loopback": "[::1]",
    "v6-unspecified": "[::]",
    "v6-mapped": "[::ffff:127.0.0.1]",
    "v6-mapped-hex": "[::ffff:7f00:1]",
    "v6-compatible": "[::127.0.0.1]",
    "v6-nat64": "[64:ff9b::7f00:1]",
    "v6-nat64-local": "[64:ff9b:1::7f00:1]",
    "v6-6to4": "[2002:7f00:1::]",
    "v6-teredo": "[2001:0:7f00:1::80ff:fffe]",
    "v6-unique-local": "[fc00::1]",
    "v6-link-local": "[fe80::1]",
    "v6-link-local-scoped": "[fe80::1%25lo]",
    "v6-site-local": "[fec0::1]",
    "v6-multicast": "[ff02::1]",
    "percent-encoded": "127.0.0.%31",
}

FORMS = {
    "user-info": "http://example.com@127.0.0.1:{port}/good",
    "user-info-empty": "http://@127.0.0.1:{port}/good",
    "backslash": "http://127.0.0.1:{port}\\@example.com/good",
    "backslash-host": "http:\\\\127.0.0.1:{port}/good",
    "newline": "http://127.0.0.1:{port}/good\r\nX: y",
    "tab": "http://127.0.0.1\t:{port}/good",
    "space": " http://127.0.0.1:{port}/good",
    "nul": "http://127.0.0.1:{port}/\x00",
    "file": "file:///etc/passwd",
    "file-host": "file://127.0.0.1/etc/passwd",
    "gopher": "gopher://127.0.0.1:{port}/_GET",
    "ldap": "ldap://127.0.0.1:{port}/cn=ca?certificateRevocationList",
    "ftp": "ftp://127.0.0.1:{port}/crl",
    "data": "data:text/plain,x",
    "no-scheme": "//127.0.0.1:{port}/good",
    "no-host": "http:///good",
    "empty": "",
    "port-of-another-service": "http://127.0.0.1:22/good",
    "port-too-large": "http://127.0.0.1:99999/good",
    "port-empty-text": "http://127.0.0.1:abc/good",
    "very-long": "http://127.0.0.1:{port}/" + "a" * 5000,
}


@pytest.mark.parametrize("host", LITERALS.values(), ids=LITERALS)
async def test_an_inside_address_in_any_spelling_is_not_called(inside: Listener, host: str) -> None:
    with pytest.raises(EgressError):
        await Egress(rules(inside)).fetch(inside.url("/good", host))
    assert inside.connections == 0


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
async def test_an_address_that_can_be_read_in_two_ways_is_refused_even_where_loopback_is_allowed(
    inside: Listener, form: str
) -> None:
    with pytest.raises(AddressRefused):
        await Egress(rules(inside, inside=["127.0.0.0/8"])).fetch(form.replace("{port}", str(inside.port)))
    assert inside.connections == 0


NAMES = {
    "to-loopback": ["127.0.0.1"],
    "to-loopback-v6": ["::1"],
    "to-metadata": ["169.254.169.254"],
    "to-private": ["10.1.2.3"],
    "to-mapped": ["::ffff:127.0.0.1"],
    "public-first": ["93.184.216.34", "127.0.0.1"],
    "inside-first": ["127.0.0.1", "93.184.216.34"],
    "to-scoped": ["fe80::1%lo"],
    "to-nat64": ["64:ff9b::7f00:1"],
}


@pytest.mark.parametrize("answer", NAMES.values(), ids=NAMES)
async def test_a_name_that_also_leads_inside_is_not_called(inside: Listener, answer: list[str]) -> None:
    with pytest.raises(AddressRefused):
        await Egress(rules(inside), resolver=Names(answer)).fetch(inside.url("/good", "attacker.example"))
    assert inside.connections == 0


async def test_rebinding_finds_no_second_look_up(inside: Listener) -> None:
    """The first answer is judged and is where we connect; what the name says a moment later is never asked."""
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    fetched = await Egress(rules(inside, inside=["127.0.0.1/32"]), resolver=names).fetch(
        inside.url("/good", "rebinding.example")
    )
    assert (fetched.body, names.asked) == (GOOD, 1)
    assert f"Host: rebinding.example:{inside.port}" in inside.requests[0]

    # the attack: public when judged, loopback afterwards. Nothing listens at the public (documentation) address.
    names = Names(["192.0.2.1"], ["127.0.0.1"])
    with pytest.raises(EgressError):
        await Egress(rules(inside), resolver=names).fetch(inside.url("/good", "rebinding.example"))
    assert (inside.connections, names.asked) == (1, 1)


@pytest.mark.parametrize("entry", ["127.0.0.1/32", "127.0.0.0/8"])
async def test_twin_an_inside_address_that_the_operator_listed_is_called(inside: Listener, entry: str) -> None:
    fetched = await Egress(rules(inside, inside=[entry])).fetch(inside.url("/good"))
    assert (fetched.status, fetched.media_type, fetched.body) == (200, "application/pkix-crl", GOOD)


@pytest.mark.parametrize("entry", ["ocsp.inside.example", ".inside.example"])
async def test_twin_an_inside_host_that_the_operator_listed_is_called_by_name(inside: Listener, entry: str) -> None:
    egress = Egress(rules(inside, inside=[entry]), resolver=Names(["127.0.0.1"]))
    assert (await egress.fetch(inside.url("/good", "OCSP.Inside.Example"))).body == GOOD
    for other in ("inside.example.evil.example", "evilinside.example"):
        with pytest.raises(AddressRefused):
            await egress.fetch(inside.url("/good", other))
    assert inside.connections == 1


@pytest.mark.parametrize("answer", ["169.254.169.254", "0.0.0.0", "::ffff:127.0.0.1", "fe80::1", "224.0.0.1"])
async def test_not_even_a_listed_host_leads_to_metadata_or_multicast(inside: Listener, answer: str) -> None:
    egress = Egress(rules(inside, inside=["ocsp.inside.example"]), resolver=Names([answer]))
    with pytest.raises(AddressRefused):
        await egress.fetch(inside.url("/good", "ocsp.inside.example"))


async def test_where_hosts_are_listed_no_other_is_called_or_looked_up(inside: Listener) -> None:
    names = Names(["127.0.0.1"])
    only = rules(inside, inside=["127.0.0.1/32"], only=HostList.of(["crl.ca.example"]))
    with pytest.raises(AddressRefused) as refused:
        await Egress(only, resolver=names).fetch(inside.url("/good", "crl.other.example"))
    assert (refused.value.reason, names.asked, inside.connections) == ("not-listed", 0, 0)
    assert (await Egress(only, resolver=names).fetch(inside.url("/good", "crl.ca.example"))).body == GOOD
    with pytest.raises(AddressRefused):
        await Egress(only.offline(), resolver=names).fetch(inside.url("/good", "crl.ca.example"))
    assert inside.connections == 1


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_a_redirect_is_an_answer_and_not_followed(inside: Listener, status: str) -> None:
    inside.answers["/away"] = response(b"", f"Location: {inside.url('/good')}", status=status)
    fetched = await Egress(rules(inside, inside=["127.0.0.1/32"])).fetch(inside.url("/away"))
    assert (fetched.status, inside.connections) == (int(status[:3]), 1)


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def drip_head(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-Slow: y\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
        await writer.drain()


async def endless_head(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-Large: " + b"y" * 8000 + b"\r\n")
        await writer.drain()


async def silent(_writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


HOSTILE = {
    "silent": (silent, "timeout"),
    "slow-drip": (drip, "timeout"),
    "slow-head": (drip_head, "timeout"),
    "endless-body": (endless, "too-large"),
    "endless-head": (endless_head, "unreachable"),
    "gigabyte": (response(b"", "X: y").replace(b"Length: 0", b"Length: 1000000000"), "too-large"),
    "huge-number": (response(b"").replace(b"Length: 0", b"Length: " + b"9" * 19), "too-large"),
    "one-byte-too-many": (response(b"x" * 4097), "too-large"),
    "gzip": (response(b"x", "Content-Encoding: gzip"), "encoded"),
    "brotli": (response(b"x", "Content-Encoding: br"), "encoded"),
    "stacked": (response(b"x", "Content-Encoding: gzip, identity"), "encoded"),
    "not-http": (b"SSH-2.0-OpenSSH_9.2\r\n", "unreachable"),
    "cut-short": (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "unreachable"),
    "hang-up": (b"", "unreachable"),
}


@pytest.mark.parametrize(("answer", "reason"), HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_answer_costs_little_and_is_no_answer(inside: Listener, answer: object, reason: str) -> None:
    inside.answers["/hostile"] = answer  # type: ignore[assignment]
    with pytest.raises(FetchFailed) as failed:
        await Egress(rules(inside, inside=["127.0.0.1/32"])).fetch(inside.url("/hostile"))
    assert failed.value.reason == reason


async def test_twin_an_answer_of_just_the_allowed_size_is_taken(inside: Listener) -> None:
    inside.answers["/full"] = response(b"x" * 4096, "Content-Encoding: identity")
    assert len((await Egress(rules(inside, inside=["127.0.0.1/32"])).fetch(inside.url("/full"))).body) == 4096


async def test_a_page_is_not_taken_for_a_list(inside: Listener) -> None:
    inside.answers["/page"] = response(b"<html>", "Content-Type: text/html; charset=utf-8")
    egress = Egress(rules(inside, inside=["127.0.0.1/32"]))
    kinds = frozenset({"application/pkix-crl"})
    with pytest.raises(FetchFailed) as failed:
        await egress.fetch(inside.url("/page"), media_types=kinds)
    assert failed.value.reason == "media-type"
    assert (await egress.fetch(inside.url("/good"), media_types=kinds)).body == GOOD


async def test_what_is_sent_names_no_cookie_and_asks_for_no_coding(inside: Listener) -> None:
    inside.answers["/cookie"] = response(b"", "Set-Cookie: a=b")
    egress = Egress(rules(inside, inside=["127.0.0.1/32"]))
    await egress.fetch(inside.url("/cookie"))
    await egress.fetch(inside.url("/good"), method="POST", body=b"asked", headers={"Content-Type": "text/plain"})
    assert "cookie" not in inside.requests[1].lower()
    assert "Accept-Encoding: identity" in inside.requests[1]
    assert inside.bodies[1] == b"asked"


async def test_a_proxy_of_the_surroundings_is_not_used(inside: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{inside.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with listening("127.0.0.2") as other:
        other.answers["/good"] = response(b"other")
        both = replace(rules(inside, inside=["127.0.0.2/32"]), ports=frozenset({other.port}))
        assert (await Egress(both).fetch(other.url("/good", "127.0.0.2"))).body == b"other"
    assert inside.connections == 0


async def test_one_host_gets_a_few_fetches_at_once_and_the_rest_wait_within_their_time(inside: Listener) -> None:
    inside.answers["/silent"] = silent
    egress = Egress(rules(inside, inside=["127.0.0.1/32"], at_once=2))
    tries = [asyncio.create_task(egress.fetch(inside.url("/silent"))) for _ in range(6)]
    ended = await asyncio.gather(*tries, return_exceptions=True)
    assert [one.reason for one in ended if isinstance(one, FetchFailed)] == ["timeout"] * 6
    assert inside.connections == 2
    assert (await egress.fetch(inside.url("/good"))).body == GOOD, "its lane is free again"


def _tls(folder: Path, host: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for `host`, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoded = certificate.public_bytes(serialization.Encoding.PEM)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server").write_bytes(key.private_bytes(*form) + encoded)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "server")
    return server, ssl.create_default_context(cadata=encoded.decode())


async def test_tls_is_for_the_name_and_not_for_the_address(tmp_path: Path) -> None:
    server, client = _tls(tmp_path, "ocsp.ca.example")
    async with listening(tls=server) as listener:
        listener.answers["/good"] = response(GOOD)
        egress = Egress(rules(listener, inside=["127.0.0.1/32"]), resolver=Names(["127.0.0.1"]), tls=client)
        assert (await egress.fetch(f"https://ocsp.ca.example:{listener.port}/good")).body == GOOD
        for other in ("other.example", "127.0.0.1"):
            with pytest.raises(FetchFailed) as failed:
                await egress.fetch(f"https://{other}:{listener.port}/good")
            assert failed.value.reason == "unreachable"
        assert len(listener.requests) == 1


@pytest.mark.parametrize("entry", ["电子认证.政务", ".政务", "xn--vuq861b", "OCSP.例子.测试"])
async def test_twin_names_in_chinese_are_listed_and_called_in_any_spelling(inside: Listener, entry: str) -> None:
    listed = HostList.of([entry])
    name = entry.lstrip(".") if not entry.startswith(".") else f"ocsp{entry}"
    egress = Egress(rules(inside, inside=["127.0.0.1/32"], only=listed), resolver=Names(["127.0.0.1"]))
    assert (await egress.fetch(inside.url("/good", name))).body == GOOD
    assert (await egress.fetch(inside.url("/good", name.replace(".", "。")))).body == GOOD


@pytest.mark.parametrize("entry", ["", ".", "a b", "http://x", "10.0.0.0/33", "10.0.0.1/8", "*", "under_score", "a..b"])
def test_an_entry_that_is_no_host_is_told_at_the_start(entry: str) -> None:
    with pytest.raises(ValueError):
        HostList.of([entry])
