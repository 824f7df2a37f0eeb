"""What is in the wheel, read from the file."""

from __future__ import annotations

import email
import re
import zipfile
from email.message import Message
from pathlib import Path, PurePosixPath

import pytest

from wheel.fresh import REPOSITORY

PROGRAMS = {"supervisord", "supervisorctl", "echo_supervisord_conf", "pidproxy"}
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def archive(wheel: Path) -> zipfile.ZipFile:
    """The wheel, opened."""
    return zipfile.ZipFile(wheel)


@pytest.fixture(scope="module")
def project_version() -> str:
    """The version in the workspace's Cargo.toml."""
    match = re.search(r'^version = "(.+)"$', (REPOSITORY / "Cargo.toml").read_text(), re.MULTILINE)
    assert match
    return match[1]


def read(archive: zipfile.ZipFile, ending: str) -> bytes:
    """Return the one file whose path ends so."""
    (name,) = [name for name in archive.namelist() if name.endswith(ending)]
    return archive.read(name)


def metadata(archive: zipfile.ZipFile, ending: str) -> Message:
    """Return the metadata whose path ends so."""
    return email.message_from_bytes(read(archive, ending))


def test_the_wheel_is_no_larger_than_six_megabytes(wheel: Path) -> None:
    assert wheel.stat().st_size <= 6 * MEGABYTE


def test_one_wheel_serves_every_python_from_3_9_on(wheel: Path) -> None:
    assert wheel.name.split("-")[2:4] == ["cp39", "abi3"]


def test_name_version_and_licence_are_those_of_the_project(
    archive: zipfile.ZipFile, project_version: str
) -> None:
    found = metadata(archive, "rs-" + project_version + ".dist-info/METADATA")
    assert (found["Name"], found["Version"]) == ("supervisor-rs", project_version)
    assert found["License-Expression"] == "MIT OR Apache-2.0"
    assert found.get_all("License-File") == ["LICENSE-MIT", "LICENSE-APACHE"]
    assert found["Requires-Python"] == ">=3.9"
    # Nothing but what an extra asks for.
    required: list[str] = found.get_all("Requires-Dist") or []
    assert [each for each in required if "extra ==" not in each] == []


def test_both_licences_are_in_it(archive: zipfile.ZipFile) -> None:
    assert b"MIT License" in read(archive, "licenses/LICENSE-MIT")
    assert b"Apache License" in read(archive, "licenses/LICENSE-APACHE")


def test_completion_of_three_shells_is_in_it(archive: zipfile.ZipFile) -> None:
    folder = REPOSITORY / "packaging" / "completions"
    for place, source in [
        ("bash-completion/completions/supervisorctl", "supervisorctl.bash"),
        ("zsh/site-functions/_supervisorctl", "_supervisorctl"),
        ("fish/vendor_completions.d/supervisorctl.fish", "supervisorctl.fish"),
    ]:
        assert read(archive, f".data/data/share/{place}") == (folder / source).read_bytes()


def test_it_says_that_supervisor_4_3_0_is_there(archive: zipfile.ZipFile) -> None:
    found = metadata(archive, "platlib/supervisor-4.3.0.dist-info/METADATA")
    assert (found["Name"], found["Version"]) == ("supervisor", "4.3.0")


def test_the_second_dist_info_owns_no_files(archive: zipfile.ZipFile) -> None:
    assert not [name for name in archive.namelist() if name.endswith("supervisor-4.3.0.dist-info/RECORD")]


def test_version_txt_names_the_promised_release_and_the_project(
    archive: zipfile.ZipFile, project_version: str
) -> None:
    assert read(archive, "supervisor/version.txt").decode() == f"4.3.0+rs.{project_version}\n"


def test_the_sample_configuration_is_a_file_of_the_package(archive: zipfile.ZipFile) -> None:
    assert "\n[supervisord]\n" in read(archive, "supervisor/skel/sample.conf").decode()


def test_the_files_of_the_pages_are_where_plug_ins_look_for_them(archive: zipfile.ZipFile) -> None:
    for name in ("status.html", "tail.html", "images/icon.png", "stylesheets/supervisor.css"):
        assert read(archive, f"supervisor/ui/{name}"), name


def test_the_programs_are_native_and_executable(archive: zipfile.ZipFile) -> None:
    scripts = {
        PurePosixPath(entry.filename).name: entry
        for entry in archive.infolist()
        if ".data/scripts/" in entry.filename
    }
    assert set(scripts) == PROGRAMS
    for name, entry in scripts.items():
        assert (entry.external_attr >> 16) & 0o111 == 0o111, name
        assert not archive.read(entry).startswith(b"#!"), name


def test_everything_else_lies_in_the_package_or_in_metadata(
    archive: zipfile.ZipFile, project_version: str
) -> None:
    # The data folder is spread over the environment, so its parts count as what they become.
    places = {
        re.sub(r"^supervisor_rs-[^/]+\.data/(platlib/)?", "", name).split("/")[0]
        for name in archive.namelist()
    }
    dist_infos = {"supervisor-4.3.0.dist-info", f"supervisor_rs-{project_version}.dist-info"}
    assert places == {"supervisor", "scripts", "data", *dist_infos}


def test_the_package_is_typed_and_has_one_extension_module(archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    assert "supervisor/py.typed" in names
    assert "supervisor/_engine.pyi" in names
    assert [name for name in names if name.endswith(".so")] == ["supervisor/_engine.abi3.so"]
