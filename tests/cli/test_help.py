"""What a newcomer reads: each command says what it does."""

from collections.abc import Iterator

import click
import pytest

from pospago_cli.__main__ import pospago, run
from pospago_cli.session import Session

EXPECTED = {
    *(f"account {verb}" for verb in ("create", "get", "list")),
    *(f"db {verb}" for verb in ("backup", "restore", "upgrade")),
    *(f"catalog {verb}" for verb in ("apply", "diff", "validate")),
    *(f"charge {verb}" for verb in ("cancel", "create", "get", "list")),
    *(f"coupon {verb}" for verb in ("create", "deactivate", "get", "list")),
    *(f"credit {verb}" for verb in ("entries", "get", "grant", "list", "void")),
    *(f"credit-note {verb}" for verb in ("create", "get", "list")),
    *("demo", "estimate", "events", "health", "serve", "up"),
    *(f"entitlement {verb}" for verb in ("check", "list")),
    *(f"guard {verb}" for verb in ("get", "set")),
    *(f"instance {verb}" for verb in ("cancel", "create", "get", "import", "list")),
    *(f"instance {verb}" for verb in ("resume", "subscribe", "suspend")),
    *(f"integrator {verb}" for verb in ("enrol", "get", "list")),
    *(
        f"invoice {verb}"
        for verb in (
            "charges",
            "explain",
            "get",
            "hold",
            "issue",
            "list",
            "preview",
            "release",
        )
    ),
    *(f"issuer {verb}" for verb in ("create", "list")),
    *(f"member {verb}" for verb in ("create", "get", "list", "remove")),
    *(f"member {verb}" for verb in ("rotate", "set-principal", "update")),
    *(f"meter {verb}" for verb in ("get", "list")),
    *(f"payment {verb}" for verb in ("get", "list", "record", "reverse")),
    *(f"payment-request {verb}" for verb in ("cancel", "get", "list", "settle")),
    *(f"plan {verb}" for verb in ("get", "list")),
    *(f"profile {verb}" for verb in ("get", "update")),
    *(f"reservation {verb}" for verb in ("get", "list", "make", "release", "settle")),
    *(f"resource {verb}" for verb in ("create", "get", "list", "remove")),
    *(f"review {verb}" for verb in ("decide", "get", "list")),
    *(f"sandbox {verb}" for verb in ("advance", "create", "get", "list")),
    *(f"terms {verb}" for verb in ("get", "list")),
    *(f"subscription {verb}" for verb in ("cancel", "change", "create", "get", "list")),
    *(f"subscription {verb}" for verb in ("pause", "preview", "resume", "undo")),
    *(f"tax {verb}" for verb in ("get", "list")),
    *(f"token {verb}" for verb in ("approve", "decline", "get", "list")),
    *(f"token {verb}" for verb in ("request", "revoke", "rotate")),
    *(f"usage {verb}" for verb in ("age-out", "amend", "events", "import", "query")),
    *(f"usage {verb}" for verb in ("send", "summary", "void", "watch")),
}


def _leaves(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _leaves(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


def test_the_commands_are_those_that_are_promised() -> None:
    """Neither less nor more than what the documentation names."""
    assert {path for path, _ in _leaves(pospago)} == EXPECTED


@pytest.mark.parametrize("path", sorted(EXPECTED))
def test_each_command_explains_itself(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` says in a sentence what the command does, and names the shared options."""
    assert run([*path.split(), "--help"], Session()) == 0
    printed = capsys.readouterr().out
    assert f"pospago {path}" in printed
    assert dict(_leaves(pospago))[path].get_short_help_str()
    assert "--address" in printed


@pytest.mark.parametrize("path", sorted(EXPECTED))
def test_no_option_stands_in_for_another(path: str) -> None:
    """Each has a name of its own within a command, the shared ones such as `--token` included."""
    names = [param.name for param in dict(_leaves(pospago))[path].params]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("path", sorted(EXPECTED))
def test_what_is_left_out_is_no_mistake(path: str) -> None:
    """A default that is a text can be read as what a user writes can."""
    command = dict(_leaves(pospago))[path]
    context = click.Context(command)
    texts = [param for param in command.params if isinstance(param.default, str)]
    assert all(param.type_cast_value(context, param.default) is not None for param in texts)
