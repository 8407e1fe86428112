"""What may be exchanged for what; pure rules, asked in this order (RFC 8693 §1.1, §2.1, §4, §5; attacks O-43).

1 may this client hand the token on at all, 2 in whose name does it act, 3 for whom, 4 with which rights. Every rule can
only narrow: nothing that is issued says more than the subject's token did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

from idp.errors import InvalidRequest, InvalidScope, InvalidTarget
from idp.exchange.parties import Actor, Subject
from idp.model import Client, Confirmation
from idp.protocol.params import Parameters
from idp.protocol.scopes import OFFLINE_ACCESS, OIDC_SCOPES, OPENID, parse_scope

DEEPEST = 3
"""Actors in a chain at most, so that a token still tells a story that somebody can follow (§4.1)."""

MOST_TARGETS = 8
_NEVER = "admin:"
"""Administration is nobody's to pass on."""

_PERSONAL = OIDC_SCOPES - {OPENID}


def check_presenter(subject: Subject, client: Client, served: Set[str]) -> None:
    """A token may be handed on by whom it was issued to, by whom it was meant for, and by whom it names.

    Args:
        served: resources that come to introspect as this client.

    Raises:
        InvalidRequest: anybody else's token, however it was come by.
    """
    if subject.client_id == client.id or client.id in subject.audiences or served & set(subject.audiences):
        return
    if subject.may_act is not None and subject.may_act.get("client_id") == client.id:
        return
    raise InvalidRequest("subject_token was not issued to this client or for it", private="a stranger's token")


def check_key(token_client: str, bound: Confirmation | None, client: Client, shown: Confirmation | None) -> None:
    """What was bound to a key of this client does not become a bearer token by an exchange (RFC 9449 §7.2).

    Raises:
        InvalidRequest: the key is not shown.
    """
    if bound is not None and token_client == client.id and bound != shown:
        raise InvalidRequest("the token is bound to a key that the request does not prove")


def acting(subject: Subject, actor: Actor | None, client: Client) -> Mapping[str, Any] | None:
    """`act` of the new token (§4.1): the actor, and behind it whoever acted before.

    Raises:
        InvalidRequest: nobody would act where somebody must, somebody who may not, or too long a chain.
    """
    if actor is None:
        own = subject.client_id == client.id
        if not own and not client.metadata.exchange_impersonation:
            raise InvalidRequest("an actor_token is required", private="impersonation is not the client's policy")
        return subject.acting
    if subject.may_act is not None and not _is_meant(subject.may_act, actor):
        raise InvalidRequest("the subject_token names another actor")  # §4.4
    chain: dict[str, Any] = {"sub": actor.subject, "client_id": actor.client_id}
    if subject.acting is not None:
        chain["act"] = subject.acting
    if depth(chain) > DEEPEST:
        raise InvalidRequest("too many actors in a chain")
    return chain


def targets(parameters: Parameters, subject: Subject, client: Client) -> tuple[str, ...]:
    """For whom the new token is to be: `audience` and `resource`, each of which the client's policy lists.

    Raises:
        InvalidTarget: §2.2.2.
    """
    allowed = client.metadata.exchange_audiences
    named = [*parameters.resources, *([parameters["audience"]] if "audience" in parameters else [])]
    wanted = tuple(dict.fromkeys(named or _obvious(allowed, subject)))
    if not wanted:
        raise InvalidTarget("say for which audience or resource")
    if len(wanted) > MOST_TARGETS or not set(wanted) <= set(allowed):
        raise InvalidTarget("the client may not exchange tokens for this audience or resource")
    return wanted


def rights(asked: str | None, subject: Subject, client: Client, there: Set[str] | None) -> tuple[str, ...]:
    """The scopes of the new token.

    Args:
        there: scopes that exist at the target; None where that is not known.

    Raises:
        InvalidScope: more than can be passed on, or nothing.
    """
    kept = {scope for scope in subject.scopes & client.scopes if not scope.startswith(_NEVER)} - {OFFLINE_ACCESS}
    if subject.client_id != client.id:  # what the person told one client is not another's to know
        kept -= _PERSONAL
    if there is not None:
        kept &= there
    if asked is None:
        wanted = tuple(sorted(kept))
    else:
        wanted = parse_scope(asked)
        if not set(wanted) <= kept:
            raise InvalidScope("the scope exceeds what the subject_token can pass on")
    if not wanted:
        raise InvalidScope("nothing of the subject_token's scope can be passed on")
    return wanted


def depth(chain: Mapping[str, Any] | None) -> int:
    """How many actors a chain holds."""
    count = 0
    while chain is not None:
        count, chain = count + 1, chain.get("act")
    return count


def _is_meant(may_act: Mapping[str, Any], actor: Actor) -> bool:
    """§4.4: each member that is there must fit."""
    known = {"sub": actor.subject, "client_id": actor.client_id}
    return bool(may_act) and all(known.get(name) == value for name, value in may_act.items())


def _obvious(allowed: Sequence[str], subject: Subject) -> Sequence[str]:
    """Without a word about it: the only one there is, or those that the token is for anyway."""
    if len(allowed) == 1:
        return allowed
    return subject.audiences if set(subject.audiences) <= set(allowed) else ()
