"""What a person did with their licences, for the copy of their data: shares and objections."""

from __future__ import annotations

from collections.abc import Sequence

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


class HolderChapters:
    """Implements `idp.export.ports.ChapterSource`."""

    def __init__(self, shares: Shares, objections: LookAtObjections) -> None:
        self._shares = shares
        self._objections = objections

    async def chapters(self, person: Principal) -> Sequence[Chapter]:
        try:
            return [await self._shared(person), await self._objected(person)]
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


_: type[ChapterSource] = HolderChapters
