"""The base of the REST views of definitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.response import Response
from rest_framework.views import APIView

from workflows.api_parsers import ExactJsonParser
from workflows.fields import checked
from workflows.models import Role


class Page(LimitOffsetPagination):
    """`?limit=` (50, at most 100) and `?offset=`."""

    default_limit = 50
    max_limit = 100


class DefinitionView(APIView):
    """`roles` names methods that need another role than viewer (reading) or editor (the rest)."""

    parser_classes = (ExactJsonParser,)
    pagination_class = Page
    roles: ClassVar[Mapping[str, Role]] = {}

    def body(
        self, form: type[serializers.Serializer[Any]], *, partial: bool = False
    ) -> dict[str, Any]:
        """The checked body. Raises FormError."""
        return checked(form(data=self.request.data, partial=partial))

    def answer(
        self, form: type[serializers.BaseSerializer[Any]], value: Any, status: int = 200
    ) -> Response:
        return Response(form(value, context={"request": self.request}).data, status=status)


def paged(
    view: APIView, found: QuerySet[Any], form: type[serializers.ModelSerializer[Any]]
) -> Response:
    """{"count", "next", "previous", "results"}: one query to count, one for the page."""
    page = Page()
    rows = page.paginate_queryset(found, view.request, view)
    data = form(rows, many=True, context={"request": view.request}).data
    return page.get_paginated_response(data)
