"""The filters. Importing this package fills FILTERS."""

from workflows.templating.filters import data, dates, lists, numbers, texts
from workflows.templating.filters.registry import FILTERS, FilterDoc, FilterError

__all__ = ["FILTERS", "FilterDoc", "FilterError", "data", "dates", "lists", "numbers", "texts"]
