"""What a catalogue entry says (GB/T 36902), as administrators write it and catalogues exchange it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from certstore.model import (
    Colour,
    FileForms,
    HolderKind,
    InspectionRule,
    LicenceType,
    LifeProfile,
    Sharing,
    ValidityRule,
)
from core.text import Text


@dataclass(frozen=True, slots=True)
class TypeDefinition:
    """What a catalogue entry says (GB/T 36902); the code's first 18 characters are the defining authority.

    Attributes:
        template: name of a face template, which takes its newest version, or `name@version`.
        inspection, profile, numbering, retired, file_forms: as `LicenceType` has them.
    """

    code: str
    name: Text
    issuers: Sequence[str]
    holder_kind: HolderKind
    colour: Colour
    schema: Mapping[str, object]
    validity: ValidityRule
    sharing: Sharing
    template: str
    one_per_holder: bool = False
    several_holders: bool = True
    inspection: InspectionRule | None = None
    profile: LifeProfile | None = None
    numbering: str = ""
    retired: bool = False
    file_forms: FileForms = FileForms.PDF


def definition_of(made: LicenceType) -> TypeDefinition:
    """What a type says, to be changed and registered as its next version."""
    return TypeDefinition(
        code=made.code,
        name=made.name,
        issuers=made.issuers,
        holder_kind=made.holder_kind,
        colour=made.colour,
        schema=made.schema,
        validity=made.validity,
        sharing=made.sharing,
        template=made.template,
        one_per_holder=made.one_per_holder,
        several_holders=made.several_holders,
        inspection=made.inspection,
        profile=made.profile,
        numbering=made.numbering,
        retired=made.retired,
        file_forms=made.file_forms,
    )
