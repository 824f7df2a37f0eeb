"""The stub of the extension module says what is in it."""

from __future__ import annotations

import os
import subprocess
import sysconfig

import pytest

from harness.under_test import REPOSITORY, chosen

TOOLS = REPOSITORY / ".environments/tools/bin/python"


@pytest.mark.skipif(not TOOLS.exists(), reason="the tools are not installed: make lint")
def test_the_stub_is_what_the_module_is() -> None:
    version = sysconfig.get_python_version()
    packages = chosen().prefix / f"lib/python{version}/site-packages"
    done = subprocess.run(
        [str(TOOLS), "-m", "mypy.stubtest", "supervisor._engine"],
        # Away from the checkout, whose package has no extension module.
        cwd=packages,
        env={**os.environ, "PYTHONPATH": str(packages), "MYPY_CACHE_DIR": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
