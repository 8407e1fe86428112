"""L-01 for the steps of a licence's life: whoever is not its issuing authority gets nowhere and learns nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from certstore.issue import IssueCommand, Origin
from certstore.life.drafts import DraftCommand
from certstore.life.model import DraftContent
from certstore.life.proposals import ProposeCommand
from certstore.lifecycle import Event
from certstore.making import HolderInput
from certstore.model import InspectionRule, Licence, Trust
from core.db.database import Database
from tests.support.certstore_http import HOLDER, TOKENS, http
from tests.support.certstore_world import HOME, LIN_NAME, LIN_NUMBER, PERMIT, POLICE_SYSTEM, world
from tests.support.clock import FakeClock
from tests.support.licence_life import REASON, Life, officer

WHY = {"reason": REASON}
NAMED = HOLDER | {"name": LIN_NAME}
ELSEWHERE = {"address": "示例市新城区演示大道 1 号"}
FOREIGN = "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F"
SECOND = officer("acc_second", POLICE_SYSTEM.organisation or "", "第二人")
PERMIT_LICENCE = "/v1/licences/{licence_id}"

# per route: in which state the licence must be, what is sent, and who gets through
LIFE: dict[tuple[str, str], tuple[str, Any, str]] = {
    ("POST", f"{PERMIT_LICENCE}/renew"): ("valid", {}, "police"),
    ("POST", f"{PERMIT_LICENCE}/change"): ("valid", WHY | {"data": ELSEWHERE}, "police"),
    ("POST", f"{PERMIT_LICENCE}/correct"): ("valid", WHY | {"data": ELSEWHERE}, "police"),
    ("POST", f"{PERMIT_LICENCE}/inspections"): ("valid", {"passed": True}, "police"),
    ("POST", f"{PERMIT_LICENCE}/reissue"): ("valid", WHY, "police"),
    ("POST", f"{PERMIT_LICENCE}/confirm"): ("uploaded", WHY, "officer"),
    ("POST", f"{PERMIT_LICENCE}/suspend"): ("valid", WHY, "police"),
    ("POST", f"{PERMIT_LICENCE}/resume"): ("suspended", WHY, "police"),
    ("POST", f"{PERMIT_LICENCE}/transfer-out"): ("valid", WHY, "police"),
    ("POST", f"{PERMIT_LICENCE}/transfer-undo"): ("away", WHY, "police"),
    ("POST", f"{PERMIT_LICENCE}/annul"): ("valid", WHY, "police"),
    ("GET", f"{PERMIT_LICENCE}/events"): ("valid", None, "police"),
    ("GET", f"{PERMIT_LICENCE}/versions"): ("valid", None, "police"),
    ("GET", f"{PERMIT_LICENCE}/versions/{{number}}/file"): ("valid", None, "police"),
    ("POST", "/v1/licence-drafts"): ("none", {"type": PERMIT, "holders": [NAMED], "data": HOME}, "police"),
    ("GET", "/v1/licence-drafts/{draft_id}"): ("draft", None, "police"),
    ("PUT", "/v1/licence-drafts/{draft_id}"): ("draft", {"holders": [NAMED], "data": ELSEWHERE}, "police"),
    ("DELETE", "/v1/licence-drafts/{draft_id}"): ("draft", None, "police"),
    ("POST", "/v1/licence-drafts/{draft_id}/issue"): ("draft", None, "police"),
    ("POST", "/v1/licence-transfers"): (
        "none",
        {"type": PERMIT, "holders": [NAMED], "data": HOME, "based_on": FOREIGN},
        "police",
    ),
    ("POST", "/v1/licence-endings"): ("valid", WHY | {"event": "revoke", "licence": "{licence_id}"}, "officer"),
    ("POST", "/v1/licence-endings/{proposal_id}/approve"): ("proposed", None, "officer"),
    ("POST", "/v1/licence-endings/{proposal_id}/refuse"): ("proposed", None, "officer"),
    ("POST", "/v1/licence-endings/{proposal_id}/withdraw"): ("own-proposal", None, "officer"),
}
# each caller with the right sees only what is their own authority's
OWN_LISTS = {
    ("GET", "/v1/licence-drafts"),
    ("GET", "/v1/licence-endings"),
    ("GET", "/v1/inspection-rounds/{type_code}"),
}
ISSUERS = {"land", "police", "officer"}


async def _valid(life: Life, **how: Any) -> dict[str, str]:
    made = await _issued(life, **how)
    return {"licence_id": made.id, "number": "1"}


async def _issued(life: Life, trust: Trust = Trust.A) -> Licence:
    command = IssueCommand(PERMIT, (HolderInput("111", LIN_NUMBER, LIN_NAME),), HOME, life.step_key())
    return await life.city.services.issue(command, POLICE_SYSTEM, Origin(trust=trust))


async def _suspended(life: Life) -> dict[str, str]:
    return {"licence_id": (await life.suspend(await _issued(life))).id}


async def _away(life: Life) -> dict[str, str]:
    return {"licence_id": (await life.transfer_out(await _issued(life))).id}


async def _draft(life: Life) -> dict[str, str]:
    content = DraftContent((HolderInput("111", LIN_NUMBER, LIN_NAME),), HOME)
    return {"draft_id": (await life.services.drafts.create(DraftCommand(PERMIT, content), POLICE_SYSTEM)).id}


async def _proposed(life: Life, by: Any = SECOND) -> dict[str, str]:
    made = await _issued(life)
    command = ProposeCommand(made.id, Event.REVOKE, REASON)
    return {"proposal_id": (await life.services.proposals.propose(command, by)).id}


READY: dict[str, Callable[[Life], Awaitable[dict[str, str]]]] = {
    "valid": _valid,
    "uploaded": lambda life: _valid(life, trust=Trust.C),
    "suspended": _suspended,
    "away": _away,
    "draft": _draft,
    "proposed": _proposed,
    "own-proposal": lambda life: _proposed(life, TOKENS["officer"]),
}


async def test_l01_only_the_issuing_authority_takes_steps(
    sqlite_database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    async with world(sqlite_database, clock, tmp_path) as city, http(city) as web:
        life = Life(city)
        # inspected at any time, held more than once: each route has a licence of its own
        await life.retype(PERMIT, inspection=InspectionRule(12, 400), one_per_holder=False)
        for (method, path), (state, body, through) in LIFE.items():
            parts = await READY[state](life) if state in READY else {}
            sent = (
                {name: parts.get("licence_id") if name == "licence" else value for name, value in body.items()}
                if body
                else body
            )
            for number, caller in enumerate([*(one for one in TOKENS if one != through), "expired", None, through]):
                if through == "police" and caller == "officer":
                    continue  # of the same authority, with the same right
                headers = {"Idempotency-Key": f"{path} {number}"[-100:]} if method == "POST" else {}
                answer = await web.call(method, path.format(**parts), caller, headers=headers, json=sent)
                where = (method, path, caller, answer.text[:300])
                if caller == through:
                    assert answer.status_code < 300, where
                elif method == "GET" and caller == "lin" and "licence_id" in parts:
                    assert answer.status_code == 200, where  # the holder reads their own
                else:
                    assert answer.status_code in ({401} if caller in (None, "expired") else {403, 404}), where
                    assert LIN_NUMBER not in answer.text, where
                    assert LIN_NAME not in answer.text, where


async def test_l01_lists_before_the_steps_hold_only_ones_own(
    sqlite_database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    async with world(sqlite_database, clock, tmp_path) as city, http(city) as web:
        life = Life(city)
        await life.retype(PERMIT, inspection=InspectionRule(12, 400), one_per_holder=False)
        draft, proposal = await _draft(life), await _proposed(life)
        licence = await _issued(life)
        for path, own in (
            ("/v1/licence-drafts", {draft["draft_id"]}),
            ("/v1/licence-endings", {proposal["proposal_id"]}),
            (f"/v1/inspection-rounds/{PERMIT}", {licence.id}),
        ):
            for caller in [*TOKENS, "expired", None]:
                answer = await web.get(path, caller)
                if caller not in ISSUERS:
                    assert answer.status_code in (401, 403), (path, caller)
                    continue
                ids = {one["id"] for one in answer.json()["items"]}
                assert ids >= own if caller != "land" else not ids, (path, caller)
                assert LIN_NUMBER not in answer.text


@pytest.mark.parametrize("step", ["renew", "suspend", "versions/1/file", "events"])
async def test_l01_an_unseen_licence_looks_absent_to_every_step(
    sqlite_database: Database, clock: FakeClock, tmp_path: Path, step: str
) -> None:
    async with world(sqlite_database, clock, tmp_path) as city, http(city) as web:
        made = await city.issue_permit()
        told = []
        for licence_id in (made.id, "lic_00000000000000000000000000"):
            path, headers = f"/v1/licences/{licence_id}/{step}", {"Idempotency-Key": "k"}
            if step in ("renew", "suspend"):
                answer = await web.post(path, "land", WHY, headers=headers)
            else:
                answer = await web.get(path, "land")
            body = answer.json()
            body.pop("request_id")
            told.append((answer.status_code, body))
        assert told[0] == told[1]
        assert told[0][0] == 404
