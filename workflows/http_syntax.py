"""What HTTP allows in headers (RFC 9110, 5.1 and 5.5), and which statuses come without a body."""

from __future__ import annotations

import re

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
NOT_IN_HEADERS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""Line breaks and other control characters: with them data could write headers of its own."""
WITHOUT_BODY = frozenset({204, 205, 304})
