"""Puts time-stamping together: our authority, and the client that asks for time-stamps."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from api.wiring.ground import Ground
from api.wiring.pki import PkiServices
from core.clock import Clock
from core.egress.fetch import Egress
from keys.stores.tsa import SqlSerialStore
from keys.trust.judge import Judge
from keys.tsa.authority import TimestampAuthority
from keys.tsa.client import TimestampClient, TimestampService
from keys.tsa.clock_check import KernelClock, UncheckedClock
from keys.tsa.own_certificates import OwnCertificates
from keys.tsa.ports import ClockCheck, Issued, SerialStore, TimestampSource, TimestampTrust
from keys.tsa.renewal import UnitRenewal
from keys.tsa.serials import Serials
from keys.tsa.settings import LOCAL, ServiceSettings, TsaSettings
from keys.tsa.sources import HttpSource, LocalSource, egress_rules
from keys.tsa.trust import JudgedTrust, pem_trust
from keys.tsa.units import TimestampUnits
from keys.x509.identifiers import TIMESTAMP_POLICY

_PREFIX = 8  # octets of the digest that the log tells: enough to find a token again


class IssueLog:
    """Implements `keys.tsa.ports.IssueLog`: a line for each token. A digest is nothing about anybody."""

    def __init__(self) -> None:
        self._log = structlog.get_logger("timestamp")

    def issued(self, token: Issued) -> None:
        imprint = token.imprint
        self._log.info(
            "timestamp",
            serial=f"{token.serial:x}",
            unit=token.purpose,
            imprint=f"{imprint.digest}:{imprint.value[:_PREFIX].hex()}",
        )


@dataclass(frozen=True)
class TsaServices:
    """Time-stamping, ready to use.

    Attributes:
        trust: whose time-stamps we accept: the trust lists say so.
        client: asks for time-stamps.
    """

    settings: TsaSettings
    policy: str
    authority: TimestampAuthority
    units: TimestampUnits
    renewal: UnitRenewal
    clock_check: ClockCheck
    serials: SerialStore
    trust: TimestampTrust
    client: TimestampClient


def build_tsa(ground: Ground, pki: PkiServices, judge: Judge) -> TsaServices:
    """Compose time-stamping on the ground; does no input or output but reading the files that settings name.

    Args:
        judge: knows the trust lists, on which our own authorities stand too.

    Raises:
        core.errors.AppError, OSError: a file that the settings name cannot be used.
    """
    settings, clock, keys = ground.settings.tsa, ground.clock, ground.keys
    certificates = OwnCertificates(
        pki.authorities,
        pki.certificates,
        pki.issue,
        clock,
        city=ground.settings.city,
        prepare=pki.ensure_development if settings.development else None,
    )
    policy, accuracy = TIMESTAMP_POLICY, settings.accuracy
    making: list[UnitRenewal] = []

    async def prepare() -> None:
        await making[0].ensure()

    units = TimestampUnits(
        keys.ring,
        certificates,
        clock,
        policy=policy,
        accuracy=accuracy,
        purposes=settings.purposes,
        prepare=prepare if settings.development else None,
    )
    renewal = UnitRenewal(keys.ring, certificates, units, clock)
    making.append(renewal)
    check = KernelClock(accuracy, clock) if settings.clock == "kernel" else UncheckedClock()
    serials = SqlSerialStore(keys.store.engine)
    authority = TimestampAuthority(
        units,
        Serials(serials, clock, tolerance=accuracy),
        clock,
        policy=policy,
        accuracy=accuracy,
        clock_check=check,
        log=IssueLog(),
    )
    trust = JudgedTrust(judge)
    services = [_service(one, authority, trust, clock) for one in settings.services]
    return TsaServices(
        settings=settings,
        policy=policy,
        authority=authority,
        units=units,
        renewal=renewal,
        clock_check=check,
        serials=serials,
        trust=trust,
        client=TimestampClient(services, clock),
    )


def _service(
    settings: ServiceSettings, authority: TimestampAuthority, trust: TimestampTrust, clock: Clock
) -> TimestampService:
    if settings.trust_file is not None:
        trust = pem_trust(settings.trust_file.read_bytes(), clock)
    source: TimestampSource = LocalSource(authority)
    if settings.url != LOCAL:
        rules = egress_rules(settings.url, inside=settings.inside, seconds=settings.timeout)
        credentials = settings.credentials()
        secret = None if credentials is None else credentials.get_secret_value()
        source = HttpSource(Egress(rules), settings.url, credentials=secret)
    return TimestampService(
        settings.url, source, trust, digest=settings.digest, policy=settings.policy, timeout=settings.timeout
    )
