"""What the e-licence repository stands on in tests: plain keys, a sealer and a judge that agree, two directories."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO

import pikepdf

from certstore.bulk.model import NameClaim
from certstore.bulk.ports import KnownPersons
from certstore.codes import CITIZEN_ID, HolderCode
from certstore.entrust.model import KnownPerson
from certstore.entrust.ports import PersonDirectory
from certstore.holder_news import HolderNews, News
from certstore.life.proposals import Colleagues
from certstore.ports import (
    Act,
    AgencyDirectory,
    DocumentJudge,
    DocumentJudgement,
    HolderDirectory,
    HolderIdentity,
    LicenceSealer,
    Mandate,
    OrganisationDirectory,
    SealAnchor,
    SealedFile,
)
from certstore.render.typst_renderer import TypstRenderer
from core.db.database import WriteTx
from core.errors import NotFound, NotPermitted, Unavailable
from core.identifiers.names import folded_name
from core.principal import Principal
from core.text import Text
from keys.backends.software import SoftwareBackend
from keys.ports import KeyProvider, SecretKey, Signer, VerificationKey
from keys.secrets.blind_index import HmacIndex
from keys.secrets.field import EnvelopeCipher
from keys.secrets.purposes import FORMER_FIELDS, FORMER_INDEX, LICENCES, LICENCES_INDEX
from keys.spec import KeyState, SignatureAlgorithm

_MARK = re.compile(rb"\n%SEAL ([0-9A-Z]{18}) ([0-9]+) ([0-9a-f]{64})\n\Z")


class PlainSecrets:
    """Implements `keys.ports.SecretProvider` with one fixed secret per purpose."""

    def secrets(self, purpose: str) -> Sequence[SecretKey]:
        return self.accepted(purpose)

    def accepted(self, purpose: str) -> Sequence[SecretKey]:
        return _only(purpose)


@cache
def _only(purpose: str) -> Sequence[SecretKey]:
    return (secret_of(purpose),)


@cache
def secret_of(purpose: str) -> SecretKey:
    value = hashlib.sha256(purpose.encode()).digest()
    return SecretKey(hashlib.sha256(value).hexdigest()[:16], KeyState.ACTIVE, value)


@cache
def field_cipher() -> EnvelopeCipher:
    return EnvelopeCipher(PlainSecrets(), LICENCES, FORMER_FIELDS)


@cache
def blind_index() -> HmacIndex:
    return HmacIndex(PlainSecrets(), LICENCES_INDEX, FORMER_INDEX)


@cache
def renderer() -> TypstRenderer:
    """One for the session: a warm compiler sets a face in milliseconds."""
    return TypstRenderer()


class MarkSealer:
    """Seals by a mark at the end of the file that no stranger can make; `broken` makes it answer as if it were away."""

    def __init__(self) -> None:
        self.broken = False
        self.refuses: set[str] = set()  # actor ids without a right to any seal
        self.placements: list[SealAnchor] = []
        self.codes: dict[str, str] = {}  # 印章编码 → the seal's id
        self.forms: dict[str, bool | None] = {}  # organisations whose seals have no national form, or that have none
        self.count = 0

    async def seal(
        self,
        pdf: bytes | None,
        *,
        organisation: str,
        licence_id: str,
        actor: Principal,
        placement: SealAnchor,
        seal_code: str | None = None,
        sealed_before: str | None = None,
        ofd: bytes | None = None,
    ) -> SealedFile:
        if self.broken:
            raise Unavailable("seal-unavailable", Text("印章没有回应。", "The seal does not answer."))
        if actor.id in self.refuses:
            raise NotPermitted("seal-not-granted", Text("没有用印授权。", "No right to use this seal."))
        if seal_code is not None and not await self.has(organisation, seal_code):
            raise NotFound("seal-not-found", Text("没有这枚印章。", "There is no such seal."))
        self.count += 1
        self.placements.append(placement)
        face = pdf or ofd or b""
        digest = hashlib.sha256(b"the sealer's own secret" + face).hexdigest()
        content = face + f"\n%SEAL {organisation} {self.count} {digest}\n".encode()
        usable = sealed_before is not None and sealed_before in self.codes.values()
        again = str(sealed_before) if usable else f"seal_of_{organisation}"
        seal_id, signature_id = self.codes.get(seal_code or "", again), f"sig_{self.count}"
        beside = (
            None
            if ofd is None or pdf is None
            else SealedFile(ofd + f"\n%SEAL {self.count}".encode(), seal_id, f"{signature_id}b")
        )
        return SealedFile(content, seal_id, signature_id, beside=beside)

    async def stamps(self, organisation: str) -> bool | None:
        return self.forms.get(organisation, True)

    async def has(self, organisation: str, seal_code: str) -> bool:
        return self.codes.get(seal_code) == f"licence_seal_of_{organisation}"


class MarkJudge:
    """Judges what `MarkSealer` sealed: changed, genuine, not signed."""

    async def judge(self, content: bytes) -> DocumentJudgement:
        if not content:
            return DocumentJudgement("empty", "INDETERMINATE")
        if not content.startswith(b"%PDF-"):
            return DocumentJudgement("not-a-pdf", "INDETERMINATE")
        found = _MARK.search(content)
        if found is None:
            return DocumentJudgement("not-signed", "INDETERMINATE")
        pdf = content[: found.start()]
        whole = hashlib.sha256(b"the sealer's own secret" + pdf).hexdigest().encode() == found.group(3)
        return DocumentJudgement(
            "genuine" if whole else "changed",
            "TOTAL-PASSED" if whole else "TOTAL-FAILED",
            organisation=found.group(1).decode(),
            embedded_files=attachments(pdf) if whole else {},
            signed_revision=content if whole else None,
        )


def attachments(pdf: bytes) -> Mapping[str, bytes]:
    with pikepdf.open(BytesIO(pdf)) as document:
        return {name: spec.get_file().read_bytes() for name, spec in document.attachments.items()}


class People:
    """Implements `certstore.ports.HolderDirectory` and `certstore.bulk.ports.KnownPersons`."""

    def __init__(self, people: Mapping[str, tuple[str, str]]) -> None:
        self.people = dict(people)  # account id → (ID number, name)
        self.former: dict[str, tuple[HolderCode, ...]] = {}

    async def of_account(self, account_id: str) -> HolderIdentity | None:
        if account_id not in self.people:
            return None
        number, name = self.people[account_id]
        return HolderIdentity(account_id, HolderCode(CITIZEN_ID, number), name, self.former.get(account_id, ()))

    async def of_subject(self, client_id: str, subject: str) -> HolderIdentity | None:
        """The pairwise subject of an account at a client is `client:account` here."""
        client, _, account_id = subject.partition(":")
        return await self.of_account(account_id) if client == client_id else None

    async def named_otherwise(self, claims: Sequence[NameClaim]) -> frozenset[NameClaim]:
        names = {number: folded_name(name) for number, name in self.people.values()}
        return frozenset(one for one in claims if names.get(one.code.number, one.name) != one.name)


class Told:
    """Implements `certstore.holder_news.HolderNews` for people with the accounts of a `People`."""

    def __init__(self, people: People) -> None:
        self._people = people
        self.written: list[tuple[str, News, dict[str, str]]] = []
        self.sent: list[object] = []

    async def account_of(self, holder: HolderCode) -> str | None:
        return next((one for one, (number, _) in self._people.people.items() if number == holder.number), None)

    async def write(self, tx: WriteTx, account_id: str, news: News, detail: Mapping[str, str]) -> object:
        self.written.append((account_id, news, dict(detail)))
        return self.written[-1]

    def send(self, told: object) -> None:
        self.sent.append(told)


class Offices:
    """Implements `certstore.ports.OrganisationDirectory`."""

    def __init__(self, names: Mapping[str, Text]) -> None:
        self.names = dict(names)

    async def name(self, uscc: str) -> Text | None:
        return self.names.get(uscc)


class OneKey:
    """Implements `keys.ports.KeyProvider` with one ES256 key, whatever it is asked for."""

    def __init__(self) -> None:
        backend, algorithm = SoftwareBackend(), SignatureAlgorithm.ES256
        made = backend.generate(algorithm, bits=256, label="")
        self._signer = backend.open(made.uri, algorithm, made.public_key, made.private)

    def signer(self, purpose: str) -> Signer:
        return self._signer

    def verification_keys(self, purpose: str) -> Sequence[VerificationKey]:
        one = self._signer
        return (VerificationKey(one.key_id, one.algorithm, KeyState.ACTIVE, one.public_key),)


_keys: type[KeyProvider] = OneKey


class Staff:
    """Implements `certstore.life.proposals.Colleagues`: all have their duties, but for those who have left."""

    def __init__(self) -> None:
        self.left: set[str] = set()

    async def may_still(self, account_id: str, organisation: str, scope: str, type_code: str) -> bool:
        return account_id not in self.left


class Mandates:
    """Implements `certstore.ports.AgencyDirectory`: who acts for whom, by account id."""

    def __init__(self, people: People) -> None:
        self._people = people
        self.given: dict[str, list[Mandate]] = {}

    async def of_account(self, account_id: str) -> Sequence[Mandate]:
        return list(self.given.get(account_id, ()))

    async def of_number(self, agent: HolderCode) -> Sequence[Mandate]:
        known = (one for one, (number, _) in self._people.people.items() if HolderCode(CITIZEN_ID, number) == agent)
        account_id = next(known, None)
        return await self.of_account(account_id) if account_id else ()

    async def act(self, tx: WriteTx, mandate: Mandate, act: Act) -> bool:
        return True


class Standing:
    """Implements `certstore.entrust.ports.PersonDirectory` for the people of a `People`.

    Attributes:
        levels: real-name levels that are not 2.
        away: accounts that are frozen or closed.
    """

    def __init__(self, people: People) -> None:
        self._people = people
        self.levels: dict[str, int] = {}
        self.away: set[str] = set()

    async def of_account(self, account_id: str) -> KnownPerson | None:
        identity = None if account_id in self.away else await self._people.of_account(account_id)
        if identity is None:
            return None
        number = identity.code.number
        born = dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
        return KnownPerson(identity, self.levels.get(account_id, 2), born)

    async def of_number(self, code: HolderCode) -> KnownPerson | None:
        for account_id in self._people.people:
            identity = await self._people.of_account(account_id)
            if identity is not None and code in identity.codes:
                return await self.of_account(account_id)
        return None


_sealer: type[LicenceSealer] = MarkSealer
_staff: type[Colleagues] = Staff
_judge: type[DocumentJudge] = MarkJudge
_people: type[HolderDirectory] = People
_told: type[HolderNews] = Told
_offices: type[OrganisationDirectory] = Offices
_agencies: type[AgencyDirectory] = Mandates
_persons: type[KnownPersons] = People
_standing: type[PersonDirectory] = Standing
