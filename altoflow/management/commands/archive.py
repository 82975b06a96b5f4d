"""`manage.py archive list | show | restore | verify | adopt | run`: the archive of old runs."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.http import QueryDict
from django.utils import timezone
from rest_framework.renderers import JSONRenderer

from runs.archive.adopt import adopt_files
from runs.archive.archiving import Report, archive_runs
from runs.archive.batches import finished_runs
from runs.archive.document import document_of
from runs.archive.index import get_archived, list_archived
from runs.archive.restore import restore_run
from runs.archive.verify import verify_archive
from runs.filters import ReadFilters, read_filters
from runs.models import ArchivedRun, ArchiveFile
from runs.selectors import PAGE_SIZE
from workflows.errors import WorkflowError
from workflows.limits import limits
from workflows.wording import counted

MIB = 1024 * 1024
COLUMNS = "{:36}  {:9}  {:16}  {:16}  {}"


class Command(BaseCommand):
    help = "Finds, shows, restores and checks archived runs, and archives old runs now."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        found = actions.add_parser("list", help="list archived runs, newest first")
        for name, what in FILTERS.items():
            found.add_argument(f"--{name}", help=what, default="")
        found.add_argument("--limit", type=whole_number, default=PAGE_SIZE, help="50 by default")
        shown = actions.add_parser("show", help="print an archived run as JSON")
        shown.add_argument("run", type=UUID, help="id of the run")
        restored = actions.add_parser("restore", help="put copies of archived runs among the runs")
        restored.add_argument("runs", type=UUID, nargs="+", metavar="run", help="id of a run")
        actions.add_parser("verify", help="compare every file with the index; exits with 1 if not")
        actions.add_parser("adopt", help="enter files that the index does not know")
        moved = actions.add_parser("run", help="archive old runs now")
        moved.add_argument("--older-than-days", type=days, help="instead of the retention")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            getattr(self, f"do_{action}")(**options)
        except WorkflowError as error:
            raise CommandError(error.message) from error

    def do_list(self, limit: int, **options: Any) -> None:
        names = [name for name in FILTERS if options[name]]
        filters = _filters({name: options[name] for name in names})
        page = list_archived(filters.filters, size=limit)
        self.stdout.write(COLUMNS.format("RUN", "STATUS", "CREATED", "FINISHED", "WORKFLOW"))
        for entry in page.rows:
            self.stdout.write(_line(entry))
        if not page.rows:
            self.stderr.write("No archived run matches.")
        elif page.older:
            self.stderr.write(f"There are more. Narrow it down, or ask for more than {limit}.")

    def do_show(self, run: UUID, **options: Any) -> None:
        document = document_of(get_archived(run))
        text = JSONRenderer().render(document, "application/json; indent=2").decode()
        self.stdout.write(text)

    def do_restore(self, runs: list[UUID], **options: Any) -> None:
        for run_id in runs:
            restore_run(run_id=run_id)
            self.stdout.write(f"Run {run_id} is among the runs again, to be looked at.")

    def do_verify(self, **options: Any) -> None:
        faults = 0
        for sentence in verify_archive():
            faults += 1
            self.stdout.write(sentence)
        if faults:
            raise CommandError(f"The archive has {counted(faults, 'fault')}.")
        files = ArchiveFile.objects.filter(state__in=ArchiveFile.IN_USE).count()
        runs = ArchivedRun.objects.count()
        held = f"{counted(runs, 'run')} in {counted(files, 'file')}"
        self.stdout.write(f"The archive is as it was written: {held}.")

    def do_adopt(self, **options: Any) -> None:
        total = 0
        for adopted in adopt_files():
            total += adopted.runs
            self.stdout.write(f"Entered {counted(adopted.runs, 'run')} of {adopted.name}.")
        if not total:
            self.stdout.write("Every run of every file is in the index, or among the runs.")

    def do_run(self, older_than_days: float | None = None, **options: Any) -> None:
        report = archive_runs(older_than_days=older_than_days)
        self.stdout.write(_told(report))
        wanted = limits().retention_days if older_than_days is None else older_than_days
        cutoff = timezone.now() - timedelta(days=wanted)
        if left := finished_runs(cutoff).count():
            self.stdout.write(
                f"{counted(left, 'more run')} of that age stayed: a request with the same "
                "Idempotency-Key may come within 24 hours, or the parent goes on."
            )


FILTERS = {
    "id": "the id, or a part of it or of the workflow's name",
    "workflow": "the id of a workflow",
    "status": "completed, failed or cancelled",
    "from": "created on this day or later, like 2026-01-31",
    "to": "created on this day or earlier",
}


def _filters(options: dict[str, str]) -> ReadFilters:
    params = QueryDict(mutable=True)
    params.update({"q" if name == "id" else name: text for name, text in options.items()})
    read = read_filters(params)
    if read.problems:
        raise CommandError(" ".join(read.problems.values()))
    return read


def _line(entry: ArchivedRun) -> str:
    times = [f"{moment:%Y-%m-%d %H:%M}" for moment in (entry.created_at, entry.finished_at)]
    restored = f"  (restored {entry.restored_at:%Y-%m-%d})" if entry.restored_at else ""
    name = f"{entry.workflow_name} {entry.version_label}{restored}"
    return COLUMNS.format(str(entry.pk), entry.status, *times, name)


def _told(report: Report) -> str:
    rate = report.runs / report.seconds if report.seconds else 0.0
    text = (
        f"Archived {counted(report.runs, 'run')} in {counted(report.files, 'file')} of "
        f"{report.size / MIB:.1f} MiB: {report.seconds:.1f} s, {rate:,.0f} runs/s."
    )
    if report.copies:
        text += f" Took {counted(report.copies, 'restored run')} back."
    if report.deliveries:
        text += f" Forgot {counted(report.deliveries, 'old refused request')}."
    if report.snapshots:
        text += f" Forgot {counted(report.snapshots, 'draft')} that no run needs any more."
    return text


def days(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 36_500:
        raise ArgumentTypeError(f"{text!r} is no number of days. Take one like 90, or 0 for all.")
    return number


def whole_number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 100_000:
        raise ArgumentTypeError(f"{text!r} is not possible. Take a number from 1 to 100000.")
    return int(text)
