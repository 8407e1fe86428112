"""Steps 2, 3 and 6: issuing a licence, using it instead of paper, and seeing who looked."""

from __future__ import annotations

from api.demo import catalogue, city
from api.journey.world import World

CASE = "GZF-2026-1123-00418"
PURPOSE = {"service_item": catalogue.RENTAL.code, "case_number": CASE, "basis": catalogue.RENTAL_BASIS}


def issue_licence(world: World) -> None:
    """A department issues an e-licence to the citizen's ID number: identifier, PDF, seal, metadata."""
    tell = world.tell
    headers = world.token(city.HOUSING_SYSTEM)
    body = {
        "type": catalogue.PROPERTY.code,
        "number": "豫（2026）示例市不动产权第 0099001 号",
        "holders": [{"code_type": "111", "code": city.LIN.id_number, "name": city.LIN.name}],
        "data": {
            "location": "示例市青石区演示路 20 号 2 幢",
            "area": 88.6,
            "registered_on": "2026-11-20",
            "ownership": "共同共有",
            "mortgage": "无",
        },
    }
    tell.sent(f"POST /v1/licences: {city.HOUSING.name.zh} issues a {catalogue.PROPERTY.name.zh}")
    answer = world.api.post("/v1/licences", json=body, headers=headers | {"Idempotency-Key": "journey-1"})
    made = world.expect(answer, 201)
    tell.got(f"201 {made['identifier']} ({made['status']})")
    tell.holds(
        "the identifier has the form of GB/T 36904",
        made["identifier"].startswith("1.2.156.3005.2." + catalogue.PROPERTY.code),
    )
    again = world.expect(
        world.api.post("/v1/licences", json=body, headers=headers | {"Idempotency-Key": "journey-1"}), 201
    )
    tell.holds("the same Idempotency-Key issues nothing twice", again["id"] == made["id"])
    original = world.api.get(made["file"], headers=headers)
    tell.got(f"{original.status_code} {original.headers['content-type']}, {len(original.content):,} bytes")
    tell.holds(
        "the original is a PDF with a signature inside",
        original.content[:5] == b"%PDF-" and b"/ETSI.CAdES.detached" in original.content,
    )
    stranger = world.api.get(made["file"], headers=world.token(city.POLICE_SYSTEM))
    tell.holds("for another department it does not exist", stranger.status_code == 404)
    world.found |= {"licence": made, "original": original.content}


