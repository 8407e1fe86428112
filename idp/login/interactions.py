"""Interactions: an authorization request that waits for a person to log in or to decide.

Kept in short-lived state under the digest of a random id, changed only by compare-and-swap, finished by `take`, and
bound to the browser that began it, so a log-in prepared elsewhere cannot be finished in a victim's browser (O-50).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from core.errors import Conflict
from core.ids import new_secret
from core.kv.port import KeyValueStore
from core.text import Text
from idp.clients.registry import ClientRegistry
from idp.errors import InteractionGone
from idp.protocol.redirect_uri import host_of, origin_of
from idp.requests.request import AuthorizationRequest
from idp.settings import IdpSettings
from idp.token_uses import BROWSER, INTERACTION
from keys.ports import FieldCipher, TokenDigests

Need = Literal["login", "consent", "select", "create", "acting", "prove"]
_SWAPS = 8
_HINT = "interaction.login_hint"


@dataclass(frozen=True, slots=True)
class PendingInteraction:
    """What is stored.

    Attributes:
        browser: digest of the value that only the browser that began it has.
        needs: what is asked of the person now.
        signed_in: digest of the session cookie that a log-in within this interaction made.
        proved_in: id of the session in which the person was led to where they can prove who they are.
        chosen_in: id of the session that the person chose to go on with.
        decided_in: id of the session in which the person decided about consent.
        granted: what they decided.
        agreed: the scopes that they gave; None for all that were asked.
        acted_in: id of the session in which the person chose for whom they act.
        can_give: the scopes that this person can give, once it is known who they are and for whom they act.
        login_hint: what they may want to log in with, sealed: it may be a phone or ID number.
    """

    request: AuthorizationRequest
    browser: str = field(repr=False)
    needs: Need | None = None
    signed_in: str | None = field(default=None, repr=False)
    decided_in: str | None = None
    granted: bool = False
    agreed: tuple[str, ...] | None = None
    chosen_in: str | None = None
    proved_in: str | None = None
    acted_in: str | None = None
    can_give: tuple[str, ...] | None = None
    login_hint: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Interaction:
    """What a page shows: who asks, for what, and what is still needed of the person.

    Attributes:
        client_host: host of the address that the person will be sent back to.
        return_origin: its origin, for the page's `form-action`.
        scopes: what the portal asks for.
        authorization_details: what it asks for in detail (RFC 9396).
        login_hint: what the portal believes that the person logs in with; nothing was looked up for it.
        ui_locales: the languages in which the portal would like the page, the best first.
        essential_acr: authentication contexts of which one must be met (OIDC Core §5.5.1.1); empty for none.
        wanted_acr: those, or the ones that are wished for.
        compact: the page is shown in a small window (`display=popup`, OIDC Core §3.1.2.1).
        policy_uri, tos_uri: the portal's own words on what it does with data, and its terms (OIDC Registration §2).
    """

    id: str = field(repr=False)
    client_id: str
    client_name: Text
    client_host: str
    return_origin: str
    scopes: tuple[str, ...]
    needs: Need
    idp_hint: str | None = None
    login_hint: str = field(default="", repr=False)
    essential_acr: tuple[str, ...] = ()
    wanted_acr: tuple[str, ...] = ()
    compact: bool = False
    ui_locales: tuple[str, ...] = ()
    authorization_details: tuple[Mapping[str, Any], ...] = ()
    policy_uri: str | None = None
    tos_uri: str | None = None


class Interactions:
    """Keeps interactions."""

    def __init__(
        self,
        kv: KeyValueStore,
        registry: ClientRegistry,
        digests: TokenDigests,
        cipher: FieldCipher,
        settings: IdpSettings,
    ) -> None:
        self._kv = kv
        self._registry = registry
        self._digests = digests
        self._cipher = cipher
        self._settings = settings

    async def get(self, interaction_id: str) -> Interaction:
        """For pages.

        Raises:
            InteractionGone: unknown, expired or finished.
        """
        pending = await self.pending(interaction_id)
        client = await self._registry.active(pending.request.client_id)
        if client is None:
            raise InteractionGone(private="client disabled")
        uri = pending.request.redirect_uri
        return Interaction(
            id=interaction_id,
            client_id=client.id,
            client_name=client.name,
            client_host=host_of(uri),
            return_origin=origin_of(uri),
            scopes=pending.request.scopes,
            needs=pending.needs or "login",
            idp_hint=pending.request.idp_hint,
            login_hint=self._cipher.decrypt(pending.login_hint, context=_HINT) if pending.login_hint else "",
            essential_acr=pending.request.claims.essential_acr,
            wanted_acr=pending.request.claims.essential_acr or pending.request.acr_values,
            compact=pending.request.display == "popup",
            ui_locales=pending.request.ui_locales,
            authorization_details=pending.request.authorization_details,
            policy_uri=client.metadata.policy_uri,
            tos_uri=client.metadata.tos_uri,
        )

    async def begin(
        self, request: AuthorizationRequest, needs: Need | None, can_give: tuple[str, ...] | None = None
    ) -> tuple[str, str]:
        """Store a new one; answers its id and the value for the browser's cookie."""
        interaction_id, browser = new_secret(24), new_secret(24)
        hint = request.login_hint
        pending = PendingInteraction(
            dataclasses.replace(request, login_hint=None),
            self._digests.digest(BROWSER, browser),
            needs,
            can_give=can_give,
            login_hint=self._cipher.encrypt(hint, context=_HINT) if hint else None,
        )
        key = _key(self._digests.digest(INTERACTION, interaction_id))
        await self._kv.put(key, _encode(pending), self._settings.interaction_lifetime)
        return interaction_id, browser

    async def pending(self, interaction_id: str) -> PendingInteraction:
        """
        Raises:
            InteractionGone: unknown, expired or finished.
        """
        _, stored = await self._read(interaction_id)
        return _decode(stored)

    async def in_browser(self, interaction_id: str, browser: str | None) -> PendingInteraction:
        """The interaction, if this browser began it.

        Raises:
            InteractionGone: also for another browser.
        """
        pending = await self.pending(interaction_id)
        if browser is None or not self._digests.matches(BROWSER, browser, pending.browser):
            raise InteractionGone(private="another browser")
        return pending

    async def needs_now(self, interaction_id: str, needs: Need, can_give: tuple[str, ...] | None = None) -> None:
        await self._change(interaction_id, needs=needs, can_give=can_give)

    async def signed_in(self, interaction_id: str, cookie_digest: str) -> None:
        await self._change(interaction_id, signed_in=cookie_digest)

    async def proved(self, interaction_id: str, session_id: str) -> None:
        await self._change(interaction_id, proved_in=session_id)

    async def chosen(self, interaction_id: str, session_id: str) -> None:
        await self._change(interaction_id, chosen_in=session_id)

    async def acted(self, interaction_id: str, session_id: str) -> None:
        await self._change(interaction_id, acted_in=session_id)

    async def decided(
        self, interaction_id: str, session_id: str, *, granted: bool, agreed: tuple[str, ...] | None = None
    ) -> None:
        await self._change(interaction_id, decided_in=session_id, granted=granted, agreed=agreed)

    async def finish(self, interaction_id: str) -> None:
        """Of several who want to finish, one may.

        Raises:
            InteractionGone: for the others.
        """
        key, _ = await self._read(interaction_id)
        if await self._kv.take(key) is None:
            raise InteractionGone(private="finished by another request")

    async def _read(self, interaction_id: str) -> tuple[str, bytes]:
        """Where it lies, and what lies there."""
        for digest in self._digests.digests(INTERACTION, interaction_id):
            stored = await self._kv.get(_key(digest))
            if stored is not None:
                return _key(digest), stored
        raise InteractionGone(private="not found")

    async def _change(self, interaction_id: str, **changes: object) -> None:
        for _ in range(_SWAPS):
            key, stored = await self._read(interaction_id)
            # mypy cannot see field names through **changes; the callers above are the only ones
            changed = dataclasses.replace(_decode(stored), **changes)  # type: ignore[arg-type]
            lifetime = self._settings.interaction_lifetime
            if await self._kv.compare_and_swap(key, stored, _encode(changed), lifetime):
                return
        raise Conflict(
            "interaction-busy",
            Text(
                "这次登录正在另一个页面里进行，请只留一个页面。", "This log-in is open in another tab. Keep only one."
            ),
        )


def _key(digest: str) -> str:
    return f"idp:interaction:{digest}"


def _encode(pending: PendingInteraction) -> bytes:
    return msgspec.json.encode(pending)


def _decode(stored: bytes) -> PendingInteraction:
    return msgspec.json.decode(stored, type=PendingInteraction)
