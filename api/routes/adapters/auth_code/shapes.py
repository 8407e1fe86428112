"""What callers send in the 用证码 way."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from api.routes.adapters.auth_code.envelope import Body
from certstore.codes import CITIZEN_ID
from certstore.lifecycle import Event
from core.principal import Principal

MOST = 150  # rows of a page
MAX_FILE = 7 * 1024 * 1024  # characters of base64
Secret = Annotated[str, Field(min_length=1, max_length=8192, repr=False)]
Code = Annotated[str, Field(min_length=1, max_length=64)]
TypeCode = Annotated[str, Field(min_length=21, max_length=21)]
ENDINGS = {"cancel": Event.CANCEL, "withdraw": Event.WITHDRAW, "revoke": Event.REVOKE, "annul": Event.ANNUL}


class Operator(BaseModel):
    """Who sits at the caller's window; their name is what the holder reads under “who looked”."""

    model_config = ConfigDict(hide_input_in_errors=True)

    account: Annotated[str, Field(min_length=1, max_length=64, repr=False)]
    name: Annotated[str, Field(min_length=1, max_length=60, repr=False)]
    role: Annotated[str | None, Field(max_length=60)] = None
    division: Annotated[str | None, Field(max_length=100)] = None
    service_org: Annotated[str | None, Field(max_length=100)] = None

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, typed: str) -> str:
        """The holder reads it: no line of its own, no turned direction of writing, nobody's number (attacks L-13)."""
        name = " ".join(typed.split(" "))
        if not name.strip() or not name.isprintable() or any(sign.isdigit() for sign in name):
            raise ValueError("not a name")
        return name.strip()


class LogIn(Body):
    """The system's own key and secret. `account` is who runs it there; it opens nothing here."""

    app_key: Annotated[str, Field(min_length=1, max_length=128)]
    app_secret: Secret
    account: Annotated[str | None, Field(max_length=64, repr=False)] = None


class Page(Body):
    """Which part of a list."""

    page_index: Annotated[int, Field(ge=1, le=1000)] = 1
    page_size: Annotated[int, Field(ge=1, le=MOST)] = 20


class Case(Body):
    """For which case: service item, case number, who asks at the window."""

    service_item_code: Code
    service_item_name: Annotated[str | None, Field(max_length=200)] = None
    biz_num: Code
    use_cause: Annotated[str | None, Field(max_length=200)] = None
    operator: Operator | None = None

    def basis(self) -> str:
        return self.use_cause or self.service_item_name or "办理政务服务事项"


class PersonCase(Case):
    """The same with the log-in of somebody who is there: their access token with `licence:read`.

    `apply` puts one question to the holder for what still needs consent.
    """

    real_name_credential: Secret
    license_item_codes: Annotated[list[TypeCode] | None, Field(max_length=50)] = None
    apply: bool = False


class AgentCase(PersonCase):
    """And for whom that person acts."""

    identity_number: Annotated[str, Field(min_length=1, max_length=64, repr=False)]
    identity_type: Annotated[str, Field(max_length=8)] = CITIZEN_ID


class DutyCase(Case):
    """By function: whose licences, by number."""

    identity_number: Annotated[str, Field(min_length=1, max_length=64, repr=False)]
    identity_type: Annotated[str, Field(max_length=8)] = CITIZEN_ID
    license_item_codes: Annotated[list[TypeCode] | None, Field(max_length=50)] = None
    page_index: Annotated[int, Field(ge=1, le=1000)] = 1
    page_size: Annotated[int, Field(ge=1, le=MOST)] = MOST


class Own(Body):
    """The log-in of the holder."""

    real_name_credential: Secret


class ByCode(Body):
    """A use code."""

    auth_code: Annotated[str, Field(min_length=1, max_length=128, repr=False)]


class Create(Body):
    """What a new licence is to say, by element (GB/T 36903) or by the type's field names.

    `seal_code` is the 印章编码 of one of the authority's seals; its official one where none is named.
    """

    data_fields: Annotated[dict[str, str | int | float | bool], Field(max_length=80, repr=False)]
    service_item_code: Annotated[str | None, Field(max_length=64)] = None
    service_item_name: Annotated[str | None, Field(max_length=200)] = None
    biz_num: Annotated[str | None, Field(max_length=64)] = None
    seal_code: Annotated[str | None, Field(max_length=64)] = None
    operator: Operator | None = None


class CreateAttachment(Body):
    """A file in base64 for a draft or a licence of the caller's authority."""

    license_code: Annotated[str, Field(min_length=1, max_length=200)]
    file_name: Annotated[str, Field(min_length=1, max_length=200, repr=False)]
    file_data: Annotated[str, Field(min_length=1, max_length=MAX_FILE, repr=False)]
    operator: Operator | None = None


class GetAttachment(Body):
    """Which licence's attachments, and which of them."""

    license_code: Annotated[str, Field(min_length=1, max_length=200)]
    attachment_code: Annotated[str | None, Field(max_length=64)] = None
    operator: Operator | None = None


class Issue(Body):
    """Which draft."""

    license_code: Annotated[str, Field(min_length=1, max_length=64)]
    operator: Operator | None = None


class Abolish(Body):
    """Which licence, how it ends (注销、撤销、吊销、作废) and why."""

    license_code: Annotated[str, Field(min_length=1, max_length=200)]
    abolish_type: Literal["cancel", "withdraw", "revoke", "annul"] = "cancel"
    abolish_reason: Annotated[str, Field(min_length=1, max_length=1000)]
    operator: Operator | None = None


def at_window(actor: Principal, operator: Operator | None) -> Principal:
    """The calling system with the name of whoever sits at it."""
    return replace(actor, name=operator.name) if operator else actor
