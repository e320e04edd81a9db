"""The supervisor of the three processes, when something is wrong."""

import socket
from pathlib import Path

import pytest

from pospago_cli.failures import CommandFailed
from pospago_cli.processes import Layout, Suite, bare, free_ports, inherited


def test_a_process_that_cannot_run_is_quoted(tmp_path: Path) -> None:
    """A port that is taken ends the start with the last words of the process that wanted it."""
    layout = Layout.on_free_ports(tmp_path)
    lines: list[tuple[str, str]] = []
    suite = Suite(bare(layout.environment), lambda name, line: lines.append((name, line)))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", layout.provisioning_port))
        taken.listen()
        suite.start()
        try:
            with pytest.raises(CommandFailed, match="provisioning ended with exit code 1"):
                suite.wait_serving(layout.address)
        finally:
            assert suite.stop()
    assert any(str(layout.provisioning_port) in line for name, line in lines if name != "gateway")


def test_giving_up_names_what_was_waited_for(tmp_path: Path) -> None:
    """Whoever moved a port and forgot the gateway reads which setting says where it looks."""
    layout = Layout.on_free_ports(tmp_path)
    moved = {key: each for key, each in layout.environment.items() if "BILLING_ADD" not in key}
    with pytest.raises(CommandFailed) as failed:
        Suite(moved, lambda _name, _line: None).wait_serving(layout.address, longest_seconds=0)
    assert str(failed.value) == (
        f"The suite does not serve after 0 s. The gateway at {layout.address} waits for "
        f"POSPAGO_GATEWAY_PROVISIONING_ADDRESSES (127.0.0.1:{layout.provisioning_port}) and "
        "POSPAGO_GATEWAY_BILLING_ADDRESSES (127.0.0.1:8082)."
    )


def test_a_bare_environment_holds_no_other_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is to be thrown away must never reach the stores that the environment names."""
    monkeypatch.setenv("POSPAGO_BILLING_DATABASE_URL", "postgresql://production")
    named = bare({"POSPAGO_DATA_DIR": "here"})
    assert {key: each for key, each in named.items() if key.startswith("POSPAGO_")} == {
        "POSPAGO_DATA_DIR": "here"
    }
    assert inherited({})["POSPAGO_BILLING_DATABASE_URL"] == "postgresql://production"


def test_free_ports_differ() -> None:
    """Ports asked for together are not the same one."""
    assert len(set(free_ports(7))) == 7
