"""What the environment may say to the gateway."""

import pytest
from pydantic import ValidationError

from gateway.settings import Address, GatewaySettings, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8081", Address("127.0.0.1", 8081)),
        (" billing.internal:1 ", Address("billing.internal", 1)),
        ("[::1]:65535", Address("::1", 65_535)),
    ],
)
def test_address_is_read(text: str, address: Address) -> None:
    """Host and port are told apart, whatever the kind of host."""
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", "8081", ":8081", "host:", "host:0", "host:65536", "host:x"])
def test_wrong_address_is_refused(text: str) -> None:
    """What is no host with a port between 1 and 65535 is refused."""
    with pytest.raises(ValueError, match=r"host:port|between 1 and 65535"):
        parse_address(text)


def test_several_addresses_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A comma list names all processes of a backend."""
    monkeypatch.setenv("POSPAGO_GATEWAY_BILLING_ADDRESSES", "127.0.0.1:1,127.0.0.1:2")
    addresses = GatewaySettings().billing_addresses
    assert addresses == (Address("127.0.0.1", 1), Address("127.0.0.1", 2))


def test_wrong_setting_names_the_field(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake in the environment is told by the name of its setting."""
    monkeypatch.setenv("POSPAGO_GATEWAY_BILLING_ADDRESSES", "nonsense")
    with pytest.raises(ValidationError, match="billing_addresses"):
        GatewaySettings()
