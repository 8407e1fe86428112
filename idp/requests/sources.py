"""Where the parameters of an authorization request come from; whatever it is, the same checks follow.

RFC 6749 §4.1.1; OpenID Connect Core §6; RFC 9101 §5, §6.3; RFC 9126 §4; RFC 9449 §10.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from enum import StrEnum

from idp.errors import InvalidRequest, RequestNotSupported, RequestUriNotSupported
from idp.model import Client
from idp.profiles.rules import must_push
from idp.protocol.params import Parameters
from idp.requests.pushed import PREFIX, PushedReference, PushedRequests
from idp.requests.referenced import ReferencedObjects
from idp.requests.request_object import ReadObject, RequestObjects, UnsignedObject
from idp.resources.known import KnownResources
from idp.resources.model import ProtectedResource

_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)  # RFC 7638, SHA-256


class Source(StrEnum):
    """How a request came here."""

    PLAIN = "plain"  # in the query or form, unsigned
    OBJECT = "object"  # in a request object (RFC 9101)
    PUSHED = "pushed"  # by the client itself, before (RFC 9126)
    PUSHED_OBJECT = "pushed-object"  # both

    @property
    def pushed(self) -> bool:
        return self in (Source.PUSHED, Source.PUSHED_OBJECT)

    @property
    def signed(self) -> bool:
        return self in (Source.OBJECT, Source.PUSHED_OBJECT)


@dataclass(frozen=True, slots=True)
class Resolved:
    """The parameters that count.

    Attributes:
        dpop_jkt: the key that was proved when the request was pushed, or named by `dpop_jkt` (RFC 9449 §10).
        pushed: the pushed request that must be finished before the answer is given.
        resources: the protected resources that are asked for, beside our own API.
    """

    parameters: Parameters
    source: Source = Source.PLAIN
    dpop_jkt: str | None = None
    pushed: PushedReference | None = field(default=None, repr=False)
    resources: tuple[ProtectedResource, ...] = ()


class RequestSources:
    """Finds the parameters that count."""

    def __init__(
        self,
        pushed: PushedRequests,
        objects: RequestObjects,
        referenced: ReferencedObjects,
        resources: KnownResources,
    ) -> None:
        self._pushed = pushed
        self._objects = objects
        self._referenced = referenced
        self._resources = resources

    async def resolve(self, parameters: Parameters, client: Client) -> Resolved:
        """The parameters of the request itself, from wherever they are kept.

        Raises:
            OAuthError: there is no telling what is asked for, so nothing in the request says where to answer, except
                perhaps a registered `redirect_uri` beside it.
        """
        request_uri = parameters.get("request_uri")
        if request_uri is None:
            return await self._given(parameters, client)
        if "request" in parameters:  # OIDC Core §6.2, RFC 9101 §5
            raise InvalidRequest("request and request_uri exclude each other")
        if request_uri.startswith(PREFIX):
            return await self._from_pushed(request_uri, client)
        if must_push(client):  # nothing is fetched for a request that will be refused
            raise InvalidRequest("the client must push its authorization requests")
        try:
            read = await self._objects.read(await self._referenced.fetch(request_uri, client), client)
        except UnsignedObject:
            raise RequestUriNotSupported("unsigned request objects are not supported") from None
        return _resolved(_merged(parameters, read), Source.OBJECT)

    async def resolve_pushed(self, parameters: Parameters, client: Client) -> Resolved:
        """The parameters of a request that is being pushed.

        Raises:
            OAuthError: RFC 9126 §2.1: `request_uri` among them, or a request object that is not acceptable.
        """
        if "request_uri" in parameters:
            raise InvalidRequest("a pushed request must not have a request_uri")
        resolved = await self._given(parameters, client)
        source = Source.PUSHED_OBJECT if resolved.source.signed else Source.PUSHED
        return dataclasses.replace(resolved, source=source)

    async def addressed(self, resolved: Resolved, client: Client) -> Resolved:
        """With the protected resources that `resource` names.

        Raises:
            InvalidTarget: RFC 8707 §2.1.
        """
        asked = resolved.parameters.resources
        if not asked:
            return resolved
        found = await self._resources.asked(asked, client)
        if "token" in resolved.parameters.get("response_type", "").split():
            self._resources.check_one_token(asked, found)
        return dataclasses.replace(resolved, resources=found)

    async def finish(self, pushed: PushedReference | None) -> None:
        """To be called before the answer to a request is given.

        Raises:
            InteractionGone: the pushed request that it came from was answered before.
        """
        if pushed is not None:
            await self._pushed.finish(pushed)

    async def _given(self, parameters: Parameters, client: Client) -> Resolved:
        if "request" not in parameters:
            return _resolved(parameters, Source.PLAIN)
        try:
            read = await self._objects.read(parameters["request"], client)
        except UnsignedObject:
            raise RequestNotSupported("unsigned request objects are not supported") from None
        return _resolved(_merged(parameters, read), Source.OBJECT)

    async def _from_pushed(self, request_uri: str, client: Client) -> Resolved:
        """Nothing beside `client_id` and `request_uri` counts."""
        pushed, reference = await self._pushed.find(request_uri, client.id)
        parameters = Parameters(pushed.parameters, pushed.resources)
        source = Source.PUSHED_OBJECT if pushed.signed else Source.PUSHED
        return Resolved(parameters, source, pushed.dpop_jkt, reference)


def _resolved(parameters: Parameters, source: Source) -> Resolved:
    dpop_jkt = parameters.get("dpop_jkt")
    if dpop_jkt is not None and not _THUMBPRINT.fullmatch(dpop_jkt):
        raise InvalidRequest("dpop_jkt is no SHA-256 thumbprint")  # RFC 9449 §10
    return Resolved(parameters, source, dpop_jkt)


def _merged(outside: Parameters, read: ReadObject) -> Parameters:
    """What is inside wins; whether what is only outside counts at all depends on which specification is spoken.

    By RFC 9101 §6.3 only the object counts. By OIDC Core §6.1, which demands `response_type` and `scope` outside too,
    parameters that vary may stand beside an object that does not.

    Raises:
        InvalidRequest: `response_type` differs inside and outside (OIDC Core §6.1).
    """
    inside = read.parameters
    client_id = {"client_id": outside["client_id"]} if "client_id" in outside else {}
    if read.alone or not {"response_type", "scope"} <= outside.keys():
        return Parameters({**inside, **client_id}, inside.resources)
    if inside.get("response_type", outside["response_type"]) != outside["response_type"]:
        raise InvalidRequest("response_type differs in the request object")
    beside = {name: value for name, value in outside.items() if name not in ("request", "request_uri")}
    return Parameters({**beside, **inside, **client_id}, inside.resources or outside.resources)
