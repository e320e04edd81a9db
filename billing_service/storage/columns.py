"""What the tables of this service are made of: their base, and the kinds of columns."""

from typing import Any, Final

from sqlalchemy import BigInteger, MetaData, Text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

ID_LENGTH: Final = 64


_NAMES: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(SQLModel, registry=registry(metadata=MetaData(naming_convention=_NAMES))):
    """What all tables of this service share: a registry of their own."""


def key(length: int = ID_LENGTH) -> Any:
    """A part of the primary key."""
    return Field(primary_key=True, max_length=length)


def word(length: int = ID_LENGTH) -> Any:
    """A text of limited length."""
    return Field(max_length=length)


def long() -> Any:
    """A whole number of 64 bits."""
    return Field(sa_type=BigInteger)


def text() -> Any:
    """A text of any length."""
    return Field(sa_type=Text)
