"""Runs the journey: a fresh instance, two portals with a standard OIDC library, seven steps over HTTP."""

from __future__ import annotations

import time
from collections.abc import Mapping

import httpx
from rich.console import Console

from api.demo import city
from api.journey.instance import Instance, free_port
from api.journey.narrator import Narrator
from api.journey.portals import PortalRegistration, Portals
from api.journey.steps_document import seal_document, verify_documents
from api.journey.steps_identity import log_out_everywhere, sign_on_once
from api.journey.steps_licence import issue_licence, see_who_looked, use_instead_of_paper
from api.journey.visitor import Visitor
from api.journey.world import World

STEPS = (
    ("A citizen logs in once for two portals", sign_on_once),
    ("A department issues an e-licence", issue_licence),
    ("A clerk asks the repository instead of the citizen", use_instead_of_paper),
    ("A department has a PDF sealed", seal_document),
    ("Anyone verifies", verify_documents),
    ("The citizen sees who looked; the auditor proves the log", see_who_looked),
    ("Single logout ends both portals", log_out_everywhere),
)


def run_journey(console: Console | None = None, settings: Mapping[str, str] | None = None) -> int:
    """Run all steps; the exit code is 0 only if every promise of every step held.

    Args:
        settings: other stores than the embedded ones, by their names in `api.settings`.
    """
    console = console or Console(highlight=False, soft_wrap=True)
    tell = Narrator(console)
    began = time.perf_counter()
    instance = Instance(settings)
    try:
        console.print("[bold]一证 Yizheng: the journey[/bold]   a fresh instance, real HTTP, nothing is mocked")
        instance.command("migrate", "--demo")
        registrations = _register_portals(instance, portal_port := free_port())
        ready = instance.start()
        console.print(
            f"serves on {instance.issuer}, ready after {ready:.1f} s; portals on http://127.0.0.1:{portal_port}"
        )
        with (
            Portals(instance.issuer, portal_port, registrations) as portals,
            httpx.Client(base_url=instance.issuer, trust_env=False, timeout=60) as api,
        ):
            citizen = Visitor()
            world = World(instance, portals, tell, citizen, api)
            for number, (title, step) in enumerate(STEPS, 1):
                with tell.step(number, title):
                    step(world)
            citizen.close()
    finally:
        instance.stop()
    return 0 if tell.end(time.perf_counter() - began) else 1


def _register_portals(instance: Instance, port: int) -> list[PortalRegistration]:
    """Two portals, registered as an administrator would: A may ask for the real name, B may not."""
    registrations = []
    for key, name, scope, algorithm in (
        ("a", city.ZWFW.name, "openid realname", "RS256"),
        ("b", city.HOUSING_PORTAL.name, "openid", "ES256"),
    ):
        base = f"http://127.0.0.1:{port}/{key}"
        made = instance.register_client(
            {
                "client_id": f"journey-{key}",
                "name_zh": name.zh,
                "name_en": name.en,
                "redirect_uris": [f"{base}/callback"],
                "post_logout_redirect_uris": [f"{base}/bye"],
                "backchannel_logout_uri": f"{base}/backchannel-logout",
                "scope": scope,
                "id_token_signed_response_alg": algorithm,
                "realname_approved": "realname" in scope,
                "sector": f"{key}.demo.invalid",
            }
        )
        registrations.append(PortalRegistration(key, name.zh, made["client_id"], made["client_secret"], scope))
    return registrations
