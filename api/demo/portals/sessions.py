"""A portal's own log-in sessions, apart from the provider's: another cookie, bound to the portal's path."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from api.demo.portals.addresses import PortalAddresses
from api.demo.portals.oidc_client import Login, LoginAttempt
from api.web.shelf import Shelf

_LIFE = 8 * 3600
_ATTEMPT_LIFE = 900


class Application(msgspec.Struct, frozen=True):
    """An application for public rental housing: the consent asked for, and the copy once it was fetched."""

    case_number: str
    consent_id: str
    decision_url: str
    licence_id: str | None = None
    copy_id: str | None = None
    expires_on: str | None = None


class PortalSession(msgspec.Struct, frozen=True):
    """Who is logged in at this portal, and what they have applied for."""

    claims: dict[str, Any]
    userinfo: dict[str, Any]
    id_token: str
    application: Application | None = None


@dataclass(frozen=True)
class PortalSessions:
    """Sessions of one portal. The shelf keeps them encrypted; `sid` leads a back-channel log-out to the session."""

    key: str
    addresses: PortalAddresses
    secure: bool
    shelf: Shelf = field(repr=False)

    @property
    def cookie(self) -> str:
        return f"portal_{self.key}"

    @property
    def _owner(self) -> str:
        return f"demo portal {self.key}"

    async def current(self, request: Request) -> PortalSession | None:
        token = request.cookies.get(self.cookie, "")
        kept = await self.shelf.get(token, owner=self._owner) if token else None
        return None if kept is None else msgspec.json.decode(kept, type=PortalSession)

    async def start(self, login: Login, response: Response) -> None:
        session = PortalSession(dict(login.claims), dict(login.userinfo), login.id_token)
        token = await self.shelf.put(msgspec.json.encode(session), owner=self._owner, seconds=_LIFE)
        sid = str(login.claims.get("sid", ""))
        await self.shelf.put_at(sid, "sid", token.encode(), owner=self._owner, seconds=_LIFE)
        self._set(response, self.cookie, token)

    async def change(self, request: Request, session: PortalSession) -> None:
        """Store another state of the session that this browser has."""
        token = request.cookies.get(self.cookie, "")
        await self.shelf.put_at(token, "", msgspec.json.encode(session), owner=self._owner, seconds=_LIFE)

    async def end(self, request: Request, response: Response) -> None:
        """End this browser's session."""
        token = request.cookies.get(self.cookie, "")
        await self.shelf.drop(token, owner=self._owner)
        response.delete_cookie(self.cookie, path=self.addresses.path)

    async def end_by_sid(self, sid: str) -> bool:
        """End the session that the provider calls `sid`; True if there was one."""
        token = await self.shelf.get(sid, owner=self._owner, part="sid")
        if token is None:
            return False
        await self.shelf.drop(token.decode(), owner=self._owner)
        await self.shelf.drop(sid, owner=self._owner, part="sid")
        return True

    async def remember_attempt(self, attempt: LoginAttempt, response: Response) -> None:
        """Bind a log-in to the browser that began it."""
        kept = msgspec.json.encode(attempt)
        token = await self.shelf.put(kept, owner=f"{self._owner} attempt", seconds=_ATTEMPT_LIFE)
        self._set(response, f"{self.cookie}_attempt", token)

    async def take_attempt(self, request: Request) -> LoginAttempt | None:
        token = request.cookies.get(f"{self.cookie}_attempt", "")
        owner = f"{self._owner} attempt"
        kept = await self.shelf.get(token, owner=owner) if token else None
        await self.shelf.drop(token, owner=owner)
        return None if kept is None else msgspec.json.decode(kept, type=LoginAttempt)

    def _set(self, response: Response, name: str, value: str) -> None:
        response.set_cookie(name, value, path=self.addresses.path, secure=self.secure, httponly=True, samesite="lax")
