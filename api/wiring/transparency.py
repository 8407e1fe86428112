"""Puts together the tree over the audit log: who signs its checkpoints, and who keeps them elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from api.settings import Settings
from core.clock import Clock
from core.db.database import Database
from core.egress.fetch import Egress
from core.egress.rules import EgressRules, HostList
from core.kv.port import KeyValueStore
from core.transparency.audit_log import AUDIT_LOG
from core.transparency.checkpoints import Checkpoints
from core.transparency.keeper import LogKeeper
from core.transparency.overview import LogOverview
from core.transparency.ports import NoteSigner, Witness
from core.transparency.prove import Prove
from core.transparency.verify import VerifyLog
from core.transparency.witness_folder import FolderWitness
from core.transparency.witness_http import HttpWitness
from core.transparency.witnesses import Witnesses
from keys.notes import read_note_key


@dataclass(frozen=True)
class TransparencyServices:
    """The use cases around the tree over the audit log."""

    checkpoints: Checkpoints
    prove: Prove
    verify: VerifyLog
    overview: LogOverview
    witnesses: Witnesses
    keeper: LogKeeper


def compose_transparency(
    database: Database,
    clock: Clock,
    kv: KeyValueStore,
    signer: NoteSigner,
    *,
    issuer: str,
    witnesses: Iterable[Witness] = (),
    every: float = 300,
    alarm: Callable[[str], None] = lambda _: None,
) -> TransparencyServices:
    """Compose from ports.

    Args:
        issuer: public base address.
        every: seconds between two checkpoints.
        alarm: hears of a log that is not what was signed.
    """
    checkpoints = Checkpoints(database, signer, clock, log=AUDIT_LOG, origin=origin_of(issuer))
    carried = Witnesses(database, checkpoints, tuple(witnesses), clock)
    verify = VerifyLog(database, checkpoints, signer, clock)
    return TransparencyServices(
        checkpoints=checkpoints,
        prove=Prove(database, checkpoints),
        verify=verify,
        overview=LogOverview(database, checkpoints, carried, verify, signer),
        witnesses=carried,
        keeper=LogKeeper(checkpoints, carried, kv, every=every, alarm=alarm),
    )


def origin_of(issuer: str) -> str:
    """The log's name: the public address without its scheme, and `/audit`."""
    parts = urlsplit(issuer)
    return f"{parts.netloc}{parts.path}/audit"


def witnesses_of(settings: Settings, clock: Clock) -> Iterator[Witness]:
    """Those that the deployment names."""
    if settings.audit_folder is not None:
        yield FolderWitness(settings.audit_folder.expanduser().absolute())
    if settings.audit_witness_url:
        parts = urlsplit(settings.audit_witness_url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        rules = EgressRules(
            schemes=frozenset({parts.scheme}), ports=frozenset({port}), inside=HostList.of([parts.hostname or ""])
        )
        key = read_note_key(settings.audit_witness_key)
        yield HttpWitness(settings.audit_witness_url, Egress(rules), key, clock)
