"""The product's settings in a data folder of their own: tests never meet a real instance."""

import atexit
import os
import shutil
import tempfile

os.environ["ALTOFLOW_DATA_DIR"] = tempfile.mkdtemp(prefix="altoflow-test-")
atexit.register(shutil.rmtree, os.environ["ALTOFLOW_DATA_DIR"], ignore_errors=True)

from altoflow.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Look for a static file when it is asked for: each new test client would read them all.
WHITENOISE_AUTOREFRESH = True

if IS_SQLITE:  # noqa: F405
    # A file like the real one: threads wait for each other's locks, which those of a database in
    # memory do not.
    DATABASE["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}  # noqa: F405
