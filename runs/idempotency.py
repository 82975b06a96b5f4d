"""Idempotency keys: a request that comes again within a day gets the run of the first one."""

from __future__ import annotations

from datetime import timedelta

KEY_LIFETIME = timedelta(hours=24)
KEY_CHARACTERS = 255
KEY_TOO_LONG = f"The Idempotency-Key has more than {KEY_CHARACTERS} characters. Use a shorter one."
