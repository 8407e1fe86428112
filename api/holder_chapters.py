"""What a person did with their licences, for the copy of their data: shares, objections, entrustments."""

from __future__ import annotations

from collections.abc import Sequence

from certstore.entrust.look import LookAtEntrustments
from certstore.entrust.model import EntrustmentLine, Side
from certstore.objections.looking import LookAtObjections
from certstore.objections.model import ObjectionView
from certstore.shares.make import Shares
from certstore.shares.model import MyShare
from core.errors import NotPermitted
from core.paging import MAX_PAGE
from core.principal import Principal
from core.text import Text
from idp.export.chapters import everything
from idp.export.model import Chapter, Value
from idp.export.ports import ChapterSource

_TYPE = Text("哪种证照", "Licence")
_STATE = Text("状态", "State")
_SHARES = {
    "made_at": Text("分享时间", "Shared"),
    "type": _TYPE,
    "entries": Text("哪几项", "Entries"),
    "purpose": Text("给谁，为了什么", "Whom, and what for"),
    "opened": Text("打开次数", "Openings"),
    "until": Text("到期", "Until"),
    "state": _STATE,
}
_OBJECTIONS = {
    "raised_at": Text("提出时间", "Raised"),
    "type": _TYPE,
    "entry": Text("哪一项", "Entry"),
    "state": _STATE,
    "steps": Text("经过", "Steps"),
}
_ENTRUSTMENTS = {
    "offered_at": Text("委托时间", "Entrusted"),
    "side": Text("您是", "You are"),
    "with": Text("对方", "The other side"),
    "types": _TYPE,
    "purpose": Text("办什么", "What for"),
    "days": Text("从哪天到哪天", "From and to"),
    "cases": Text("办了几件", "Cases"),
    "state": _STATE,
}
_SIDES = {Side.PRINCIPAL: Text("委托人", "the principal"), Side.AGENT: Text("受托人", "the agent")}


class HolderChapters:
    """Implements `idp.export.ports.ChapterSource`."""

    def __init__(self, shares: Shares, objections: LookAtObjections, entrustments: LookAtEntrustments) -> None:
        self._shares = shares
        self._objections = objections
        self._entrustments = entrustments

    async def chapters(self, person: Principal) -> Sequence[Chapter]:
        try:
            return [await self._shared(person), await self._objected(person), await self._entrusted(person)]
        except NotPermitted:
            return ()  # somebody who can hold no licence here

    async def _shared(self, person: Principal) -> Chapter:
        found = await everything(lambda cursor: self._shares.mine(person, cursor, MAX_PAGE))
        about = Text("您给别人看过证照上的哪几项。", "Which entries of your licences you showed to others.")
        return Chapter("licence-shares", Text("分享", "Shares"), about, _SHARES, [_share(one) for one in found])

    async def _objected(self, person: Principal) -> Chapter:
        found = await everything(lambda cursor: self._objections.mine(person, cursor, MAX_PAGE))
        entries = [_objection(await self._objections.one(one.objection.id, person)) for one in found]
        about = Text(
            "您认为证照写错的地方，颁发机构怎么答复的。", "What you found wrong on licences, and how it was answered."
        )
        return Chapter("licence-objections", Text("异议", "Objections"), about, _OBJECTIONS, entries)

    async def _entrusted(self, person: Principal) -> Chapter:
        look = self._entrustments
        given = await everything(lambda cursor: look.mine(Side.PRINCIPAL, person, cursor, MAX_PAGE))
        held = await everything(lambda cursor: look.mine(Side.AGENT, person, cursor, MAX_PAGE))
        entries = [_entrustment(one) for one in (*given, *held)]
        about = Text("您委托了谁，谁委托了您。", "Whom you entrusted with your licences, and who entrusted you.")
        return Chapter("entrustments", Text("委托", "Entrustments"), about, _ENTRUSTMENTS, entries)


def _share(one: MyShare) -> dict[str, Value]:
    share = one.share
    return {
        "made_at": share.created_at.isoformat(timespec="seconds"),
        "type": one.type_name,
        "entries": list(share.fields),
        "purpose": share.purpose,
        "opened": f"{share.views} / {share.views_allowed}",
        "until": share.expires_at.isoformat(timespec="seconds"),
        "state": one.state.value,
    }


def _objection(view: ObjectionView) -> dict[str, Value]:
    made = view.objection
    return {
        "raised_at": made.created_at.isoformat(timespec="seconds"),
        "type": view.type_name,
        "entry": view.field_title,
        "state": made.state.value,
        "steps": [f"{one.at.isoformat(timespec='seconds')} {one.act.value}: {one.text}" for one in view.steps],
    }


def _entrustment(line: EntrustmentLine) -> dict[str, Value]:
    one = line.entrustment
    other = one.agent if line.side is Side.PRINCIPAL else one.principal
    return {
        "offered_at": one.created_at.isoformat(timespec="seconds"),
        "side": _SIDES[line.side],
        "with": other.name,
        "types": [name.zh for name in line.type_names],
        "purpose": one.purpose,
        "days": f"{one.starts_on} / {one.ends_on}",
        "cases": f"{one.uses} / {one.max_uses}",
        "state": line.state.value,
    }


_: type[ChapterSource] = HolderChapters
