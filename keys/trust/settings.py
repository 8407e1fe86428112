"""Settings of trust: how long our list counts, and whom we may ask about revocation."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from core.egress.rules import MIB, NO_HOSTS, EgressRules, HostList
from core.settings import Section

ANYBODY = "*"


class TrustSettings(Section):
    """
    Attributes:
        publisher: who we are, as our trust list says.
        territory: of our list, such as CN or CN-41.
        days: for how long a version of our list counts for others before they must fetch it again.
        refresh_seconds: how often a worker looks whether a list has changed; a withdrawal is known everywhere then.
        hosts: where revocation data may be fetched: names, suffixes (`.example.cn`) and networks, separated by commas;
            `*` for any public host that an authority on our lists names; empty: nothing is fetched (offline).
        inside: hosts and networks of our own among them that may be called although they are not public.
        ports: besides 80 and 443.
    """

    publisher: str
    territory: str = Field(default="CN", min_length=1, max_length=20)
    days: int = Field(default=7, ge=1, le=180)
    refresh_seconds: float = 5.0
    hosts: str = ""
    inside: str = ""
    ports: tuple[int, ...] = ()

    @model_validator(mode="after")
    def _hosts(self) -> Self:
        self.egress_rules()
        return self

    def egress_rules(self) -> EgressRules:
        """
        Raises:
            ValueError: an entry is no host, suffix or network.
        """
        entries = _entries(self.hosts)
        return EgressRules(
            schemes=frozenset({"http", "https"}),
            ports=frozenset({80, 443, *self.ports}),
            only=None if entries == [ANYBODY] else HostList.of(entries) if entries else NO_HOSTS,
            inside=HostList.of(_entries(self.inside)),
            most_bytes=4 * MIB,  # lists of large authorities
        )


def _entries(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]
