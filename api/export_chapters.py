"""What the licence repository keeps about a person, for the copy of their data."""

from __future__ import annotations

from collections.abc import Sequence

from certstore.attachments.keep import Attachments
from certstore.consents import Consents
from certstore.holder import MyAccess, MyAccesses, MyLicences
from certstore.model import Consent, ConsentState
from certstore.read import ReadLicence
from core.errors import NotPermitted
from core.paging import MAX_PAGE
from core.principal import Principal
from core.text import Text
from idp.export.chapters import everything
from idp.export.model import Chapter, Value
from idp.export.ports import ChapterSource

_AT = Text("时间", "When")
_CASE, _ITEM = Text("办件编号", "Case"), Text("事项", "Service item")
_LICENCES = {
    "type": Text("证照", "Licence"),
    "number": Text("证照编号", "Number"),
    "identifier": Text("证照标识", "Identifier"),
    "state": Text("状态", "State"),
    "issuer": Text("颁发机构", "Issued by"),
    "issued_at": Text("颁发时间", "Issued"),
    "valid_from": Text("有效期起", "Valid from"),
    "valid_until": Text("有效期止", "Valid until"),
    "contents": Text("证照内容", "Contents"),
    "originals": Text("盖章原件", "Sealed originals"),
    "attachments": Text("附件", "Attachments"),
}
_LOOKS = {
    "at": _AT,
    "office": Text("哪个机构", "Office"),
    "person": Text("谁", "Person"),
    "what": Text("做了什么", "What was done"),
    "type": Text("哪种证照", "Licence"),
    "fields": Text("看了哪几项", "Entries seen"),
    "item": _ITEM,
    "case": _CASE,
    "basis": Text("凭什么", "By what right"),
    "by_consent": Text("经您同意", "By your consent"),
}
_CONSENTS = {
    "asked_at": Text("请求时间", "Asked"),
    "office": Text("哪个机构", "Office"),
    "type": Text("哪种证照", "Licence"),
    "fields": Text("哪几项", "Entries"),
    "state": Text("状态", "State"),
    "decided_at": Text("决定时间", "Decided"),
    "last_day": Text("最后一天", "Last day"),
    "case": _CASE,
}


class LicenceChapters:
    """Implements `idp.export.ports.ChapterSource`."""

    def __init__(
        self,
        licences: MyLicences,
        read: ReadLicence,
        accesses: MyAccesses,
        consents: Consents,
        attachments: Attachments,
    ) -> None:
        self._mine = licences
        self._read = read
        self._accesses = accesses
        self._agreed = consents
        self._attachments = attachments

    async def chapters(self, person: Principal) -> Sequence[Chapter]:
        try:
            return [await self._licences(person), await self._looks(person), await self._consents(person)]
        except NotPermitted:
            return ()  # somebody who can hold no licence here

    async def _licences(self, person: Principal) -> Chapter:
        held = await self._mine(person)
        entries = [await self._licence(one.id, person) for one in held]
        about = Text(
            "发给您的证照；盖章的原件可以在“我的证照”里逐张下载。",
            "Licences issued to you; the sealed originals are under “My licences”.",
        )
        return Chapter("licences", Text("证照", "Licences"), about, _LICENCES, entries)

    async def _licence(self, licence_id: str, person: Principal) -> dict[str, Value]:
        found, lines = await self._read.story(licence_id, person)
        version = found.licence.current
        kept = await self._attachments.beside(licence_id)
        return {
            "type": found.licence_type.name,
            "number": version.licence_number,
            "identifier": version.identifier,
            "state": found.status.value,
            "issuer": found.issuer_name,
            "issued_at": version.issued_at.isoformat(timespec="seconds"),
            "valid_from": str(version.valid_from),
            "valid_until": None if version.valid_until is None else str(version.valid_until),
            "contents": [f"{name}: {value}" for name, value in version.data.items()],
            "originals": [form.upper() for form in lines[-1].forms(found.licence_type)],
            "attachments": [one.name for one in kept],
        }

    async def _looks(self, person: Principal) -> Chapter:
        found = await everything(lambda cursor: self._accesses(person, cursor, MAX_PAGE))
        about = Text("谁看过、核对过您的证照，为了什么事。", "Who looked at or checked your licences, and what for.")
        title = Text("谁看过证照", "Looks at licences")
        return Chapter("licence-looks", title, about, _LOOKS, [_look(one) for one in found])

    async def _consents(self, person: Principal) -> Chapter:
        found = await everything(lambda cursor: self._agreed.mine(person, cursor, MAX_PAGE))
        entries = [_consent(one, state) for one, state in found]
        about = Text("机构请您同意使用证照，您怎么决定的。", "Requests to use a licence of yours, and your decisions.")
        title = Text("用证授权", "Consents to uses of licences")
        return Chapter("licence-consents", title, about, _CONSENTS, entries)


def _look(one: MyAccess) -> dict[str, Value]:
    record = one.record
    return {
        "at": record.at.isoformat(timespec="seconds"),
        "office": one.organisation_name,
        "person": record.actor_name,
        "what": record.look.value,
        "type": one.type_name,
        "fields": list(record.fields),
        "item": one.item_name,
        "case": record.purpose.case_number,
        "basis": record.purpose.basis,
        "by_consent": one.by_consent,
    }


def _consent(one: Consent, state: ConsentState) -> dict[str, Value]:
    return {
        "asked_at": one.created_at.isoformat(timespec="seconds"),
        "office": one.organisation,
        "type": one.type_code,
        "fields": list(one.fields),
        "state": state.value,
        "decided_at": None if one.decided_at is None else one.decided_at.isoformat(timespec="seconds"),
        "last_day": None if one.last_day is None else str(one.last_day),
        "case": one.purpose.case_number,
    }


_: type[ChapterSource] = LicenceChapters
