"""Who may register clients by themselves, and under which policy: an initial access token, a software statement of a
trusted issuer, or, on a development instance, anybody (RFC 7591 §3, §3.1.1; attacks O-44)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.clock import Clock
from core.db.database import Database, WriteTx
from idp.clients.policy import OPEN_FOR_TESTS
from idp.clients.ports import PermitStore
from idp.clients.records import Permit, PermitKind
from idp.clients.statements import issuer_of, verified
from idp.errors import InvalidClientMetadata, InvalidSoftwareStatement, InvalidToken, UnapprovedSoftwareStatement
from idp.settings import IdpSettings
from idp.token_uses import INITIAL_ACCESS
from keys.ports import TokenDigests

_OPEN_ID = "prm_open"
_MOST_OPEN = 1_000
_LONGEST_STATEMENT = 16_384


@dataclass(frozen=True, slots=True)
class Admitted:
    """Somebody may register.

    Attributes:
        document: what the client says, with what a software statement says in its place.
        statement: the statement, unchanged.
    """

    permit: Permit
    document: Mapping[str, Any]
    statement: str | None = field(default=None, repr=False)


class Admission:
    """Decides over who comes to the registration endpoint."""

    def __init__(
        self, database: Database, permits: PermitStore, digests: TokenDigests, clock: Clock, settings: IdpSettings
    ) -> None:
        self._database = database
        self._permits = permits
        self._digests = digests
        self._clock = clock
        self._settings = settings

    async def admit(self, document: Mapping[str, Any], bearer: str | None) -> Admitted:
        """
        Args:
            bearer: the token of the Authorization header, if there is one.

        Raises:
            InvalidToken: a token that is none of ours, spent or over; or nothing where something is needed.
            InvalidSoftwareStatement, UnapprovedSoftwareStatement: RFC 7591 §3.2.2.
        """
        statement = document.get("software_statement")
        by_statement: Permit | None = None
        if statement is not None:
            by_statement, said = await self._read_statement(statement)
            document = {**{name: value for name, value in document.items() if name != "software_statement"}, **said}
        if bearer is not None:
            permit = await self._by_token(bearer)
        elif by_statement is not None:
            permit = by_statement
        elif self._settings.registration == "open":
            permit = await self._open()
        else:
            raise InvalidToken("an initial access token or a software statement is needed")
        return Admitted(permit, document, statement)

    async def use(self, tx: WriteTx, permit: Permit) -> None:
        """Count one registration.

        Raises:
            InvalidToken: spent, over, or no room left; decided by one statement however many come at once.
        """
        if not await self._permits.use(tx, permit.id, self._clock.now()):
            if permit.kind is PermitKind.TOKEN:
                raise InvalidToken("the initial access token is spent or over")
            raise InvalidClientMetadata("no more clients can be registered this way", private="quota")

    async def _by_token(self, bearer: str) -> Permit:
        digests = self._digests.digests(INITIAL_ACCESS, bearer)
        async with self._database.read() as tx:
            permit = await self._permits.by_token(tx, digests)
        if permit is None or not permit.open(self._clock.now()):
            raise InvalidToken("the initial access token is not valid")
        return permit

    async def _read_statement(self, statement: object) -> tuple[Permit, Mapping[str, Any]]:
        if not isinstance(statement, str) or len(statement) > _LONGEST_STATEMENT:
            raise InvalidSoftwareStatement("the software statement cannot be read", field="software_statement")
        issuer, token = issuer_of(statement)
        async with self._database.read() as tx:
            permit = await self._permits.by_issuer(tx, issuer)
        if permit is None or permit.jwks is None:  # RFC 7591 §3.2.2: not approved for use here
            raise UnapprovedSoftwareStatement("the issuer of the software statement is not trusted here")
        return permit, verified(token, permit.jwks, audience=self._settings.issuer, clock=self._clock)

    async def _open(self) -> Permit:
        """One permit for everybody, so that their clients are counted."""
        permit = Permit(
            id=_OPEN_ID,
            kind=PermitKind.OPEN,
            note="open registration",
            policy=OPEN_FOR_TESTS,
            created_by="system",
            created_at=self._clock.now(),
            most_clients=_MOST_OPEN,
        )
        async with self._database.write() as tx:
            if await self._permits.add(tx, permit):
                await tx.commit()
        return permit
