"""Chooses what carries messages to people: the city's gateway, the demo phone, or nothing."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from api.settings import Settings
from api.wiring.ground import Ground
from core.egress.fetch import Egress
from core.egress.port import Fetcher
from core.egress.rules import EgressRules, HostList
from idp.messages.http_gateway import HttpGateway
from idp.messages.ports import MessageSender
from idp.messages.post_office import NoGateway, PostOffice
from idp.messages.stand_in import StandInGateway

_SECONDS = 5.0
_LEAST_KEY = 32


@dataclass(frozen=True)
class MessageServices:
    """The sender, and the work that a worker does for it."""

    sender: MessageSender
    carrying: PostOffice | None = None

    def background(self) -> Iterable[Coroutine[None, None, None]]:
        return () if self.carrying is None else (self.carrying.forever(),)


def build_messages(ground: Ground, fetcher: Fetcher | None = None) -> MessageServices:
    """
    Args:
        fetcher: the way to the gateway; by default one that goes nowhere else.

    Raises:
        ValueError: the key's file is too short.
    """
    settings = ground.settings
    if settings.messages_url and settings.messages_key_file is not None:
        fetcher = fetcher or Egress(_rules(settings))
        key = read_message_key(settings.messages_key_file)
        gateway = HttpGateway(
            fetcher, settings.messages_url, key_id=settings.messages_key_id, key=key, clock=ground.clock
        )
        office = PostOffice(gateway, ground.clock, city=settings.city)
        return MessageServices(office, office)
    if settings.demo:
        return MessageServices(PostOffice(StandInGateway(ground.kv, ground.clock), ground.clock, city=settings.city))
    return MessageServices(NoGateway())


def read_message_key(file: Path) -> bytes:
    """
    Raises:
        ValueError: it cannot be read, or is too short.
    """
    try:
        key = file.read_bytes().strip()
    except OSError:
        raise ValueError(f"YIZHENG_MESSAGES_KEY_FILE: {file} cannot be read") from None
    if len(key) < _LEAST_KEY:
        raise ValueError(f"YIZHENG_MESSAGES_KEY_FILE: {file} holds fewer than {_LEAST_KEY} bytes")
    return key


def _rules(settings: Settings) -> EgressRules:
    """The gateway and nothing else; it may be inside."""
    parts = urlsplit(settings.messages_url)
    host, port = parts.hostname or "", parts.port or {"http": 80, "https": 443}[parts.scheme]
    host_list = HostList.of([f"{host}/32" if host.replace(".", "").isdigit() else host])
    return EgressRules(
        schemes=frozenset({parts.scheme}),
        ports=frozenset({port}),
        only=host_list,
        inside=host_list,
        seconds=_SECONDS,
        at_once=16,
    )
