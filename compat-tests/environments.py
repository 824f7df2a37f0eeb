#!/usr/bin/env python3
"""Prepare the environments that the compatibility tests need, under `.environments/` of the checkout.

    python3 compat-tests/environments.py [theirs] [ours] [tests] [plugins] [ansible] [node] [browser]

Virtual environments and a folder of node, all but the last when none is named:

* `theirs`: the original, `supervisor==4.3.0`;
* `ours`: our wheel, named by `SUPERVISOR_WHEEL` or else the newest in `dist/`;
* `tests`: pytest, its plug-ins and what the example needs, pinned in `requirements.txt` beside this file;
* `plugins`: plug-ins of other people, which a daemon of either finds through PYTHONPATH, pinned in
  `plugins/requirements.txt`;
* `ansible`: Ansible and its collection community.general, pinned in `requirements-ansible*.txt`;
* `node`: XML-RPC clients of npm, pinned in `node/package-lock.json`; left out where there is no npm;
* `browser`: the same and Playwright, pinned in `browser/requirements.txt`.

An environment is made again only when what it is made of has changed: the Python that makes it, the
pinned list, the bytes of the wheel. A stamp written as the last step remembers that, so that an
interrupted run leaves nothing that looks finished. Only the standard library is used here.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
ENVIRONMENTS = REPOSITORY / ".environments"
REQUIREMENTS = Path(__file__).resolve().parent / "requirements.txt"
BROWSER_REQUIREMENTS = Path(__file__).resolve().parent / "browser" / "requirements.txt"
#: Part of REQUIREMENTS, by reference.
EXAMPLE_REQUIREMENTS = REPOSITORY / "examples" / "quickstart" / "requirements.txt"
THE_ORIGINAL = "supervisor==4.3.0"
#: Go into `tests` without what they depend on, for that is the original: they are run with the one under test.
WITHOUT_DEPENDENCIES = ("superlance==2.0.0", "supervisord-dependent-startup==1.4.0")
#: Plug-ins of other people.
PLUGINS = REQUIREMENTS.parent / "plugins" / "requirements.txt"
ANSIBLE_REQUIREMENTS = Path(__file__).resolve().parent / "requirements-ansible.txt"
#: Names one wheel; of it only COLLECTION goes into `ansible`.
COLLECTION_REQUIREMENTS = Path(__file__).resolve().parent / "requirements-ansible-collections.txt"
COLLECTION = "ansible_collections/community/general/"
NAMES = ("theirs", "ours", "tests", "plugins", "ansible", "node")
KNOWN = (*NAMES, "browser")
#: What npm reads.
NODE_FILES = tuple(
    Path(__file__).resolve().parent / "node" / name for name in ("package.json", "package-lock.json")
)


class NoWheelError(Exception):
    """There is no wheel of ours to install."""


def wheel() -> Path:
    """The wheel to test: `SUPERVISOR_WHEEL`, or the newest in `dist/`. Raises `NoWheelError`."""
    named = os.environ.get("SUPERVISOR_WHEEL")
    if named:
        path = Path(named).resolve()
        if not path.is_file():
            raise NoWheelError(f"SUPERVISOR_WHEEL names {named}, which is not a file")
        return path
    built = sorted((REPOSITORY / "dist").glob("*.whl"), key=lambda path: path.stat().st_mtime)
    if not built:
        raise NoWheelError("no wheel in dist/: build one first, or name one with SUPERVISOR_WHEEL")
    return built[-1]


def inputs(name: str) -> tuple[list[str], str]:
    """What pip is asked to install into the environment `name`, and a digest of it and of this Python."""
    digest = hashlib.sha256(f"{sys.version}\n{sys.base_prefix}\n".encode())
    if name == "theirs":
        arguments = [THE_ORIGINAL]
    elif name == "ours":
        path = wheel()
        digest.update(path.read_bytes())
        arguments = [str(path)]
    elif name == "plugins":
        digest.update(PLUGINS.read_bytes())
        arguments = ["--no-deps", "-r", str(PLUGINS)]
    elif name == "ansible":
        digest.update(ANSIBLE_REQUIREMENTS.read_bytes() + COLLECTION_REQUIREMENTS.read_bytes())
        arguments = ["-r", str(ANSIBLE_REQUIREMENTS)]
    else:
        digest.update(REQUIREMENTS.read_bytes() + EXAMPLE_REQUIREMENTS.read_bytes())
        arguments = ["-r", str(REQUIREMENTS)]
        if name == "browser":
            digest.update(BROWSER_REQUIREMENTS.read_bytes())
            arguments = ["-r", str(BROWSER_REQUIREMENTS)]
        digest.update("\n".join(WITHOUT_DEPENDENCIES).encode())
    digest.update("\n".join(arguments).encode())
    return arguments, digest.hexdigest()


def prepare(name: str) -> Path:
    """Make the environment `name` unless it is up to date; returns its folder."""
    arguments, digest = inputs(name)
    folder = ENVIRONMENTS / name
    stamp = folder / "stamp"
    if stamp.is_file() and stamp.read_text() == digest:
        return folder
    print(f"making {folder.relative_to(REPOSITORY)}", flush=True)
    stamp.unlink(missing_ok=True)
    venv.EnvBuilder(with_pip=True, clear=True, symlinks=True).create(folder)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", *arguments], check=True)
    if name == "tests":
        subprocess.run([*pip, "install", "--no-deps", *WITHOUT_DEPENDENCIES], check=True)
    if name == "ansible":
        unpack_collection(pip, folder)
    stamp.write_text(digest)
    return folder


def unpack_collection(pip: list[str], folder: Path) -> None:
    """Fetch the wheel that carries COLLECTION and unpack that below `folder`, where Ansible is told to look."""
    with tempfile.TemporaryDirectory() as fetched:
        command = [*pip, "download", "--no-deps", "--dest", fetched, "-r", str(COLLECTION_REQUIREMENTS)]
        subprocess.run(command, check=True)
        for path in Path(fetched).glob("*.whl"):
            with zipfile.ZipFile(path) as archive:
                archive.extractall(
                    folder, [name for name in archive.namelist() if name.startswith(COLLECTION)]
                )


def prepare_node() -> None:
    """Make the folder of npm packages unless it is up to date, or npm is missing."""
    folder = ENVIRONMENTS / "node"
    stamp = folder / "stamp"
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in NODE_FILES)).hexdigest()
    npm = shutil.which("npm")
    if npm is None:
        print("npm is missing: no .environments/node, the tests with clients of npm are skipped", flush=True)
        return
    if stamp.is_file() and stamp.read_text() == digest:
        return
    print(f"making {folder.relative_to(REPOSITORY)}", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    for file in NODE_FILES:
        shutil.copy(file, folder)
    subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True
    )
    stamp.write_text(digest)


def main(names: list[str]) -> int:
    """Prepare the named environments, or those of all but the browser; returns the exit code."""
    unknown = [name for name in names if name not in KNOWN]
    if unknown:
        print(f"unknown environment {unknown[0]}; known are {', '.join(KNOWN)}", file=sys.stderr)
        return 2
    try:
        for name in names or NAMES:
            if name == "node":
                prepare_node()
            else:
                prepare(name)
    except NoWheelError as why:
        print(why, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as why:
        print(f"{' '.join(map(str, why.cmd[:4]))} … ended with code {why.returncode}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
