"""The protocol of a ceremony: who did what when, with digests of everything that came in and went out.

Each protocol names the one before it by its digest, so that none can be left out or changed later.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.text import Text
from keys.ceremony.canonical import canonical, digest, read_canonical
from keys.ceremony.errors import CeremonyRefused
from keys.ceremony.model import Event, Holder, Issued, Kind, Person, Role
from keys.ceremony.ports import Surroundings

FILE = "protocol.json"
SIGNATURE_FILE = "protocol.p7s"
READABLE_FILES = ("protocol.txt", "protocol.html")
HISTORY = "history"
_FORMAT = "yizheng-ceremony-protocol-v1"


@dataclass(frozen=True, slots=True)
class RootFacts:
    """What a protocol says about the root.

    Attributes:
        sha256: of the certificate.
        custody: where its key lives, as in the sealed file.
    """

    sha256: str
    subject: str
    algorithm: str
    bits: int
    not_before: dt.datetime
    not_after: dt.datetime
    custody: str


@dataclass(frozen=True, slots=True)
class Sharing:
    """How the root's key is split at the end of the ceremony."""

    set_id: str
    threshold: int
    holders: tuple[Holder, ...]


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """One person's own words at the end, typed by them."""

    name: str
    at: dt.datetime
    text: Text


@dataclass(frozen=True, slots=True)
class Protocol:
    """Everything that is signed.

    Attributes:
        number: 1 for the founding ceremony, then one more each time.
        previous: SHA-256 of the protocol before; None for the first.
        inputs, outputs: file names and their SHA-256.
        issued: all certificates that this root ever signed, this ceremony's included.
        crl_number: of the newest revocation list.
    """

    kind: Kind
    number: int
    previous: str | None
    place: str
    began: dt.datetime
    ended: dt.datetime
    people: tuple[Person, ...]
    machine: Surroundings
    root: RootFacts
    sharing: Sharing
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    issued: tuple[Issued, ...]
    crl_number: int
    events: tuple[Event, ...]
    acknowledgements: tuple[Acknowledgement, ...]

    def to_bytes(self) -> bytes:
        """Canonical JSON: what is signed and hashed."""
        return canonical({"format": _FORMAT} | {name: _plain(getattr(self, name)) for name in self.__slots__})


def read_protocol(data: bytes) -> Protocol:
    """
    Raises:
        CeremonyRefused: not a protocol in canonical form.
    """
    value = read_canonical(data, form=_FORMAT, name=FILE)
    try:
        protocol = _parsed(value)
    except (KeyError, TypeError, ValueError, AttributeError):
        protocol = None
    if protocol is None or protocol.to_bytes() != data:
        raise CeremonyRefused(Text(f"{FILE} 的内容不完整。", f"{FILE} lacks something that a protocol must say."))
    return protocol


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    """SHA-256 of each file."""
    return {name: digest(content) for name, content in files.items()}


def history_name(number: int, file: str) -> str:
    """Where a folder keeps the protocol of an earlier ceremony."""
    return f"{HISTORY}/{number:04d}.{file}"


def _plain(value: object) -> Any:
    """As JSON has it: moments in UTC, texts in both languages."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, str | int | None):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, Sequence):
        return [_plain(one) for one in value]
    names: Sequence[str] = type(value).__slots__  # type: ignore[attr-defined]  # all our records have slots
    return {name: _plain(getattr(value, name)) for name in names}


def _parsed(value: dict[str, Any]) -> Protocol:
    sharing = value["sharing"]
    root = value["root"]
    return Protocol(
        kind=Kind(value["kind"]),
        number=value["number"],
        previous=value["previous"],
        place=value["place"],
        began=_moment(value["began"]),
        ended=_moment(value["ended"]),
        people=tuple(Person(one["name"], one["organisation"], _roles(one["roles"])) for one in value["people"]),
        machine=Surroundings(**value["machine"] | {"networks": tuple(value["machine"]["networks"])}),
        root=RootFacts(**root | {"not_before": _moment(root["not_before"]), "not_after": _moment(root["not_after"])}),
        sharing=Sharing(sharing["set_id"], sharing["threshold"], tuple(Holder(**one) for one in sharing["holders"])),
        inputs=dict(value["inputs"]),
        outputs=dict(value["outputs"]),
        issued=tuple(_issued(one) for one in value["issued"]),
        crl_number=value["crl_number"],
        events=tuple(
            Event(_moment(one["at"]), one["step"], one["who"], _text(one["text"]), one["answer"])
            for one in value["events"]
        ),
        acknowledgements=tuple(
            Acknowledgement(one["name"], _moment(one["at"]), _text(one["text"])) for one in value["acknowledgements"]
        ),
    )


def _issued(one: dict[str, Any]) -> Issued:
    revoked = one["revoked_at"]
    moments = {"not_after": _moment(one["not_after"]), "revoked_at": None if revoked is None else _moment(revoked)}
    return Issued(**one | moments)


def _roles(names: Sequence[str]) -> tuple[Role, ...]:
    return tuple(Role(name) for name in names)


def _text(both: dict[str, str]) -> Text:
    return Text(both["zh"], both["en"])


def _moment(text: str) -> dt.datetime:
    return dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC)
