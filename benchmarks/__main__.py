"""`python -m benchmarks [NAME]`: one benchmark, or all; each prints its result as the last line."""

import sys
from collections.abc import Callable, Mapping
from typing import Final

from benchmarks.create_instance import create_instance, create_instance_postgres
from benchmarks.gateway import gateway
from benchmarks.ingest import ingest_memory, ingest_postgres, ingest_single, ingest_sqlite
from benchmarks.preview import preview
from benchmarks.rating import rating
from benchmarks.usage_summary import usage_summary

BENCHMARKS: Final[Mapping[str, Callable[[], None]]] = {
    "create_instance": create_instance,
    "create_instance_postgres": create_instance_postgres,
    "gateway": gateway,
    "ingest_memory": ingest_memory,
    "ingest_postgres": ingest_postgres,
    "ingest_single": ingest_single,
    "ingest_sqlite": ingest_sqlite,
    "preview": preview,
    "rating": rating,
    "usage_summary": usage_summary,
}


def main() -> int:
    """Run what the command line names."""
    names = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"No benchmark is called {unknown[0]}; there are: {', '.join(BENCHMARKS)}.")
        return 2
    for name in names:
        BENCHMARKS[name]()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
