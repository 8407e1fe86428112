"""May this file be relied on? Three questions that are never folded into one: genuine, unchanged, valid now.

1 judge the seals (the signing domain) · 2 find the file among those we sealed, by digest · 3 else read what its
embedded metadata say it is · 4 the seal must be the issuing authority's own · 5 ask the licence's state today.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

from certstore.documents import sha256_of
from certstore.facts import CopyFacts, LicenceFacts, facts_of, told_copy, told_facts
from certstore.identifier import parse_identifier
from certstore.metadata import FILE_NAME, names_among, read_names
from certstore.model import AnnotatedCopy, Licence, LicenceFile
from certstore.ports import DocumentJudge, DocumentJudgement, OrganisationDirectory
from certstore.repository import Repository
from certstore.status import STATUS_NAMES, Status
from core.audit.event import AuditEvent
from core.clock import calendar_day
from core.db.database import ReadTx
from core.errors import InvalidInput
from core.principal import Principal
from core.text import Text


class Answer(StrEnum):
    """The answer to one of the three questions."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Question:
    """One question with its answer in words."""

    answer: Answer
    text: Text


@dataclass(frozen=True, slots=True)
class LicenceFileVerdict:
    """The whole verdict.

    Attributes:
        state: `valid`, another `Status`, `copy-expired`, `unknown-licence`, or `not-a-licence`.
        same_file: the bytes (or the revision that was sealed) are a file that this repository sealed.
        judgement: the signing domain's own answer.
    """

    genuine: Question
    unchanged: Question
    valid_now: Question
    state: str
    same_file: bool
    sha256: str
    licence: LicenceFacts | None
    copy: CopyFacts | None
    judgement: DocumentJudgement = field(repr=False)


_SEALED = ("genuine", "annotated", "changed")  # somebody we trust sealed it, as it is or as it was
COPY_EXPIRED, UNKNOWN_LICENCE, NOT_A_LICENCE = "copy-expired", "unknown-licence", "not-a-licence"


@dataclass(frozen=True, slots=True)
class _Match:
    """What the repository has to a file; `exact` when the very bytes were sealed here."""

    licence: Licence
    identifier: str | None
    file: LicenceFile | None
    copy: AnnotatedCopy | None


class VerifyLicenceFile:
    """The use case; anybody may ask. Answers for every input and never keeps the file."""

    def __init__(self, repository: Repository, judge: DocumentJudge, organisations: OrganisationDirectory) -> None:
        self._repository = repository
        self._judge = judge
        self._organisations = organisations

    async def __call__(self, content: bytes, actor: Principal) -> LicenceFileVerdict:
        """Judge a file that somebody brings."""
        judgement = await self._judge.judge(content)  # 1
        repository = self._repository
        async with repository.database.read() as tx:
            match = await self._known_file(tx, content, judgement)  # 2
            same_file = match is not None
            claimed = False
            if match is None and judgement.conclusion in _SEALED:
                match, claimed = await self._named_licence(tx, judgement)  # 3
            if match is not None and judgement.organisation not in (None, match.licence.issuer):
                match, same_file, claimed = None, False, True  # 4: somebody else's seal on this licence's name
            facts = await facts_of(tx, repository, match.licence, match.identifier) if match else None
        licence = await told_facts(repository, self._organisations, facts) if facts else None
        copy = await told_copy(repository, self._organisations, match.copy) if match else None
        state = _state(licence, copy, same_file, claimed, judgement)  # 5
        detail = {"by": "file", "conclusion": judgement.conclusion, "state": state, "same_file": same_file}
        subject = match.licence.id if match else None
        await repository.database.record(AuditEvent("licence.verify", "done", actor, subject, detail=detail))
        return LicenceFileVerdict(
            genuine=_genuine(judgement),
            unchanged=_unchanged(judgement),
            valid_now=_valid_now(state, licence, copy, judgement),
            state=state,
            same_file=same_file,
            sha256=sha256_of(content),
            licence=licence,
            copy=copy,
            judgement=judgement,
        )

    async def _known_file(self, tx: ReadTx, content: bytes, judgement: DocumentJudgement) -> _Match | None:
        repository = self._repository
        for candidate in (content, judgement.signed_revision):
            file = await repository.files.file_by_digest(tx, sha256_of(candidate)) if candidate else None
            if file is None:
                continue
            licence = await repository.licences.licence(tx, file.licence_id)
            assert licence is not None
            versions = await repository.licences.versions(tx, file.licence_id)
            identifier = next(version.identifier for version in versions if version.number == file.version)
            return _Match(licence, identifier, file, await repository.files.copy_by_file(tx, file.id))
        return None

    async def _named_licence(self, tx: ReadTx, judgement: DocumentJudgement) -> tuple[_Match | None, bool]:
        """By embedded metadata; the second part says whether the file claims to be a licence at all."""
        names = read_names(judgement.embedded_files.get(FILE_NAME, b"")) or names_among(judgement.names)
        if names is None:
            return None, False
        try:
            identifier = parse_identifier(names.identifier).text
        except InvalidInput:
            return None, True
        licence = await self._repository.licences.by_identifier(tx, identifier)
        if licence is None:
            return None, True
        copy = await self._repository.files.copy(tx, names.copy_id) if names.copy_id else None
        belongs = copy is not None and copy.licence_id == licence.id
        return _Match(licence, identifier, None, copy if belongs else None), True


