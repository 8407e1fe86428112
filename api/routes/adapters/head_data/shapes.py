"""What callers send in the national way. `useCause` is obligatory; the case must be named (attacks L-04, L-06)."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from certstore.codes import CITIZEN_ID
from certstore.exchange.cause import Cause

Identifier = Annotated[str, Field(min_length=1, max_length=200)]
TypeCode = Annotated[str, Field(min_length=21, max_length=21)]
Words = Annotated[str, Field(min_length=1, max_length=200)]
Secret = Annotated[str, Field(min_length=1, max_length=8192, repr=False)]
MAX_CONTENT = 30 * 1024 * 1024  # characters of base64


class Head(BaseModel):
    """Who calls; what else callers put here is not looked at."""

    model_config = ConfigDict(hide_input_in_errors=True, alias_generator=to_camel)

    access_id: Annotated[str, Field(min_length=1, max_length=128)]
    access_token: Secret


class Data(BaseModel):
    """Strict: an unknown member is refused, so that nothing is silently ignored (attacks L-02)."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, alias_generator=to_camel)


Content = TypeVar("Content", bound=Data)


class CauseData(Data):
    """Why: 申请事由, the service item (where there is a choice) and the case."""

    use_cause: Words
    item_code: Annotated[str | None, Field(max_length=64)] = None
    case_number: Annotated[str, Field(min_length=1, max_length=64)]

    def cause(self) -> Cause:
        return Cause(self.item_code, self.case_number, self.use_cause)


class HolderData(CauseData):
    """Whose licences of a type, perhaps the one with a number."""

    holder_code: Annotated[str, Field(min_length=1, max_length=64, repr=False)]
    holder_type_code: Annotated[str, Field(max_length=8)] = CITIZEN_ID
    cert_type_code: TypeCode
    cert_no: Annotated[str | None, Field(max_length=100, repr=False)] = None


class HolderFileData(HolderData):
    """The same for files, with their last day."""

    expiry_time: Annotated[str | None, Field(max_length=40)] = None


class IdentifierData(CauseData):
    """Which licence."""

    cert_identifier: Identifier


class QrData(CauseData):
    """What a QR code says, or the short code under it."""

    qrcode: Annotated[str, Field(min_length=1, max_length=512, repr=False)]


class FileUrlData(CauseData):
    """Which licence's copy, and until when."""

    certificate_identifier: Identifier
    expiry_time: Annotated[str | None, Field(max_length=40)] = None


class FileData(Data):
    """A copy with its file in the answer. `certificateCopyCause` is this operation's name for `useCause`."""

    certificate_identifier: Identifier
    file_type: Literal["pdf", "png", "ofd"] = "pdf"
    use_cause: Words | None = None
    certificate_copy_cause: Words | None = None
    certificate_copy_expiring_time: Annotated[str | None, Field(max_length=40)] = None
    item_code: Annotated[str | None, Field(max_length=64)] = None
    case_number: Annotated[str, Field(min_length=1, max_length=64)]

    @model_validator(mode="after")
    def _says_why(self) -> FileData:
        if not (self.use_cause or self.certificate_copy_cause):
            raise ValueError("a cause is needed")
        return self

    def cause(self) -> Cause:
        return Cause(self.item_code, self.case_number, self.certificate_copy_cause or self.use_cause or "")


class ClaimsData(CauseData):
    """Claimed values by element (`ZZBS` or `ZZBH` names the licence), as an object or as JSON text."""

    cert_type_code: TypeCode
    cert_data: Annotated[dict[str, str | int | float | bool] | str, Field(repr=False)]


class FileCheckData(CauseData):
    """A file to judge."""

    cert_type_code: TypeCode | None = None
    content_type: Literal["base64"] = "base64"
    content: Annotated[str, Field(min_length=1, max_length=MAX_CONTENT, repr=False)]


class RemarkData(Data):
    """Which type's dictionary."""

    cert_type_code: TypeCode
    cert_name: Annotated[str | None, Field(max_length=200)] = None
    use_cause: Words


class Envelope(BaseModel, Generic[Content]):
    """`{head, data}`."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    head: Head
    data: Content
