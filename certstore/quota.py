"""How often data may be used: a ceiling for each grant of use and for each clerk, by the clock hour and the day.

GB/T 36906 practice (daily ceilings per consumer); attacks L-04. Each try counts, also one that is refused, and the
count is one atomic step in the short-lived store: of many calls at once no more than the ceiling get through.
"""

from __future__ import annotations

import datetime as dt

from certstore.model import ConsumerGrant, Quota
from core.clock import SHANGHAI, Clock
from core.errors import LimitExceeded
from core.kv.port import KeyValueStore
from core.principal import Principal, PrincipalKind
from core.text import Text

CLERK_QUOTA = Quota(hourly=120, daily=600)
"""What one person at a window looks up at most, unless the deployment says otherwise."""
TOLD_QUOTA = Quota(daily=10_000)
"""Holders of whom an authority is told, in a day, what others know of them while it takes registers over."""
QUESTION_QUOTA = Quota(hourly=20, daily=60)
"""How often an organisation may ask one person for consent; several licences in one question count once."""
_HOUR, _DAY = 3600, 86_400


class UseQuota:
    """Counts uses."""

    def __init__(self, kv: KeyValueStore, clock: Clock, clerk: Quota = CLERK_QUOTA, told: Quota = TOLD_QUOTA) -> None:
        self._kv = kv
        self._clock = clock
        self._clerk = clerk
        self._told = told

    async def count_look(self, actor: Principal) -> None:
        """Count one look-up of a member of staff; systems have the ceilings of their grants only.

        Raises:
            LimitExceeded: `clerk-quota-used-up`.
            Unavailable: the counter does not answer; nothing is given out without it.
        """
        if actor.kind is PrincipalKind.STAFF and not await self._counted(f"clerk:{actor.id}", self._clerk):
            raise LimitExceeded(
                "clerk-quota-used-up",
                Text(
                    "您这段时间查得太多，已到上限。已查到的结果还在；请到下一小时或明天再查，确有需要的请主管调整。",
                    "You have reached your limit of look-ups. What you found stays; go on in the next hour or "
                    "tomorrow, or ask your manager for a higher limit.",
                ),
                retry_after=self._until_next_hour(),
            )

    async def count_question(self, organisation: str, holder: str) -> None:
        """Count one question of an organisation to one person, whoever that is: a phone is not to be worn down.

        Args:
            holder: a keyed digest of the person's number.

        Raises:
            LimitExceeded: `consent-questions-used-up`.
            Unavailable: as above.
        """
        if not await self._counted(f"question:{organisation}:{holder}", QUESTION_QUOTA):
            raise LimitExceeded(
                "consent-questions-used-up",
                Text(
                    "向这个人征求同意的次数已到上限，问题没有发出。请等对方答复已发出的，或过一小时、到明天再问。",
                    "This person was asked too often, and this question was not put to them. Wait for their answers, "
                    "or ask again in an hour or tomorrow.",
                ),
                retry_after=self._until_next_hour(),
            )

    async def count_told(self, organisation: str) -> bool:
        """Count one holder of whom an authority's register makes it learn; False when the day's ceiling is reached.

        Raises:
            Unavailable: as above.
        """
        return await self._counted(f"told:{organisation}", self._told)

    async def spend(self, grant: ConsumerGrant) -> bool:
        """Count one use of a grant; False when its ceiling is reached.

        Raises:
            Unavailable: as above.
        """
        return await self._counted(f"grant:{grant.organisation}:{grant.type_code}:{grant.service_item}", grant.quota)

    async def require(self, grant: ConsumerGrant) -> None:
        """
        Raises:
            LimitExceeded: `grant-quota-used-up`.
            Unavailable: as above.
        """
        if not await self.spend(grant):
            raise LimitExceeded(
                "grant-quota-used-up",
                Text(
                    "本机关为这个事项使用这类证照的次数已到上限，其他类型还可以查。需要提高的，请向目录管理员申请。",
                    "Your organisation's ceiling for this type and service item is reached; other types can still be "
                    "used. Apply to the catalogue's administrator for a higher one.",
                ),
                retry_after=self._until_next_hour(),
            )

    async def _counted(self, name: str, quota: Quota) -> bool:
        now = self._clock.now().astimezone(SHANGHAI)
        inside = True
        # both counters move whatever the first says, so that neither lags behind
        for window, limit, seconds in (
            (f"{now:%Y%m%d%H}", quota.hourly, _HOUR),
            (f"{now:%Y%m%d}", quota.daily, _DAY),
        ):
            if limit is not None:
                used = await self._kv.incr(f"use-quota:{name}:{window}", seconds)
                inside = inside and used <= limit
        return inside

    def _until_next_hour(self) -> int:
        now = self._clock.now()
        following = now.replace(minute=0, second=0, microsecond=0) + dt.timedelta(hours=1)
        return max(1, int((following - now).total_seconds()))
