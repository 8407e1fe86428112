"""Looks through a package that is to be sealed and says what the sealed one will be (GB/T 33190-2016 §18); in a cell.

The new signature protects every file: pages, resources, earlier signatures with their values, its own seal. Only the
list of signatures stays outside, for others to sign behind it, and the signature's own two files. What an earlier
signature protects is never touched. The list can be protected too: then the package is closed.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, field

from lxml import etree

from core.files.scratch import FileBytes
from signing.errors import too_large
from signing.isolation.task import Task
from signing.model import SealImage
from signing.ofd.package import MOST_ENTRIES, Package, PackageRefused, located
from signing.ofd.refusing import refusing
from signing.ofd.seal.archive import Entry
from signing.ofd.seal.opened import OpenPackage, opened
from signing.ofd.seal.pages import OfdPages
from signing.ofd.seal.places import resolve_in
from signing.ofd.seal.refusals import broken_before, locked, several_documents
from signing.ofd.seal.signature_xml import SM3, longer_list, signature_xml, with_list_named
from signing.ofd.signatures import MOST_SIGNATURES, ROOT, bounded, only_body, read_signatures
from signing.ofd.xml import all_of, needed, parse, text_of
from signing.places import Place
from signing.placing.places_found import PlaceFound, PlacesFound

_SM3_NAMES = frozenset({SM3, "SM3"})
_MOST_FOLDERS = 1000
_ADDED = 4  # files, at most


@dataclass(frozen=True, slots=True)
class OfdWish:
    """How a package shall be sealed.

    Attributes:
        seal: SESeal, DER.
        time: SignatureDateTime.
        closed: nobody may sign behind it.
        limit: the largest package, in octets.
    """

    places: Sequence[Place]
    image: SealImage
    seal: bytes = field(repr=False)
    time: str
    closed: bool
    limit: int


@dataclass(frozen=True, slots=True)
class OfdPlan:
    """The sealed package but for its signed value.

    Attributes:
        entries: its files in order; the signed value comes behind them.
        path: of Signature.xml, which the stamp names.
        value_path: where the signed value goes.
        description: Signature.xml, whose SM3 is stamped.
        places: where the seal is seen.
    """

    entries: tuple[Entry, ...]
    path: str
    value_path: str
    description: bytes = field(repr=False)
    places: tuple[PlaceFound, ...]


def plan_seal(ofd: FileBytes, wish: OfdWish) -> OfdPlan:
    """Inside the cell.

    Raises:
        OfdRefused, PlacementInvalid: it cannot be sealed, or not there.
        core.errors.LimitExceeded: `too-large`.
    """
    if len(ofd) > wish.limit:
        raise too_large(wish.limit)
    with refusing(), opened(ofd) as files:
        return _Planning(files).plan(wish)


def check_ofd(ofd: FileBytes, limit: int) -> bool:
    """Inside the cell: whether a package can be sealed at all; it can, or this raises.

    Raises:
        OfdRefused, core.errors.LimitExceeded: as `plan_seal`.
    """
    if len(ofd) > limit:
        raise too_large(limit)
    with refusing(), opened(ofd) as files:
        _Planning(files).check()
    return True


def places_in(ofd: FileBytes, places: Sequence[Place], image: SealImage, limit: int) -> PlacesFound:
    """Inside the cell: where a seal would stand.

    Raises:
        OfdRefused, PlacementInvalid, core.errors.LimitExceeded: as `plan_seal`.
    """
    if len(ofd) > limit:
        raise too_large(limit)
    with refusing(), opened(ofd) as files:
        planning = _Planning(files)
        planning.check()
        spots = resolve_in(planning.pages(), places, image)
        return PlacesFound(planning.pages().count, tuple(spot.place for spot in spots), ())


PLAN = Task(plan_seal, OfdPlan)
CHECK_OFD = Task(check_ofd, bool)
OFD_PLACES = Task(places_in, PlacesFound)


class _Planning:
    def __init__(self, files: OpenPackage) -> None:
        self._files = files
        self._package = Package(files)
        self._root = parse(self._package[ROOT], "OFD")
        if len(all_of(self._root, "DocBody")) != 1:
            raise several_documents()
        body = only_body(self._root)
        self._document = located(ROOT, needed(text_of(body, "DocRoot"), "DocRoot"))
        self._named = text_of(body, "Signatures")
        self._folded = {path.casefold() for path in files}

    def pages(self) -> OfdPages:
        return OfdPages(self._package, self._document, parse(self._package[self._document], "Document"))

    def check(self) -> dict[str, bytes]:
        """Whether a seal can follow at all, and the package be verified then; answers the digest of every file.

        Raises:
            OfdRefused: `ofd-locked`, `ofd-signature-broken`.
            PackageRefused
        """
        self.pages()
        listed = self._list_path()
        signatures = read_signatures(self._package).signatures if listed in self._files else ()
        digests = {path: self._files.digest(path) for path in self._files}
        for one in signatures:
            if any(reference.path == listed for reference in one.references):
                raise locked()
            by_sm3 = one.digest_method in _SM3_NAMES  # others do not count, and bind nobody
            if by_sm3 and any(digests.get(reference.path) != reference.digest for reference in one.references):
                raise broken_before()
            for path in filter(None, (one.value_path, one.seal_path)):
                bounded(self._package[path])
        if len(signatures) >= MOST_SIGNATURES or len(self._files) > MOST_ENTRIES - _ADDED:
            raise PackageRefused("too-large", "no room for one more signature")
        return digests

    def plan(self, wish: OfdWish) -> OfdPlan:
        listed, digests = self._list_path(), self.check()
        spots = resolve_in(self.pages(), wish.places, wish.image)
        folder = self._folder(listed)
        path, value, seal = (f"{folder}/{name}" for name in ("Signature.xml", "SignedValue.dat", "Seal.esl"))
        changed = self._changed(listed, path)
        protected = digests | {one: _sm3(content) for one, content in changed.items()} | {seal: _sm3(wish.seal)}
        if not wish.closed:
            protected.pop(listed, None)
        description = signature_xml(protected, spots, wish.image, time=wish.time, seal_path=seal, value_path=value)
        added = changed | {path: description, seal: wish.seal}
        return OfdPlan(self._entries(added), path, value, description, tuple(spot.place for spot in spots))

    def _list_path(self) -> str:
        """Where the list is, or will be."""
        if self._named is not None:
            return located(ROOT, needed(self._named, "Signatures"))
        beside = posixpath.dirname(self._document).rstrip("/")
        for folder in ("Signs", *(f"Signs_{number}" for number in range(1, _MOST_FOLDERS))):
            if not self._taken(f"{beside}/{folder}"):
                return f"{beside}/{folder}/Signatures.xml"
        raise PackageRefused("xml", "no room for signatures")

    def _folder(self, listed: str) -> str:
        """A folder of its own for the signature, with nobody's file in it; its path goes into an IA5String."""
        beside = posixpath.dirname(listed).rstrip("/")
        beside = beside if beside.isascii() else "/Signs"
        for number in range(_MOST_FOLDERS):
            if not self._taken(f"{beside}/Sign_{number}"):
                return f"{beside}/Sign_{number}"
        raise PackageRefused("too-large", "signatures")

    def _taken(self, folder: str) -> bool:
        folded = folder.casefold()
        return any(one == folded or one.startswith(folded + "/") for one in self._folded)

    def _changed(self, listed: str, path: str) -> dict[str, bytes]:
        """What the signature changes beside adding its own files: the list, and who names it."""
        earlier: etree._Element | None = None
        if listed in self._files:
            earlier = parse(self._package[listed], "Signatures")
        changed = {listed: longer_list(earlier, path)}
        if self._named is None:  # before the first signature, so that none is broken by it
            changed[ROOT] = with_list_named(self._root, listed)
        return changed

    def _entries(self, added: dict[str, bytes]) -> tuple[Entry, ...]:
        """All that was there in its order, what changed in its place, what is new behind it."""
        there = tuple(Entry(path[1:], added[path]) if path in added else self._files.kept(path) for path in self._files)
        return there + tuple(Entry(path[1:], content) for path, content in added.items() if path not in self._files)


def _sm3(content: bytes) -> bytes:
    return hashlib.new("sm3", content).digest()
