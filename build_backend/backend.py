"""PEP 517 build backend: maturin, with the native programs put into the wheel first.

maturin builds one kind of binding per wheel, here the extension module ``supervisor._engine``. The
programs and what is generated are laid into the wheel's data folder, which installers spread over the
environment:

``scripts/``
    ``supervisord``, ``supervisorctl``, ``echo_supervisord_conf`` and ``pidproxy``, native.
``data/share/``
    completion of ``supervisorctl`` for bash, zsh and fish.
``platlib/supervisor/version.txt``
    what ``supervisor.options.VERSION`` says.
``platlib/supervisor/skel/sample.conf``
    what ``echo_supervisord_conf`` prints, for those who copy the file.
``platlib/supervisor/ui/``
    style, scripts and pictures of the pages, where plug-ins look for them; their templates are in the tree.
``platlib/supervisor-<version>.dist-info/``
    satisfies packages that require ``supervisor``. It has no ``RECORD`` on purpose: its files belong to the
    distribution ``supervisor-rs``, whose ``RECORD`` lists them, and an installer that is about to replace or
    remove a ``supervisor`` without ``RECORD`` refuses instead of deleting files of ours.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "wheel.data"
#: Where shells look for completion below `share/` of an environment that is the system's.
COMPLETIONS = {
    "supervisorctl.bash": "bash-completion/completions/supervisorctl",
    "_supervisorctl": "zsh/site-functions/_supervisorctl",
    "supervisorctl.fish": "fish/vendor_completions.d/supervisorctl.fish",
}
PROGRAMS = ("supervisord", "supervisorctl", "echo_supervisord_conf", "pidproxy")

# A missing Rust toolchain is an error with a message, not a toolchain fetched behind the user's back.
os.environ["MATURIN_NO_INSTALL_RUST"] = "1"

import maturin  # noqa: E402 - reads the environment above
from maturin import (  # noqa: E402, F401 - hooks that need nothing of ours
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
)

METADATA = """\
Metadata-Version: 2.4
Name: supervisor
Version: {compatible}
Summary: Provided by supervisor-rs {project}
License-Expression: MIT OR Apache-2.0
Requires-Python: >=3.9
"""

# `uv pip check` takes a dist-info without this file for a broken one, `pip check` one without a tag for one
# that is meant for another platform.
WHEEL = """\
Wheel-Version: 1.0
Generator: supervisor-rs {project}
Root-Is-Purelib: false
Tag: py3-none-any
"""

# For buildout and others that make the programs of an installed distribution themselves.
ENTRY_POINTS = """\
[console_scripts]
supervisord = supervisor.supervisord:main
supervisorctl = supervisor.supervisorctl:main
echo_supervisord_conf = supervisor.confecho:main
pidproxy = supervisor.pidproxy:main
"""


def workspace() -> dict[str, Any]:
    """Return what ``cargo metadata`` says about the workspace, packages by name."""
    command = ["cargo", "metadata", "--format-version", "1", "--no-deps", "--locked", "--offline"]
    found: dict[str, Any] = json.loads(subprocess.check_output(command, cwd=ROOT))
    found["packages"] = {package["name"]: package for package in found["packages"]}
    return found


def compatible_version() -> str:
    """Return the release of Supervisor that is promised: the first quoted version in core's version.rs."""
    text = (ROOT / "rust/core/src/version.rs").read_text(encoding="utf-8")
    match = re.search(r'"(\d+(?:\.\d+)+)"', text)
    if match is None:
        raise SystemExit("rust/core/src/version.rs names no version")
    return match[1]


def fill_data() -> None:
    """Build the programs and lay them and the generated files into the wheel's data folder, afresh."""
    build = ["cargo", "build", "--release", "--locked", "-p", "supervisor-cli", "--bins"]
    subprocess.check_call(build, cwd=ROOT)
    cargo = workspace()
    # With CARGO_BUILD_TARGET cargo puts its results one folder deeper.
    built = Path(cargo["target_directory"], os.environ.get("CARGO_BUILD_TARGET", ""), "release")
    shutil.rmtree(DATA, ignore_errors=True)
    scripts = DATA / "scripts"
    scripts.mkdir(parents=True)
    for program in PROGRAMS:
        shutil.copy2(built / program, scripts / program)

    for source, target in COMPLETIONS.items():
        place = DATA / "data" / "share" / target
        place.parent.mkdir(parents=True)
        shutil.copy2(ROOT / "packaging" / "completions" / source, place)

    project = cargo["packages"]["supervisor-python"]["version"]
    compatible = compatible_version()
    platlib = DATA / "platlib"
    write(platlib / "supervisor" / "version.txt", f"{compatible}+rs.{project}\n")
    sample = subprocess.check_output([str(built / "echo_supervisord_conf")], text=True)
    write(platlib / "supervisor" / "skel" / "sample.conf", sample)
    shutil.copytree(ROOT / "rust" / "engine" / "assets", platlib / "supervisor" / "ui")
    dist_info = platlib / f"supervisor-{compatible}.dist-info"
    write(dist_info / "METADATA", METADATA.format(compatible=compatible, project=project))
    write(dist_info / "WHEEL", WHEEL.format(project=project))
    write(dist_info / "INSTALLER", "supervisor-rs\n")
    write(dist_info / "entry_points.txt", ENTRY_POINTS)


def write(path: Path, text: str) -> None:
    """Write a generated file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def prepare_metadata_for_build_wheel(
    metadata_directory: str, config_settings: dict[str, Any] | None = None
) -> str:
    """Hand over to maturin, which wants the data folder to exist already."""
    DATA.mkdir(exist_ok=True)
    return str(maturin.prepare_metadata_for_build_wheel(metadata_directory, config_settings))


prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel


def build_wheel(
    wheel_directory: str,
    config_settings: dict[str, Any] | None = None,
    metadata_directory: str | None = None,
) -> str:
    """Build the wheel: the programs first, the rest by maturin."""
    fill_data()
    return str(maturin.build_wheel(wheel_directory, config_settings, metadata_directory))


def build_editable(
    wheel_directory: str,
    config_settings: dict[str, Any] | None = None,
    metadata_directory: str | None = None,
) -> str:
    """Build the wheel that points back at the source tree; the programs in it are native all the same."""
    fill_data()
    # options.py reads it beside itself, and that is in the source tree now.
    shutil.copy(DATA / "platlib/supervisor/version.txt", ROOT / "python/supervisor/version.txt")
    return str(maturin.build_editable(wheel_directory, config_settings, metadata_directory))
