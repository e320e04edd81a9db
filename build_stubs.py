"""Builds the stubs of the contract and its descriptor set, beside the `.proto` files.

Both git-ignored. `python build_stubs.py` builds them in place; as a hatchling hook it does so for
an editable install and for a wheel. `google/*` comes from its own wheels and is never generated.
`buf/validate` is generated here, from the descriptors that ship inside protovalidate, because no
wheel holds its source or its stubs.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

ROOT: Final = Path(__file__).resolve().parent
SOURCES: Final = ROOT / "protos"
REQUIREMENTS: Final = ROOT / "requirements" / "run.in"
SUITE: Final = Path("pospago", "suite.binpb")
VALIDATE: Final = "buf/validate/validate.proto"
GENERATED: Final = ("*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py", "*_pb2_grpc.pyi")


class StubsHook(BuildHookInterface[Any]):
    """Builds the stubs before hatchling collects the files of an install or a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the stubs; the same for every version of the target."""
        build_stubs(SOURCES)


class DependenciesHook(MetadataHookInterface):
    """States the dependencies of the distribution: the lines of `requirements/run.in`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the dependencies to `metadata`."""
        lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
        metadata["dependencies"] = [line for line in lines if line and not line.startswith("#")]


def build_stubs(sources: Path) -> None:
    """Write stubs and descriptor set of every `.proto` under `sources`; drop those left over.

    A folder without contracts gets no stubs. Files are replaced one by one, and only when they
    differ, so that a running program or another build never sees half a file.
    """
    protos = sorted(path.relative_to(sources).as_posix() for path in sources.rglob("*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "stubs")
        target.mkdir()
        if protos:
            _compile(sources, protos, target, Path(folder, "validate.binpb"))
        _replace_generated(sources, target)


def _compile(sources: Path, protos: list[str], target: Path, validate: Path) -> None:
    """Run the protocol compiler into `target`: stubs, services' stubs, then the descriptor set."""
    import google  # noqa: PLC0415 - a namespace package: its folder holds the `.proto` files of Google

    validate.write_bytes(_validate_descriptors())
    (target / SUITE).parent.mkdir(parents=True, exist_ok=True)
    inputs = [f"--descriptor_set_in={validate}", f"-I{sources}"]
    inputs += [f"-I{Path(folder).parent}" for folder in google.__path__]
    plugin = Path(sys.executable).with_name("protoc-gen-mypy_grpc")
    _protoc(
        *inputs,
        f"--python_out={target}",
        f"--pyi_out={target}",
        *protos,
        VALIDATE,
    )
    _protoc(
        *inputs,
        f"--plugin=protoc-gen-mypy_grpc={plugin}",
        f"--grpc_python_out={target}",
        f"--mypy_grpc_out=quiet:{target}",
        *protos,
    )
    _protoc(*inputs, "--include_imports", "--include_source_info", f"-o{target / SUITE}", *protos)


def _protoc(*arguments: str) -> None:
    """Run the protocol compiler in a process of its own; it says itself what is wrong."""
    command = [sys.executable, "-m", "grpc_tools.protoc", *arguments]
    if subprocess.run(command, check=False).returncode != 0:  # noqa: S603 - our own arguments
        sys.exit("The contract does not compile; what to mend stands above.")


def _validate_descriptors() -> bytes:
    """The descriptors of `buf/validate` and of what it imports, as one FileDescriptorSet."""
    from google.protobuf import descriptor_pb2  # noqa: PLC0415 - absent in a bare build frontend
    from protovalidate._gen.buf.validate import validate_pb  # noqa: PLC0415 - as above

    files = descriptor_pb2.FileDescriptorSet()
    seen: set[str] = set()

    def add(file: Any) -> None:
        if file.name in seen:
            return
        seen.add(file.name)
        for dependency in file.dependencies:
            add(dependency)
        files.file.add().ParseFromString(file.proto.to_binary())

    add(validate_pb.desc())
    return files.SerializeToString()


def _replace_generated(sources: Path, target: Path) -> None:
    """Make the generated files of `sources` equal to those of `target`."""
    fresh = {path.relative_to(target) for path in target.rglob("*") if path.is_file()}
    for stale in set(_generated(sources)) - fresh:
        (sources / stale).unlink(missing_ok=True)
    for name in fresh:
        content = (target / name).read_bytes()
        place = sources / name
        if place.is_file() and place.read_bytes() == content:
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = place.with_name(f".{place.name}.{os.getpid()}")
        draft.write_bytes(content)
        draft.replace(place)


def _generated(sources: Path) -> Iterator[Path]:
    """Every generated file under `sources`, relative to it."""
    for pattern in GENERATED:
        yield from (path.relative_to(sources) for path in sources.rglob(pattern))
    if (sources / SUITE).is_file():
        yield SUITE


if __name__ == "__main__":
    build_stubs(SOURCES)
