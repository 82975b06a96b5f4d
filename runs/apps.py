from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate, post_save
from django.utils.module_loading import import_string


class RunsConfig(AppConfig):
    name = "runs"

    def ready(self) -> None:
        post_save.connect(
            import_string("runs.intake.events.announce_sign_up"),
            sender=settings.AUTH_USER_MODEL,
            dispatch_uid="announce_sign_up",
        )
        post_migrate.connect(
            import_string("runs.periodic.ensure_schedules"),
            sender=self,
            dispatch_uid="ensure_schedules",
        )
