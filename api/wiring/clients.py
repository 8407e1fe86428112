"""Puts the registration of clients together: what the API, the command line and the console use."""

from __future__ import annotations

from dataclasses import dataclass

from core.clock import Clock
from core.db.database import Database
from core.egress.port import Fetcher
from idp.clients.admission import Admission
from idp.clients.dynamic import DynamicRegistration
from idp.clients.errors_log import ErrorsLog, ReadClientErrors
from idp.clients.looking import LookAtClients
from idp.clients.permits import IssuePermits
from idp.clients.ports import ClientErrorStore
from idp.clients.proposing import ProposeClients
from idp.clients.registration import RegisterClient
from idp.clients.registry import ClientRegistry
from idp.clients.review import ReviewClients
from idp.clients.rotation import RotateSecrets
from idp.clients.secrets import ClientSecrets
from idp.clients.sector import SectorDocuments
from idp.clients.status import ChangeClientStatus
from idp.clients.sweeping import SweepRegistrations
from idp.clients.writing import RegistrationStores, WriteRegistrations
from idp.ports import OrganisationStore
from idp.settings import IdpSettings
from keys.ports import TokenDigests


@dataclass(frozen=True)
class ClientServices:
    """Everything about clients that somebody looks after.

    Attributes:
        register: at once, for operators.
        look: search, and one client with its proposals.
        propose: register or change, to be reviewed.
        review: open proposals; approve, refuse, withdraw.
        status: disable, enable, remove.
        secrets: a second one, the end of the first.
        permits: initial access tokens and trusted issuers of software statements.
        dynamic: clients by themselves.
        errors: what developers read; `errors_log` takes note of it.
    """

    register: RegisterClient
    look: LookAtClients
    propose: ProposeClients
    review: ReviewClients
    status: ChangeClientStatus
    secrets: RotateSecrets
    permits: IssuePermits
    dynamic: DynamicRegistration
    errors: ReadClientErrors
    errors_log: ErrorsLog
    sweep: SweepRegistrations


def build_clients(
    database: Database,
    stores: RegistrationStores,
    errors: ClientErrorStore,
    organisations: OrganisationStore,
    secrets: ClientSecrets,
    digests: TokenDigests,
    registry: ClientRegistry,
    fetcher: Fetcher,
    clock: Clock,
    settings: IdpSettings,
) -> ClientServices:
    """Compose the use cases."""
    writing = WriteRegistrations(stores, secrets, clock)
    look = LookAtClients(database, stores)
    sectors = SectorDocuments(fetcher)
    admission = Admission(database, stores.permits, digests, clock, settings)
    return ClientServices(
        register=RegisterClient(database, organisations, writing, clock, settings),
        look=look,
        propose=ProposeClients(database, look, organisations, writing, sectors, registry, clock, settings),
        review=ReviewClients(database, stores, writing, registry, clock),
        status=ChangeClientStatus(database, stores, look, writing, registry),
        secrets=RotateSecrets(database, stores, look, secrets, registry, clock),
        permits=IssuePermits(database, stores.permits, digests, clock),
        dynamic=DynamicRegistration(database, stores, admission, writing, sectors, digests, registry, clock, settings),
        errors=ReadClientErrors(database, errors, look),
        errors_log=ErrorsLog(database, errors, clock),
        sweep=SweepRegistrations(stores, errors),
    )
