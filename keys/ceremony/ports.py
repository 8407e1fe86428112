"""What a ceremony needs of its surroundings: people to talk with, a machine to look at, a place for the root's key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.text import Text
from keys.ports import Signer
from keys.spec import SignatureAlgorithm


class Dialogue(Protocol):
    """The people in the room, through a screen and a keyboard."""

    def tell(self, text: Text) -> None:
        """Show to everybody."""

    def ask(self, question: Text) -> str:
        """An answer that everybody may see, without spaces at its ends.

        Raises:
            keys.ceremony.errors.CeremonyStopped: they gave up.
        """

    def confirm(self, question: Text) -> bool:
        """A plain yes or no; only a typed word counts, not the Enter key alone."""

    def reveal(self, person: str, title: Text, lines: Sequence[str]) -> None:
        """Show a secret to one person only: wait until they are alone, show, wait until they have it, wipe it away."""

    def ask_secret(self, question: Text) -> str:
        """An answer that is not echoed.

        Raises:
            keys.ceremony.errors.CeremonyStopped: they gave up.
        """

    def clear(self) -> None:
        """Wipe the screen, and what can be scrolled back to as far as the terminal allows."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the machine says about itself.

    Attributes:
        networks: interfaces that are up, besides loopback; should be none.
        swap: whether memory may be written to a disk; should not.
        random_ready: the system's random generator says that it is seeded.
        program: SHA-256 over all files of this program, hexadecimal.
        versions: name and version of the program, the interpreter, the crypto library and the system.
    """

    networks: tuple[str, ...]
    swap: bool
    random_ready: bool
    program: str
    versions: dict[str, str]


class Machine(Protocol):
    """The machine that the ceremony runs on."""

    def examine(self) -> Surroundings: ...


@dataclass(frozen=True, slots=True)
class RootKey:
    """The root's key, ready to sign.

    Attributes:
        secret: what opens it again: the private key itself, or what unlocks the token that holds it.
        location: where it lives, when that is a token (a PKCS#11 URI without PIN); empty for a key in memory.
    """

    signer: Signer
    secret: bytes = field(repr=False)
    location: str = ""


class Custody(Protocol):
    """Where the root's private key is made and used."""

    @property
    def name(self) -> str:
        """`software` (in memory, at rest only under the shares) or `pkcs11` (on a token that the shares unlock)."""

    def make(self, algorithm: SignatureAlgorithm, bits: int | None) -> RootKey:
        """A new key.

        Raises:
            keys.errors.KeyRefused: the size is not allowed.
            core.errors.Unavailable: the token does not answer.
        """

    def renew(self, key: RootKey) -> RootKey:
        """The same key under a new secret, where its place has one of its own; else the key as it is."""

    def open(self, algorithm: SignatureAlgorithm, public_key: bytes, location: str, secret: bytes) -> RootKey:
        """The key, opened with its secret.

        Raises:
            core.errors.Unavailable: the token does not answer, or the secret does not belong to the public key.
        """

    def forget(self) -> None:
        """Let go of every key: close what is open, log out of the token."""

    def abandon(self) -> None:
        """The ceremony came to nothing: take back what `make` or `renew` changed outside this process."""
