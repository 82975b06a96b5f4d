from django.apps import AppConfig


class AltoflowConfig(AppConfig):
    name = "altoflow"
