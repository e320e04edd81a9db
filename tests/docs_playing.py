"""A newcomer's shell: does what a document says, against the suite that `make run` started."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pospago_cli.processes import Layout, bare
from tests.docs_reading import ROOT, Step

START_SECONDS_MAX: Final = 300
STEP_SECONDS_MAX: Final = 300
RUN: Final = "make run"
# The documents' sandboxes live in 2031; what happens at another instant happens now.
_NOW: Final = re.compile(r"(?!2031)\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z")
_SECRET: Final = re.compile(r"pspg_[a-z]{2}_[\w-]+")
_CHOSEN_ID: Final = re.compile(r"\b(payment|instance|reservation|sandbox)-[0-9a-z]{26}\b")
# A line of three dots: whatever was printed there.
_LEFT_OUT: Final = re.escape("\n...\n")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Someone in a folder of their own, with the suite running beside them."""

    folder: Path
    layout: Layout
    environment: Mapping[str, str] = field(repr=False)

    def does(self, step: Step) -> str:
        """Do what the step says; gives what came otherwise than told, '' where nothing did."""
        text = self._as_served_here(step.text)
        if step.language == "python":
            (self.folder / step.file_name).write_text(text, encoding="utf-8")
            return ""
        ended = self._run(text)
        if (ended.returncode != 0) is not step.refused:
            return f"{step.place}: ended with {ended.returncode}\n{ended.stdout}"
        if step.output is None:
            return ""
        expected = blanked(self._as_served_here(step.output))
        came = blanked(ended.stdout)
        shown = re.escape(expected).replace(_LEFT_OUT, "\n(?:.*\n)*")
        if re.fullmatch(shown, came):
            return ""
        return f"{step.place}\n--- told\n{expected}\n--- came\n{came}"

    def _run(self, text: str) -> subprocess.CompletedProcess[str]:
        """Run a block in bash, which knows the variables that the blocks before it set."""
        if text.strip() == RUN:
            text = "true  # it runs since the beginning"
        makes = text.startswith("make ")
        if text.strip() == "make test":
            text = "make -n test"  # these are the tests
        kept = self.folder / ".variables"
        script = f"set -ea; test ! -e {kept} || . {kept}; trap 'export -p > {kept}' EXIT\n{text}"
        return subprocess.run(  # noqa: S603 - what our own documents say
            ["/bin/bash", "-c", script],
            cwd=ROOT if makes else self.folder,
            env=dict(self.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=STEP_SECONDS_MAX,
            check=False,
        )

    def _as_served_here(self, text: str) -> str:
        """The text with the ports of this run, which are free ones."""
        told = Layout(Path())
        for name in ("gateway_port", "provisioning_metrics_port", "billing_metrics_port"):
            ports = (getattr(told, name), getattr(self.layout, name))
            text = text.replace(f"localhost:{ports[0]}", f"localhost:{ports[1]}")
        return text


def blanked(text: str) -> str:
    """A text without what differs each time: secrets, the present, chosen ids, trailing blanks."""
    for pattern, shown in ((_SECRET, "SECRET"), (_NOW, "NOW"), (_CHOSEN_ID, r"\1-ID")):
        text = pattern.sub(shown, text)
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n") + "\n"


@contextmanager
def newcomer(folder: Path) -> Iterator[Newcomer]:
    """A newcomer who has typed `make run`; at the end they press Ctrl-C."""
    layout = Layout.on_free_ports(folder / "data")
    for name in (".venv", "examples"):
        (folder / name).symlink_to(ROOT / name)
    output = folder / "run.log"
    with output.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603 - the make that the reader has
            RUN.split(),
            cwd=ROOT,
            env=bare(layout.environment),
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        give_up_at = time.monotonic() + START_SECONDS_MAX
        while "The suite serves at" not in output.read_text():
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < give_up_at, output.read_text()
            time.sleep(0.1)
        yield Newcomer(folder, layout, bare({"POSPAGO_ADDRESS": layout.address}))
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(START_SECONDS_MAX)
    assert "Draining" in output.read_text(), output.read_text()
