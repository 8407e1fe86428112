"""Request bodies of adapters: read strictly, described for OpenAPI, refused without repeating what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from core.errors import InvalidInput
from core.text import Text

Body = TypeVar("Body", bound=BaseModel)


def read_body(model: type[Body], content: bytes) -> Body:
    """
    Raises:
        InvalidInput: `request-invalid`; names a member of ours and never a value.
    """
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        place = _place(model, error.errors(include_input=False, include_url=False)[0]["loc"])
        raise InvalidInput(
            "request-invalid",
            Text(f"请求里的 {place} 不符合要求，请对照接口说明。", f"The request's {place} is not as described."),
            field=place,
        ) from None


def _place(model: type[BaseModel], loc: tuple[int | str, ...]) -> str:
    """The path as far as the model names it: a member that the caller made up is not repeated."""
    parts, at = [], model
    for part in loc:
        found = next((one for name, one in at.model_fields.items() if part in (one.alias, name)), None)
        if found is None:
            break
        parts.append(str(part))
        if not (isinstance(found.annotation, type) and issubclass(found.annotation, BaseModel)):
            break
        at = found.annotation
    return ".".join(parts) or "body"


def described(model: type[BaseModel]) -> dict[str, Any]:
    """`openapi_extra` of an operation that takes such a body."""
    schema = model.model_json_schema(by_alias=True)
    definitions = cast("Mapping[str, Any]", schema.pop("$defs", {}))
    content = {"application/json": {"schema": _inlined(schema, definitions)}}
    return {"requestBody": {"required": True, "content": content}}


def _inlined(part: Any, definitions: Mapping[str, Any]) -> Any:
    """The schema without references, which would not resolve inside the document."""
    if isinstance(part, list):
        return [_inlined(one, definitions) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _inlined(definitions[part["$ref"].rpartition("/")[2]], definitions)
    return {name: _inlined(one, definitions) for name, one in part.items()}
