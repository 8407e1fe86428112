"""Puts together the public log of signatures: its tree, who signs its checkpoints, what is answered from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.clock import Clock
from core.db.database import Database
from core.kv.port import KeyValueStore
from core.transparency.checkpoints import Checkpoints
from core.transparency.ports import NoteSigner
from signing.public_log.keep import KeepPublicLog
from signing.public_log.prove import ProveSignatures
from signing.public_log.verify import VerifyPublicLog
from signing.stores.public_log import SIGNATURE_LOG, SqlPublicLog


@dataclass(frozen=True)
class PublicLogServices:
    """The use cases of the public log of signatures."""

    origin: str
    signer: NoteSigner
    prove: ProveSignatures
    verify: VerifyPublicLog
    keep: KeepPublicLog

    def key_lines(self) -> Sequence[str]:
        """The keys to pin, today's first."""
        return [one.line() for one in self.signer.keys(self.origin)]


def compose_public_log(
    database: Database,
    clock: Clock,
    kv: KeyValueStore,
    signer: NoteSigner,
    *,
    issuer: str,
    every: float = 10,
    alarm: Callable[[str], None] = lambda _: None,
) -> PublicLogServices:
    """Compose from ports.

    Args:
        issuer: public base address.
        every: seconds between two checkpoints.
        alarm: hears of a log that is not what was signed.
    """
    origin, store = signature_log_origin(issuer), SqlPublicLog()
    checkpoints = Checkpoints(database, signer, clock, log=SIGNATURE_LOG, origin=origin)
    return PublicLogServices(
        origin=origin,
        signer=signer,
        prove=ProveSignatures(database, store, checkpoints),
        verify=VerifyPublicLog(database, store, checkpoints, clock),
        keep=KeepPublicLog(database, store, checkpoints, kv, every=every, alarm=alarm),
    )


def signature_log_origin(issuer: str) -> str:
    """The log's name, which is also where its tiles are: the public address without its scheme, and the path."""
    parts = urlsplit(issuer)
    return f"{parts.netloc}{parts.path}/v1/signature-log"
