"""With what a person logs in and proves who they are, and for whom they act, for the copy of their data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from core.db.database import Database
from core.principal import Principal
from core.text import Text
from idp.abuse.ports import KnownDeviceStore
from idp.agency.overview import OrganisationsOf
from idp.evidence.ports import EvidenceStore
from idp.export.model import Chapter, Value
from idp.factors.certificates.own import OwnCertificates
from idp.factors.passkeys.own import OwnPasskeys
from idp.factors.totp.own import OwnAuthenticators
from idp.login.proofs import Method

_KEYS = {
    "kind": Text("哪一种", "Kind"),
    "name": Text("名称", "Name"),
    "maker": Text("型号或颁发者", "Model or issuer"),
    "added_at": Text("添加时间", "Added"),
    "used_at": Text("最近使用", "Last used"),
    "until": Text("有效期止", "Valid until"),
}
_DEVICES = {
    "browser": Text("浏览器", "Browser"),
    "first_at": Text("第一次", "First"),
    "seen_at": Text("最近一次", "Last"),
}
_EVIDENCE = {
    "kind": Text("核实了什么", "What was checked"),
    "source": Text("谁核实的", "By whom"),
    "result": Text("结果", "Result"),
    "at": Text("时间", "When"),
    "until": Text("有效期止", "Valid until"),
    "ended_at": Text("提前结束", "Ended before"),
    "reference": Text("回执", "Receipt"),
}
_ACTS = {
    "organisation": Text("单位", "Organisation"),
    "code": Text("统一社会信用代码", "Code"),
    "role": Text("身份", "Role"),
    "state": Text("状态", "State"),
    "items": Text("哪些事项", "Service items"),
    "from": Text("从哪一天", "From"),
    "until": Text("到哪一天", "Until"),
}


class HeldChapters:
    """Implements `idp.export.ports.ChapterSource`."""

    def __init__(
        self,
        database: Database,
        passkeys: OwnPasskeys,
        certificates: OwnCertificates,
        authenticators: OwnAuthenticators,
        devices: KnownDeviceStore,
        evidence: EvidenceStore,
        organisations: OrganisationsOf,
    ) -> None:
        self._database = database
        self._passkeys = passkeys
        self._certificates = certificates
        self._authenticators = authenticators
        self._devices = devices
        self._evidence = evidence
        self._organisations = organisations

    async def chapters(self, person: Principal) -> Sequence[Chapter]:
        return [
            await self._keys(person),
            await self._known(person),
            await self._proved(person),
            await self._acts_for(person),
        ]

    async def _keys(self, person: Principal) -> Chapter:
        entries = [
            *[
                _key(Method.PASSKEY, one.name, one.created_at, one.used_at, maker=one.model)
                for one in await self._passkeys.of(person.id)
            ],
            *[
                _key(Method.CERTIFICATE, one.name, one.created_at, one.used_at, maker=one.issuer, until=one.not_after)
                for one in await self._certificates.of(person.id)
            ],
            *[
                _key(Method.TOTP, one.name, one.created_at, one.used_at)
                for one in await self._authenticators.of(person.id)
            ],
        ]
        about = Text(
            "您添加的通行密钥、证书和验证器；密钥本身不在其中。",
            "Passkeys, certificates and authenticators that you added; the secrets themselves are not among it.",
        )
        return Chapter("keys", Text("登录用的钥匙", "Keys to log in with"), about, _KEYS, entries)

    async def _known(self, person: Principal) -> Chapter:
        async with self._database.read() as tx:
            found = await self._devices.of_account(tx, person.id)
        entries = [
            {"browser": one.user_agent, "first_at": _iso(one.first_at), "seen_at": _iso(one.seen_at)} for one in found
        ]
        about = Text("您登录过、我们认得的浏览器。", "Browsers that you logged in with and that are known again.")
        return Chapter("devices", Text("认得的浏览器", "Known browsers"), about, _DEVICES, entries)

    async def _proved(self, person: Principal) -> Chapter:
        async with self._database.read() as tx:
            found = await self._evidence.of_account(tx, person.id)
        entries = [
            {
                "kind": one.kind.value,
                "source": one.source,
                "result": one.result.value,
                "at": _iso(one.at),
                "until": _iso(one.expires_at),
                "ended_at": _iso(one.ended_at),
                "reference": one.reference or None,
            }
            for one in found
        ]
        about = Text("您的实名等级凭什么。", "What your identity level rests on.")
        return Chapter("evidence", Text("实名依据", "Evidence of identity"), about, _EVIDENCE, entries)

    async def _acts_for(self, person: Principal) -> Chapter:
        entries = [
            {
                "organisation": one.organisation.name,
                "code": one.organisation.uscc,
                "role": one.authorisation.role.value,
                "state": one.authorisation.state.value,
                "items": list(one.authorisation.items),
                "from": str(one.authorisation.starts_on),
                "until": None if one.authorisation.ends_on is None else str(one.authorisation.ends_on),
            }
            for one in await self._organisations(person)
        ]
        about = Text("您代表或代表过哪些单位。", "For whom you act, or acted.")
        return Chapter("organisations", Text("单位和授权", "Organisations"), about, _ACTS, entries)


def _key(
    method: Method,
    name: str,
    added_at: dt.datetime,
    used_at: dt.datetime | None,
    *,
    maker: str | None = None,
    until: dt.datetime | None = None,
) -> dict[str, Value]:
    return {
        "kind": method.value,
        "name": name,
        "maker": maker,
        "added_at": _iso(added_at),
        "used_at": _iso(used_at),
        "until": _iso(until),
    }


def _iso(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
