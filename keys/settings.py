"""Settings of the crypto boundary: where the key store is, what opens it, where new keys are made."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from core.settings import Section
from keys.profile import Profile

LOOK_SECONDS = 5.0
"""How long one look at the key store may take before it counts as failed."""


class Pkcs11Settings(Section):
    """One PKCS#11 token. The PIN comes from a file or as a secret, never in a URI or on a command line.

    Attributes:
        module: path of the vendor's library, e.g. `libsofthsm2.so`.
        token: label of the token (CK_TOKEN_INFO.label).
        pin: the user PIN; wins over `pin_file`.
        pin_file: a file that holds the PIN and nothing else.
        sessions: how many calls go to the token at the same time, where its library can.
        timeout_seconds: how long a call may take; while one is overdue, others are refused at once.
    """

    module: Path
    token: str
    pin: SecretStr | None = None
    pin_file: Path | None = None
    sessions: int = 4
    timeout_seconds: float = 5.0


class KeysSettings(Section):
    """The key ring.

    Attributes:
        store_url: SQLAlchemy address of the key store, which is not the domain database;
            `sqlite:///DATA/keys/keyring.db` or `postgresql+asyncpg://…`.
        master_key_file: the file with the master key, mode 0600.
        master_key: the master key as a secret of the environment; wins over the file.
        production: refuse development means (a generated master key, the development CA).
        default_backend: URI scheme where new keys are made: `software` or `pkcs11`.
        pkcs11: the token, when there is one.
        refresh_seconds: how often a worker asks the store whether keys have changed. A revoked key is used by no
            worker `LOOK_SECONDS` after this time, which is how long a look may take: 10 s in all.
        stale_seconds: a worker that could not look for this long uses no key until it can. Longer than a database
            takes to fail over, for in that time nobody tells the worker of a revocation.
        publish_seconds: how long a next key is published before it may become active: at least
            `stale_seconds` plus the time for which portals cache the JWKS.
        profile: `international`, `national` or `both`. With the last two, new data and index keys are for SM4 and SM3:
            rotate those that are there, and `yizheng keys reencrypt` brings the stored values over.
        token_key_days: how long a token key is used before the schedule replaces it.
        password_memory_mib, password_passes: cost of one password hash; `yizheng keys calibrate` proposes it.
        password_workers: threads that hash passwords at the same time; each takes that memory.
        password_queue: passwords that may wait beyond those; more are answered `busy`.
    """

    store_url: str
    master_key_file: Path | None = None
    master_key: SecretStr | None = None
    production: bool = True
    default_backend: str = "software"
    pkcs11: Pkcs11Settings | None = None
    refresh_seconds: float = 5.0
    stale_seconds: float = 120.0
    publish_seconds: float = 900.0
    profile: Profile = Profile.INTERNATIONAL
    token_key_days: int = 90
    password_memory_mib: int = 19
    password_passes: int = 2
    password_workers: int = 2
    password_queue: int = 64

    @property
    def known_seconds(self) -> float:
        """After this time every worker that reaches the key store has heard of a change."""
        return self.refresh_seconds + LOOK_SECONDS
