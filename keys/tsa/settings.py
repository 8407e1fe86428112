"""Settings of time-stamping: our own authority, and the authorities that we ask."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from core.egress.rules import HostList
from core.settings import Section
from keys.tsa.imprint import DIGESTS

LOCAL = "local"
"""In place of an address: our own authority, in this process."""


class ServiceSettings(Section):
    """An authority that may be asked.

    Attributes:
        url: its address, or `local`.
        policy: dotted object identifier to ask for; None for the authority's own choice.
        digest: `sha256`, `sha384` or `sha512`.
        trust_file: PEM file of the root certificates that are accepted from it; None: the trust list decides.
        username, password_file: HTTP Basic authentication, if the authority wants it.
        inside: the address may be one of our own network.
        timeout: seconds for one answer.
    """

    url: str
    policy: str | None = Field(default=None, pattern=r"^[0-2](\.(0|[1-9][0-9]*))+$")
    digest: str = "sha256"
    trust_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None
    inside: bool = False
    timeout: float = Field(default=3.0, gt=0, le=30)

    @field_validator("digest")
    @classmethod
    def _digest(cls, value: str) -> str:
        if value not in DIGESTS:
            raise ValueError(f"a time-stamp speaks of one of {', '.join(sorted(DIGESTS))}")
        return value

    @model_validator(mode="after")
    def _address(self) -> Self:
        if self.url == LOCAL:
            return self
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
            raise ValueError(f"the address of a time-stamping authority is {LOCAL} or http(s)://…")
        HostList.of([parts.hostname])  # a ValueError of its own for a host that cannot be
        if parts.username or parts.password:
            raise ValueError("credentials have no place in an address: name username and password_file")
        if (self.username is None) != (self.password_file is None):
            raise ValueError("username and password_file go together")
        if self.username is not None and parts.scheme != "https" and not self.inside:
            raise ValueError("credentials go out over https only")
        return self

    def credentials(self) -> SecretStr | None:
        """`user:password`, read from the file now.

        Raises:
            OSError: the file cannot be read.
        """
        if self.username is None or self.password_file is None:
            return None
        return SecretStr(f"{self.username}:{self.password_file.read_text('utf-8').strip()}")


class TsaSettings(Section):
    """
    Attributes:
        units: how many keys the authority has, `tsa/1` to `tsa/n`; the first that is well signs.
        accuracy: stated in every token; at most a second (ETSI EN 319 422 §5.2.1).
        clock: `kernel`: issue only while the kernel says that the clock follows UTC; `unchecked`: development only.
        development: keys and certificates make themselves at the first request.
        services: authorities to ask, the preferred one first.
    """

    units: int = Field(default=1, ge=1, le=9)
    accuracy: dt.timedelta = Field(
        default=dt.timedelta(seconds=1), ge=dt.timedelta(milliseconds=1), le=dt.timedelta(seconds=1)
    )
    clock: Literal["kernel", "unchecked"] = "kernel"
    development: bool = False
    services: tuple[ServiceSettings, ...] = (ServiceSettings(url=LOCAL),)

    @property
    def purposes(self) -> tuple[str, ...]:
        return tuple(f"tsa/{number}" for number in range(1, self.units + 1))


def services_of(urls: str, details: dict[str, dict[str, object]]) -> tuple[ServiceSettings, ...]:
    """Authorities in the order of `urls` (separated by spaces or commas), each with its details by address.

    Raises:
        ValueError: an address or a detail that cannot be; details for an address that is not asked.
    """
    order = urls.replace(",", " ").split()
    if strangers := set(details) - set(order):
        raise ValueError(f"details for addresses that are not asked: {', '.join(sorted(strangers))}")
    return tuple(ServiceSettings.model_validate({**details.get(url, {}), "url": url}) for url in order)
