"""Registers clients at once: for operators at the command line and for data that we bring along.

People and clients themselves go other ways (`review`, `dynamic`); every way goes through `validation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.audit.event import AuditEvent, Detail
from core.clock import Clock
from core.db.database import Database
from core.errors import InvalidInput
from core.ids import new_id
from core.principal import Principal
from core.text import Text
from idp.clients.description import ClientDescription
from idp.clients.offered import check_national
from idp.clients.policy import ADMINISTRATOR
from idp.clients.records import Origin, Registration
from idp.clients.secrets import SHORTEST
from idp.clients.validation import read_description, validated
from idp.clients.writing import WriteRegistrations
from idp.directory import organisation_not_found
from idp.errors import InvalidRedirectUri, RegistrationError
from idp.model import Client
from idp.ports import OrganisationStore
from idp.settings import IdpSettings


@dataclass(frozen=True, slots=True)
class NewClient(ClientDescription):
    """A client as the administrator describes it.

    Attributes:
        secret: a secret made elsewhere (demo data); None to have one made.
    """

    secret: str | None = None


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """The client, and its secret, which is shown this once; None for clients without one."""

    client: Client
    secret: str | None

    def __repr__(self) -> str:
        return f"RegisteredClient({self.client.id})"


class RegisterClient:
    """The use case."""

    def __init__(
        self,
        database: Database,
        organisations: OrganisationStore,
        writing: WriteRegistrations,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._database = database
        self._organisations = organisations
        self._writing = writing
        self._clock = clock
        self._settings = settings

    async def __call__(self, new: NewClient, actor: Principal) -> RegisteredClient:
        """
        Raises:
            InvalidInput: `client-invalid`, `uri-not-allowed`; `field` is the registered name of the member.
            NotFound: `organisation-not-found`.
            Conflict: `client-exists`.
        """
        if new.secret is not None and len(new.secret) < SHORTEST:
            raise client_invalid("client_secret", f"a client secret takes at least {SHORTEST} characters")
        return await self._register(_validated(new), new.secret, actor)

    async def from_document(self, document: Mapping[str, object], actor: Principal) -> RegisteredClient:
        """The same from a registration document with the members that administrators add, `client_id` among them.

        Raises: as above.
        """
        return await self._register(read_by_administrator(document), None, actor)

    async def _register(self, new: ClientDescription, chosen: str | None, actor: Principal) -> RegisteredClient:
        try:
            check_national(new, self._settings)
        except RegistrationError as error:
            raise told_to_people(error) from None
        client_id = new.client_id or new_id(self._clock, "cli")
        record = Registration(client_id, Origin.OPERATOR, actor.id, 1, self._clock.now())
        async with self._database.write() as tx:
            if new.organisation and await self._organisations.get(tx, new.organisation) is None:
                raise organisation_not_found()
            client, secret = await self._writing.add(tx, new, client_id, record, active=True, chosen=chosen)
            tx.audit(AuditEvent("client.register", "done", actor, subject=client.id, detail=audited(client)))
            await tx.commit()
        return RegisteredClient(client, secret.value if secret else None)


def audited(client: Client) -> Detail:
    """What the audit log says of a client that was registered."""
    return {
        "scopes": " ".join(sorted(client.scopes)),
        "realname": client.realname_approved,
        "profile": client.metadata.profile.value,
    }


def read_by_administrator(document: Mapping[str, object]) -> ClientDescription:
    """
    Raises:
        InvalidInput: `client-invalid`, `uri-not-allowed`.
    """
    try:
        return read_description(document, ADMINISTRATOR)
    except RegistrationError as error:
        raise told_to_people(error) from None


def _validated(new: ClientDescription) -> ClientDescription:
    try:
        return validated(new, ADMINISTRATOR)
    except RegistrationError as error:
        raise told_to_people(error) from None


def told_to_people(error: RegistrationError) -> InvalidInput:
    """The same for people, who do not speak RFC 7591."""
    if isinstance(error, InvalidRedirectUri) or "https address" in error.description:
        text = Text(
            "这个网址不能登记：要用 https 的完整网址，不带 # 和用户名；回调网址的参数里不能有 code、state 等保留名。",
            "This address cannot be registered: use a complete https address without # and user name; a callback's "
            "query must not hold reserved names such as code or state.",
        )
        return InvalidInput("uri-not-allowed", text, field=error.field, private=error.description)
    return client_invalid(error.field or "document", error.description)


def client_invalid(field: str, why: str) -> InvalidInput:
    text = Text(
        "客户端的 {field} 不合规则，请对照说明改一改：{why}。", "The client's {field} is not as required: {why}."
    )
    return InvalidInput("client-invalid", text.format(field=field, why=why), field=field, private=why)
