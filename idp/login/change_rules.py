"""Security administrators change the rules for log-ins; every change is on record."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.errors import Conflict, InvalidInput, NotFound
from core.principal import Principal
from core.text import Text
from idp import levels
from idp.login.proofs import Method
from idp.login.rules import CLIENT, EVERYBODY, LEVEL, NEW_DEVICE, STAFF, LoginRule, LoginRules, LoginRuleStore
from idp.ports import ClientStore
from idp.real_name import LEVELS

_SUBJECT = re.compile(rf"{EVERYBODY}|{STAFF}|{NEW_DEVICE}|{LEVEL}[0-9]|{CLIENT}[A-Za-z0-9._~-]{{1,64}}", re.ASCII)
_NEVER_REFUSED = frozenset({Method.PASSWORD, Method.RECOVERY})


class ChangeLoginRules:
    """The use cases."""

    def __init__(
        self, database: Database, store: LoginRuleStore, clients: ClientStore, rules: LoginRules, clock: Clock
    ) -> None:
        self._database = database
        self._store = store
        self._clients = clients
        self._rules = rules
        self._clock = clock

    async def all(self) -> Sequence[LoginRule]:
        """In the order of their subjects."""
        async with self._database.read() as tx:
            return await self._store.all(tx)

    async def put(
        self, subject: str, acr: str | None, refused: Collection[Method], actor: Principal, *, before: int
    ) -> LoginRule:
        """
        Args:
            before: revision that the caller has seen; 0 for a new rule.

        Raises:
            InvalidInput: `rule-subject-invalid`, `rule-acr-invalid`, `rule-methods-invalid`.
            NotFound: `client-not-found`.
            Conflict: `rule-changed`, by somebody else meanwhile.
        """
        _check(subject, acr, frozenset(refused))
        rule = LoginRule(subject, acr, frozenset(refused), before + 1, actor.id, self._clock.now())
        async with self._database.write() as tx:
            if subject.startswith(CLIENT) and await self._clients.get(tx, subject.removeprefix(CLIENT)) is None:
                raise NotFound("client-not-found", Text("没有这个门户。", "There is no such client."))
            if not await self._store.put(tx, rule, before=before):
                raise _changed()
            detail = {"acr": acr, "refused": " ".join(sorted(refused)), "revision": rule.revision}
            tx.audit(AuditEvent("login-rule.put", "done", actor, subject, detail=detail))
            await tx.commit()
        self._rules.forget()
        return rule

    async def remove(self, subject: str, actor: Principal, *, before: int) -> None:
        """
        Raises:
            Conflict: `rule-changed`; also when there is none.
        """
        async with self._database.write() as tx:
            if not await self._store.remove(tx, subject, revision=before):
                raise _changed()
            tx.audit(AuditEvent("login-rule.remove", "done", actor, subject))
            await tx.commit()
        self._rules.forget()


def _check(subject: str, acr: str | None, refused: frozenset[Method]) -> None:
    if not _SUBJECT.fullmatch(subject) or (
        subject.startswith(LEVEL) and int(subject.removeprefix(LEVEL)) not in LEVELS
    ):
        raise InvalidInput(
            "rule-subject-invalid",
            Text(
                "规则的对象应为 everybody、staff、new-device、client:编号 或 level:级别。",
                "A rule is for everybody, staff, new-device, client:ID or level:NUMBER.",
            ),
            field="subject",
        )
    if acr is not None and levels.rank(acr) == 0:
        raise InvalidInput(
            "rule-acr-invalid", Text("没有这个认证强度。", "There is no such context class."), field="acr"
        )
    for_people = not subject.startswith(CLIENT) and subject != NEW_DEVICE
    if refused and (not for_people or refused & _NEVER_REFUSED):
        raise InvalidInput(
            "rule-methods-invalid",
            Text(
                "不能停用密码和恢复码；对单个门户和新设备不能停用方式。",
                "Passwords and recovery codes cannot be refused, and no method for a single client or a new device.",
            ),
            field="refused",
        )


def _changed() -> Conflict:
    return Conflict(
        "rule-changed",
        Text(
            "这条规则刚被别人改过。请重新读取再改。", "Somebody else has just changed this rule. Read it again first."
        ),
    )
