"""The register of protected resources, kept by security administrators (RFC 8707 §2; RFC 9728 §2)."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.audit.event import AuditEvent, Detail
from core.clock import Clock
from core.db.database import Database, WriteTx
from core.errors import Conflict, InvalidInput, NotFound
from core.paging import Page, decode_cursor, encode_cursor, page_size
from core.principal import Principal
from core.text import Text
from idp.client_metadata import AccessTokenFormat
from idp.ports import ClientStore
from idp.protocol.scopes import ALL_SCOPES
from idp.resources.known import KnownResources
from idp.resources.model import ProtectedResource, ResourceScope, ResourceStatus
from idp.resources.ports import ProtectedResourceStore
from idp.resources.targets import is_resource_identifier

MOST_SCOPES = 50
_SCOPE = re.compile(r"[a-z0-9][a-z0-9._:-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ResourceDescription:
    """A resource as the administrator describes it; see `idp.resources.model.ProtectedResource`."""

    identifier: str
    name: Text
    scopes: Sequence[ResourceScope]
    access_token_format: AccessTokenFormat = AccessTokenFormat.JWT
    client_id: str | None = None


class ResourceRegister:
    """The use cases."""

    def __init__(
        self,
        database: Database,
        resources: ProtectedResourceStore,
        clients: ClientStore,
        known: KnownResources,
        clock: Clock,
        *,
        ours: str,
        national: bool = False,
    ) -> None:
        self._database = database
        self._resources = resources
        self._clients = clients
        self._known = known
        self._clock = clock
        self._ours = ours
        self._national = national

    async def add(self, described: ResourceDescription, actor: Principal) -> ProtectedResource:
        """
        Raises:
            InvalidInput: `resource-invalid`; `field` says which part.
            Conflict: `resource-exists`: the identifier, or a scope, is taken.
        """
        made = self._checked(described)
        async with self._database.write() as tx:
            await self._check_client(tx, made)
            if not await self._resources.add(tx, made):
                raise _taken()
            await self._commit(tx, "protected-resource.add", made, actor)
        return made

    async def change(self, described: ResourceDescription, actor: Principal) -> ProtectedResource:
        """Everything but the identifier may change.

        Raises:
            InvalidInput, Conflict: as in `add`.
            NotFound: `resource-not-found`.
        """
        made = self._checked(described)
        async with self._database.write() as tx:
            earlier = await self._resources.get(tx, made.identifier)
            if earlier is None:
                raise _not_found()
            made = dataclasses.replace(made, status=earlier.status, created_at=earlier.created_at)
            await self._check_client(tx, made)
            if not await self._resources.replace(tx, made):
                raise _taken()
            await self._commit(tx, "protected-resource.change", made, actor)
        return made

    async def change_status(self, identifier: str, status: ResourceStatus, actor: Principal) -> ProtectedResource:
        """
        Raises:
            NotFound: `resource-not-found`.
        """
        if not is_resource_identifier(identifier):
            raise _not_found()
        async with self._database.write() as tx:
            found = await self._resources.get(tx, identifier)
            if found is None or not await self._resources.change_status(tx, identifier, status):
                raise _not_found()
            changed = dataclasses.replace(found, status=status)
            await self._commit(tx, "protected-resource.change-status", changed, actor)
        return changed

    async def get(self, identifier: str) -> ProtectedResource:
        """
        Raises:
            NotFound: `resource-not-found`.
        """
        if not is_resource_identifier(identifier):
            raise _not_found()
        async with self._database.read() as tx:
            found = await self._resources.get(tx, identifier)
        if found is None:
            raise _not_found()
        return found

    async def words(self, scopes: Sequence[str]) -> Mapping[str, Text]:
        """What people are told of those scopes that belong to a resource; costs nothing where none can."""
        theirs = [scope for scope in scopes if scope not in ALL_SCOPES]
        if not theirs:
            return {}
        async with self._database.read() as tx:
            return await self._resources.scope_words(tx, theirs)

    async def page(self, cursor: str | None = None, limit: int | None = None) -> Page[ProtectedResource]:
        """In order of identifier."""
        after = str(decode_cursor(cursor, 1)[0]) if cursor else ""
        size = page_size(limit)
        async with self._database.read() as tx:
            found = await self._resources.page(tx, after=after, limit=size + 1)
        more = len(found) > size
        return Page(found[:size], encode_cursor(found[size - 1].identifier) if more else None)

    async def _check_client(self, tx: WriteTx, made: ProtectedResource) -> None:
        name = made.client_id
        if name is not None and not (name.isprintable() and await self._clients.get(tx, name)):
            raise _invalid("client_id", "there is no such client")

    async def _commit(self, tx: WriteTx, action: str, made: ProtectedResource, actor: Principal) -> None:
        detail: Detail = {
            "scopes": " ".join(scope.name for scope in made.scopes),
            "format": made.access_token_format.value,
            "status": made.status.value,
        }
        tx.audit(AuditEvent(action, "done", actor, made.identifier, detail=detail))
        await tx.commit()
        self._known.forget()

    def _checked(self, described: ResourceDescription) -> ProtectedResource:
        if not is_resource_identifier(described.identifier) or described.identifier == self._ours:
            raise _invalid("identifier", "an absolute URI without a fragment, and not our own")
        if not _is_said(described.name):
            raise _invalid("name", "a name in Chinese and in English")
        if described.access_token_format is AccessTokenFormat.JWT_SM2 and not self._national:
            raise _not_national()
        names = [scope.name for scope in described.scopes]
        if not 0 < len(names) <= MOST_SCOPES or len(set(names)) != len(names):
            raise _invalid("scopes", f"1 to {MOST_SCOPES} scopes, each once")
        if not all(_SCOPE.fullmatch(name) for name in names) or ALL_SCOPES.intersection(names):
            raise _invalid("scopes", "names of lower-case letters, digits, dots, dashes and colons, not those of ours")
        if not all(_is_said(scope.words) for scope in described.scopes):
            raise _invalid("scopes", "words in Chinese and in English for each scope")
        return ProtectedResource(
            identifier=described.identifier,
            name=described.name,
            scopes=tuple(sorted(described.scopes, key=lambda scope: scope.name)),
            access_token_format=described.access_token_format,
            client_id=described.client_id,
            status=ResourceStatus.ACTIVE,
            created_at=self._clock.now(),
        )


def _is_said(text: Text) -> bool:
    """Words in both languages, in characters that can be shown."""
    return all(words.strip() and words.isprintable() and len(words) <= 200 for words in (text.zh, text.en))


def _taken() -> Conflict:
    return Conflict(
        "resource-exists",
        Text(
            "这个标识或其中一个权限名已经有了，请换一个。",
            "This identifier, or one of the scopes, is taken. Choose another.",
        ),
    )


def _not_found() -> NotFound:
    return NotFound("resource-not-found", Text("没有登记这个受保护的服务。", "There is no such protected resource."))


def _not_national() -> InvalidInput:
    return InvalidInput(
        "resource-invalid",
        Text(
            "本系统没有启用国密算法，不签发 SM2 签名的访问令牌。"
            "请改用 jwt 或 opaque，或请运维把 YIZHENG_PROFILE 设为 national 或 both。",
            "This deployment has no national algorithms, so access tokens are not signed by SM2. Choose jwt or "
            "opaque, or have its operator set YIZHENG_PROFILE to national or both.",
        ),
        field="access_token_format",
    )


def _invalid(field: str, private: str) -> InvalidInput:
    text = Text(
        "受保护服务的 {field} 不合规则，请对照说明改一改。", "The resource's {field} is not as required: {why}."
    )
    return InvalidInput("resource-invalid", text.format(field=field, why=private), field=field, private=private)
