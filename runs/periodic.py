"""What django-q2 does by itself, once a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django_q.models import Schedule
from django_q.tasks import async_task

ARCHIVE = "runs.tasks.archive_old_runs"
ARCHIVE_HOUR = 3
"""UTC."""
# Any number that nobody else locks in this database.
ADVISORY_LOCK = 0x73636864


def ensure_schedules(**_: Any) -> None:
    """After each migration: the daily task is there, once. What an admin changed about it stays."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
        kept = Schedule.objects.filter(func=ARCHIVE).order_by("pk")
        if first := kept.first():
            kept.exclude(pk=first.pk).delete()
            return
        tomorrow = timezone.now() + timedelta(days=1)
        Schedule.objects.create(
            name="Archive old runs",
            func=ARCHIVE,
            schedule_type=Schedule.DAILY,
            next_run=tomorrow.replace(hour=ARCHIVE_HOUR, minute=0, second=0, microsecond=0),
        )


def go_on_archiving() -> None:
    """Once more, when other tasks have had their turn."""
    async_task(ARCHIVE)
