"""What the stand-in registers hold, and the moods in which real ones are: slow, failing, under maintenance."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from api.demo import city
from core.text import Text


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """Somebody whom the population register knows."""

    number: str = field(repr=False)
    name: str = field(repr=False)
    died_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class KnownOrganisation:
    """A legal person with its legal representative; None for an office."""

    code: str
    name: str
    representative: KnownPerson | None = None
    dissolved_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A line of a feed."""

    position: int
    number: str = field(repr=False)
    on: dt.date


@dataclass
class Mood:
    """How the registers are today.

    Attributes:
        seconds: the least and the most time that an answer takes.
        failures: of every question, the part that fails with a 500.
        maintenance: every question gets a 503.
        garbled: every answer is cut off in the middle.
    """

    seconds: tuple[float, float] = (0.0, 0.0)
    failures: float = 0.0
    maintenance: bool = False
    garbled: bool = False
    chance: secrets.SystemRandom = field(default_factory=secrets.SystemRandom)


NEWCOMER = KnownPerson("410199199203141028", "白若溪")
"""Somebody whom the demo's register knows and who has no account: to try registration with."""


class Registers:
    """Both registers. Names are compared as they are written; a register forgives no look-alike."""

    def __init__(self, people: Mapping[str, KnownPerson], organisations: Mapping[str, KnownOrganisation]) -> None:
        self.people = dict(people)
        self.organisations = dict(organisations)
        self.deaths: list[Report] = []
        self.dissolutions: list[Report] = []
        self.mood = Mood()
        self._asked = 0

    def person(self, number: str, name: str) -> dict[str, object]:
        known = self.people.get(number)
        if known is None:
            return {"result": "unknown", "state": "", "reference": self._receipt()}
        if known.name != name:
            return {"result": "differed", "state": "", "reference": self._receipt()}
        return {"result": "agreed", "state": "dead" if known.died_on else "alive", "reference": self._receipt()}

    def organisation(self, code: str, representative: Mapping[str, str] | None) -> dict[str, object]:
        known = self.organisations.get(code)
        if known is None:
            nothing = {"result": "unknown", "name": "", "state": "", "representative": None}
            return {**nothing, "reference": self._receipt()}
        return {
            "result": "found",
            "name": known.name,
            "state": "dissolved" if known.dissolved_on else "active",
            "representative": _represents(known, representative),
            "reference": self._receipt(),
        }

    def add(self, person: KnownPerson) -> None:
        self.people[person.number] = person

    def add_organisation(self, organisation: KnownOrganisation) -> None:
        self.organisations[organisation.code] = organisation

    def report_death(self, number: str, on: dt.date) -> None:
        self.add(KnownPerson(number, self.people[number].name, on))
        self.deaths.append(Report(len(self.deaths) + 1, number, on))

    def report_dissolution(self, code: str, on: dt.date) -> None:
        known = self.organisations[code]
        self.add_organisation(KnownOrganisation(code, known.name, known.representative, on))
        self.dissolutions.append(Report(len(self.dissolutions) + 1, code, on))

    def _receipt(self) -> str:
        self._asked += 1
        return f"receipt-{self._asked:08d}"


def _represents(known: KnownOrganisation, said: Mapping[str, str] | None) -> str | None:
    if said is None:
        return None
    real = known.representative
    if real is None or real.number != said.get("number"):
        return "unknown"
    return "agreed" if real.name == said.get("name") else "differed"


def of_the_demo_city() -> Registers:
    """Its people, its departments and its companies."""
    people = {one.id_number: KnownPerson(one.id_number, one.name) for one in city.PEOPLE}
    people[NEWCOMER.number] = NEWCOMER
    departments = {one.code: KnownOrganisation(one.code, _chinese(one.name)) for one in city.DEPARTMENTS}
    companies = {
        one.code: KnownOrganisation(one.code, _chinese(one.name), people[one.representative.id_number])
        for one in city.COMPANIES
    }
    return Registers(people, departments | companies)


def _chinese(name: Text) -> str:
    return name.zh
