"""The story, played by the command itself: the gateway and both services as real processes."""

import subprocess
import sys

DEMO_SECONDS_MAX = 800


def test_the_demo_plays_the_whole_story() -> None:
    """Every expectation holds, so the command ends with 0 and says so."""
    ended = subprocess.run(
        [sys.executable, "-m", "pospago_cli", "demo"],
        capture_output=True,
        text=True,
        timeout=DEMO_SECONDS_MAX,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    assert "Every expectation" in ended.stdout
