"""Composes the running service: what the settings name, and in the demo city what it brings along itself."""

from __future__ import annotations

from api.settings import Settings
from api.wiring.container import Container, build_container


async def build_service(settings: Settings) -> Container:
    """The container that answers requests."""
    if not settings.demo:
        return await build_container(settings)
    from api.demo.sources.here import registers_here  # costs a production start nothing

    return await build_container(settings, stand_in=registers_here)
