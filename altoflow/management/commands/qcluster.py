"""In the place of django-q2's command of this name: the same cluster, hardened."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from altoflow import cluster


class Command(BaseCommand):
    help = "Runs the workers and the periodic tasks, without a supervisor. See also: up."

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(cluster.run())
