"""Use of licences where the holder, or somebody who acts for them, is there in person (网上申办用证, 委托用证).

That somebody has logged in says who they are, and no more: types shared by consent are used only where the holder has
consented to this case. What would still need a consent is named, whether or not there is such a licence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from certstore.authorise import acting_organisation, grants_within_reach, identity_of, refusals_audited
from certstore.codes import HolderCode, parse_party
from certstore.consents import ConsentBundle, ConsentRequest, Consents
from certstore.model import Sharing
from certstore.ports import AgencyDirectory, Case, HolderDirectory, Mandate
from certstore.purpose import parse_purpose
from certstore.repository import Repository
from certstore.use.codes import IssuedCode, IssueUseCodes, Under, UseCodeQuery
from core.db.database import ReadTx
from core.errors import NotPermitted
from core.principal import Principal, PrincipalKind, Purpose
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
            NotPermitted: `agent-not-authorised`, `mandate-over`; and as `by_holder`.
        """
        purpose = parse_purpose(asked.service_item, asked.case_number, asked.basis)
        async with refusals_audited(self._repository.database, "use-code.entrust", client, purpose=purpose):
            await identity_of(self._holders, agent)
            code = parse_party(holder.code_type, holder.code, today=self._repository.today())
            mandate, case = await self._mandate(asked, code, agent, client, purpose)
            within = await self._within(asked, mandate, purpose, client)
        return await self._answer(within, [code], client, Under(self._agencies, mandate, case))

    async def _mandate(
        self, asked: PersonalQuestion, holder: HolderCode, agent: Principal, client: Principal, purpose: Purpose
    ) -> tuple[Mandate, Case]:
        """What the agent acts under; nothing where they work for the very office that asks (民法典 Art. 168)."""
        case = Case(acting_organisation(client), purpose.service_item or "", purpose.case_number or "")
        own_office = agent.kind is PrincipalKind.STAFF and agent.organisation == case.organisation
        for one in () if own_office else await self._agencies.of_account(agent.id):
            if one.is_for(holder) and one.covers(case) and all(one.reaches(code) for code in asked.types or ()):
                return one, case
        raise NotPermitted(
            "agent-not-authorised",
            Text(
                "这个人没有为该事项代办这些证照的授权，或授权已结束。请委托方先授权。",
                "This person is not authorised to act for the holder in this service item with these licences, or no "
                "longer. The holder has to authorise them first.",
            ),
        )

    async def _within(
        self, asked: PersonalQuestion, mandate: Mandate, purpose: Purpose, client: Principal
    ) -> PersonalQuestion:
        """The question, narrowed to the types of the mandate where none were named."""
        if asked.types is not None or not mandate.types:
            return asked
        async with self._repository.database.read() as tx:
            grants = await self._grants(tx, purpose, client)
        return replace(asked, types=[code for code in grants if mandate.reaches(code)])

    async def _answer(
        self,
        asked: PersonalQuestion,
        holders: Sequence[HolderCode],
        client: Principal,
        under: Under | None = None,
    ) -> PersonalAnswer:
        purpose = parse_purpose(asked.service_item, asked.case_number, asked.basis)
        codes: list[IssuedCode] = []
        for holder in holders:
            codes += await self._codes(
                UseCodeQuery(
                    holder.kind, holder.number, asked.service_item, asked.case_number, asked.basis, types=asked.types
                ),
                client,
                under,
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
        async with self._repository.database.read() as tx:
            granted = await self._grants(tx, purpose, client)
            wanted = [code for code in granted if asked.types is None or code in asked.types]
            types = await self._repository.catalogue.newest_types(tx, wanted)
        return [code for code in wanted if types[code].sharing is Sharing.CONSENT]

    async def _grants(self, tx: ReadTx, purpose: Purpose, client: Principal) -> Sequence[str]:
        """Types that the system may use for the item today."""
        catalogue, today, organisation = self._repository.catalogue, self._repository.today(), client.organisation or ""
        grants = await grants_within_reach(catalogue, tx, organisation, purpose.service_item or "", client)
        return [code for code, grant in grants.items() if grant.covers(today)]
