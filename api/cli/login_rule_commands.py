"""The work behind `yizheng login-rule …`, through the same use case as the API."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence

from api.cli.prepare import check_current
from api.cli.tables import lines_of
from api.settings import Settings
from api.wiring.container import build_container
from core.errors import InvalidInput, NotFound
from core.principal import SYSTEM
from core.text import Text
from idp.login.change_rules import ChangeLoginRules
from idp.login.proofs import Method


async def listed(settings: Settings, *, as_json: bool) -> list[str]:
    async with _rules(settings) as rules:
        rows = [
            {
                "subject": one.subject,
                "demands": one.acr,
                "refuses": " ".join(sorted(one.refused)),
                "revision": one.revision,
                "changed_by": one.changed_by,
            }
            for one in await rules.all()
        ]
    return lines_of(rows, as_json=as_json)


async def settled(settings: Settings, subject: str, acr: str | None, refused: Sequence[str]) -> str:
    async with _rules(settings) as rules:
        rule = await rules.put(subject, acr, _methods(refused), SYSTEM, before=await _revision(rules, subject))
    return f"{rule.subject}: revision {rule.revision}"


async def removed(settings: Settings, subject: str) -> str:
    async with _rules(settings) as rules:
        revision = await _revision(rules, subject)
        if not revision:
            raise NotFound("rule-not-found", Text("没有这条规则。", "There is no such rule."))
        await rules.remove(subject, SYSTEM, before=revision)
    return f"{subject}: removed"


def _methods(words: Sequence[str]) -> list[Method]:
    """
    Raises:
        InvalidInput: `method-unknown`.
    """
    try:
        return [Method(word) for word in words]
    except ValueError:
        known = ", ".join(method.value for method in Method)
        text = Text("没有这种登录方式；有：{known}。", "There is no such method; there are: {known}.")
        raise InvalidInput("method-unknown", text.format(known=known), field="refuse") from None


async def _revision(rules: ChangeLoginRules, subject: str) -> int:
    return next((one.revision for one in await rules.all() if one.subject == subject), 0)


@contextlib.asynccontextmanager
async def _rules(settings: Settings) -> AsyncIterator[ChangeLoginRules]:
    await check_current(settings)
    container = await build_container(settings)
    try:
        yield container.idp.login_rules
    finally:
        await container.close()
