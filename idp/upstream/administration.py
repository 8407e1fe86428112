"""Registers and changes providers; for security administrators, each step on record."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from core.audit.event import AuditEvent, Detail
from core.clock import Clock
from core.db.database import Database, WriteTx
from core.errors import Conflict, InvalidInput
from core.principal import Principal
from core.text import Text
from idp.settings import IdpSettings
from idp.upstream.credentials import ClientCredentials
from idp.upstream.description import ProviderDescription, check_description
from idp.upstream.errors import provider_not_found
from idp.upstream.model import Provider, ProviderStatus, UpstreamAuthMethod
from idp.upstream.ports import ProviderStore
from idp.upstream.registry import ProviderRegistry


class Providers:
    """The use cases of an administrator."""

    def __init__(
        self,
        database: Database,
        providers: ProviderStore,
        registry: ProviderRegistry,
        credentials: ClientCredentials,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._database = database
        self._providers = providers
        self._registry = registry
        self._credentials = credentials
        self._clock = clock
        self._settings = settings

    async def all(self) -> Sequence[Provider]:
        """In the order in which they were registered, disabled ones too."""
        async with self._database.read() as tx:
            return await self._providers.all(tx)

    async def get(self, provider_id: str) -> Provider:
        """
        Raises:
            NotFound: `upstream-not-found`.
        """
        async with self._database.read() as tx:
            found = await self._providers.get(tx, provider_id)
        if found is None:
            raise provider_not_found()
        return found

    async def put(
        self, described: ProviderDescription, actor: Principal, *, revision: int | None = None
    ) -> tuple[Provider, bool]:
        """Register the provider, or replace what is known of it; True where it is new.

        Args:
            revision: the one that the administrator has seen; None to replace whatever is there.

        Raises:
            InvalidInput: `upstream-invalid`.
            Conflict: `upstream-exists` (another provider has the issuer), `upstream-issuer-fixed` (links belong to
                the issuer: register another provider), `precondition-failed`.
        """
        check_description(described, secure=self._settings.secure)
        if described.auth_method is UpstreamAuthMethod.PRIVATE_KEY_JWT:
            await self._credentials.prepare()
        async with self._database.write() as tx:
            earlier = await self._providers.get(tx, described.id)
            provider = self._provider(described, earlier)
            await self._write(tx, provider, earlier, revision)
            action = "upstream.register" if earlier is None else "upstream.change"
            tx.audit(AuditEvent(action, "done", actor, provider.id, detail=_detail(provider)))
            await tx.commit()
        self._registry.forget()
        return provider, earlier is None

    async def change_status(self, provider_id: str, status: ProviderStatus, actor: Principal) -> Provider:
        """Take a provider out of use, or into it again; works from the next request on.

        Raises:
            NotFound: `upstream-not-found`.
            Conflict: `precondition-failed`, when somebody else changed it at the same time.
        """
        async with self._database.write() as tx:
            earlier = await self._providers.get(tx, provider_id)
            if earlier is None:
                raise provider_not_found()
            provider = dataclasses.replace(
                earlier, status=status, revision=earlier.revision + 1, changed_at=self._clock.now()
            )
            await self._write(tx, provider, earlier, None)
            tx.audit(AuditEvent("upstream.change-status", "done", actor, provider_id, detail={"status": status.value}))
            await tx.commit()
        self._registry.forget()
        return provider

    async def _write(self, tx: WriteTx, provider: Provider, earlier: Provider | None, revision: int | None) -> None:
        if earlier is None:
            if revision is not None:
                raise _moved_on()
            if not await self._providers.add(tx, provider):
                raise Conflict(
                    "upstream-exists",
                    Text(
                        "这个签发者（issuer）已经登记成另一种登录方式。",
                        "This issuer is registered as another provider already.",
                    ),
                )
            return
        if provider.issuer != earlier.issuer:
            raise Conflict(
                "upstream-issuer-fixed",
                Text(
                    "签发者（issuer）不能改，绑定都属于它。请登记成另一种登录方式。",
                    "The issuer cannot change, for the links belong to it. Register another provider.",
                ),
            )
        if revision not in (None, earlier.revision):
            raise _moved_on()
        if not await self._providers.replace(tx, provider, revision=earlier.revision):
            raise _moved_on()

    def _provider(self, described: ProviderDescription, earlier: Provider | None) -> Provider:
        now = self._clock.now()
        return Provider(
            id=described.id,
            name=described.name,
            issuer=described.issuer,
            client_id=described.client_id,
            auth_method=described.auth_method,
            secret_sealed=self._secret(described, earlier),
            trust=described.trust,
            scopes=tuple(dict.fromkeys(described.scopes)),
            mapping=described.mapping,
            algorithms=tuple(dict.fromkeys(described.algorithms)),
            userinfo=described.userinfo,
            required_acrs=tuple(dict.fromkeys(described.required_acrs)),
            hinting_clients=frozenset(described.hinting_clients),
            status=ProviderStatus.ACTIVE if earlier is None else earlier.status,
            revision=1 if earlier is None else earlier.revision + 1,
            created_at=now if earlier is None else earlier.created_at,
            changed_at=now,
        )

    def _secret(self, described: ProviderDescription, earlier: Provider | None) -> bytes | None:
        if described.auth_method is not UpstreamAuthMethod.BASIC:
            return None
        if described.client_secret is not None:
            return self._credentials.seal(described.id, described.client_secret)
        kept = None if earlier is None else earlier.secret_sealed
        if kept is None:
            text = Text("client_secret_basic 要有 client_secret。", "client_secret_basic needs a client_secret.")
            raise InvalidInput("upstream-invalid", text, field="client_secret")
        return kept


def _detail(provider: Provider) -> Detail:
    return {"issuer": provider.issuer, "trust": provider.trust.value, "revision": provider.revision}


def _moved_on() -> Conflict:
    return Conflict(
        "precondition-failed",
        Text(
            "这项登记在您读取之后被改过。请重新读取，再改一次。",
            "The registration was changed after you read it. Read it again and repeat your change.",
        ),
    )
