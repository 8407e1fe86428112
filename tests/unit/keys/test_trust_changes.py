"""Changing trust lists: versions that only grow, histories that stay, and what every worker knows a moment later."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.text import Text
from keys.horizon.model import Level
from keys.horizon.trust_lines import TrustLines
from keys.stores.trust import SqlTrustStore
from keys.trust.change import ChangeTrust
from keys.trust.documents import write_document
from keys.trust.errors import EntryUnknown, TrustListAway, TrustListRefused
from keys.trust.judge import Judge
from keys.trust.lists import OWN, TrustLists
from keys.trust.model import Assurance, Period, Service, Standing, TrustEntry, TrustList
from keys.trust.ports import ListRevision
from tests.conformance.trust_store_backends import at
from tests.support.clock import FakeClock
from tests.support.trust_pki import DAY, NOW, entry, issuing, root, seal

ROOT = root()
ISSUING = issuing(ROOT)
SEAL = seal(ISSUING)
OURS = root("本市根")
PUBLISHER = Text("某省", "A province")
KEY, OTHER_KEY = b"key of the publisher", b"another key"


class World:
    """One store, one clock, and workers that look at them."""

    def __init__(self, store: SqlTrustStore) -> None:
        self.store = store
        self.clock = FakeClock(NOW)
        self.own: tuple[TrustEntry, ...] = ()
        self.change = ChangeTrust(
            store, self.clock, publisher=Text("本市", "Our city"), territory="CN", life=dt.timedelta(days=7)
        )

    def lists(self) -> TrustLists:
        return TrustLists(self.store, lambda: self.own)

    async def good(self, lists: TrustLists, at: dt.datetime | None = None) -> bool:
        judge = Judge(lists, None, self.clock)
        return (await judge.judge(SEAL.der, [ISSUING.der], service=Service.DOCUMENTS, at=at)).good


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with at(f"sqlite:///{tmp_path}/keys/keyring.db") as harness:
        store = harness.stores[0]
        assert isinstance(store, SqlTrustStore)
        yield World(store)


def imported(sequence: int = 1, **changes: object) -> TrustList:
    entries = changes.pop("entries", (entry(ROOT),))
    made = TrustList(PUBLISHER, "CN-41", sequence, NOW - DAY, NOW + 5 * DAY, entries)  # type: ignore[arg-type]
    return replace(made, **changes)  # type: ignore[arg-type]


async def test_nothing_is_judged_before_the_lists_were_read(world: World) -> None:
    lists = world.lists()
    with pytest.raises(TrustListAway):
        lists.current()
    await lists.refresh()
    assert not await world.good(lists)


async def test_added_trusted_withdrawn_and_granted_again(world: World) -> None:
    lists, other_worker = world.lists(), world.lists()
    await other_worker.refresh()
    added = await world.change.add(entry(ROOT, periods=(Period(Standing.GRANTED, NOW),)), by="admin")
    assert (added.sequence, [one.id for one in added.entries]) == (2, [entry(ROOT).id])
    assert await lists.refresh()
    assert not await lists.refresh(), "nothing changed since"
    assert await world.good(lists)
    assert not await world.good(other_worker), "not before it looks"
    await other_worker.refresh()
    assert await world.good(other_worker)

    world.clock.advance(3600)
    withdrawn = await world.change.withdraw(entry(ROOT).id[:12], by="admin")
    await lists.refresh()
    assert not await world.good(lists)
    assert await world.good(lists, at=NOW + dt.timedelta(minutes=59)), "proven before"
    assert withdrawn.sequence == 3

    world.clock.advance(3600)
    again = await world.change.add(entry(ROOT), by="admin")
    await lists.refresh()
    assert await world.good(lists)
    assert not await world.good(lists, at=NOW + dt.timedelta(minutes=90)), "the gap stays"
    assert [one.standing for one in again.entries[0].periods] == [
        Standing.GRANTED,
        Standing.WITHDRAWN,
        Standing.GRANTED,
    ]
    history = await world.store.history(OWN)
    assert [(one.sequence, one.changed_by) for one in history] == [(2, "admin"), (3, "admin"), (4, "admin")]


async def test_what_an_entry_is_trusted_for_can_change_and_its_history_stays(world: World) -> None:
    periods = (Period(Standing.GRANTED, NOW - 30 * DAY),)
    await world.change.add(entry(ROOT, periods=periods), by="admin")
    changed = await world.change.add(
        entry(ROOT, Service.LOGIN, assurance=Assurance.LOW, periods=(Period(Standing.GRANTED, NOW),)), by="admin"
    )
    (only,) = changed.entries
    assert (only.services, only.assurance, only.periods) == (frozenset({Service.LOGIN}), Assurance.LOW, periods)


async def test_what_cannot_be_withdrawn(world: World) -> None:
    await world.change.add(entry(ROOT, periods=(Period(Standing.GRANTED, NOW - DAY),)), by="admin")
    number = entry(ROOT).id
    for unknown in ("", number[:7], "0" * 64, number[:8] + "z"):
        with pytest.raises(EntryUnknown):
            await world.change.withdraw(unknown, by="admin")
    for since in (NOW + DAY, NOW - DAY, NOW - 2 * DAY):
        with pytest.raises(TrustListRefused):
            await world.change.withdraw(number, by="admin", since=since)
    await world.change.withdraw(number, by="admin", since=NOW - DAY / 2)
    with pytest.raises(EntryUnknown):
        await world.change.withdraw(number, by="admin")


@pytest.mark.parametrize("unfit", [entry(SEAL, Service.LOGIN), entry(SEAL, Service.DOCUMENTS, Service.LOGIN)])
async def test_a_certificate_that_does_not_go_with_the_services_is_not_listed(world: World, unfit: TrustEntry) -> None:
    for one in (unfit, replace(unfit, certificate=b"none"), replace(entry(ROOT), services=frozenset())):
        with pytest.raises(TrustListRefused) as refused:
            await world.change.add(one, by="admin")
        assert refused.value.reason == "entry"
    assert (await world.change.own_list()).entries == ()


async def test_our_own_authorities_count_at_once_and_as_the_list_says_afterwards(world: World) -> None:
    world.own = (entry(ROOT),)
    lists = world.lists()
    await lists.refresh()
    assert await world.good(lists)
    assert lists.unlisted() == [entry(ROOT)]
    await world.change.add(entry(ROOT), by="system")
    await lists.refresh()
    assert lists.unlisted() == []
    assert await world.good(lists)
    await world.change.withdraw(entry(ROOT).id, by="admin")
    await lists.refresh()
    assert not await world.good(lists), "our own can be withdrawn like any other"
    world.own = (entry(ROOT), entry(OURS))
    assert [anchor.entry.id for anchor in lists.current().all] == [entry(OURS).id, entry(ROOT).id]


async def test_the_published_list_is_the_same_all_day_and_counts_for_a_week(world: World) -> None:
    first = await world.change.own_list()
    world.clock.advance(3600)
    assert write_document(await world.change.own_list()) == write_document(first)
    assert first.next_update - first.issued_at == dt.timedelta(days=7)
    world.clock.advance(86400)
    later = await world.change.own_list()
    assert (later.sequence, later.issued_at) == (first.sequence, first.issued_at + DAY)


# --- lists of others


async def test_an_imported_list_counts_until_its_next_update(world: World) -> None:
    lists = world.lists()
    await world.change.take_over(imported(), source="henan", signer=KEY, by="admin")
    await lists.refresh()
    assert await world.good(lists)
    world.clock.set(NOW + 5 * DAY)
    assert await world.good(lists)
    world.clock.advance(1)
    assert not await world.good(lists)
    assert await world.good(lists, at=NOW), "what was proven while it counted"


async def test_an_older_list_is_refused_and_the_same_one_changes_nothing(world: World) -> None:
    await world.change.take_over(imported(5), source="henan", signer=KEY, by="admin")
    await world.change.take_over(imported(5), source="henan", signer=KEY, by="admin")
    assert await world.store.revision() == 1
    for older in (imported(4), imported(5, issued_at=NOW - 2 * DAY)):
        with pytest.raises(TrustListRefused) as refused:
            await world.change.take_over(older, source="henan", signer=KEY, by="admin")
        assert refused.value.reason == "rollback"
    await world.change.take_over(imported(6), source="henan", signer=KEY, by="admin")
    await world.change.give_up("henan", by="admin")
    with pytest.raises(TrustListRefused) as refused:
        await world.change.take_over(imported(5), source="henan", signer=KEY, by="admin")
    assert refused.value.reason == "rollback", "not even after it was given up"


REFUSED: dict[str, tuple[TrustList, str, bytes, str]] = {
    "expired": (imported(next_update=NOW), "henan", KEY, "expired"),
    "from-the-future": (imported(2, issued_at=NOW + DAY), "henan", KEY, "future"),
    "another-publisher": (imported(2, publisher=Text("别省", "Another")), "henan", KEY, "publisher"),
    "another-territory": (imported(2, territory="CN-42"), "henan", KEY, "publisher"),
    "another-key": (imported(2), "henan", OTHER_KEY, "publisher"),
    "as-our-own": (imported(2), "own", KEY, "source"),
    "odd-name": (imported(2), "../x", KEY, "source"),
    "no-name": (imported(2), "", KEY, "source"),
}


@pytest.mark.parametrize(("made", "source", "signer", "reason"), REFUSED.values(), ids=REFUSED)
async def test_a_list_that_must_not_take_the_place_of_another(
    world: World, made: TrustList, source: str, signer: bytes, reason: str
) -> None:
    await world.change.take_over(imported(), source="henan", signer=KEY, by="admin")
    with pytest.raises(TrustListRefused) as refused:
        await world.change.take_over(made, source=source, signer=signer, by="admin")
    assert refused.value.reason == reason
    assert await world.store.revision() == 1


async def test_twin_a_publisher_may_change_its_key_when_it_has_said_so(world: World) -> None:
    await world.change.take_over(imported(), source="henan", signer=KEY, by="admin")
    await world.change.take_over(imported(2), source="henan", signer=OTHER_KEY, by="admin", new_signer=True)
    latest = {one.source: one for one in await world.store.latest()}
    assert latest["henan"].signer == OTHER_KEY


async def test_a_list_that_was_given_up_counts_no_longer(world: World) -> None:
    lists = world.lists()
    await world.change.take_over(imported(), source="henan", signer=KEY, by="admin")
    await lists.refresh()
    await world.change.give_up("henan", by="admin")
    assert await lists.refresh()
    assert not await world.good(lists)
    for source in ("henan", "hubei", OWN):
        with pytest.raises(EntryUnknown):
            await world.change.give_up(source, by="admin")


async def test_our_own_withdrawal_beats_what_another_list_grants(world: World) -> None:
    lists = world.lists()
    await world.change.take_over(imported(), source="henan", signer=KEY, by="admin")
    await world.change.add(entry(ROOT), by="admin")
    await world.change.withdraw(entry(ROOT).id, by="admin")
    await lists.refresh()
    assert not await world.good(lists)


async def test_a_stored_list_that_was_changed_stops_the_refresh_and_the_old_lists_stay(world: World) -> None:
    lists = world.lists()
    await world.change.add(entry(ROOT), by="admin")
    await lists.refresh()
    bad = ListRevision(2, OWN, 3, NOW, b"", b'{"format":"x"}', "intruder", NOW)
    assert await world.store.append(bad)
    with pytest.raises(TrustListAway):
        await lists.refresh()
    assert await world.good(lists)


async def test_an_imported_list_that_ends_is_on_the_time_line_of_what_runs_out(world: World) -> None:
    await world.change.add(entry(ROOT), by="admin")
    await world.change.take_over(imported(3), source="henan", signer=KEY, by="admin")
    (line,) = await TrustLines(world.store).lines(NOW)
    assert (line.id, line.ends, line.detail.en) == ("trust-list/henan", NOW + 5 * DAY, "henan, number 3")
    levels = [line.level(NOW + days * DAY) for days in (0, 4, 5)]
    assert levels == [Level.FINE, Level.SOON, Level.ENDED]
    await world.change.give_up("henan", by="admin")
    assert await TrustLines(world.store).lines(NOW) == []
