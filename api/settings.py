"""All settings, read from the environment once. The only module that may look at the environment."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.egress.rules import EgressRules, HostList
from core.errors import AppError
from core.settings import BlobSettings, DatabaseSettings, KvSettings
from core.text import Text
from idp.settings import CertificateChains, DpopNonce, IdpSettings
from idp.step_up import read_demands
from keys.notes import read_note_key
from keys.passkeys.model import AttestationMode, AttestationPolicy
from keys.passkeys.policy import read_policy
from keys.profile import Profile
from keys.settings import KeysSettings, Pkcs11Settings
from keys.trust.settings import TrustSettings
from keys.tsa.settings import LOCAL, TsaSettings, services_of
from keys.x509.settings import PkiSettings
from signing.levels import Level, LevelPolicy
from signing.profiles import NATIONAL_FILTER
from signing.settings import SigningSettings

DEFAULT_PORT = 8000
DEMO_REPORT_SEAL = "4101990000009"  # of the demo city's data bureau: on reports of verifications
_EXAMPLE = Text("示例市政务数据局", "Example City Data Bureau")


class Settings(BaseSettings):
    """What a deployment may choose. Each field is the environment variable `YIZHENG_<FIELD>`.

    Attributes:
        mode: `development` allows http, development keys and demo data; `production` refuses them.
        issuer: public base address, without a slash at its end; the OpenID issuer.
        data: folder of the embedded column; also of everything that has no address of its own.
        master_key_file: file that holds the master key, in plain or locked by the token; by default made in `data`
            (development only). A credential of systemd (`LoadCredential=master:…`) is such a file: name `%d/master`.
        master_key: the master key itself from a secret store, in the form of the file; wins over the file.
        pkcs11_sessions: calls to the token at the same time, in each worker.
        pkcs11_timeout_seconds: how long a call to the token may take; while one is overdue others are refused at once.
        keys_refresh_seconds: how often a worker looks whether a key was rotated or revoked; a revoked key is used by
            no worker 5 s after this time.
        keys_stale_seconds: without a look at the key store for this long a worker uses no key.
        profile: `international`, `national` or `both`: with the last two, new data and index keys are for SM4 and SM3.
        sm2_seal_backend: where SM2 keys of seals, of their maker and of their authority are made; where all keys are if
            left out. For a deployment whose token has no SM2: `software`.
        token_key_days: how long a key signs tokens before the next one takes over by itself.
        trusted_proxies: addresses whose X-Forwarded-* headers are believed; `*` only behind a private network.
        client_certificate_header: header in which a trusted proxy hands on the certificate of a TLS client, as RFC 9440
            says (`Client-Cert`) or as nginx's `$ssl_client_escaped_cert`; empty: none is believed.
        client_certificate_chains: who judges these certificates, `ours` (our trust lists) or the `proxy`.
        passkey_attestation: what authenticators must prove about their model: `none`; `bound`: only models of the file
            count as keys that their holders cannot give away; `required`: only they are let in.
        passkey_models_file: JSON: by AAGUID, `name` and `roots` (PEM) of each model that is trusted.
        password_least: how many characters a new password has at least, from 8; 15 where a password alone lets people
            in.
        password_list_file: passwords that nobody may choose, beyond the common ones: plain text, one a line, or sorted
            SHA-1 digests as collections of breached passwords come.
        mtls_url: public base address at which TLS clients are asked for a certificate (RFC 8705 §5), where it is not
            the issuer's; without a slash at its end.
        tls_certificate_file, tls_key_file: PEM, to end TLS here and not in a proxy.
        tls_client_authorities_file: PEM, the authorities whose certificates TLS clients may show to us then; a
            certificate that a client issued to itself is its own authority.
        dpop_nonce: whose DPoP proofs need a nonce of ours: `fapi` (clients of that profile) or `all`.
        pushed_request_seconds: how long a portal's pushed request waits for the browser, from 60; less than 600.
        registration: who may register clients at `/register`: nobody; `guarded`: whoever holds an initial access token
            or a software statement of a trusted issuer; `open`: anybody, in development only.
        step_up: scopes whose use asks for a stronger or fresher log-in, such as `seal:sign=900` (seconds since the
            log-in) or `realname=urn:yizheng:loa:2`, separated by commas.
        messages_url: the city's gateway for text messages and e-mail; empty: nothing can be sent, and no way to log in
            that needs it is offered.
        messages_key_id, messages_key_file: the name of the key, and the file of at least 32 bytes, under which requests
            to the gateway are signed (RFC 9421, hmac-sha256).
        population_url, organisations_url: the register of people and that of legal persons, without a slash at their
            ends; empty: names, numbers and representatives are proved at windows only.
        registers_key_id, registers_key_file: the name of the key, and the file of at least 32 bytes, under which
            questions to both are signed (RFC 9421, hmac-sha256).
        clerk_looks_per_hour, clerk_looks_per_day: how many look-ups of people one clerk makes at most.
        demo: the demo city is loaded and its portals are served.
        pki_url: public base address of `/pki/…`, without a slash at its end; stands in every certificate, so it must
            stay reachable as long as signatures are verified. Plain http is usual (RFC 5280 §8); by default the issuer.
        reencrypt_per_second: how many rows one worker at most brings under a new key in a second.
        backups: folder of backups; by default in `data`, from where they must be carried elsewhere.
        backup_hours: how old the last backup may be before `yizheng doctor` warns.
        backup_passphrase, backup_passphrase_file: opens backups beside the master key; the first one wins.
        pkcs12_passphrase: opens the file of a key that `yizheng seal --pkcs12` takes in.
        revocation_hosts: hosts that may be asked about revocation of certificates that other authorities issued: names,
            `.suffixes` and networks, separated by commas; `*` for any public one; empty: none, so such certificates
            cannot be relied on.
        inside_hosts: those among them that are inside our own network.
        revocation_ports: ports at which they may be asked besides 80 and 443, separated by commas.
        portal_inside: hosts and networks of our own in which portals may be reached (keys, request objects, logout
            notices): names, `.suffixes` and networks, separated by commas; portals on the internet need no entry.
        portal_ports: ports at which portals may be reached besides 80 and 443, separated by commas.
        trust_territory: of our trust list, such as CN-41.
        password_memory_mib, password_passes: cost of one password hash; `yizheng keys calibrate` proposes them. A hash
            made at another cost is replaced at its owner's next log-in.
        password_workers: password hashes that run at the same time in one worker.
        verifications_per_minute: how many files one network address may have judged without a log-in.
        reports_per_minute: how many reports of verifications, which are sealed, one network address may ask for.
        timestamps_per_minute: how many time-stamps one network address may ask for.
        ocsp_per_minute: how many OCSP answers that must be signed freshly one network address may ask for.
        tsa_units: how many keys our time-stamping authority has; one that fails is stood in for by the next.
        tsa_accuracy_ms: what its tokens promise; the clock must keep it.
        tsa_clock: `kernel` issues only while the kernel says that the clock follows UTC; by default in production.
        tsa_urls: authorities that are asked for time-stamps, in order of preference; `local` is our own.
        tsa_file: JSON, details by address: policy, digest, trust_file, username, password_file, inside, timeout.
        signature_level: how long seals last where nobody says: B-B, B-T, B-LT or B-LTA; what cannot be had at once is
            done later for files that are kept here.
        largest_pdf_mb: largest PDF that is sealed or verified, in millions of octets; 500 MB, however they are counted.
        large_files_per_hour: how many files of more than 8 MiB one client or network address may send.
        scratch: folder for large files while they are worked on; private to this service, by default in `data`. They
            have no names there, and are gone with the process.
        licence_level: the same for the seals on licences and their copies.
        sm2_pdf_filter: what SM2 signatures in a PDF name as the program that they are meant for (`/Filter`).
        report_seal: code of the seal that reports of verifications carry; its custodian grants it to the service
            (`verification-reports`, class `verification-report`). Empty: reports say themselves that nobody did.
        audit_seconds: how often a checkpoint of the audit log is signed, if the log grew.
        audit_folder: a folder outside the database that keeps every checkpoint: a share, a disk that is written once.
        audit_witness_url: a witness that keeps and signs checkpoints (C2SP tlog-witness); needs its key.
        audit_witness_key: the witness's own key as one line, `name+id+key`.
        signature_log_seconds: how often a checkpoint of the public log of signatures is signed, if the log grew.
    """

    model_config = SettingsConfigDict(env_prefix="YIZHENG_", frozen=True, extra="ignore")

    mode: Literal["development", "production"] = "development"
    issuer: str = f"http://127.0.0.1:{DEFAULT_PORT}"
    data: Path = Path("var")
    city: str = "示例市"
    operator: str = _EXAMPLE.zh
    operator_en: str = ""
    database_url: str = ""
    database_pool: int = Field(default=8, ge=1, le=100)
    keys_url: str = ""
    kv_url: str = ""
    blobs_url: str = ""
    s3_endpoint: str | None = None
    s3_region: str = "us-east-1"
    master_key_file: Path | None = None
    master_key: str | None = Field(default=None, repr=False)
    key_backend: Literal["software", "pkcs11"] = "software"
    sm2_seal_backend: Literal["software", "pkcs11"] | None = None
    pkcs11_module: str | None = None
    pkcs11_token: str | None = None
    pkcs11_pin_file: Path | None = None
    pkcs11_sessions: int = Field(default=4, ge=1, le=64)
    pkcs11_timeout_seconds: float = Field(default=5.0, gt=0, le=60)
    keys_refresh_seconds: float = Field(default=5.0, gt=0, le=10)
    keys_stale_seconds: float = Field(default=120.0, ge=30, le=3600)
    profile: Profile = Profile.INTERNATIONAL
    token_key_days: int = Field(default=90, ge=8, le=730)
    trusted_proxies: str = "127.0.0.1"
    client_certificate_header: str = Field(default="", pattern=r"^[A-Za-z0-9-]*$")
    client_certificate_chains: CertificateChains = CertificateChains.OURS
    passkey_attestation: AttestationMode = AttestationMode.NONE
    passkey_models_file: Path | None = None
    password_least: int = Field(default=8, ge=8, le=64)
    password_list_file: Path | None = None
    mtls_url: str = ""
    tls_certificate_file: Path | None = None
    tls_key_file: Path | None = None
    tls_client_authorities_file: Path | None = None
    dpop_nonce: DpopNonce = DpopNonce.FAPI
    pushed_request_seconds: int = Field(default=90, ge=60, lt=600)
    registration: Literal["off", "guarded", "open"] = "off"
    step_up: str = ""
    messages_url: str = ""
    messages_key_id: str = Field(default="yizheng", pattern=r"^[A-Za-z0-9._-]{1,64}$")
    messages_key_file: Path | None = None
    population_url: str = ""
    organisations_url: str = ""
    registers_key_id: str = Field(default="yizheng", pattern=r"^[A-Za-z0-9._-]{1,64}$")
    registers_key_file: Path | None = None
    workers: int = Field(default=1, ge=1, le=64)
    clerk_looks_per_hour: int = Field(default=120, ge=1)
    clerk_looks_per_day: int = Field(default=600, ge=1)
    demo: bool = False
    pki_url: str = ""
    reencrypt_per_second: int = Field(default=200, ge=1, le=100_000)
    password_memory_mib: int = Field(default=19, ge=19, le=4096)
    password_passes: int = Field(default=2, ge=2, le=20)
    password_workers: int = Field(default=2, ge=1, le=64)
    verifications_per_minute: int = Field(default=300, ge=1)
    reports_per_minute: int = Field(default=60, ge=1)
    backups: Path | None = None
    backup_hours: int = Field(default=26, ge=1)
    backup_passphrase: str | None = Field(default=None, repr=False)
    backup_passphrase_file: Path | None = None
    pkcs12_passphrase: str | None = Field(default=None, repr=False)
    revocation_hosts: str = ""
    inside_hosts: str = ""
    revocation_ports: str = ""
    portal_inside: str = ""
    portal_ports: str = ""
    trust_territory: str = "CN"
    timestamps_per_minute: int = Field(default=600, ge=1)
    ocsp_per_minute: int = Field(default=1200, ge=1)
    tsa_units: int = Field(default=1, ge=1, le=9)
    tsa_accuracy_ms: int = Field(default=1000, ge=1, le=1000)
    tsa_clock: Literal["kernel", "unchecked"] | None = None
    tsa_urls: str = LOCAL
    tsa_file: Path | None = None
    signature_level: Literal["B-B", "B-T", "B-LT", "B-LTA"] = "B-T"
    largest_pdf_mb: int = Field(default=525, ge=1, le=2000)
    large_files_per_hour: int = Field(default=120, ge=1)
    scratch: Path | None = None
    licence_level: Literal["B-B", "B-T", "B-LT", "B-LTA"] = "B-T"
    sm2_pdf_filter: str = Field(default=NATIONAL_FILTER, pattern=r"^[A-Za-z0-9._-]{1,64}$")
    report_seal: str = Field(default="", pattern=r"^(\d{13})?$")
    audit_seconds: float = Field(default=300.0, ge=1, le=86_400)
    audit_folder: Path | None = None
    audit_witness_url: str = ""
    audit_witness_key: str = ""
    signature_log_seconds: float = Field(default=10.0, ge=1, le=86_400)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        _check_base(self.issuer, "YIZHENG_ISSUER")
        _check_base(self.pki_url or self.issuer, "YIZHENG_PKI_URL")
        if (self.tls_certificate_file is None) != (self.tls_key_file is None):
            raise ValueError("YIZHENG_TLS_CERTIFICATE_FILE and YIZHENG_TLS_KEY_FILE go together")
        if self.tls_client_authorities_file is not None and self.tls_certificate_file is None:
            raise ValueError("YIZHENG_TLS_CLIENT_AUTHORITIES_FILE needs YIZHENG_TLS_CERTIFICATE_FILE")
        _check_base(self.mtls_url or self.issuer, "YIZHENG_MTLS_URL")
        _check_base(self.messages_url or self.issuer, "YIZHENG_MESSAGES_URL")
        _check_base(self.audit_witness_url or self.issuer, "YIZHENG_AUDIT_WITNESS_URL")
        _check_witness(self.audit_witness_url, self.audit_witness_key)
        if bool(self.messages_url) != (self.messages_key_file is not None):
            raise ValueError("YIZHENG_MESSAGES_URL and YIZHENG_MESSAGES_KEY_FILE go together")
        _check_base(self.population_url or self.issuer, "YIZHENG_POPULATION_URL")
        _check_base(self.organisations_url or self.issuer, "YIZHENG_ORGANISATIONS_URL")
        if bool(self.population_url or self.organisations_url) != (self.registers_key_file is not None):
            raise ValueError("YIZHENG_POPULATION_URL or YIZHENG_ORGANISATIONS_URL need YIZHENG_REGISTERS_KEY_FILE")
        _ = (
            self.trust,
            self.tsa,
            self.portal_rules,
            self.passkey_policy,
            read_demands(self.step_up),
        )  # a mistake in it is told at the start
        return self

    @property
    def secure(self) -> bool:
        """True when people reach us by https, so that cookies can be bound to it."""
        return self.issuer.startswith("https://")

    @property
    def folder(self) -> Path:
        return self.data.expanduser().absolute()

    @property
    def database(self) -> DatabaseSettings:
        url = self.database_url or f"sqlite:///{self.folder / 'yizheng.db'}"
        return DatabaseSettings(url=url, pool_size=self.database_pool)

    @property
    def keys(self) -> KeysSettings:
        token = None
        if self.pkcs11_module and self.pkcs11_token:
            token = Pkcs11Settings(
                module=Path(self.pkcs11_module),
                token=self.pkcs11_token,
                pin_file=self.pkcs11_pin_file,
                sessions=self.pkcs11_sessions,
                timeout_seconds=self.pkcs11_timeout_seconds,
            )
        return KeysSettings(
            store_url=self.keys_url or f"sqlite:///{self.folder / 'keys' / 'keyring.db'}",
            master_key=SecretStr(self.master_key) if self.master_key else None,
            master_key_file=self.master_key_path,
            production=self.mode == "production",
            default_backend=self.key_backend,
            pkcs11=token,
            password_memory_mib=self.password_memory_mib,
            password_passes=self.password_passes,
            password_workers=self.password_workers,
            refresh_seconds=self.keys_refresh_seconds,
            stale_seconds=self.keys_stale_seconds,
            publish_seconds=max(900.0, self.keys_stale_seconds + 300),  # and the time for which the JWK Set is kept
            token_key_days=self.token_key_days,
            profile=self.profile,
        )

    @property
    def operator_name(self) -> Text:
        """Who runs the service, for pages in both languages; the Chinese name where no other is set."""
        example = _EXAMPLE.en if self.operator == _EXAMPLE.zh else self.operator
        return Text(self.operator, self.operator_en or example)

    @property
    def pki(self) -> PkiSettings:
        return PkiSettings(
            url=self.pki_url or self.issuer,
            city=self.city,
            production=self.mode == "production",
            national=self.profile.national,
            national_backend=self.sm2_seal_backend,
        )

    @property
    def signing(self) -> SigningSettings:
        level = Level(f"PAdES-{self.signature_level}")
        octets = self.largest_pdf_mb * 1_000_000
        return SigningSettings(
            max_pdf_bytes=octets,
            level=level,
            level_policy=LevelPolicy.AT_LEAST_B_B,
            national_filter=self.sm2_pdf_filter,
        )

    @property
    def scratch_folder(self) -> Path:
        return (self.scratch.expanduser() if self.scratch else self.folder / "scratch").absolute()

    @property
    def report_seal_code(self) -> str:
        """Of the seal for reports; the demo city has one. Empty for none."""
        return self.report_seal or (DEMO_REPORT_SEAL if self.demo else "")

    @property
    def idp(self) -> IdpSettings:
        return IdpSettings(
            issuer=self.issuer,
            client_certificates=bool(self.client_certificate_header or self.tls_client_authorities_file),
            certificate_challenges=self.profile is not Profile.INTERNATIONAL,
            registration=self.registration,
            mtls_url=self.mtls_url or None,
            client_chains=self.client_certificate_chains,
            dpop_nonce=self.dpop_nonce,
            pushed_lifetime=self.pushed_request_seconds,
            step_up=self.step_up,
        )

    @property
    def trust(self) -> TrustSettings:
        return TrustSettings(
            publisher=self.operator,
            territory=self.trust_territory,
            hosts=self.revocation_hosts,
            inside=self.inside_hosts,
            ports=tuple(int(one) for one in self.revocation_ports.split(",") if one.strip()),
        )

    @property
    def passkey_policy(self) -> AttestationPolicy:
        """
        Raises:
            ValueError: the file cannot be read, or is needed and not there.
        """
        file = self.passkey_models_file
        try:
            models = b"" if file is None else file.read_bytes()
        except OSError:
            raise ValueError(f"YIZHENG_PASSKEY_MODELS_FILE: {file} cannot be read") from None
        return read_policy(self.passkey_attestation, models)

    @property
    def portal_rules(self) -> EgressRules:
        """What may be fetched from addresses that portals registered; in development also on this machine.

        Raises:
            ValueError: an entry is no host, suffix, network or port.
        """
        inside = [one.strip() for one in self.portal_inside.split(",") if one.strip()]
        if self.mode == "production":
            ports = [int(one) for one in self.portal_ports.split(",") if one.strip()]
            return EgressRules(ports=frozenset({80, 443, *ports}), inside=HostList.of(inside))
        return EgressRules(
            schemes=frozenset({"http", "https"}),
            ports=range(1, 65536),
            inside=HostList.of(["127.0.0.0/8", "::1/128", "localhost", *inside]),
        )

    @property
    def tsa(self) -> TsaSettings:
        """
        Raises:
            ValueError: an address or a detail that cannot be.
        """
        production = self.mode == "production"
        return TsaSettings(
            units=self.tsa_units,
            accuracy=dt.timedelta(milliseconds=self.tsa_accuracy_ms),
            clock=self.tsa_clock or ("kernel" if production else "unchecked"),
            development=not production,
            services=services_of(self.tsa_urls, _details(self.tsa_file)),
        )

    @property
    def kv(self) -> KvSettings:
        return KvSettings(url=self.kv_url or f"sqlite:///{self.folder / 'shortlived.db'}")

    @property
    def blobs(self) -> BlobSettings:
        url = self.blobs_url or (self.folder / "documents").as_uri()
        return BlobSettings(url=url, s3_endpoint=self.s3_endpoint, s3_region=self.s3_region)

    @property
    def master_key_path(self) -> Path:
        return self.master_key_file or self.folder / "keys" / "master"

    @property
    def backup_folder(self) -> Path:
        return (self.backups.expanduser() if self.backups else self.folder / "backups").absolute()

    def unsafe_in_production(self) -> list[str]:
        """What must not be so in production mode; each with its remedy. Empty when all is well."""
        faults = []
        if not self.secure:
            faults.append("YIZHENG_ISSUER is http: set it to the public https address")
        if self.demo:
            faults.append("YIZHENG_DEMO is on: demo people have published passwords; turn it off")
        if self.master_key is None and self.master_key_file is None:
            faults.append("no master key named: set YIZHENG_MASTER_KEY_FILE to a file outside the data folder")
        if self.client_certificate_header and self.trusted_proxies == "*":
            faults.append("anybody may name a client certificate: set YIZHENG_TRUSTED_PROXIES to the proxy's address")
        if self.messages_url.startswith("http:"):
            faults.append("YIZHENG_MESSAGES_URL is http: codes would be read on the way; set it to an https address")
        registers = {"POPULATION": self.population_url, "ORGANISATIONS": self.organisations_url}
        faults += [
            f"YIZHENG_{name}_URL is http: ID numbers would be read on the way; set it to an https address"
            for name, url in registers.items()
            if url.startswith("http:")
        ]
        if self.registration == "open":
            faults.append("YIZHENG_REGISTRATION is open: anybody could register clients; set it to guarded or off")
        if self.tsa_clock == "unchecked":
            faults.append("YIZHENG_TSA_CLOCK is unchecked: time-stamps need a clock that is known to follow UTC")
        if self.workers > 1 and self.kv.url.startswith("sqlite"):
            faults.append("several workers share one SQLite file for short-lived state: set YIZHENG_KV_URL to Redis")
        return faults


def _details(file: Path | None) -> dict[str, dict[str, object]]:
    if file is None:
        return {}
    try:
        read = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        raise ValueError(f"YIZHENG_TSA_FILE: {file} cannot be read as JSON") from None
    if not isinstance(read, dict) or not all(isinstance(one, dict) for one in read.values()):
        raise ValueError(f"YIZHENG_TSA_FILE: {file} is to hold an object of details for each address")
    return read


def _check_witness(address: str, key: str) -> None:
    if bool(address) != bool(key):
        raise ValueError("YIZHENG_AUDIT_WITNESS_URL and YIZHENG_AUDIT_WITNESS_KEY go together")
    if key:
        try:
            read_note_key(key)
        except AppError:
            raise ValueError("YIZHENG_AUDIT_WITNESS_KEY is no key line of a witness (name+id+key)") from None


def _check_base(address: str, name: str) -> None:
    if address.endswith("/"):
        raise ValueError(f"{name} must not end with a slash")
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ValueError(f"{name} must be an http(s) address without query and fragment")


def child_environment(**settings: str) -> dict[str, str]:
    """The environment for a child process of ours, with these settings and none inherited from our own."""
    ours = ("YIZHENG_", "PYTHONDONTWRITEBYTECODE")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}  # noqa: TID251
    return inherited | {f"YIZHENG_{name.upper()}": value for name, value in settings.items()}
