"""Scopes of a permission are paths of organisations; a path ends in `/`, so a prefix is never half a name."""

from collections.abc import Collection

from tortoise.expressions import Q


def within(column: str, scopes: Collection[str]) -> Q:
    """Rows whose path lies in one of the scopes; without any scope none."""
    return Q(Q(id__in=[]), *[Q(**{f"{column}__startswith": scope}) for scope in scopes], join_type=Q.OR)
