"""What is done with each input, and what must hold of it whatever it is."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable

import pytest
from cryptography import x509

from core.errors import AppError
from core.files.reading import whole
from keys.der import NotDer
from keys.errors import KeyRefused
from keys.public_key import public_key_of
from keys.spec import SignatureAlgorithm
from keys.tsa.errors import TimestampRefused
from keys.tsa.token import read_token
from keys.verification import load_verification_key
from signing.eseal.read import StructureRefused, read_stamp
from signing.isolation.task import decode, encode
from signing.locks import NO_LOCKS
from signing.ofd.facts import PackageFacts, SignatureFact, check_again
from signing.ofd.facts import read_facts as read_package_facts
from signing.ofd.package import read_package
from signing.ofd.seal.plan import OfdPlan, OfdWish, plan_seal
from signing.ofd.seal.stamp import stamp
from signing.ofd.signatures import ROOT
from signing.pades.append import SignatureText
from signing.pades.update import Tail
from signing.places import Placement
from signing.placing.places_found import PlacesFound, find_places
from signing.placing.prepare import Wish, write_update
from signing.verification.cms_reader import UnsupportedSignature, read_container
from signing.verification.facts import FileFacts, findings_of, read_facts
from signing.verification.findings import FileFindings
from tests.support.national_forms import national_form
from tests.support.ofd_world import zipped
from tests.support.signing_world import OFFICE, seal_image

_PLACE = Placement(1, 60, 60)
LOOSE = b"\x1c\x1d\x1e\x1f"
"""Between the files of a package that has no archive around it yet."""
_OFD_WISH = OfdWish((_PLACE,), seal_image(), national_form().seal, "20261126080000Z", False, 1_000_000)
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


def ofd(inputs: Iterable[bytes]) -> Callable[[bytes], None]:
    """Reading a package never raises, and what a good stamp in it covers is what some of `inputs` had."""
    signed = {one for content in inputs for one in _protected(content)}

    def check(content: bytes) -> None:
        assert signed.issuperset(_protected(content)), "a signature over files that nobody signed"

    return check


def ofd_seal(_: Iterable[bytes]) -> Callable[[bytes], None]:
    """Planning a seal in a package ends in a refusal with words, or in a package in which the new seal protects every
    file but the list, and in which no file that was there is another, but for what the list of signatures needs.

    Inputs are packages, or the files of one without an archive around them (`seeds.to_seal`): a change inside of an
    archive seldom comes past its checksums.
    """

    def check(given: bytes) -> None:
        content = given if given.startswith(b"PK") else _archive(given)
        try:
            plan = decode(encode(plan_seal(content, _OFD_WISH)), OfdPlan)
        except AppError as refused:
            if not (refused.text.zh and refused.text.en):
                pytest.fail("a refusal without words")
            return
        made = whole(stamp(plan, national_form(), _WORDS.signed_at).finished(content))
        before, after = read_package(content).files, read_package(made).files
        new = decode(encode(read_package_facts(made)), PackageFacts).signatures[-1]
        assert (new.path, new.changed, new.unprotected) == (plan.path, (), ()), "the new seal does not hold"
        assert _stamped(new), "not what was stamped"
        other = {path for path, octets in before.items() if after.get(path) != octets}
        assert other <= {ROOT, *new.spared}, "a stranger's file was changed"

    return check


def _archive(loose: bytes) -> bytes:
    parts = (one.partition(b"\n") for one in loose.split(LOOSE))
    return zipped({"/" + name.decode("utf-8", "replace"): octets for name, _, octets in parts})


TARGETS = {"verify": verify, "seal": seal, "container": container, "token": token, "ofd": ofd, "ofd-seal": ofd_seal}


def findings(content: bytes) -> FileFindings:
    """As they come out of a cell."""
    return findings_of(content, decode(encode(read_facts(content)), FileFacts))


def _protected(content: bytes) -> list[bytes]:
    """For each stamp that its signer made over this very description and all of whose files are as described: the
    description, and every file of the package."""
    facts = decode(encode(read_package_facts(content)), PackageFacts)
    found = []
    for fact in facts.signatures:
        whole = fact.kind == "Seal" and fact.counts and not (fact.changed or fact.unprotected)
        if whole and _stamped(fact):
            check_again(content, fact)
            found.append(fact.described)
    return found


def _stamped(fact: SignatureFact) -> bool:
    try:
        stamp = read_stamp(fact.value)
        key = load_verification_key(
            public_key_of(x509.load_der_x509_certificate(stamp.signer)), SignatureAlgorithm.SM2_SM3
        )
    except (StructureRefused, KeyRefused, NotDer, ValueError):
        return False
    same = stamp.digest == hashlib.new("sm3", fact.described).digest()
    return same and key.verify(stamp.signature, stamp.signed)


def _places(content: bytes) -> PlacesFound:
    return find_places(content, (_PLACE,), seal_image(), 1_000_000)


def _covered(content: bytes) -> list[bytes]:
    """What each intact signature covers: its revision without its own value."""
    ranges = [one.covered for one in findings(content).signatures if one.covered is not None and one.intact]
    return [content[: one.start] + content[one.end : one.until] for one in ranges]
