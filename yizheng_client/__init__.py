"""Seals and verifies documents from scripts and portals, over HTTP; needs nothing of the service but its address.

from yizheng_client import Client, ClientSecret

with Client("https://yizheng.example.gov.cn", ClientSecret("system-housing", secret)) as yizheng:
    sealed = yizheng.sign(pdf, seal="4101990000017", page=1, x_mm=140, y_mm=220, reason="住房保障资格证明")
    assert yizheng.verify(sealed.content).genuine
"""

from yizheng_client.answers import Extended, Report, Sealed, StampStep, Verdict
from yizheng_client.batches import Batch, BatchFile, Progress
from yizheng_client.client import Client
from yizheng_client.credentials import ClientSecret, Credentials, PrivateKeyJwt
from yizheng_client.digests import DigestTerms, PreparedFile, SignedDigest
from yizheng_client.errors import Refused, Unreachable, YizhengError

__all__ = [
    "Batch",
    "BatchFile",
    "Client",
    "ClientSecret",
    "Credentials",
    "DigestTerms",
    "Extended",
    "PreparedFile",
    "PrivateKeyJwt",
    "Progress",
    "Refused",
    "Report",
    "Sealed",
    "SignedDigest",
    "StampStep",
    "Unreachable",
    "Verdict",
    "YizhengError",
]
