"""Reads the catalogue of this installation: all of it for a bundle, or the entries that a bundle names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from certstore.bundle.model import Bundle, TemplateVersion
from certstore.bundle.plan import Here, key_of
from certstore.definition import TypeDefinition, definition_of
from certstore.model import ConsumerGrant, ServiceItem
from certstore.ports import CatalogueStore
from certstore.templates.desk import TemplateDraft
from certstore.templates.model import StoredTemplate
from certstore.templates.ports import TemplateStore
from core.db.database import ReadTx

_PAGE = 100
_EVERY_VERSION = 10_000


class Shelves:
    """The stores of catalogue and templates, read whole."""

    def __init__(self, catalogue: CatalogueStore, templates: TemplateStore) -> None:
        self.catalogue = catalogue
        self.templates = templates

    async def everything(self, tx: ReadTx, *, grants: bool) -> Bundle:
        """The whole catalogue as a bundle."""
        names = [one.name for one in await self.templates.newest(tx, limit=_EVERY_VERSION)]
        items = await self._all_items(tx)
        return Bundle(
            await self._template_versions(tx, names),
            {code: await self._type_versions(tx, code) for code in await self._type_codes(tx)},
            {one.code: one for one in items},
            tuple(await self._all_grants(tx)) if grants else None,
        )

    async def beside(self, tx: ReadTx, bundle: Bundle) -> Here:
        """What is here of the entries that the bundle names."""
        items = {code: await self.catalogue.item(tx, code) for code in bundle.items}
        every = {key_of(one): one for one in await self._all_grants(tx)} if bundle.grants else {}
        return Here(
            await self._template_versions(tx, bundle.templates),
            {code: await self._type_versions(tx, code) for code in bundle.types},
            {code: one for code, one in items.items() if one is not None},
            every,
        )

    async def _template_versions(self, tx: ReadTx, names: Iterable[str]) -> dict[str, tuple[TemplateVersion, ...]]:
        found = {name: await self.templates.versions(tx, name, limit=_EVERY_VERSION) for name in names}
        return {name: tuple(map(_version, reversed(versions))) for name, versions in found.items() if versions}

    async def _type_versions(self, tx: ReadTx, code: str) -> tuple[TypeDefinition, ...]:
        newest = await self.catalogue.licence_type(tx, code)
        if newest is None:
            return ()
        earlier = [await self.catalogue.licence_type(tx, code, number) for number in range(1, newest.version)]
        return tuple(definition_of(one) for one in (*earlier, newest) if one is not None)

    async def _type_codes(self, tx: ReadTx) -> list[str]:
        codes: list[str] = []
        while True:
            part = await self.catalogue.licence_types(tx, after=codes[-1] if codes else "", limit=_PAGE)
            codes += [one.code for one in part]
            if len(part) < _PAGE:
                return codes

    async def _all_items(self, tx: ReadTx) -> list[ServiceItem]:
        items: list[ServiceItem] = []
        while True:
            part = await self.catalogue.items(tx, after=items[-1].code if items else "", limit=_PAGE)
            items += part
            if len(part) < _PAGE:
                return items

    async def _all_grants(self, tx: ReadTx) -> Sequence[ConsumerGrant]:
        grants: list[ConsumerGrant] = []
        while True:
            after = key_of(grants[-1]) if grants else ("", "", "")
            part = await self.catalogue.all_grants(tx, after=after, limit=_PAGE)
            grants += part
            if len(part) < _PAGE:
                return grants


def _version(made: StoredTemplate) -> TemplateVersion:
    return TemplateVersion(made.version, TemplateDraft(made.name, made.title, made.source, made.anchor))
