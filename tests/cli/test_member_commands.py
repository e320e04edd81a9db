"""`pospago member`, `resource` and `entitlement`, against the real provisioning service."""

import asyncio
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chassis.clock import ManualClock
from chassis.entry import PeerEvent, Submission
from chassis.feed import Cursor
from pospago_cli.__main__ import run
from pospago_cli.session import Session
from provisioning_service.domain.entitlement import Limit
from provisioning_service.use_cases.note_entitlements import NOTE_ENTITLEMENTS, NoteEntitlements
from tests.provisioning.builders import START_AT
from tests.provisioning.calling import Served, served

SEATS = NoteEntitlements("acme", "crm", (Limit("seat", Decimal(1)),), ("reports",), START_AT)


@pytest.fixture
async def provisioning(tmp_path: Path) -> AsyncIterator[Served]:
    """The real server, with an account that has a member and may have one seat."""
    async with served(tmp_path, ManualClock(START_AT)) as running:
        await running.operator.create_account()
        await running.operator.create_member("ana")
        told = PeerEvent("billing", 1, "acme", START_AT, "", b"", _of_billing())
        writer = running.app.writer
        await writer.call(lambda: writer.apply_feed("billing", [told], Cursor(1, 1, 0)))
        yield running


def _of_billing() -> Submission:
    return Submission(NOTE_ENTITLEMENTS, SEATS, "feed/billing")


class Shell:
    """The operator's commands, and what they print."""

    def __init__(self, on: Served, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._on = on
        self._folder = folder
        self._capsys = capsys

    async def run(self, *words: str) -> tuple[int, str, str]:
        """Exit code, output and complaint of a command."""
        self._capsys.readouterr()
        arguments = [*words, "--address", self._on.app.address, "--data-dir", str(self._folder)]
        code = await asyncio.to_thread(run, arguments, Session())
        printed = self._capsys.readouterr()
        return code, printed.out, printed.err

    async def json(self, *words: str) -> Any:
        """What a command prints as JSON."""
        _, printed, _ = await self.run(*words, "--json")
        # The server in this process may have logged something meanwhile.
        starts = [at for at in (printed.find("{\n"), printed.find("[\n")) if at >= 0]
        return json.loads(printed[min(starts) :])


@pytest.fixture
def shell(provisioning: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """The operator's shell."""
    return Shell(provisioning, tmp_path, capsys)


async def test_member_is_created_with_its_secret(shell: Shell) -> None:
    """The secret is shown with the member, and not again when it is asked for."""
    code, printed, _ = await shell.run("member", "create", "acme", "bia", "--role", "admin")
    _, later, _ = await shell.run("member", "get", "acme/bia")
    assert (code, "pspg_mb_" in printed, "shown this once" in later) == (0, True, False)


async def test_member_is_updated_by_what_is_stated(shell: Shell) -> None:
    """What is not stated stays as it is; to state nothing is a mistake."""
    words = ("member", "update", "acme/ana")
    await shell.run(*words, "--email", "ana@example.com")
    told = (await shell.json(*words, "--role", "admin"))["member"]
    code, _, _ = await shell.run(*words)
    assert (told["email"], told["role"], code) == ("ana@example.com", "ROLE_ADMIN", 2)


async def test_principal_is_shown_in_the_list(shell: Shell) -> None:
    """The list says who is the principal."""
    await shell.run("member", "create", "acme", "bia")
    await shell.run("member", "set-principal", "acme/bia", "--reason", "founder")
    members = await shell.json("member", "list", "acme")
    assert [each.get("is_principal", False) for each in members] == [False, True]


async def test_removed_member_leaves_the_list(shell: Shell) -> None:
    """A removed member is listed no more; a new secret is refused."""
    await shell.run("member", "remove", "acme/ana")
    code, _, complaint = await shell.run("member", "rotate", "acme/ana")
    _, listed, _ = await shell.run("member", "list", "acme")
    assert (code, "MEMBER_REMOVED" in complaint, "members/ana" in listed) == (3, True, False)


async def test_resource_is_held_up_to_the_limit(shell: Shell) -> None:
    """One seat is held; the second is refused until the first is removed."""
    seat = ("resource", "create", "acme", "seat")
    first = (await shell.json(*seat, "s1", "--label", "member=ana"))["resource"]
    _, _, complaint = await shell.run(*seat, "s2")
    await shell.run("resource", "remove", "acme/s1")
    code, _, _ = await shell.run(*seat, "s2")
    assert (first["labels"], "LIMIT_REACHED" in complaint, code) == ({"member": "ana"}, True, 0)


async def test_label_without_value_is_a_mistake(shell: Shell) -> None:
    """A label is a key and a value."""
    code, _, _ = await shell.run("resource", "create", "acme", "seat", "s1", "--label", "ana")
    assert code == 2


async def test_resources_are_listed_by_kind(shell: Shell) -> None:
    """Only those of the kind asked for."""
    await shell.run("resource", "create", "acme", "seat", "s1")
    await shell.run("resource", "create", "acme", "reports", "r1")
    found = await shell.json("resource", "list", "acme", "--kind", "reports")
    assert [each["name"] for each in found] == ["accounts/acme/resources/r1"]


async def test_entitlements_are_told_with_what_is_held(shell: Shell) -> None:
    """The check says yes and why; the list has the limit and what is left of it."""
    await shell.run("resource", "create", "acme", "seat", "s1")
    checked = await shell.json("entitlement", "check", "acme", "seat", "--quantity", "1")
    _, listed, _ = await shell.run("entitlement", "list", "acme")
    assert (checked.get("allowed", False), checked["why"]) == (False, "WHY_LIMIT_REACHED")
    assert "reports" in listed
