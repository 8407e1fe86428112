"""Settings sections of the shared ground. `api/settings.py` reads them once; a package sees only its own."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A frozen group of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DatabaseSettings(Section):
    """`url`: SQLAlchemy address; `sqlite:///…` or `postgresql+asyncpg://…`."""

    url: str
    pool_size: int = 10


class KvSettings(Section):
    """`url`: `sqlite:///FILE` (embedded) or `redis://HOST:PORT/DB` (Redis or Valkey)."""

    url: str


class BlobSettings(Section):
    """`url`: a folder (`file:///…`) or an S3 bucket (`s3://BUCKET/PREFIX`)."""

    url: str
    s3_endpoint: str | None = None
    s3_region: str = "us-east-1"


class DataFolder(Section):
    """Where the embedded column keeps everything."""

    path: Path
