"""What making seals in the national form asks of others: an authority, a place for keys, a store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from core.db.database import ReadTx, WriteTx
from keys.ports import Signer
from keys.profile import Profile
from signing.national.model import NationalForm


class Maker(Protocol):
    """Who signs seals (制章者).

    Attributes:
        until: the last moment at which its certificate is good.
    """

    @property
    def certificate(self) -> bytes:
        """DER."""

    @property
    def until(self) -> dt.datetime: ...

    async def sign(self, info: bytes) -> bytes:
        """SM2 with SM3 over SES_SealInfo: SEQUENCE { r, s }, DER.

        Raises:
            core.errors.Unavailable: the key's device does not answer.
        """


class NationalAuthority(Protocol):
    """Issues SM2 certificates for seals."""

    def issuing_chain(self) -> Sequence[bytes]:
        """The issuing authority's certificate and those above it, DER, the root last.

        Raises:
            keys.errors.KeyMissing: there is none.
        """

    async def issue_seal_certificate(
        self,
        *,
        organisation_name: str,
        organisation_code: str,
        seal_name: str,
        seal_code: str,
        public_key: bytes,
        purpose: str,
    ) -> bytes:
        """A certificate for the key of the ring's `purpose`, DER."""

    async def maker(self, *, until: dt.datetime) -> Maker:
        """Who signs seals, with a certificate that lasts until that moment, if its authority does.

        Raises:
            core.errors.Unavailable: its key cannot be made, or does not answer.
        """


class NationalKeys(Protocol):
    """SM2 keys of seals."""

    async def check(self) -> None:
        """Whether one could be made, before anything else is.

        Raises:
            keys.errors.LibraryMissing: this machine has no SM2.
            keys.errors.AlgorithmNotOffered: the device has none.
        """

    async def make(self, purpose: str) -> Signer:
        """A new key of the purpose: its first, or the one that follows; or that which a broken-off attempt left."""

    async def signer_of(self, key_id: str) -> Signer:
        """
        Raises:
            core.errors.Unavailable: `key-missing`, when it is retired or gone.
        """

    async def settle(self, purpose: str, key_id: str) -> None:
        """This is the purpose's key from now on; those before it are destroyed. May be repeated.

        Raises:
            core.errors.Unavailable: a device does not answer.
        """


class NationalStore(Protocol):
    """Keeps the national forms of seals."""

    async def add(self, tx: WriteTx, form: NationalForm, *, code: str) -> None:
        """Enter a form as the seal's current one; one before it ends at the same moment, and stays known.

        Args:
            code: of the seal, for the public log.

        Raises:
            core.errors.Conflict: `seal-certificate-stale`: somebody else is entering one.
        """

    async def current(self, tx: ReadTx, seal_id: str) -> NationalForm | None: ...

    async def of_seal(self, tx: ReadTx, seal_id: str) -> list[NationalForm]:
        """Every edition, the newest first."""

    async def by_digest(self, tx: ReadTx, digest: str) -> NationalForm | None:
        """The edition whose SESeal has this SM3 (hexadecimal), current or former."""

    async def by_certificate(self, tx: ReadTx, digest: str) -> NationalForm | None:
        """The edition whose certificate has this SHA-256 (hexadecimal), current or former."""

    async def knows(self, tx: ReadTx, esid: str) -> bool:
        """Whether a seal of ours calls itself so."""

    async def unsettled(self, tx: ReadTx, limit: int) -> list[NationalForm]:
        """Current editions whose former keys may still be there."""

    async def settle(self, tx: WriteTx, form_id: str) -> None:
        """The former keys are gone."""

    async def widen(self, tx: WriteTx, seal_id: str, profile: Profile) -> bool:
        """Let an active seal have this profile; False, and no change, if it is not active."""


class DepartmentStore(Protocol):
    """Keeps what departments want for their seals."""

    async def profile_of(self, tx: ReadTx, organisation: str) -> Profile | None: ...

    async def set_profile(
        self, tx: WriteTx, organisation: str, profile: Profile | None, *, by: str, at: dt.datetime
    ) -> None:
        """None: nothing of its own, as the deployment has it."""
