"""What is no id of ours is refused, and breaks nothing, on either database (attacks L-19)."""

from __future__ import annotations

import pytest

from core.errors import InvalidInput, NotFound
from tests.support.certstore_world import LAND_SYSTEM, PORTAL, World


async def test_l_19_a_zero_character_is_the_callers_fault(both_cities: World) -> None:
    """PostgreSQL keeps no such text, and says so with an error of its own."""
    services = both_cities.services
    for evil in ("\0", "lic_\0", "lic_01m8az6f417xh65hzpw0gff9n\0"):
        for step in (
            services.read.licence(evil, LAND_SYSTEM),
            services.copies.file(evil, evil, PORTAL),
            services.catalogue.licence_type(evil),
        ):
            with pytest.raises((InvalidInput, NotFound)):
                await step
