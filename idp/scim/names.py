"""Names of schemas and attributes (RFC 7643 §7, §8); attribute names are told apart without regard to case (§2.1)."""

from __future__ import annotations

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
STAFF = "urn:yizheng:params:scim:schemas:extension:staff:1.0:User"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
CONFIG = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
RESOURCE_TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"

DEPARTMENT = f"{STAFF}:department"


def plain(path: str) -> str:
    """An attribute path in lower case, without the core schema's prefix (RFC 7644 §3.10)."""
    lower = path.lower()
    for schema in (USER, GROUP):
        if lower.startswith(schema.lower() + ":"):
            return lower.removeprefix(schema.lower() + ":")
    return lower
