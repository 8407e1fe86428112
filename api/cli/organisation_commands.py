"""The work behind `yizheng organisation …`, through the same use cases as the API."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from api.cli.composed import composed
from api.settings import Settings
from api.wiring.container import Container
from core.clock import calendar_day
from core.identifiers.uscc import grouped
from core.principal import SYSTEM


async def shown(settings: Settings, uscc: str) -> list[str]:
    async with composed(settings) as container:
        return await _lines(container, uscc)


async def dissolved(settings: Settings, uscc: str, on: dt.date | None, reference: str) -> list[str]:
    async with composed(settings) as container:
        day = on or calendar_day(container.ground.clock.now())
        ended = await container.idp.agency.dissolve(uscc, on=day, reference=reference, actor=SYSTEM)
        return [*await _lines(container, uscc), f"{ended} authorisations ended"]


async def _lines(container: Container, uscc: str) -> list[str]:
    found = await container.idp.agency.overview.counted(uscc, SYSTEM)
    one, roles = found.organisation, Counter(role.value for role in found.acting)
    acting = ", ".join(f"{count} {name}" for name, count in sorted(roles.items())) or "nobody"
    return [f"{grouped(one.uscc)}  {one.name.zh}  {one.kind}  {one.status.value}", f"acting for it: {acting}"]
