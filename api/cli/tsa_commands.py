"""`yizheng tsa …`: each change is an audit event of the service itself."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Callable

from api.cli.composed import composed
from api.settings import Settings
from api.wiring.container import Container
from core.audit.event import AuditEvent
from core.errors import InvalidInput
from core.principal import SYSTEM
from core.text import Text
from keys.tsa.errors import AnswerRefused
from keys.tsa.response import read_response
from keys.tsa.token import TimestampToken, read_token
from keys.tsa.trust import pem_trust
from keys.tsa.verify import ProvenTime, verify_token


@contextlib.asynccontextmanager
async def _audited(container: Container, action: str, subject: str) -> AsyncIterator[None]:
    """The key store is a database of its own, so the event says `attempted` before and `done` after the change."""
    database = container.ground.database
    await database.record(AuditEvent(action, "attempted", SYSTEM, subject))
    yield
    await database.record(AuditEvent(action, "done", SYSTEM, subject))


async def status(settings: Settings) -> list[str]:
    """Lines about the authority's keys, its clock, and the authorities that are asked."""
    async with composed(settings) as container:
        tsa = container.tsa
        lines = [f"policy {tsa.policy}, accuracy {tsa.settings.accuracy.total_seconds():g} s"]
        lines.append(f"clock: {tsa.clock_check.fault() or 'good'}")
        units = {unit.purpose: unit for unit in await tsa.units.all()}
        for purpose in tsa.units.purposes:
            unit = units.get(purpose)
            if unit is None:
                lines.append(f"{purpose}: no key with a good certificate; run `yizheng tsa init`")
                continue
            ends = unit.writer.certificate.not_valid_after_utc
            lines.append(
                f"{purpose}: {unit.key_id} {unit.writer.signer.algorithm}, signs until {unit.signs_until:%Y-%m-%d}, "
                f"certificate ends {ends:%Y-%m-%d}"
            )
        lines += [f"asked: {state.name}" for state in tsa.client.states()]
        return lines


async def init(settings: Settings) -> list[str]:
    """Make the keys and certificates that are not there; a line for each unit."""
    async with composed(settings) as container:
        tsa = container.tsa
        async with _audited(container, "timestamp.init", ",".join(tsa.units.purposes)):
            await tsa.renewal.ensure()
        return [
            f"{unit.purpose}: {unit.key_id}, signs until {unit.signs_until:%Y-%m-%d}" for unit in await tsa.units.all()
        ]


async def renew(settings: Settings, purpose: str) -> str:
    """Replace one unit's key now.

    Raises:
        core.errors.AppError: no such unit, or no certificate can be issued; the old key still signs.
    """
    async with composed(settings) as container:
        tsa = container.tsa
        if purpose not in tsa.units.purposes:
            text = Text("没有这个时间戳密钥。", "There is no such time-stamp key.")
            raise InvalidInput("timestamp-unit-unknown", text, field="purpose")
        # a key whose certificate was revoked is no unit any more, and is replaced all the same
        replaced = container.ground.keys.ring.signer(purpose).key_id
        async with _audited(container, "timestamp.renew", purpose):
            await tsa.renewal.renew(purpose, replacing=replaced)
        return f"{purpose}: renewed; workers use the new key within seconds"


async def accept_clock(settings: Settings) -> str:
    """Take the clock as it is now for right, whatever moments were seen before."""
    async with composed(settings) as container:
        moment = container.ground.clock.now()
        async with _audited(container, "timestamp.accept-clock", f"{moment:%Y-%m-%dT%H:%M:%SZ}"):
            await container.tsa.serials.set_latest(moment)
        return f"time-stamps are issued from {moment:%Y-%m-%d %H:%M:%S} UTC on; restart workers that still refuse"


async def stamp(settings: Settings, digest_of: Callable[[str], bytes]) -> tuple[bytes, str]:
    """A token, and a line about it.

    Raises:
        core.errors.Unavailable: no authority gave one.
    """
    async with composed(settings) as container:
        stamped = await container.tsa.client.stamp(digest_of)
        return stamped.token.encoded, f"{_told(stamped.proven)} by {stamped.service}"


async def verify(
    settings: Settings,
    digest_of: Callable[[str], bytes],
    encoded: bytes,
    *,
    roots: bytes | None,
    at: dt.datetime | None,
) -> list[str]:
    """What a token proves.

    Raises:
        core.errors.AppError: it proves nothing, or that cannot be told now.
    """
    async with composed(settings) as container:
        proven = await verify_token(
            _token(encoded),
            digest_of,
            trust=container.tsa.trust if roots is None else pem_trust(roots, container.ground.clock),
            at=at or container.ground.clock.now(),
        )
    return [
        f"existed at {_told(proven)}",
        f"authority {proven.authority}, policy {proven.policy}, serial number {proven.serial:x}",
        f"certificate ends {proven.certificate_ends:%Y-%m-%d}",
    ]


def _token(encoded: bytes) -> TimestampToken:
    with contextlib.suppress(AnswerRefused):
        return read_token(read_response(encoded))
    return read_token(encoded)


def _told(proven: ProvenTime) -> str:
    accuracy = proven.accuracy.total_seconds()
    return f"{proven.time:%Y-%m-%d %H:%M:%S} UTC (within {accuracy:g} s)"
