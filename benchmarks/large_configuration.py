"""Large configurations, and the time that each of the two takes to read one."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from harness.under_test import UnderTest

FILES = 200
READ = Path(__file__).resolve().parent / "read_configuration.py"


def write_configuration(folder: Path, programs: int) -> Path:
    """A configuration of so many programs in 200 included files, as people write them."""
    included = folder / "conf.d"
    included.mkdir(parents=True)
    for file in range(FILES):
        numbers = range(file, programs, FILES)
        text = "".join(
            f"[program:worker{number}]\n"
            f"command = /bin/sleep {number} ; the program\n"
            f"directory = %(here)s\n"
            f'environment = NUMBER="{number}",MODE="production",HOME_OF_IT="%(ENV_HOME)s"\n'
            f"autostart = false\nstartsecs = 5\nstopwaitsecs = 30\npriority = {number % 10}\n"
            f"stdout_logfile = %(here)s/%(program_name)s.log\nredirect_stderr = true\n\n"
            for number in numbers
        )
        (included / f"{file:03}.conf").write_text(text)
    main = folder / "supervisord.conf"
    main.write_text(
        f"[supervisord]\nlogfile = {folder}/supervisord.log\npidfile = {folder}/supervisord.pid\n"
        "[include]\nfiles = conf.d/*.conf\n"
    )
    return main


def reading_time(under_test: UnderTest, configuration: Path, programs: int) -> float:
    """Milliseconds of a whole command that reads the configuration and starts nothing."""
    if under_test.ours:
        command = [under_test.program("supervisord"), "--check", "-c", str(configuration)]
        expected = f"{configuration}: no problems; supervisord would start\n"
    else:
        command = [under_test.program("python"), str(READ), str(configuration)]
        expected = f"{programs}\n"
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    taken = (time.perf_counter() - begin) * 1000
    if done.returncode != 0 or done.stdout != expected:
        raise RuntimeError(f"{command} failed: {done.stdout[-1000:]}{done.stderr[-1000:]}")
    return taken
