"""The demo's story through real processes and the gateway, with PostgreSQL below them.

`tests/test_docs.py` plays it on SQLite, where the README says `make demo`.
"""

import subprocess
import sys

from tests.postgres import NewDatabase

DEMO_SECONDS_MAX = 800


def test_the_demo_plays_on_postgresql(new_postgres_database: NewDatabase) -> None:
    """Empty databases are brought up to date, and every expectation holds on them."""
    urls = {
        service: new_postgres_database(f"demo_{service}", lambda _url: None)
        for service in ("provisioning", "billing")
    }
    ended = subprocess.run(  # noqa: S603 - our own interpreter and module
        [
            *(sys.executable, "-m", "pospago_cli", "demo"),
            *("--provisioning-database-url", urls["provisioning"]),
            *("--billing-database-url", urls["billing"]),
        ],
        capture_output=True,
        text=True,
        timeout=DEMO_SECONDS_MAX,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    assert "Every expectation" in ended.stdout
