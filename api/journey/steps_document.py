"""Steps 4 and 5: sealing a document by API, and judging files: genuine, changed, imitated, no longer valid."""

from __future__ import annotations

from typing import Any

import httpx

from api.demo import city
from api.journey.paper import plain_pdf
from api.journey.world import World
from api.wiring.public_log import signature_log_origin
from core.clock import SystemClock
from keys.notes import read_note_key
from signing.public_log.receipt import check_receipt


def seal_document(world: World) -> None:
    """A department sends a PDF and gets it back sealed and signed."""
    tell = world.tell
    headers = world.token(city.HOUSING_SYSTEM)
    seals = world.expect(world.api.get("/v1/seals", headers=headers), 200)["items"]
    seal = next(one for one in seals if one["organisation"] == city.HOUSING.code)
    paper = plain_pdf("Certificate of eligibility for public housing (demo)")
    form = {"seal": seal["id"], "page": "1", "x_mm": "140", "y_mm": "220", "reason": "住房保障资格证明"}
    tell.sent(f"POST /v1/signatures: {len(paper):,} bytes, seal {seal['code']} at 140/220 mm of page 1")
    answer = _sign(world, paper, form, headers, "journey-sign-1")
    world.expect(answer, 201)
    tell.got(f"201 application/pdf, {len(answer.content):,} bytes, signature {answer.headers['signature-id']}")
    tell.holds("the original bytes stand unchanged in front (incremental update)", answer.content.startswith(paper))
    again = _sign(world, paper, form, headers, "journey-sign-1")
    tell.holds("a retry with the same Idempotency-Key seals nothing twice", again.content == answer.content)
    refused = _sign(world, paper, form, world.token(city.POLICE_SYSTEM), "journey-sign-2")
    tell.got(
        f"another department with the same seal: {refused.status_code} {refused.json()['type'].rsplit('/', 1)[-1]}"
    )
    tell.holds("a caller without a grant for the seal is refused", refused.status_code == 403)
    _hold_receipt(world, answer, headers)
    world.found["sealed"] = answer.content


def _hold_receipt(world: World, sealed: httpx.Response, headers: dict[str, str]) -> None:
    """The use stands in the public log, as its key alone proves."""
    log = signature_log_origin(str(world.api.base_url).rstrip("/"))
    receipt = world.api.get(f"{sealed.headers['location']}/receipt", headers=headers)
    world.expect(receipt, 200)
    pinned = [read_note_key(line) for line in world.expect(world.api.get("/v1/signature-log"), 200)["keys"]]
    found = check_receipt(receipt.content, log, pinned, SystemClock(), file=sealed.content)
    world.tell.got(f"entry {found.index} in the public log of {found.size}")
    world.tell.holds("the receipt proves with the log's key alone that this file was entered", found.fault is None)


def _sign(world: World, paper: bytes, form: dict[str, str], headers: dict[str, str], key: str) -> httpx.Response:
    files = {"file": ("certificate.pdf", paper, "application/pdf")}
    return world.api.post("/v1/signatures", data=form, files=files, headers=headers | {"Idempotency-Key": key})


def verify_documents(world: World) -> None:
    """Genuine; with one byte changed refused, and why; after withdrawal genuine but no longer valid."""
    tell, sealed = world.tell, world.found["sealed"]
    report = _judge(world, sealed, "the sealed document")
    tell.holds("it is genuine", (report["conclusion"], report["indication"]) == ("genuine", "TOTAL-PASSED"))
    tell.holds("the report names who sealed it", report["signatures"][0]["organisation_code"] == city.HOUSING.code)
    changed = bytearray(sealed)
    changed[len(sealed) // 3] ^= 1
    report = _judge(world, bytes(changed), "one byte changed")
    tell.holds("it is refused, and the reason is said", report["conclusion"] != "genuine" and report["text"]["zh"])
    for what, content, wanted in (
        ("cut in half", sealed[: len(sealed) // 2], {"changed", "not-a-pdf", "not-signed"}),
        ("a file without a seal", plain_pdf("nothing"), {"not-signed"}),
        ("random bytes", bytes(range(256)) * 40, {"not-a-pdf"}),
        ("an empty file", b"", {"empty"}),
    ):
        report = _judge(world, content, what)
        tell.holds(f"{what}: told apart, no server error", report["conclusion"] in wanted)
    original = world.found["original"]
    verdict = _licence_verdict(world, original, "the licence's original")
    tell.holds("genuine, unchanged, valid today", verdict["state"] == "valid" and verdict["same_file"])
    licence = world.found["licence"]
    tell.sent("POST /v1/licences/{id}/withdraw by the issuing department (撤销)")
    withdrawn = world.expect(
        world.api.post(
            f"/v1/licences/{licence['id']}/withdraw",
            json={"reason": "登记有误（演示）"},
            headers=world.token(city.HOUSING_SYSTEM) | {"Idempotency-Key": "journey-2"},
        ),
        200,
    )
    tell.got(f"200 {withdrawn['status']}")
    verdict = _licence_verdict(world, original, "the same untouched file")
    tell.holds(
        "the file is still genuine and unchanged",
        verdict["genuine"]["answer"] == "yes" and verdict["unchanged"]["answer"] == "yes",
    )
    tell.holds(
        "and no longer valid: withdrawn", verdict["state"] == "withdrawn" and verdict["valid_now"]["answer"] == "no"
    )
    refused = world.api.get(world.found["copy"]["file"], headers=world.token(city.HOUSING_PORTAL))
    tell.holds("its annotated copy is not handed out any more", refused.status_code in (403, 404, 410))


def _judge(world: World, content: bytes, what: str) -> dict[str, Any]:
    world.tell.sent(f"POST /v1/signature-verifications: {what}")
    answer = world.api.post("/v1/signature-verifications", files={"file": ("file.pdf", content, "application/pdf")})
    report = world.expect(answer, 200)
    world.tell.got(
        f"{report['indication']} {report['sub_indication'] or ''} {report['conclusion']}: {report['text']['zh']}"
    )
    return report


def _licence_verdict(world: World, content: bytes, what: str) -> dict[str, Any]:
    world.tell.sent(f"POST /v1/verifications: {what}")
    answer = world.api.post("/v1/verifications", files={"file": ("licence.pdf", content, "application/pdf")})
    verdict = world.expect(answer, 200)
    said = "; ".join(str(verdict[question]["text"]["zh"]) for question in ("genuine", "unchanged", "valid_now"))
    world.tell.got(f"{verdict['state']}: {said}")
    return verdict
