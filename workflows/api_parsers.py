"""Request bodies of the REST API: JSON only, bounded, and made of what every database takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

from workflows import plain_json

MAX_BODY_BYTES = 5 * 1024 * 1024


class BodyTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"
    default_detail = f"The body has more than {MAX_BODY_BYTES} bytes. Send less at once."


class JsonParser(BaseParser):
    """For data that other systems made: what no database takes is cleaned."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(MAX_BODY_BYTES + 1)
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLarge
        try:
            return self.decoded(body)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"The body is no JSON that can be used: {error}") from error

    def decoded(self, body: bytes) -> Any:
        return plain_json.decode(body)


class ExactJsonParser(JsonParser):
    """For definitions, which must come back as they were sent: nothing is cleaned, what would have
    to be is refused."""

    def decoded(self, body: bytes) -> Any:
        value = super().decoded(body)
        if value != json.loads(body):
            raise ValueError(
                "it holds a NUL character, half of a surrogate pair, or a number that is too large."
            )
        return value
