"""Ports of the messages: who hands them over, and the gateway that carries them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from core.text import Language


class AddressKind(StrEnum):
    """How somebody is reached."""

    SMS = "sms"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message goes: a mobile number of eleven digits, or a mailbox."""

    kind: AddressKind
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """A message to be sent.

    Attributes:
        template: its name in `idp.messages.templates`.
        values: what the template puts in; may be secret.
        useful_for: seconds after which it is not worth sending any more.
    """

    to: Address
    template: str
    language: Language
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    useful_for: int = 86400


class MessageSender(Protocol):
    """Takes messages for delivery."""

    @property
    def reaches(self) -> frozenset[AddressKind]:
        """The kinds of address that messages can be sent to; empty without a gateway."""

    async def send(self, message: Message) -> None:
        """Take a message; never fails and tells nothing about its arrival, so that no answer of ours can either.

        A message that cannot be sent is given up and counted.
        """


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in its words, as a gateway gets it.

    Attributes:
        id: of the message; the same at every try, so that the gateway can drop what it has already.
        subject: of an e-mail; empty for a text message.
    """

    id: str
    to: Address
    text: str = field(repr=False)
    subject: str = ""


class GatewayRefused(Exception):
    """The gateway does not take this message, now or later."""


class GatewayBusy(Exception):
    """The gateway did not answer, or not now; trying again may help."""


class MessageGateway(Protocol):
    """Carries messages to people."""

    async def deliver(self, letter: Letter) -> None:
        """
        Raises:
            GatewayRefused, GatewayBusy.
        """
