"""How often one source may ask for what costs much and needs no log-in (attacks S-57, L-20)."""

from __future__ import annotations

import hashlib

from starlette.requests import Request

from api.deps import container, source_of
from core.errors import LimitExceeded
from core.text import Text

WINDOW_SECONDS = 60


async def limited_verification(request: Request) -> None:
    """Count one verification for the source; the counter is one atomic increment in the short-lived store.

    Raises:
        LimitExceeded: `too-many-verifications`.
    """
    ground = container(request).ground
    # the address itself is nobody's business in a store
    source = hashlib.sha256(source_of(request).encode()).hexdigest()[:32]
    if await ground.kv.incr(f"verify/{source}", WINDOW_SECONDS) > ground.settings.verifications_per_minute:
        raise LimitExceeded(
            "too-many-verifications",
            Text(
                "这个网络地址一分钟内验得太多了，文件没有看。请一分钟后再试。",
                "Too many verifications from this address in a minute; the file was not looked at. Try again later.",
            ),
            retry_after=WINDOW_SECONDS,
        )