def _state(
    licence: LicenceFacts | None,
    copy: CopyFacts | None,
    same_file: bool,
    claimed: bool,
    judgement: DocumentJudgement,
) -> str:
    if licence is None:
        return UNKNOWN_LICENCE if claimed else NOT_A_LICENCE
    if not same_file and judgement.conclusion == "genuine":
        return UNKNOWN_LICENCE  # a real seal on a file that we never made
    if licence.status is Status.VALID and copy is not None and copy.expired:
        return COPY_EXPIRED
    return licence.status.value


def _genuine(judgement: DocumentJudgement) -> Question:
    if judgement.broken:
        return Question(Answer.NO, Text("没有站得住的签名。", "No signature holds."))
    if judgement.conclusion in _SEALED:
        return Question(Answer.YES, Text("印章是真的。", "The seal is genuine."))
    return {
        "unknown-signer": Question(
            Answer.UNKNOWN,
            Text("盖章的证书不在信任名单里，不能确认是谁盖的。", "The seal's certificate is not on the trust list."),
        ),
        "not-signed": Question(Answer.NO, Text("文件上没有电子印章。", "The file has no electronic seal.")),
        "not-a-pdf": Question(Answer.NO, Text("这不是 PDF 文件。", "This is not a PDF file.")),
        "not-an-ofd": Question(Answer.NO, Text("这不是可以核验的 OFD。", "This is not an OFD that can be checked.")),
        "empty": Question(Answer.NO, Text("文件是空的。", "The file is empty.")),
        "undecided": Question(
            Answer.UNKNOWN,
            Text("现在判断不了，请看核验步骤里缺什么。", "This cannot be told now; the steps say what is missing."),
        ),
    }[judgement.conclusion]


def _unchanged(judgement: DocumentJudgement) -> Question:
    if judgement.conclusion == "genuine":
        return Question(Answer.YES, Text("盖章之后没有人改过。", "Nobody changed it after it was sealed."))
    if judgement.conclusion == "annotated":
        words = Text(
            "盖章之后加了批注，正文没有改。", "Annotations were added after sealing, the content is unchanged."
        )
        return Question(Answer.NO, words)
    if judgement.conclusion == "changed":
        return Question(
            Answer.NO, Text("盖章之后有人改过，请不要采信。", "It was changed after sealing. Do not rely on it.")
        )
    return Question(Answer.UNKNOWN, Text("没有可信的印章，说不出改没改过。", "Without a trusted seal nobody can tell."))


def _valid_now(
    state: str, licence: LicenceFacts | None, copy: CopyFacts | None, judgement: DocumentJudgement
) -> Question:
    if state == Status.VALID.value:
        return Question(Answer.YES, Text("证照今天有效。", "The licence is valid today."))
    if state == COPY_EXPIRED and copy is not None:
        words = Text("证照有效，但这份加注件已于 {day} 到期。", "The licence is valid, but this copy ended on {day}.")
        return Question(Answer.NO, words.format(day=copy.expires_on.isoformat()))
    if state == UNKNOWN_LICENCE:
        words = Text(
            "证照库没有签发过这份文件，请向颁发机构核实。",
            "The repository never issued this file. Ask the issuing authority.",
        )
        return Question(Answer.UNKNOWN, words)
    if licence is None and judgement.conclusion == "changed":
        words = Text(
            "文件被改过，对不上证照库里的任何一份，请向颁发机构核实。",
            "The file was changed and matches none in the repository. Ask the issuing authority.",
        )
        return Question(Answer.UNKNOWN, words)
    if licence is None:
        words = Text("这不是证照库签发的证照文件。", "This is not a licence file of this repository.")
        return Question(Answer.UNKNOWN, words)
    word, day = STATUS_NAMES[licence.status], _since(licence)
    if day is None:
        return Question(Answer.NO, Text(f"证照现在是“{word.zh}”状态。", f"The licence is {word.en} now."))
    zh, en = f"{day.year} 年 {day.month} 月 {day.day} 日", f"{day.day} {day:%B %Y}"
    if licence.status is Status.EXPIRED:
        return Question(
            Answer.NO, Text(f"证照有效期到 {zh}，已经过期。", f"The licence was valid until {en} and has expired.")
        )
    return Question(Answer.NO, Text(f"证照已于 {zh}{word.zh}。", f"The licence was {word.en} on {en}."))


def _since(licence: LicenceFacts) -> dt.date | None:
    if licence.status in (Status.WITHDRAWN, Status.REVOKED, Status.CANCELLED, Status.SUSPENDED):
        return calendar_day(licence.status_since)
    return licence.valid_until if licence.status is Status.EXPIRED else None
