"""What every ceremony works with, and what it is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.clock import Clock
from keys.ceremony.ports import Custody, Dialogue, Machine
from keys.spec import SignatureAlgorithm


@dataclass(frozen=True, slots=True)
class Room:
    """The people, the machine, the place of the root's key, and the time."""

    dialogue: Dialogue
    machine: Machine
    custody: Custody
    clock: Clock


@dataclass(frozen=True, slots=True)
class Founding:
    """What is to be founded.

    Attributes:
        organisation: the O of the root's name, such as the city.
        common_name: the CN of the root's name.
        bits: size of the key; None for the algorithm's own.
        threshold, total: how many shares open the key, and how many there are.
        pki_url: where the service publishes certificates and lists; goes into what the root issues.
        requests: PKCS#10 requests of issuing authorities (DER) by the authority's name.
    """

    organisation: str
    common_name: str
    algorithm: SignatureAlgorithm
    bits: int | None
    threshold: int
    total: int
    pki_url: str
    requests: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Orders:
    """What is to be signed with a root that exists. A new revocation list is always made.

    Attributes:
        requests: as in `Founding`.
        revocations: serial numbers (hexadecimal) and the reasons (RFC 5280 §5.3.1).
    """

    pki_url: str
    requests: Mapping[str, bytes] = field(default_factory=dict)
    revocations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resharing:
    """How the root's key is to be split anew."""

    threshold: int
    total: int
