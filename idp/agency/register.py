"""Where no register of organisations is connected, nobody can show that they represent one."""

from __future__ import annotations

from core.errors import Unavailable
from core.text import Text
from idp.agency.model import Agent, CompanyEntry


class NoRegister:
    """Implements `idp.agency.ports.CompanyRegister` for a service that has none."""

    async def look(self, uscc: str, person: Agent) -> CompanyEntry | None:
        """
        Raises:
            Unavailable: `register-not-connected`, always.
        """
        raise Unavailable(
            "register-not-connected",
            Text(
                "本市还没有接入法人库，暂时不能在网上认证法定代表人。请带营业执照到政务服务大厅。",
                "The register of organisations is not connected here, so nobody can be checked online. "
                "Bring the business licence to a service hall.",
            ),
        )
