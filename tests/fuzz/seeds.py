"""What mutation begins with: files and containers of every kind that our own generators make."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import cache

from signing.levels import Level
from signing.verification.byte_range import container_of
from signing.verification.findings import find
from tests.attacks.test_ofd_sealing import sealed as sealed_by_us
from tests.attacks.test_ofd_verification import PACKAGES
from tests.attacks.test_pdf_hostile import HOSTILE
from tests.fuzz.targets import LOOSE
from tests.support.eseal_world import Making
from tests.support.lasting_world import LastingWorld
from tests.support.ofd_sealing import entries_of, package
from tests.support.ofd_world import document, drawn, sealed, words, zipped
from tests.support.signing_fakes import PlainAuthority, pdf
from tests.support.signing_world import press

_LARGEST = 60_000


@cache
def genuine() -> dict[str, bytes]:
    """Sealed files that are as they should be."""
    authority, world = PlainAuthority.make(), LastingWorld()
    seals = press(authority)
    sealed = {
        "tables": seals.seal(pdf()),
        "streams": seals.seal(pdf(2, streams=True)),
        "unseen": seals.seal(pdf(), place=None),
    }
    sealed["second"] = seals.seal(sealed["tables"], field_name="Signature2")

    async def last() -> None:
        for level in (Level.B_T, Level.B_LT, Level.B_LTA):
            sealed[str(level)] = (await world.seal(pdf(), level)).content

    asyncio.run(last())
    return sealed


def files() -> Iterator[tuple[str, bytes]]:
    """Genuine and hostile ones that are small enough to be changed many times a second."""
    yield from genuine().items()
    yield "plain", pdf()
    for name, make in HOSTILE.items():
        content = make()
        if len(content) <= _LARGEST and not name.startswith("bomb"):  # cells bound what those cost; here is no cell
            yield name, content


def packages() -> Iterator[tuple[str, bytes]]:
    """OFDs: sealed once and twice, not sealed, and the hostile ones that are small."""
    once = sealed(document(), Making())
    yield "sealed", zipped(once)
    yield "twice", zipped(sealed(once, Making(), number=1))
    yield "plain", zipped(document())
    for name, (_, make) in PACKAGES.items():
        content = make()
        if len(content) <= _LARGEST:
            yield name, content


def to_seal() -> Iterator[tuple[str, bytes]]:
    """The same, and packages sealed by ourselves once, twice and for good; then the files of each, loose."""
    plain = package(2)
    once = sealed_by_us(plain)
    made = {
        "pages": plain,
        "words": zipped(drawn(words("此处盖章"))),
        "once-by-us": once,
        "twice-by-us": sealed_by_us(once),
        "closed-by-us": sealed_by_us(plain, closed=True),
    }
    yield from packages()
    yield from made.items()
    for name, content in made.items():
        yield f"{name}-loose", LOOSE.join(path[1:].encode() + b"\n" + one for path, one in entries_of(content).items())


def containers() -> Iterator[tuple[str, bytes]]:
    """CMS containers and time-stamp tokens."""
    for name, content in genuine().items():
        found, _ = find(content)
        for number, one in enumerate((*found.signatures, *found.timestamps)):
            if one.covered is not None:
                yield f"{name}-{number}", container_of(one.covered.value)
        for one in found.signatures:
            for token in one.container.timestamps if one.container else ():
                yield f"{name}-token", token
