"""A column among many values, as one bound value: a placeholder for each costs more to write than the query to run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    BindParameter,
    Boolean,
    ColumnElement,
    Dialect,
    String,
    Text,
    TypeDecorator,
    bindparam,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import TypeEngine


def one_of(column: Any, values: Iterable[int | None] | Iterable[str | None]) -> ColumnElement[bool]:
    """Whether the column is one of the values: whole numbers, or texts; None is nobody's value."""
    many = [value for value in values if value is not None]
    return _OneOf(column, bindparam(None, many, type_=_type_of(column), unique=True))


def among(column: Any, name: str, usual: Iterable[str] | None = None) -> ColumnElement[bool]:
    """The same for a statement that is made once: the values come with each execution, as a list by this name."""
    many: BindParameter[Any] = bindparam(name, type_=_type_of(column))
    return _OneOf(column, many if usual is None else bindparam(name, list(usual), type_=_type_of(column)))


def _type_of(column: Any) -> _Many:
    return _Many(isinstance(column.type, String))


class _Many(TypeDecorator[list[Any]]):
    """A list as an array on PostgreSQL, as JSON on SQLite."""

    impl = JSON
    cache_ok = True

    def __init__(self, is_text: bool) -> None:
        super().__init__()
        self.is_text = is_text

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(JSON())
        return dialect.type_descriptor(ARRAY(Text() if self.is_text else BigInteger()))


class _OneOf(ColumnElement[bool]):
    inherit_cache = True
    type = Boolean()
    _is_implicitly_boolean = True  # else SQLite would get "… = 1", and no index
    _traverse_internals: ClassVar = [  # type: ignore[misc]
        ("column", InternalTraversal.dp_clauseelement),
        ("many", InternalTraversal.dp_clauseelement),
    ]

    def __init__(self, column: Any, many: ColumnElement[Any]) -> None:
        self.column = column.__clause_element__() if hasattr(column, "__clause_element__") else column
        self.many = many


@compiles(_OneOf, "sqlite")
def _on_sqlite(element: _OneOf, compiler: SQLCompiler, **named: Any) -> str:
    column, many = compiler.process(element.column, **named), compiler.process(element.many, **named)
    return f"{column} IN (SELECT value FROM json_each({many}))"  # noqa: S608  # both are compiled parts


@compiles(_OneOf)
def _on_postgresql(element: _OneOf, compiler: SQLCompiler, **named: Any) -> str:
    return f"{compiler.process(element.column, **named)} = ANY({compiler.process(element.many, **named)})"
