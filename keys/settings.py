"""Settings of the crypto boundary: where the key store is, what opens it, where new keys are made."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from core.settings import Section


class Pkcs11Settings(Section):
    """One PKCS#11 token. The PIN comes from a file or as a secret, never in a URI or on a command line.

    Attributes:
        module: path of the vendor's library, e.g. `libsofthsm2.so`.
        token: label of the token (CK_TOKEN_INFO.label).
        pin: the user PIN; wins over `pin_file`.
        pin_file: a file that holds the PIN and nothing else.
    """

    module: Path
    token: str
    pin: SecretStr | None = None
    pin_file: Path | None = None


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
        refresh_seconds: how often a worker asks the store whether keys have changed; a rotation is known to
            all workers after this time.
        publish_seconds: how long a next key is published before it may become active: at least
            `refresh_seconds` plus the time for which portals cache the JWKS.
        password_workers: threads that hash passwords at the same time; each takes 19 MiB.
        password_queue: passwords that may wait beyond those; more are answered `busy`.
    """

    store_url: str
    master_key_file: Path | None = None
    master_key: SecretStr | None = None
    production: bool = True
    default_backend: str = "software"
    pkcs11: Pkcs11Settings | None = None
    refresh_seconds: float = 10.0
    publish_seconds: float = 900.0
    password_workers: int = 2
    password_queue: int = 64