def use_instead_of_paper(world: World) -> None:
    """A clerk's check, the citizen's consent, an annotated copy: no paper was asked for."""
    tell, citizen = world.tell, world.citizen
    headers = world.token(city.HOUSING_PORTAL)
    holder = {"code_type": "111", "code": city.LIN.id_number}
    tell.sent(f"POST /v1/exemption-checks: {catalogue.RENTAL.name.zh}, case {CASE}")
    check = {
        "service_item": catalogue.RENTAL.code,
        "case_number": CASE,
        "basis": catalogue.RENTAL_BASIS,
        "holder": holder,
    }
    before = world.expect(world.api.post("/v1/exemption-checks", json=check, headers=headers), 200)
    for material in before["materials"]:
        tell.got(f"{material['name']['zh']}: {material['outcome']}")
    outcome = {material["number"]: material["outcome"] for material in before["materials"]}
    tell.holds(
        "two materials need not be handed in, one waits for consent, one is not in the repository",
        [outcome[n] for n in (1, 2, 3, 4)] == ["needs-consent", "exempt", "exempt", "not-in-store"],
    )
    ask = {"holder": holder, "type": catalogue.PROPERTY.code, "purpose": PURPOSE, "days": 30}
    tell.sent(f"POST /v1/consents: asks for the {catalogue.PROPERTY.name.zh}")
    consent = world.expect(world.api.post("/v1/consents", json=ask, headers=headers), 201)
    early = world.api.post(
        f"/v1/licences/{world.found['licence']['id']}/copies",
        json={"purpose": PURPOSE, "consent": consent["id"]},
        headers=headers,
    )
    tell.holds("before the citizen decides, no copy is given", early.status_code in (403, 404))
    tell.sent("the citizen opens the decision page, still logged in, and agrees")
    citizen.open(consent["decision_url"])
    form = citizen.form(holding="decision")
    citizen.submit(form, **_choice(world, form.choices), decision="grant")
    granted = world.expect(world.api.get(f"/v1/consents/{consent['id']}", headers=headers), 200)
    tell.got(f"consent {granted['state']}, until {granted['last_day']}, fields {', '.join(granted['fields'])}")
    tell.holds("the portal sees the decision", granted["state"] == "granted")
    tell.holds("and the licence that the citizen chose", granted["licence"] == world.found["licence"]["id"])
    tell.sent("POST /v1/licences/{id}/copies with the consent")
    copy = world.expect(
        world.api.post(
            f"/v1/licences/{granted['licence']}/copies",
            json={"purpose": PURPOSE, "consent": consent["id"]},
            headers=headers,
        ),
        201,
    )
    file = world.api.get(copy["file"], headers=headers)
    tell.got(
        f"{file.status_code} {file.headers['content-type']}, {len(file.content):,} bytes, "
        f"good until {copy['expires_on']}"
    )
    tell.holds(
        "the portal receives a sealed annotated copy, not the original",
        b"/ETSI.CAdES.detached" in file.content and file.content != world.found["original"],
    )
    verdict = world.expect(
        world.api.post("/v1/verifications", files={"file": ("copy.pdf", file.content, "application/pdf")}), 200
    )
    tell.holds(
        "the copy verifies, and says for whom and for what it was made",
        verdict["state"] == "valid" and verdict["copy"]["service_item"] is not None,
    )
    after = world.expect(world.api.post("/v1/exemption-checks", json=check, headers=headers), 200)
    tell.holds("three of four materials need not be handed in now", after["exempt"] == 3)
    missing = world.api.post(
        "/v1/licences/search", json={"holder": holder, "purpose": PURPOSE | {"case_number": ""}}, headers=headers
    )
    tell.holds("a look-up without a case number is refused", missing.status_code == 400)
    world.found |= {"copy": copy}


def _choice(world: World, choices: dict[str, list[str]]) -> dict[str, str]:
    """Where the page lets the citizen choose among several licences of the type: the new one."""
    wanted = world.found["licence"]["id"]
    return {name: wanted for name, values in choices.items() if wanted in values}


def see_who_looked(world: World) -> None:
    """The citizen sees who looked, when and why; the auditor proves that the log is complete."""
    tell, citizen = world.tell, world.citizen
    tell.sent("GET /me/accesses: the citizen looks who looked")
    page = citizen.open(f"{world.instance.issuer}/me/accesses")
    tell.got(f"{page.status_code} {citizen.page_path()}")
    for promise, words in (
        ("who looked", city.HOUSING.name.zh),
        ("for what", catalogue.RENTAL.name.zh),
        ("in which case", CASE),
    ):
        tell.holds(f"the page says {promise}: {words}", words in page.text)
    tell.sent("yizheng audit verify")
    said = world.instance.command("audit", "verify").strip()
    tell.got(said)
    tell.holds("the audit chain is whole", said.startswith("audit chain whole"))
    log = world.instance.log_text()
    for what, secret in (("ID number", city.LIN.id_number), ("name", city.LIN.name), ("password", city.PASSWORD)):
        tell.holds(f"no {what} in the server's log", secret not in log)
    tell.sent("one row of the audit log is changed behind the service's back")
    broken = world.instance.verdict_on_a_changed_row(5)
    tell.got(broken)
    tell.holds("the auditor's check names the row", "broken at row 5" in broken)
    tell.holds(
        "with the row put back the chain is whole again", "chain whole" in world.instance.command("audit", "verify")
    )
