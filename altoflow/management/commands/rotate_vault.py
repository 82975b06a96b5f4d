"""`manage.py rotate_vault [--new-key]`: encrypt all secrets and webhook tokens with the newest key.

Afterwards the older keys are needed for backups only.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Model

from workflows import vault
from workflows.models import Secret, Workflow


class Command(BaseCommand):
    help = "Encrypts all secrets and webhook tokens with the newest vault key."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--new-key", action="store_true", help="First make a new key.")

    def handle(self, *args: Any, new_key: bool, **options: Any) -> None:
        try:
            if new_key:
                vault.add_key()
            vault.keys()
        except vault.VaultError as error:
            raise CommandError(error.message) from error
        failures = self._rotate(Secret, "value") + self._rotate(Workflow, "webhook_token")
        if failures:
            raise CommandError("\n".join(["Some were left as they are:", *failures]))
        self.stdout.write("All of the vault is encrypted with the newest key.")

    def _rotate(self, model: type[Model], column: str) -> list[str]:
        """Sentences about the rows that could not be read. A row that somebody changes meanwhile is
        left alone: it is encrypted with the newest key already."""
        failures = []
        for pk, token in model._default_manager.exclude(**{column: ""}).values_list("pk", column):
            try:
                fresh = vault.rotate(token)
            except vault.VaultError as error:
                failures.append(f"{model._meta.verbose_name} {pk}: {error.message}")
                continue
            model._default_manager.filter(pk=pk, **{column: token}).update(**{column: fresh})
        return failures
