"""Puts together what looks after the service: what runs out when, and the renewals that two people decide."""

from __future__ import annotations

from dataclasses import dataclass

from api.bridges import SealRenewer
from api.wiring.ground import Ground
from api.wiring.keys import KeysServices
from api.wiring.pki import PkiServices
from api.wiring.rotation import RotationServices
from api.wiring.signing import SigningServices
from core.clock import Clock
from core.db.database import Database
from keys.archive.runs import Run, RunKind, RunState, RunStore
from keys.horizon.certificate_lines import CertificateLines
from keys.horizon.list_lines import ListLines
from keys.horizon.ring_lines import RingLines
from keys.horizon.survey import Survey
from keys.horizon.trust_lines import TrustLines
from keys.renewals.decide import Renewals
from keys.rotation.policy import RotationPolicies
from keys.stores.backup_runs import SqlRunStore
from keys.stores.renewals import SqlProposalStore
from keys.stores.revocation_lists import SqlListStore
from keys.stores.trust import SqlTrustStore


@dataclass(frozen=True)
class CareServices:
    """What administrators' pages, `doctor` and monitoring ask."""

    survey: Survey
    renewals: Renewals
    runs: RunStore
    database: Database

    async def last_drill(self) -> Run | None:
        """The last restore drill that came to its end, well or not."""
        async with self.database.read() as tx:
            return await self.runs.latest(tx, RunKind.DRILL, RunState.DONE, RunState.FAULTY, RunState.FAILED)


def build_survey(keys: KeysServices, pki: PkiServices, policies: RotationPolicies, clock: Clock) -> Survey:
    """Everything that has an end, asked where it is kept."""
    lists = SqlListStore(keys.store.engine)
    sources = (
        RingLines(keys.ring, policies),
        CertificateLines(pki.certificates),
        ListLines(pki.certificates, lists),
        TrustLines(SqlTrustStore(keys.store.engine)),
    )
    return Survey(sources, clock)


def build_care(ground: Ground, pki: PkiServices, rotation: RotationServices, signing: SigningServices) -> CareServices:
    """Compose on the service's ground."""
    renewer = SealRenewer(signing.seals, signing.renew_seal)
    return CareServices(
        build_survey(ground.keys, pki, rotation.policies, ground.clock),
        Renewals(ground.database, SqlProposalStore(), renewer, ground.clock),
        SqlRunStore(),
        ground.database,
    )
