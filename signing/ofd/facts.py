"""What a cell says of an OFD, and what is checked over again outside.

The cell (`signing.isolation`) unpacks the package and reads its XML, which take parsers that anything may happen to.
What it answers of a signature counts only after three things were done outside: the stamp was judged over the octets
of its Signature.xml; these octets, signed by somebody we trust, were read once more; and every file of the package was
unpacked piece by piece and its digest compared with what stands in them. So a file that took its cell over could at
most pass off files as those of later signatures; it can neither make a signature nor hide a change.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from core.files.scratch import FileBytes
from signing.isolation.task import Task
from signing.ofd.archive import pieces_of
from signing.ofd.coverage import DIGESTS, changed_files, spared_files, unprotected_files
from signing.ofd.package import LARGEST_PACKAGE, Package, PackageRefused, files_of, located
from signing.ofd.seal.opened import OpenPackage
from signing.ofd.signatures import ROOT, SignatureList, bounded, describe_signature, read_signatures
from signing.ofd.xml import all_of, one_of, parse, text_of

_MOST_NAMES, _LONGEST = 200, 2000
_MOST_PAGES = 20_000


@dataclass(frozen=True, slots=True)
class SignatureFact:
    """One signature.

    Attributes:
        described: octets of its Signature.xml.
        value: of its signed value.
        seal: of the seal that lies beside it, where there is one.
        changed, unprotected: files, as `signing.verification.report.ProtectedFiles` has them.
        spared: files that it need not protect.
        seen_on: pages on which the seal is shown, from 1.
    """

    id: str
    kind: str
    path: str
    described: bytes = field(repr=False)
    value: bytes = field(repr=False)
    seal: bytes | None = field(repr=False)
    counts: bool
    references: int
    changed: tuple[str, ...]
    unprotected: tuple[str, ...]
    spared: tuple[str, ...]
    seen_on: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """An OFD.

    Attributes:
        refused: a short stable word; empty for a package that can be read.
        pages: their files, in their order.
        names: CustomData.
    """

    refused: str = ""
    signatures: tuple[SignatureFact, ...] = ()
    pages: tuple[str, ...] = ()
    names: dict[str, str] = field(default_factory=dict, repr=False)


def read_facts(content: FileBytes) -> PackageFacts:
    """Inside."""
    try:
        if len(content) > LARGEST_PACKAGE:
            raise PackageRefused("too-large", "the file")
        files = OpenPackage(content)
        if ROOT not in files:
            return PackageFacts("not-an-ofd")
        package, digests = Package(files), {path: files.digest(path) for path in files}
        listed = read_signatures(package)
        pages = _pages(package)
        signatures = tuple(_fact(package, digests, listed, place, pages) for place in range(len(listed.signatures)))
        return PackageFacts("", signatures, tuple(path for _, path in pages), _names(package))
    except PackageRefused as refused:
        return PackageFacts(refused.reason)


PACKAGE_FACTS = Task(read_facts, PackageFacts)


class FactsDoNotFit(Exception):
    """What was said of a package is not true of it."""


def check_again(content: FileBytes, fact: SignatureFact) -> None:
    """Outside, for a signature whose stamp is good: reads what it signed, and unpacks what it protects.

    Raises:
        FactsDoNotFit
    """
    try:
        digests = {path: _digest(pieces_of(content, entry)) for path, entry in files_of(content)}
        signature = describe_signature(fact.described, fact.path, id=fact.id, kind=fact.kind)
    except PackageRefused as refused:
        raise FactsDoNotFit from refused
    own = digests.get(fact.path)
    counts = signature.digest_method in DIGESTS
    found = changed_files(signature, digests) if counts else (), unprotected_files(signature, digests, fact.spared)
    if own != hashlib.new("sm3", fact.described).digest() or found != (fact.changed, fact.unprotected):
        raise FactsDoNotFit
    if counts is not fact.counts or len(signature.references) != fact.references:
        raise FactsDoNotFit


def _digest(pieces: Iterator[bytes]) -> bytes:
    digest = hashlib.new("sm3")
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


def _fact(
    package: Package,
    digests: Mapping[str, bytes],
    listed: SignatureList,
    place: int,
    pages: tuple[tuple[str, str], ...],
) -> SignatureFact:
    signature = listed.signatures[place]
    spared = spared_files(listed, place)
    counts = signature.digest_method in DIGESTS
    numbers = {identifier: number for number, (identifier, _) in enumerate(pages, 1)}
    return SignatureFact(
        signature.id[:200],
        signature.kind[:20],
        signature.path,
        package[signature.path],
        bounded(package[signature.value_path]),
        None if signature.seal_path is None else bounded(package[signature.seal_path]),
        counts,
        len(signature.references),
        changed_files(signature, digests) if counts else (),
        unprotected_files(signature, digests, spared),
        spared,
        tuple(sorted({numbers[one.page] for one in signature.annotations if one.page in numbers})),
    )


def _pages(package: Package) -> tuple[tuple[str, str], ...]:
    """Identifier and file of each page; none where the document cannot be read."""
    with contextlib.suppress(PackageRefused):
        root = text_of(all_of(parse(package[ROOT], "OFD", drafts=True), "DocBody")[0], "DocRoot")
        base = located(ROOT, root or "")
        listed = all_of(parse(package[base], "Document", drafts=True), "Pages/Page")[:_MOST_PAGES]
        return tuple((one.get("ID", "")[:20], located(base, one.get("BaseLoc", ""))) for one in listed)
    return ()


def _names(package: Package) -> dict[str, str]:
    info = one_of(all_of(parse(package[ROOT], "OFD", drafts=True), "DocBody")[0], "DocInfo")
    found = [] if info is None else all_of(info, "CustomDatas/CustomData")[:_MOST_NAMES]
    names = [one.get("Name", "")[:_LONGEST] for one in found]
    if len(set(names)) != len(names):  # of two, everybody would take another
        return {}
    return {name: (one.text or "").strip()[:_LONGEST] for name, one in zip(names, found, strict=True)}
