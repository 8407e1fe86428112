"""`yizheng staff recovery-codes`: the way in for whoever has no second factor yet."""

from __future__ import annotations

from api.cli.prepare import check_current
from api.settings import Settings
from api.wiring.container import build_container
from core.principal import SYSTEM


async def recovery_codes(settings: Settings, account_id: str) -> list[str]:
    """Make ten and answer them; earlier ones are dead.

    Raises:
        core.errors.AppError: there is no such account.
    """
    await check_current(settings)
    container = await build_container(settings)
    try:
        codes = await container.idp.factors.recovery_codes.make_for(account_id, SYSTEM)
    finally:
        await container.close()
    return ["Shown once. Hand them over on paper; each works once, and earlier ones are dead.", *codes]
