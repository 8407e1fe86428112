"""Chooses the registers that are asked: the city's, the stand-in of the demo, or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from api.wiring.ground import Ground
from core.egress.fetch import Egress
from core.egress.port import Fetcher
from core.egress.rules import EgressRules, HostList
from idp.proofing.http_source import HttpOrganisations, HttpPopulation, NoOrganisations, NoPopulation, RegisterClient
from idp.proofing.ports import OrganisationSource, PopulationSource

_SECONDS = 2.5
_LEAST_KEY = 32


@dataclass(frozen=True)
class RegisterSources:
    """The two registers."""

    population: PopulationSource
    organisations: OrganisationSource


StandIn = Callable[[Ground], RegisterSources]
"""Makes registers of its own, where the city has connected none: the demo's."""


def build_registers(ground: Ground, fetcher: Fetcher | None = None, stand_in: StandIn | None = None) -> RegisterSources:
    """
    Args:
        fetcher: the way to the registers; by default one that goes nowhere else.
        stand_in: used in the demo city, if it names none.

    Raises:
        ValueError: the key's file is too short.
    """
    settings = ground.settings
    if settings.registers_key_file is not None:
        key = _key(settings.registers_key_file)
        population = _client(ground, settings.population_url, key, fetcher)
        organisations = _client(ground, settings.organisations_url, key, fetcher)
        return RegisterSources(
            NoPopulation() if population is None else HttpPopulation(population),
            NoOrganisations() if organisations is None else HttpOrganisations(organisations),
        )
    if settings.demo and stand_in is not None:
        return stand_in(ground)
    return RegisterSources(NoPopulation(), NoOrganisations())


def _client(ground: Ground, base: str, key: bytes, fetcher: Fetcher | None) -> RegisterClient | None:
    if not base:
        return None
    way = fetcher or Egress(_rules([base]))
    return RegisterClient(way, base, key_id=ground.settings.registers_key_id, key=key, clock=ground.clock)


def _key(file: Path) -> bytes:
    try:
        key = file.read_bytes().strip()
    except OSError:
        raise ValueError(f"YIZHENG_REGISTERS_KEY_FILE: {file} cannot be read") from None
    if len(key) < _LEAST_KEY:
        raise ValueError(f"YIZHENG_REGISTERS_KEY_FILE: {file} holds fewer than {_LEAST_KEY} bytes")
    return key


def _rules(bases: Sequence[str]) -> EgressRules:
    """These registers and nothing else; they may be inside."""
    parts = [urlsplit(base) for base in bases]
    hosts = [part.hostname or "" for part in parts]
    listed = HostList.of([f"{host}/32" if host.replace(".", "").isdigit() else host for host in hosts])
    return EgressRules(
        schemes=frozenset(part.scheme for part in parts),
        ports=frozenset(part.port or {"http": 80, "https": 443}[part.scheme] for part in parts),
        only=listed,
        inside=listed,
        seconds=_SECONDS,
        at_once=8,
    )
