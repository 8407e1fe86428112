"""Puts together what holders do with their licences, and what they are told."""

from __future__ import annotations

from dataclasses import dataclass

from api.wiring.certstore import CertstoreGround, repository_of
from certstore.look_delays import LookDelays
from certstore.stores.look_delays import SqlLookDelayStore


@dataclass(frozen=True)
class HolderServices:
    """The use cases of holders, and those of offices that answer them."""

    look_delays: LookDelays


def compose_holders(ground: CertstoreGround) -> HolderServices:
    """Compose from ports."""
    repository = repository_of(ground)
    return HolderServices(look_delays=LookDelays(repository, SqlLookDelayStore()))
