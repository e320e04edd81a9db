"""Resource names: `accounts/{account}/instances/{instance}` taken apart and put together."""

from typing import Final

from chassis.errors import FieldViolation, InvalidField

# Stands for "any" where a list may span all parents.
ANY: Final = "-"


class NamePattern:
    """A kind of resource name, such as `accounts/{account}/tokens/{token}`."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._steps = tuple(pattern.split("/"))

    def format(self, *ids: str) -> str:
        """The name with these ids, in order."""
        left = iter(ids)
        return "/".join(next(left) if step[0] == "{" else step for step in self._steps)

    def parse(self, name: str, field: str = "name") -> tuple[str, ...]:
        """The ids in a name, in order; InvalidField, naming `field`, if it is no such name."""
        parts = name.split("/")
        fits = len(parts) == len(self._steps) and all(
            part and (step[0] == "{" or step == part)
            for step, part in zip(self._steps, parts, strict=True)
        )
        if not fits:
            raise InvalidField(FieldViolation(field, f"must be like {self._pattern}"))
        return tuple(part for step, part in zip(self._steps, parts, strict=True) if step[0] == "{")


ACCOUNT: Final = NamePattern("accounts/{account}")
SANDBOX: Final = NamePattern("sandboxes/{sandbox}")


def account_id(name: str, field: str = "name") -> str:
    """The bare id in `accounts/{account}`; empty for an empty name."""
    return ACCOUNT.parse(name, field)[0] if name else ""


def sandbox_id(name: str, field: str = "sandbox") -> str:
    """The bare id in `sandboxes/{sandbox}`; empty for an empty name."""
    return SANDBOX.parse(name, field)[0] if name else ""
