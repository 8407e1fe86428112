"""Which of its seals an authority may put on its licences: its own, active ones, official or for licences."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from api.bridges import COPY_CLASS, LICENCE_CLASS, DepartmentSealer
from certstore.make_file import REPOSITORY
from certstore.ports import SealAnchor
from signing.errors import SealNotFound
from signing.levels import Level
from signing.model import SealedPdf, SealKind, SealPdfCommand, SealStatus
from tests.support.certstore_world import LAND, LAND_SYSTEM, POLICE
from tests.support.clock import START, FakeClock

OFFICIAL, LICENCE, CONTRACT, REVOKED = "4101990000017", "4101990000025", "4101990000033", "4101990000041"


class Seals:
    """The land bureau's four."""

    def __init__(self) -> None:
        rows = (
            (OFFICIAL, SealKind.OFFICIAL, SealStatus.ACTIVE),
            (LICENCE, SealKind.LICENCE, SealStatus.ACTIVE),
            (CONTRACT, SealKind.CONTRACT, SealStatus.ACTIVE),
            (REVOKED, SealKind.LICENCE, SealStatus.REVOKED),
        )
        self.rows = [
            SimpleNamespace(id=f"seal-{code}", code=code, kind=kind, status=state) for code, kind, state in rows
        ]

    async def of_organisation(self, organisation: str) -> list[Any]:
        return self.rows if organisation == LAND else []

    async def active_seal_of(self, organisation: str) -> Any:
        return (await self.of_organisation(organisation))[0]


class Forms:
    """Which seals have a national form."""

    def __init__(self, *having: str) -> None:
        self.having = {f"seal-{code}" for code in having}

    async def current(self, seal_id: str) -> object | None:
        return seal_id if seal_id in self.having else None


def a_sealer() -> tuple[Any, list[SealPdfCommand]]:
    """With what it asked to be sealed."""
    used: list[SealPdfCommand] = []

    async def seal_pdf(command: SealPdfCommand) -> Any:
        used.append(command)
        return SealedPdf(b"sealed", "sig_1", command.seal_id, START, Level.B_B.value)

    return DepartmentSealer(Seals(), seal_pdf, FakeClock(), seal_ofd=None, forms=Forms()), used  # type: ignore[arg-type]  # what it calls of them


@pytest.mark.parametrize(
    ("before", "again"),
    [
        (f"seal-{LICENCE}", LICENCE),
        (f"seal-{REVOKED}", OFFICIAL),
        (f"seal-{CONTRACT}", OFFICIAL),
        ("seal of another", OFFICIAL),
    ],
)
async def test_a_later_version_gets_the_seal_of_the_one_before_while_it_can_be_used(before: str, again: str) -> None:
    sealer, used = a_sealer()
    how: Any = {"organisation": LAND, "licence_id": "lic_1", "placement": SealAnchor(1, 150, 230)}
    made = await sealer.seal(b"%PDF", actor=LAND_SYSTEM, sealed_before=before, **how)
    assert (made.seal_id, used[0].seal_id) == (f"seal-{again}", f"seal-{again}")


@pytest.mark.parametrize(
    ("organisation", "code", "usable"),
    [
        (LAND, OFFICIAL, True),
        (LAND, LICENCE, True),
        (LAND, CONTRACT, False),
        (LAND, REVOKED, False),
        (POLICE, LICENCE, False),
        (LAND, "", False),
    ],
)
async def test_only_an_own_active_seal_for_licences_is_used(organisation: str, code: str, usable: bool) -> None:
    sealer, used = a_sealer()
    how: Any = {"organisation": organisation, "licence_id": "lic_1", "placement": SealAnchor(1, 150, 230)}
    assert await sealer.has(organisation, code) is usable
    if usable:
        made = await sealer.seal(b"%PDF", actor=LAND_SYSTEM, seal_code=code, **how)
        assert (made.seal_id, used[0].document_class) == (f"seal-{code}", LICENCE_CLASS)
        made = await sealer.seal(b"%PDF", actor=REPOSITORY, **how)
        assert (made.seal_id, used[1].document_class) == (f"seal-{OFFICIAL}", COPY_CLASS)
    else:
        with pytest.raises(SealNotFound):
            await sealer.seal(b"%PDF", actor=LAND_SYSTEM, seal_code=code, **how)
        assert used == []


async def test_an_ofd_gets_the_same_seal_and_goes_first() -> None:
    order: list[Any] = []

    async def seal_pdf(command: SealPdfCommand) -> Any:
        order.append(command)
        return SealedPdf(b"sealed", "sig_1", command.seal_id, START, Level.B_B.value)

    async def seal_ofd(command: Any) -> Any:
        order.append(command)
        return SimpleNamespace(content=b"stamped", seal_id=command.seal_id, signature_id="sig_2")

    sealer = DepartmentSealer(Seals(), seal_pdf, FakeClock(), seal_ofd=seal_ofd, forms=Forms())  # type: ignore[arg-type]  # as above
    how: Any = {"organisation": LAND, "licence_id": "lic_1", "placement": SealAnchor(1, 150, 230)}
    made = await sealer.seal(b"%PDF", actor=LAND_SYSTEM, seal_code=LICENCE, ofd=b"PK", **how)
    first, second = order
    assert (first.ofd, second.pdf) == (b"PK", b"%PDF"), "a seal without a national form must refuse before a use"
    assert first.seal_id == second.seal_id == f"seal-{LICENCE}"
    assert (first.document_class, first.placement) == (second.document_class, second.placement)
    assert made.beside is not None
    assert (made.beside.content, made.beside.signature_id) == (b"stamped", "sig_2")


async def test_an_ofd_alone_is_sealed_alone() -> None:
    async def seal_ofd(command: Any) -> Any:
        return SimpleNamespace(content=b"stamped " + command.ofd, seal_id=command.seal_id, signature_id="sig_2")

    sealer = DepartmentSealer(Seals(), None, FakeClock(), seal_ofd=seal_ofd, forms=Forms())  # type: ignore[arg-type]  # as above
    how: Any = {"organisation": LAND, "licence_id": "lic_1", "placement": SealAnchor(1, 150, 230)}
    made = await sealer.seal(None, actor=LAND_SYSTEM, ofd=b"PK", **how)
    assert (made.content, made.seal_id, made.beside) == (b"stamped PK", f"seal-{OFFICIAL}", None)


@pytest.mark.parametrize(
    ("organisation", "having", "told"),
    [
        (LAND, (OFFICIAL,), True),
        (LAND, (LICENCE,), True),
        (LAND, (CONTRACT, REVOKED), False),
        (LAND, (), False),
        (POLICE, (OFFICIAL,), None),
    ],
)
async def test_only_forms_of_seals_for_licences_count(
    organisation: str, having: tuple[str, ...], told: bool | None
) -> None:
    sealer = DepartmentSealer(Seals(), None, FakeClock(), seal_ofd=None, forms=Forms(*having))  # type: ignore[arg-type]  # as above
    assert await sealer.stamps(organisation) is told
