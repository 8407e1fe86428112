"""A bundle as JSON: format `yizheng-catalogue/1`. Written with everything, read with the defaults of a new type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from certstore.bundle.model import Bundle, TemplateVersion
from certstore.conditions import Condition
from certstore.definition import TypeDefinition
from certstore.model import ConsumerGrant, Material, ServiceItem
from core.text import Text

FORMAT = "yizheng-catalogue/1"
Json = dict[str, Any]


def bundle_form(bundle: Bundle) -> Json:
    """The content of the file; the order of a schema's properties is the order of the face and is kept."""
    form: Json = {
        "templates": [
            {"name": name, "versions": [{"version": one.number, **template_form(one)} for one in versions]}
            for name, versions in bundle.templates.items()
        ],
        "types": [
            {"code": code, "versions": [type_form(one) for one in versions]} for code, versions in bundle.types.items()
        ],
        "service_items": [{"code": code, **item_form(one)} for code, one in bundle.items.items()],
    }
    if bundle.grants is not None:
        form["grants"] = [{**grant_key(one), **grant_form(one)} for one in bundle.grants]
    return form


def template_form(made: TemplateVersion) -> Json:
    """What a version of a template says, beside its name and number."""
    draft = made.draft
    anchor = {"page": draft.anchor.page, "x_mm": draft.anchor.x_mm, "y_mm": draft.anchor.y_mm}
    return {"title": text_form(draft.title), "source": draft.source, "anchor": anchor}


def type_form(made: TypeDefinition) -> Json:
    """What a version of a type says, beside its code."""
    inspection, profile = made.inspection, made.profile
    return {
        "name": text_form(made.name),
        "issuers": list(made.issuers),
        "holder_kind": made.holder_kind.value,
        "colour": made.colour.value,
        "schema": dict(made.schema),
        "validity": {"kind": made.validity.kind.value, "amount": made.validity.amount},
        "sharing": made.sharing.value,
        "template": made.template,
        "one_per_holder": made.one_per_holder,
        "several_holders": made.several_holders,
        "inspection": {"months": inspection.months, "window_days": inspection.window_days} if inspection else None,
        "profile": {
            "events": sorted(event.value for event in profile.events),
            "two_people": sorted(event.value for event in profile.two_people),
        }
        if profile
        else None,
        "numbering": made.numbering,
        "retired": made.retired,
        "file_forms": made.file_forms.value,
    }


def item_form(item: ServiceItem) -> Json:
    """What a service item says, beside its code."""
    return {
        "name": text_form(item.name),
        "department": item.department,
        "materials": [_material(one) for one in item.materials],
    }


def grant_key(grant: ConsumerGrant) -> Json:
    """Which grant it is."""
    return {"organisation": grant.organisation, "service_item": grant.service_item, "type": grant.type_code}


def grant_form(grant: ConsumerGrant) -> Json:
    """What a grant says, beside which one it is."""
    return {
        "fields": list(grant.fields),
        "basis": grant.basis,
        "valid_from": grant.valid_from.isoformat(),
        "valid_until": grant.valid_until.isoformat() if grant.valid_until else None,
        "hourly": grant.quota.hourly,
        "daily": grant.quota.daily,
    }


def text_form(text: Text) -> Mapping[str, str]:
    return {"zh": text.zh, "en": text.en}


def _material(one: Material) -> Json:
    return {
        "number": one.number,
        "name": text_form(one.name),
        "types": list(one.types),
        "condition": text_form(one.condition) if one.condition else None,
        "conditions": [_condition(each) for each in one.conditions],
    }


def _condition(one: Condition) -> Json:
    value = list(one.value) if isinstance(one.value, tuple) else one.value
    return {"field": one.field, "comparison": one.comparison.value, "value": value, "type": one.type_code}
