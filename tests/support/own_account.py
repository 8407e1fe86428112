"""A person who is logged in to their own account, without a browser; and the copy of their data without licences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.principal import Principal, PrincipalKind
from idp.export.content import ExportContent
from idp.export.own import OwnExport
from idp.export.ports import ChapterSource
from idp.export.work import MakeExports
from idp.login.circumstances import Circumstances
from idp.login.steps import GUARDED_PAGES, MoreNeeded
from tests.support.idp_browser import second_step
from tests.support.idp_world import IdpWorld, Somebody

EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0"


@dataclass(frozen=True)
class Inside:
    """A live session."""

    cookie: str = field(repr=False)
    principal: Principal


async def inside(
    world: IdpWorld, somebody: Somebody, *, source: str = "192.0.2.10", agent: str = EDGE, goal: str | None = None
) -> Inside:
    """Logs in with the password, and with a code to the phone where the page to go on to takes two factors."""
    here = Circumstances(source, agent, goal=goal)
    done = await world.idp.log_in(somebody.number, somebody.password, here)
    if isinstance(done, MoreNeeded):
        done = await second_step(world.idp, done, here)
    visit = await world.idp.sessions.find(done.session_cookie_value)
    assert visit is not None
    principal = Principal(PrincipalKind.PERSON, visit.account.id, session=visit.session.id)
    return Inside(done.session_cookie_value, principal)


async def strongly_inside(world: IdpWorld, somebody: Somebody) -> Inside:
    """With all that they have."""
    return await inside(world, somebody, goal=GUARDED_PAGES[0])


def data_copies(world: IdpWorld, sources: Sequence[ChapterSource] | None = None) -> tuple[OwnExport, MakeExports]:
    """As the service has them, but for what only the repository knows."""
    ground, idp = world.ground, world.idp
    content = ExportContent(ground.kv, ground.keys.secrets.fields.short_lived)
    known = idp.export_sources if sources is None else sources
    return (
        OwnExport(ground.database, idp.exports, content, idp.factors.visits, ground.clock),
        MakeExports(ground.database, idp.exports, content, known, ground.clock),
    )
