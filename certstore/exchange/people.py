"""Use of licences where the holder, or somebody who acts for them, is there in person (网上申办用证, 委托用证).

That somebody has logged in says who they are, and no more: types shared by consent are used only where the holder has
consented to this case. What would still need a consent is named, whether or not there is such a licence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from certstore.authorise import acting_organisation, grants_within_reach, identity_of, refusals_audited
from certstore.codes import HolderCode, parse_party
from certstore.consents import ConsentBundle, ConsentRequest, Consents
from certstore.model import Sharing
from certstore.ports import AgencyDirectory, HolderDirectory
from certstore.purpose import parse_purpose
from certstore.repository import Repository
from certstore.use.codes import IssuedCode, IssueUseCodes, UseCodeQuery
from core.errors import NotPermitted
from core.principal import Principal, Purpose
from core.text import Text


@dataclass(frozen=True, slots=True)
class PersonalQuestion:
    """For which case, which types (None for all that there are grants for).

    Attributes:
        ask: put one question to the holder for what still needs consent.
    """

    service_item: str
    case_number: str
    basis: str
    types: Sequence[str] | None = None
    ask: bool = False


@dataclass(frozen=True, slots=True)
class ActingFor:
    """For whom an agent acts."""

    code_type: str
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PersonalAnswer:
    """Codes for what may be used now; `to_ask` are the types that would need the holder's consent first."""

    codes: Sequence[IssuedCode]
    to_ask: Sequence[str]
    question: ConsentBundle | None = None
    decision_url: str | None = None


class UseInPerson:
    """The use cases. Two act: the system that asks, under its grants, and the person whose log-in it shows."""

    def __init__(
        self,
        repository: Repository,
        codes: IssueUseCodes,
        consents: Consents,
        holders: HolderDirectory,
        agencies: AgencyDirectory,
    ) -> None:
        self._repository = repository
        self._codes = codes
        self._consents = consents
        self._holders = holders
        self._agencies = agencies

    async def by_holder(self, asked: PersonalQuestion, person: Principal, client: Principal) -> PersonalAnswer:
        """The person's own licences.

        Raises:
            InvalidInput: the purpose is not acceptable.
            NotPermitted: `person-needed`; `use-not-granted`.
            LimitExceeded: a quota is used up.
        """
        identity = await identity_of(self._holders, person)
        return await self._answer(asked, identity.codes, client)

    async def by_agent(
        self, asked: PersonalQuestion, holder: ActingFor, agent: Principal, client: Principal
    ) -> PersonalAnswer:
        """Licences of somebody that the person is authorised to act for in this service item.

        Raises:
            NotPermitted: `agent-not-authorised`; and as `by_holder`.
        """
        purpose = parse_purpose(asked.service_item, asked.case_number, asked.basis)
        async with refusals_audited(self._repository.database, "use-code.entrust", client, purpose=purpose):
            await identity_of(self._holders, agent)
            code = parse_party(holder.code_type, holder.code, today=self._repository.today())
            mandates = await self._agencies.of_account(agent.id)
            if not any(one.holder == code and one.covers(asked.service_item.strip()) for one in mandates):
                raise NotPermitted(
                    "agent-not-authorised",
                    Text(
                        "这个人没有为该事项代办的授权，或授权已结束。请委托方先授权。",
                        "This person is not authorised to act for the holder in this service item, or no longer. The "
                        "holder has to authorise them first.",
                    ),
                )
        return await self._answer(asked, [code], client)

    async def _answer(
        self, asked: PersonalQuestion, holders: Sequence[HolderCode], client: Principal
    ) -> PersonalAnswer:
        purpose = parse_purpose(asked.service_item, asked.case_number, asked.basis)
        codes: list[IssuedCode] = []
        for holder in holders:
            codes += await self._codes(
                UseCodeQuery(
                    holder.kind, holder.number, asked.service_item, asked.case_number, asked.basis, types=asked.types
                ),
                client,
            )
        covered = {one.use.type_code for one in codes}
        to_ask = [code for code in await self._by_consent(asked, purpose, client) if code not in covered]
        if not (asked.ask and to_ask):
            return PersonalAnswer(codes, to_ask)
        question = ConsentRequest(
            type_code="",
            service_item=asked.service_item,
            case_number=asked.case_number,
            basis=asked.basis,
            code_type=holders[0].kind,
            code=holders[0].number,
        )
        bundle = await self._consents.request_all(question, to_ask, client)
        return PersonalAnswer(codes, to_ask, bundle, self._consents.decision_url(bundle))

    async def _by_consent(self, asked: PersonalQuestion, purpose: Purpose, client: Principal) -> Sequence[str]:
        """Types that the system may use for the item with the holder's consent."""
        catalogue, today = self._repository.catalogue, self._repository.today()
        async with self._repository.database.read() as tx:
            grants = await grants_within_reach(
                catalogue, tx, acting_organisation(client), purpose.service_item or "", client
            )
            wanted = [
                code
                for code, grant in grants.items()
                if grant.covers(today) and (asked.types is None or code in asked.types)
            ]
            types = await catalogue.newest_types(tx, wanted)
        return [code for code in wanted if types[code].sharing is Sharing.CONSENT]
