"""How long a signature is to last, as forms say it (ETSI EN 319 142-1 §6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import InvalidInput
from core.text import Text
from signing.levels import Level, LevelPolicy

LEVEL_FIELDS: dict[str, Any] = {
    "level": {
        "type": "string",
        "enum": ["B-B", "B-T", "B-LT", "B-LTA"],
        "description": "how long the signature is to last (ETSI EN 319 142-1); left out: what this service is set to",
    },
    "level_policy": {
        "type": "string",
        "enum": [policy.value for policy in LevelPolicy],
        "description": "when the level cannot be had now: do nothing, or what can be had now and the rest later",
    },
}


def read_level(fields: Mapping[str, str]) -> Level | None:
    """
    Raises:
        InvalidInput: `field-invalid`.
    """
    text = fields.get("level")
    if not text:
        return None
    level = Level.named(text)
    if level is None:
        raise InvalidInput(
            "field-invalid",
            Text("level 应为 B-B、B-T、B-LT 或 B-LTA。", "level must be B-B, B-T, B-LT or B-LTA."),
            field="level",
        )
    return level


def read_level_policy(fields: Mapping[str, str]) -> LevelPolicy | None:
    """
    Raises:
        InvalidInput: `field-invalid`.
    """
    text = fields.get("level_policy")
    if not text:
        # whoever names a level means it
        return LevelPolicy.EXACTLY if fields.get("level") else None
    if text not in list(LevelPolicy):
        names = "、".join(LevelPolicy), ", ".join(LevelPolicy)
        raise InvalidInput(
            "field-invalid",
            Text(f"level_policy 应为 {names[0]}。", f"level_policy must be one of {names[1]}."),
            field="level_policy",
        )
    return LevelPolicy(text)
