"""Where the archive is: a folder, or any storage that Django knows."""

from __future__ import annotations

import json

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from altoflow.settings import archive_storage

MEMORY = "django.core.files.storage.memory.InMemoryStorage"


def test_by_default_it_is_a_folder_of_the_data_folder() -> None:
    found = settings.STORAGES["archive"]
    assert found["BACKEND"] == "runs.archive.files.LocalArchive"
    assert found["OPTIONS"] == {"location": f"{settings.DATA_DIR}/archive"}


def test_any_storage_can_be_named_with_its_options(monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"base_url": "x"}
    monkeypatch.setenv("ALTOFLOW_ARCHIVE_STORAGE", MEMORY)
    monkeypatch.setenv("ALTOFLOW_ARCHIVE_OPTIONS", json.dumps(options))
    assert archive_storage() == {"BACKEND": MEMORY, "OPTIONS": options}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("ALTOFLOW_ARCHIVE_STORAGE", "nowhere.backends.S3", id="not installed"),
        pytest.param("ALTOFLOW_ARCHIVE_STORAGE", "S3", id="no module"),
        pytest.param("ALTOFLOW_ARCHIVE_OPTIONS", "bucket", id="no JSON"),
        pytest.param("ALTOFLOW_ARCHIVE_OPTIONS", "[]", id="no object"),
    ],
)
def test_what_can_not_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=f"{name} can not be used"):
        archive_storage()
