#!/usr/bin/env python
import gc
import os
import sys

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "altoflow.settings")
    # Databases, archives and logs are for this user alone, whatever folder they are in.
    os.umask(0o077)
    try:
        settings.DATA_DIR  # noqa: B018
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    # What is imported stays: looking for garbage in it takes a quarter of the time of a start.
    gc.disable()
    django.setup()
    gc.freeze()
    gc.enable()
    execute_from_command_line(sys.argv)
