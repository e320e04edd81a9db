"""Resource names: `accounts/{account}/instances/{instance}` taken apart and put together."""

import re
from typing import Final

from chassis.errors import FieldViolation, InvalidField

# Stands for "any" where a list may span all parents.
ANY: Final = "-"

_PLACE: Final = re.compile(r"\{[^}]*\}")


class NamePattern:
    """A kind of resource name, such as `accounts/{account}/tokens/{token}`."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._template = _PLACE.sub("%s", pattern)
        self._matches = re.compile(_PLACE.sub("([^/]+)", pattern)).fullmatch

    def format(self, *ids: str) -> str:
        """The name with these ids, in order."""
        return self._template % ids

    def parse(self, name: str, field: str = "name") -> tuple[str, ...]:
        """The ids in a name, in order; InvalidField, naming `field`, if it is no such name."""
        found = self._matches(name)
        if found is None:
            raise InvalidField(FieldViolation(field, f"must be like {self._pattern}"))
        return found.groups()


ACCOUNT: Final = NamePattern("accounts/{account}")
SANDBOX: Final = NamePattern("sandboxes/{sandbox}")


def account_id(name: str, field: str = "name") -> str:
    """The bare id in `accounts/{account}`; empty for an empty name."""
    return ACCOUNT.parse(name, field)[0] if name else ""


def sandbox_id(name: str, field: str = "sandbox") -> str:
    """The bare id in `sandboxes/{sandbox}`; empty for an empty name."""
    return SANDBOX.parse(name, field)[0] if name else ""
