"""The registers of the demo city, within the service's own process, asked over HTTP as real ones are."""

from __future__ import annotations

import secrets

from api.demo.sources.app import registers_app
from api.demo.sources.in_process import InProcess
from api.demo.sources.registers import Mood, Registers, of_the_demo_city
from api.wiring.ground import Ground
from api.wiring.registers import RegisterSources
from idp.proofing.http_source import HttpOrganisations, HttpPopulation, RegisterClient

BASE = "https://registers.demo.invalid"
"""Where they believe to be; nothing is looked up for it."""


def registers_here(ground: Ground, registers: Registers | None = None) -> RegisterSources:
    """
    Args:
        registers: by default those of the demo city, which take their time as real ones do.
    """
    if registers is None:
        registers = of_the_demo_city()
        registers.mood = Mood(seconds=(0.02, 0.2))
    key = secrets.token_bytes(32)
    app = registers_app(registers, base=BASE, keys={"demo": key}, clock=ground.clock)
    client = RegisterClient(InProcess(app), BASE, key_id="demo", key=key, clock=ground.clock)
    return RegisterSources(HttpPopulation(client), HttpOrganisations(client))
