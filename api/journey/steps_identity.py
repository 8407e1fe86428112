"""Steps 1 and 7: single sign-on over two portals, and single logout from both."""

from __future__ import annotations

from api.demo import city
from api.journey.world import World
from core.identifiers.citizen_id import CitizenId


def sign_on_once(world: World) -> None:
    """A citizen opens portal A, is redirected, logs in once; opens portal B and is already logged in."""
    tell, citizen, base = world.tell, world.citizen, world.portals.base
    tell.sent(f"GET {base}/a/login: the citizen opens portal A ({world.portals.registrations['a'].name})")
    citizen.open(f"{base}/a/login")
    tell.got(f"{' → '.join(citizen.hops())} → 200 {citizen.page_path()}")
    tell.holds("portal A sends the citizen to the log-in page of 一证", citizen.page_path() == "/login")
    form = citizen.form()
    tell.sent(f"POST /login: {CitizenId(city.LIN.id_number).masked} and the password")
    citizen.submit(form, **{form.field("text"): city.LIN.id_number, form.field("password"): city.PASSWORD})
    tell.holds("portal A asks for the real name, so the citizen is asked first", citizen.page_path() == "/consent")
    tell.sent("POST /consent: agreed")
    citizen.submit(citizen.form(holding="decision"), decision="grant")
    at_a = citizen.json()
    way = " → ".join(citizen.hops()[-3:])
    tell.got(f"{way} → portal A knows {at_a['userinfo']['name']}, sub {at_a['claims']['sub'][:12]}…")
    tell.holds("the ID token passes the portal's OIDC library (signature, iss, aud, nonce, exp)", at_a["logged_in"])
    tell.holds(
        "portal A, approved for realname, gets name and ID number",
        at_a["userinfo"]["name"] == city.LIN.name and at_a["userinfo"]["id_number"] == city.LIN.id_number,
    )
    tell.sent(f"GET {base}/b/login: the same browser opens portal B ({world.portals.registrations['b'].name})")
    citizen.open(f"{base}/b/login")
    if citizen.page_path() == "/consent":
        citizen.submit(citizen.form(holding="decision"), decision="grant")
    at_b = citizen.json()
    way = " → ".join(citizen.hops()[-3:])
    tell.got(f"{way} → portal B knows sub {at_b['claims']['sub'][:12]}…, claims {sorted(at_b['userinfo'])}")
    tell.holds("no second log-in: auth_time is the same", at_a["claims"]["auth_time"] == at_b["claims"]["auth_time"])
    tell.holds(
        "the two portals know the citizen under different names (pairwise)",
        at_a["claims"]["sub"] != at_b["claims"]["sub"],
    )
    tell.holds(
        "portal B, not approved, gets neither name nor ID number", not {"name", "id_number"} & set(at_b["userinfo"])
    )
    world.found |= {"sub_b": at_b["claims"]["sub"], "id_token_a": at_a["id_token"]}


def log_out_everywhere(world: World) -> None:
    """Single logout ends both portals."""
    tell, citizen, base = world.tell, world.citizen, world.portals.base
    discovery = world.expect(world.api.get("/.well-known/openid-configuration"), 200)
    registration = world.portals.registrations["a"]
    tell.sent("GET end_session_endpoint from portal A, with its ID token and a registered way back")
    citizen.open(
        str(
            world.api.build_request(
                "GET",
                discovery["end_session_endpoint"],
                params={
                    "id_token_hint": world.found["id_token_a"],
                    "post_logout_redirect_uri": f"{base}/a/bye",
                    "client_id": registration.client_id,
                    "state": "see-you",
                },
            ).url
        )
    )
    tell.got(f"{' → '.join(citizen.hops())} → {citizen.page_path()}")
    tell.holds(
        "the browser is back at portal A with its state",
        citizen.page_path() == "/a/bye" and citizen.query("state") == "see-you",
    )
    world.portals.wait_for_logouts(2)
    told = sorted(portal for portal, _ in world.portals.logout_tokens)
    tell.got(f"back-channel: logout tokens reached portals {told}")
    tell.holds("both portals were told by signed logout tokens", told == ["a", "b"])
    for portal in ("a", "b"):
        status = citizen.open(f"{base}/{portal}/me").status_code
        tell.holds(f"portal {portal.upper()} does not know the citizen any more", status == 401)
    citizen.open(f"{base}/b/login")
    tell.holds("opening portal B now asks to log in", citizen.page_path() == "/login")
