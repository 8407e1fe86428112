"""What a caller may reach of a holder's licences for one purpose: by grant alone, or by the holder's consent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from certstore.authorise import acting_organisation, minimised, within_reach
from certstore.catalogue import grant_for
from certstore.codes import HolderCode
from certstore.errors import UseNotGranted
from certstore.model import Consent, ConsumerGrant, Licence, LicenceType, Sharing
from certstore.repository import Repository
from core.db.database import ReadTx, WriteTx
from core.errors import InvalidInput
from core.principal import Principal, Purpose
from core.text import Text

GrantedTypes = Sequence[tuple[LicenceType, ConsumerGrant]]


@dataclass(frozen=True, slots=True)
class Hit:
    """A licence that the caller may use, with the fields that may be given."""

    licence: Licence
    licence_type: LicenceType
    fields: tuple[str, ...]
    consent_id: str | None


class Reach:
    """Finds them."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def types(self, tx: ReadTx, actor: Principal, purpose: Purpose, wanted: Sequence[str] | None) -> GrantedTypes:
        """The types that the caller is granted, each counted as one use of its grant.

        Raises:
            InvalidInput: `service-item-unknown`.
            NotPermitted: `use-not-granted`.
            LimitExceeded: `grant-quota-used-up`.
        """
        repository, today = self._repository, self._repository.today()
        assert purpose.service_item is not None
        rules = await repository.rules.rules(tx, acting_organisation(actor), purpose.service_item)
        if rules is None:
            raise unknown_item()
        grants = within_reach(rules.grants, actor)
        codes = wanted if wanted is not None else [code for code, grant in grants.items() if grant.covers(today)]
        chosen = [grant_for(grants, code, today) for code in dict.fromkeys(codes)]
        if not chosen:
            raise UseNotGranted
        for grant in chosen:
            await repository.quota.require(grant)
        return [(rules.types[grant.type_code], grant) for grant in chosen]

    async def hits(
        self,
        tx: WriteTx,
        actor: Principal,
        holder: HolderCode,
        purpose: Purpose,
        types: GrantedTypes,
        asked: Sequence[str] | None,
        *,
        counted: bool,
    ) -> list[Hit]:
        """
        Args:
            asked: names of the fields; None for all that are granted.
            counted: whether finding a licence by consent is itself a use of that consent.

        Raises:
            NotPermitted: `fields-not-granted`.
        """
        hits = await self.by_function(tx, holder, types, asked)
        fields, by_code = _minimised_each(types, asked), {made.code: made for made, _ in types}
        for consent in await self._consents(tx, acting_organisation(actor), holder, purpose):
            licence = await self._consented(tx, consent, holder, by_code, counted)
            if licence is not None:
                given = tuple(name for name in fields[licence.type_code] if name in consent.fields)
                hits.append(Hit(licence, by_code[licence.type_code], given, consent.id))
        return hits

    async def by_function(
        self, tx: ReadTx, holder: HolderCode, types: GrantedTypes, asked: Sequence[str] | None
    ) -> list[Hit]:
        """Those that need no consent.

        Raises:
            NotPermitted: `fields-not-granted`.
        """
        fields = _minimised_each(types, asked)
        shared = {made.code: made for made, _ in types if made.sharing is Sharing.FUNCTION}
        found = await self._repository.licences.by_holder(tx, holder, list(shared)) if shared else []
        return [Hit(one, shared[one.type_code], fields[one.type_code], None) for one in found]

    async def _consents(
        self, tx: WriteTx, organisation: str, holder: HolderCode, purpose: Purpose
    ) -> Sequence[Consent]:
        assert purpose.service_item is not None
        assert purpose.case_number is not None
        return await self._repository.consents.in_force(
            tx,
            organisation,
            holder,
            service_item=purpose.service_item,
            case_number=purpose.case_number,
            today=self._repository.today(),
        )

    async def _consented(
        self, tx: WriteTx, consent: Consent, holder: HolderCode, by_code: Mapping[str, LicenceType], counted: bool
    ) -> Licence | None:
        licence_type, consents = by_code.get(consent.type_code), self._repository.consents
        if licence_type is None or licence_type.sharing is not Sharing.CONSENT or consent.licence_id is None:
            return None
        # decided and locked in one step: a withdrawal that was acknowledged before this makes it False
        take = consents.use if counted else consents.hold
        if not await take(tx, consent.id, today=self._repository.today()):
            return None
        licence = await self._repository.licences.licence(tx, consent.licence_id)
        still = licence is not None and any(one.code == holder for one in licence.current.holders)
        return licence if still else None


def _minimised_each(types: GrantedTypes, asked: Sequence[str] | None) -> dict[str, tuple[str, ...]]:
    """Fields to give by type. A field must be granted for one of the types at least, or the request is refused."""
    together = tuple(dict.fromkeys(name for _, grant in types for name in grant.fields))
    wanted = set(minimised(replace(types[0][1], fields=together), asked))
    return {made.code: tuple(name for name in grant.fields if name in wanted) for made, grant in types}


def by_function_alone(types: GrantedTypes) -> bool:
    """Whether no consent bears on what may be given of these types."""
    return all(made.sharing is Sharing.FUNCTION for made, _ in types)


def unknown_item() -> InvalidInput:
    return InvalidInput(
        "service-item-unknown",
        Text("没有这个服务事项，请核对事项编码。", "There is no such service item. Check its code."),
        field="service_item",
    )
