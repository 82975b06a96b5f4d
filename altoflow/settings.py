"""Environment -> settings. The only file that reads the environment."""

from __future__ import annotations

import importlib.util
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF
from django.core.management.utils import get_random_secret_key

from altoflow.environment import (
    private_file,
    read_choice,
    read_database,
    read_email,
    read_flag,
    read_folder,
    read_host_and_port,
    read_hosts,
    read_networks,
    read_number,
    read_public_url,
    read_text,
    read_vault_keys,
    unusable,
)
from workflows.limits import Limits

BASE_DIR = Path(__file__).resolve().parent.parent


def archive_storage() -> dict[str, Any]:
    """Where old runs go: a folder, or the class of any Django storage with its options as JSON."""
    backend = read_text("ALTOFLOW_ARCHIVE_STORAGE")
    try:
        options = json.loads(read_text("ALTOFLOW_ARCHIVE_OPTIONS", "{}"))
    except ValueError:
        options = None
    if not isinstance(options, dict):
        raise unusable(
            "ALTOFLOW_ARCHIVE_OPTIONS",
            "it is no JSON object",
            'Set it to something like {"bucket_name": "runs"}, or unset it.',
        )
    if not backend:
        local = {"location": str(DATA_DIR / "archive"), **options}
        return {"BACKEND": "runs.archive.files.LocalArchive", "OPTIONS": local}
    try:
        found = importlib.util.find_spec(backend.rpartition(".")[0])
    except (ImportError, ValueError):
        found = None
    if found is None:
        raise unusable(
            "ALTOFLOW_ARCHIVE_STORAGE",
            f"{backend!r} is not installed",
            "Set it to the class of a Django storage, like storages.backends.s3.S3Storage, and "
            "install that.",
        )
    return {"BACKEND": backend, "OPTIONS": options}


# ---------------------------------------------------------------- where things are

DATA_DIR = read_folder("ALTOFLOW_DATA_DIR", BASE_DIR / "var")
DEBUG = read_flag("DEBUG", False)
SECRET_KEY = read_text("SECRET_KEY") or private_file(DATA_DIR / "secret_key", get_random_secret_key)

PUBLIC_URL = read_public_url("ALTOFLOW_PUBLIC_URL")
public = urlsplit(PUBLIC_URL)
ALLOWED_HOSTS = read_hosts("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
if public.hostname and public.hostname not in ALLOWED_HOSTS:
    ALLOWED_HOSTS = [*ALLOWED_HOSTS, public.hostname]

# ---------------------------------------------------------------- database

DATABASES: dict[str, dict[str, Any]] = {
    "default": read_database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'altoflow.sqlite3'}")
}
DATABASE = DATABASES["default"]
IS_SQLITE = DATABASE["ENGINE"].endswith("sqlite3")
DATABASE["CONN_MAX_AGE"] = None if IS_SQLITE else 60
DATABASE["CONN_HEALTH_CHECKS"] = not IS_SQLITE
if IS_SQLITE:
    # FULL survives power loss too; group commits make it affordable.
    DATABASE["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-8000",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ---------------------------------------------------------------- applications

INSTALLED_APPS = [
    "altoflow",  # before django_q: its qcluster command takes the place of the stock one
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "django_htmx",
    "django_q",
    "django_filters",
    "lucide",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "template_partials",
    "workflows",
    "runs",
    "builder",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "altoflow.middleware.refuse_chunked",
    "altoflow.middleware.keep_private",
    "csp.middleware.CSPMiddleware",
    "altoflow.middleware.begin_with_setup",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "builder.tour.note_looks",
]
ROOT_URLCONF = "altoflow.urls"
WSGI_APPLICATION = "altoflow.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "runs.pages.person",
            ],
        },
    }
]

# ---------------------------------------------------------------- people

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "altoflow.accounts.InvitedOnly"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# Behind a proxy, failed logins are counted by the address that the proxy saw.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if PUBLIC_URL else 0

# ---------------------------------------------------------------- pages

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "archive": archive_storage(),
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

HTTPS = public.scheme == "https"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]  # probes come from inside, without TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# ---------------------------------------------------------------- REST

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "workflows.access.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["workflows.access.RolePermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["workflows.api_parsers.JsonParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "workflows.api_errors.answer_error",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Altoflow",
    "VERSION": "1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_PERMISSIONS": ["workflows.access.RolePermission"],
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "ENUM_NAME_OVERRIDES": {
        "RunStatus": "runs.models.Run.Status",
        "StepStatus": "runs.models.Step.Status",
        "WorkflowStatus": "workflows.serializers.STATUSES",
    },
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
}

# ---------------------------------------------------------------- the engine

ALTOFLOW_LIMITS = Limits(
    **{
        name: read_number(f"ALTOFLOW_{name.upper()}", default, minimum=1)
        for name, default in asdict(Limits()).items()
    }
)
WORKERS = read_number("ALTOFLOW_WORKERS", os.cpu_count() or 2, minimum=1, maximum=1000)
EFFECT_THREADS = read_number("ALTOFLOW_EFFECT_THREADS", 64, minimum=1, maximum=10_000)
LEASE_SECONDS = read_number("ALTOFLOW_LEASE_SECONDS", 15.0, minimum=1, maximum=86_400)
VAULT_KEYS = read_vault_keys("ALTOFLOW_VAULT_KEYS")
# Webhook requests a second and workflow that one web process takes; 0 is no limit.
WEBHOOK_RATE = read_number("ALTOFLOW_WEBHOOK_RATE", 0.0, minimum=0)
# Requests that may wait for the answer of a run at a time in one web process, each in a thread.
WAITING_CALLS = read_number("ALTOFLOW_WAITING_CALLS", 24, minimum=1, maximum=10_000)

HTTP_ALLOW_NETS = read_networks("ALTOFLOW_HTTP_ALLOW_NETS")
HTTP_ALLOW_METADATA = read_flag("ALTOFLOW_HTTP_ALLOW_METADATA", False)

# The demo's receiver is the one private address that http_request may reach by default.
DEMO = read_flag("ALTOFLOW_DEMO", True)
DEMO_RECEIVER = read_host_and_port("ALTOFLOW_DEMO_RECEIVER", "127.0.0.1:8009")
HTTP_ALLOW_HOSTS = frozenset([DEMO_RECEIVER]) if DEMO else frozenset()

vars().update(read_email("EMAIL_URL", "consolemail://"))

# `work` tasks never end by themselves, so their time limit is off (runs/broker.py); timeout and
# retry below are those of the periodic tasks. guard_cycle: 0.5 is a sum of powers of two, others
# never count down to exactly zero.
Q_CLUSTER = {
    "name": "altoflow",
    "broker_class": "runs.broker.Broker",
    "orm": "default",
    "workers": WORKERS + 1,
    "timeout": 600,
    "retry": 900,
    "max_attempts": 3,
    "ack_failures": True,
    "guard_cycle": 0.5,
    "catch_up": False,
    "save_limit": 100,
    "poll": 0.5,
    "log_level": "WARNING",
}

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "altoflow": {"level": read_choice("ALTOFLOW_LOG_LEVEL", "INFO", LEVELS)},
        "django.request": {"level": "ERROR"},
    },
}
