"""The wheel in fresh environments, beside a package that requires ``supervisor``: with pip and with uv."""

from __future__ import annotations

import json
from pathlib import Path

from wheel.fresh import Environment

SUPERLANCE = "superlance==2.0.0"
"""A package of event listeners that requires ``supervisor``."""

PROGRAMS = ("supervisord", "supervisorctl", "echo_supervisord_conf", "pidproxy")

SUPERLANCE_MODULES = (
    "crashmail",
    "crashmailbatch",
    "crashsms",
    "fatalmailbatch",
    "httpok",
    "memmon",
    "process_state_email_monitor",
    "process_state_monitor",
)


def supervisor_files(environment: Environment) -> dict[str, str]:
    """Return what is installed under a name with ``supervisor`` in it."""
    return {path: digest for path, digest in environment.files().items() if "supervisor" in path}


def is_native(program: Path) -> bool:
    """Tell whether a program is a compiled one: no script begins with a byte like these."""
    return program.read_bytes()[:1] in (b"\x7f", b"\xcf", b"\xca")


def test_the_programs_in_bin_are_the_native_ones(environment: Environment, wheel: Path) -> None:
    environment.pip("install", str(wheel))
    assert [name for name in PROGRAMS if not is_native(environment.program(name))] == []


def test_a_package_that_requires_supervisor_finds_it_and_leaves_our_files_alone(
    environment: Environment, wheel: Path
) -> None:
    environment.pip("install", str(wheel))
    ours = supervisor_files(environment)
    environment.pip("install", SUPERLANCE)
    assert supervisor_files(environment) == ours
    environment.pip("check")


def test_the_newest_pip_finds_nothing_wrong(with_pip: Environment, wheel: Path) -> None:
    # Checks more than the one that comes with Python: whether each distribution is meant for this platform.
    with_pip.pip("install", "--quiet", "--upgrade", "pip")
    with_pip.pip("install", str(wheel))
    with_pip.pip("install", SUPERLANCE)
    with_pip.pip("check")
    assert "RECORD" in with_pip.uninstall("supervisor", ok=False)


def test_an_upgrade_of_everything_leaves_our_files_alone(environment: Environment, wheel: Path) -> None:
    environment.pip("install", str(wheel))
    environment.pip("install", SUPERLANCE)
    ours = supervisor_files(environment)
    environment.pip("install", "--upgrade", "superlance")
    assert supervisor_files(environment) == ours


def test_python_sees_both_distributions(environment: Environment, wheel: Path) -> None:
    environment.pip("install", str(wheel))
    code = (
        "import importlib.metadata as m, json, supervisor.options as o;"
        "print(json.dumps([m.version('supervisor'), m.version('supervisor-rs'), o.VERSION]))"
    )
    promised, project, answer = json.loads(environment.run_python(code))
    assert promised == "4.3.0"
    assert answer == f"{promised}+rs.{project}"


def test_every_module_of_superlance_can_be_imported(environment: Environment, wheel: Path) -> None:
    environment.pip("install", str(wheel))
    environment.pip("install", SUPERLANCE)
    environment.run_python("import " + ", ".join(f"superlance.{name}" for name in SUPERLANCE_MODULES))


def test_uninstalling_leaves_nothing(environment: Environment, wheel: Path) -> None:
    before = environment.files()
    environment.pip("install", str(wheel))
    environment.run_python("import supervisor.childutils, supervisor.options")
    environment.uninstall("supervisor-rs")
    assert environment.files() == before
    assert [path for path in environment.folder.rglob("*supervisor*") if path.is_dir()] == []


def test_removing_the_name_supervisor_is_refused_and_harms_nothing(
    environment: Environment, wheel: Path
) -> None:
    environment.pip("install", str(wheel))
    ours = supervisor_files(environment)
    message = environment.uninstall("supervisor", ok=False)
    assert "RECORD" in message
    assert supervisor_files(environment) == ours


def test_pip_does_not_put_the_original_over_our_files_even_when_forced(
    with_pip: Environment, wheel: Path
) -> None:
    with_pip.pip("install", str(wheel))
    ours = supervisor_files(with_pip)
    message = with_pip.pip("install", "--force-reinstall", SUPERLANCE, ok=False)
    assert "supervisor-rs" in message
    assert supervisor_files(with_pip) == ours


def test_the_switch_over_from_the_original_leaves_none_of_its_files(
    environment: Environment, wheel: Path, installed: Environment
) -> None:
    environment.pip("install", "supervisor==4.3.0")
    environment.uninstall("supervisor")
    environment.pip("install", str(wheel))
    fresh = {
        path for path in supervisor_files(installed) if "INSTALLER" not in path and "direct_url" not in path
    }
    switched = {path for path in supervisor_files(environment) if "INSTALLER" not in path}
    assert fresh - switched <= {path for path in fresh if path.endswith("REQUESTED")}
    assert {path for path in switched - fresh if ".dist-info/" not in path} == set()
