"""Make a key for the REST API."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from workflows.api_keys import create_api_key
from workflows.models import Role

LONGEST_NAME = 100
MOST_DAYS = 3650


class Command(BaseCommand):
    help = "Print a new key for the REST API, and nothing else. It can not be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True, type=_name, help="who or what uses the key")
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--expires-days", type=_days, metavar="N", help="default: never")

    def handle(self, *args: Any, **options: Any) -> None:
        days = options["expires_days"]
        key = create_api_key(
            name=options["name"],
            role=Role(options["role"]),
            expires_at=timezone.now() + timedelta(days=days) if days else None,
        )
        self.stdout.write(key)


def _name(text: str) -> str:
    if not 1 <= len(text.strip()) <= LONGEST_NAME:
        raise ArgumentTypeError(f"use 1 to {LONGEST_NAME} characters")
    return text.strip()


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= MOST_DAYS:
        raise ArgumentTypeError(f"use a whole number from 1 to {MOST_DAYS}")
    return int(text)
