"""The filters. Importing this package fills FILTERS."""

from workflows.templating.filters import data, dates, lists, numbers, texts
from workflows.templating.filters.registry import (
    EXAMPLE_DATA,
    FILTERS,
    Argument,
    FilterDoc,
    FilterError,
)

__all__ = [
    "EXAMPLE_DATA",
    "FILTERS",
    "Argument",
    "FilterDoc",
    "FilterError",
    "data",
    "dates",
    "lists",
    "numbers",
    "texts",
]
