"""The guarded outbound HTTP client: the only way in which workflows reach the network.

`address` says which addresses are public, `policy` what else is allowed, `url` reads URLs, `dial`
opens checked sockets, `connection` speaks HTTP over them, `client.send` puts it together.
"""

from __future__ import annotations

from .client import HttpAnswer, send
from .policy import HttpPolicy

__all__ = ["HttpAnswer", "HttpPolicy", "send"]
