"""The original's own unit tests, run against the package `supervisor` of ours.

`cannot.py` lists the tests that cannot pass, each with its reason; the list has to be exact.
"""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from pathlib import Path

import pytest

from harness.under_test import UnderTest
from upstream.cannot import CANNOT, EITHER
from upstream.fetch import FOLDER, is_there

RUN = Path(__file__).with_name("run.py")

#: Those that concern what other packages and people use. The rest tests the inside of what is native here.
MODULES = (
    "childutils confecho datatypes end_to_end events http_client loggers pidproxy rpcinterfaces socket_manager "
    "states supervisorctl xmlrpc "
    "options.OptionTests options.ClientOptionsTests options.UnhosedConfigParserTests options.UtilFunctionsTests "
    "options.SignalReceiverTests options.ProcessGroupConfigTests options.FastCGIGroupConfigTests"
).split()

pytestmark = pytest.mark.skipif(not is_there(), reason="run compat-tests/upstream/fetch.py first")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("module", MODULES)
def test_the_originals_own_tests_pass_but_for_those_of_the_list(
    module: str, under_test: UnderTest, tmp_path: Path
) -> None:
    if not under_test.ours:
        pytest.skip("the original's own business")
    command = [
        under_test.program("python"),
        str(RUN),
        str(FOLDER),
        f"test_{module}",
        sysconfig.get_path("purelib"),
    ]
    # A test that looks at lines of a terminal knows of no colours.
    environment = {
        **os.environ,
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        "END_TO_END": "1",
        "PYTHONWARNINGS": "ignore",
    }
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    outcomes: dict[str, str] = json.loads(done.stdout)
    assert outcomes, "no tests were found"
    either = EITHER.get(module, {})
    failed = {
        test: outcome
        for test, outcome in outcomes.items()
        if outcome not in ("ok", "skipped") and test not in either
    }
    listed = CANNOT.get(module, {})
    assert {test: outcome for test, outcome in failed.items() if test not in listed} == {}, "not listed"
    assert set(listed) - set(failed) == set(), "listed, and does not fail"
