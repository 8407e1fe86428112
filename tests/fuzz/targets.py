"""What is done with each input, and what must hold of it whatever it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

import pytest

from core.errors import AppError
from keys.der import NotDer
from keys.tsa.errors import TimestampRefused
from keys.tsa.token import read_token
from signing.isolation.task import decode, encode
from signing.locks import NO_LOCKS
from signing.pades.append import SignatureText
from signing.pades.update import Tail
from signing.places import Placement
from signing.placing.places_found import PlacesFound, find_places
from signing.placing.prepare import Wish, write_update
from signing.verification.cms_reader import UnsupportedSignature, read_container
from signing.verification.facts import FileFacts, findings_of, read_facts
from signing.verification.findings import FileFindings
from tests.support.signing_world import OFFICE, seal_image

_PLACE = Placement(1, 60, 60)
_WORDS = SignatureText("Signature9", OFFICE, dt.datetime(2026, 11, 23, tzinfo=dt.UTC), "")


def verify(inputs: Iterable[bytes]) -> Callable[[bytes], None]:
    """Judging a file never raises, and no input has a signature that is intact over bytes that `inputs` had not."""
    signed = {covered for content in inputs for covered in _covered(content)}

    def check(content: bytes) -> None:
        assert signed.issuperset(_covered(content)), "a signature over bytes that nobody signed"

    return check


def seal(_: Iterable[bytes]) -> Callable[[bytes], None]:
    """Reading a file for sealing ends in an update or in a refusal with words."""

    def check(content: bytes) -> None:
        wish = Wish((_PLACE,), NO_LOCKS, _WORDS, seal_image(), 4096, 1_000_000)
        for kind, work in ((Tail, lambda: write_update(content, wish)), (PlacesFound, lambda: _places(content))):
            try:
                decode(encode(work()), kind)
            except AppError as refused:
                if not (refused.text.zh and refused.text.en):
                    pytest.fail("a refusal without words")

    return check


def container(_: Iterable[bytes]) -> Callable[[bytes], None]:
    """Signature containers are read, or refused by name."""

    def check(content: bytes) -> None:
        try:
            read = read_container(content)
            read.signature_is_good()
        except (NotDer, UnsupportedSignature):
            return

    return check


def token(_: Iterable[bytes]) -> Callable[[bytes], None]:
    """Time-stamp tokens are read, or refused by name."""

    def check(content: bytes) -> None:
        try:
            read_token(content)
        except TimestampRefused:
            return

    return check


TARGETS = {"verify": verify, "seal": seal, "container": container, "token": token}


def findings(content: bytes) -> FileFindings:
    """As they come out of a cell."""
    return findings_of(content, decode(encode(read_facts(content)), FileFacts))


def _places(content: bytes) -> PlacesFound:
    return find_places(content, (_PLACE,), seal_image(), 1_000_000)


def _covered(content: bytes) -> list[bytes]:
    """What each intact signature covers: its revision without its own value."""
    ranges = [one.covered for one in findings(content).signatures if one.covered is not None and one.intact]
    return [content[: one.start] + content[one.end : one.until] for one in ranges]
