"""Resource names, taken apart and put together."""

import pytest

from chassis.errors import InvalidField
from chassis.rpc.names import NamePattern, account_id, sandbox_id

TOKEN = NamePattern("accounts/{account}/tokens/{token}")
LATEST = NamePattern("accounts/{account}/profile")


def test_puts_a_name_together() -> None:
    """Ids go where the pattern has a place for them."""
    assert TOKEN.format("acme", "1") == "accounts/acme/tokens/1"
    assert LATEST.format("acme") == "accounts/acme/profile"


def test_takes_a_name_apart() -> None:
    """The ids of a name come in order."""
    assert TOKEN.parse("accounts/acme/tokens/1") == ("acme", "1")
    assert LATEST.parse("accounts/acme/profile") == ("acme",)


@pytest.mark.parametrize(
    "name",
    ["", "accounts/acme", "accounts//tokens/1", "accounts/a/token/1", "accounts/a/tokens/1/"],
)
def test_refuses_other_names(name: str) -> None:
    """What is no such name is an invalid field that shows the pattern."""
    with pytest.raises(InvalidField, match=r"accounts/\{account\}/tokens/"):
        TOKEN.parse(name, "token")


@pytest.mark.parametrize(("name", "bare"), [("", ""), ("accounts/acme", "acme")])
def test_gives_bare_ids(name: str, bare: str) -> None:
    """An empty name has an empty id."""
    assert account_id(name) == bare
    assert sandbox_id(name.replace("accounts", "sandboxes")) == bare
