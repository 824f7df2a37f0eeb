"""Whole configurations: includes, %(here)s, numprocs, groups, repeated sections, and the examples of every kind of line."""

from __future__ import annotations

from conftest import Prepare, Supervise
from harness.daemon import Daemon, program


def names(daemon: Daemon) -> list[str]:
    """All processes as `group:name`."""
    return [f"{info['group']}:{info['name']}" for info in daemon.rpc.getAllProcessInfo()]


IDLE = "command = sleep 1000\nautostart = false\n"


def test_included_files_are_read_in_order_and_named_in_the_log(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("[include]\nfiles = conf.d/*.conf other/*.ini")
    for name in ("conf.d/b.conf", "conf.d/a.conf", "conf.d/c.txt", "other/o.ini"):
        daemon.write(name, f"[program:{name.partition('/')[2][0]}]\n{IDLE}")
    daemon.start()
    assert names(daemon) == ["a:a", "b:b", "o:o"]
    included = [line for line in daemon.log_lines() if "Included" in line]
    assert included == [
        f'INFO Included extra file "{daemon.folder}/{name}" during parsing'
        for name in ("conf.d/a.conf", "conf.d/b.conf", "other/o.ini")
    ]


def test_an_include_that_matches_nothing_is_warned_of(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("[include]\nfiles = conf.d/*.conf")
    daemon.start()
    daemon.wait_log(f'WARN No file matches via include "{daemon.folder}/conf.d/*.conf"')


def test_an_include_in_an_included_file_is_not_followed(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("[include]\nfiles = one.ini")
    daemon.write("one.ini", f"[program:one]\n{IDLE}\n[include]\nfiles = two.ini\n")
    daemon.write("two.ini", f"[program:two]\n{IDLE}")
    daemon.start()
    assert names(daemon) == ["one:one"]


def test_here_in_an_included_file_is_the_folder_of_that_file(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("[include]\nfiles = %(here)s/conf.d/*.conf")
    daemon.write(
        "conf.d/x.conf",
        f"[program:x]\ncommand = {program('recorder', '%(here)s/report')}\nstartsecs = 0\n"
        "stdout_logfile = %(here)s/x.log\n",
    )
    daemon.start()
    daemon.wait_file("conf.d/report")
    assert daemon.info("x")["stdout_logfile"] == f"{daemon.folder}/conf.d/x.log"


def test_a_later_file_overrides_options_of_the_same_section(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure(f"[program:x]\n{IDLE}stdout_logfile = %(here)s/one.log\n[include]\nfiles = more.ini\n")
    daemon.write("more.ini", "[program:x]\nstdout_logfile = %(here)s/two.log\n")
    daemon.start()
    assert daemon.info("x")["stdout_logfile"] == f"{daemon.folder}/two.log"


def test_numprocs_makes_that_many_processes_with_their_numbers(supervise: Supervise) -> None:
    daemon = supervise(
        """
        [program:worker]
        command = sleep 1000
        autostart = false
        numprocs = 4
        numprocs_start = 7
        process_name = %(program_name)s_%(process_num)02d
        stdout_logfile = %(here)s/%(program_name)s-%(process_num)d.log
        """
    )
    assert names(daemon) == [f"worker:worker_{number:02}" for number in (7, 8, 9, 10)]
    assert daemon.info("worker:worker_08")["stdout_logfile"] == f"{daemon.folder}/worker-8.log"


def test_every_process_of_numprocs_runs_with_its_own_command(supervise: Supervise) -> None:
    daemon = supervise(
        f"""
        [program:w]
        command = {program("recorder", "%(here)s/report-%(process_num)d", "%(process_num)d/%(numprocs)d")}
        startsecs = 0
        numprocs = 2
        process_name = %(process_num)d
        """
    )
    for number in range(2):
        assert f'"arguments": ["{number}/2"]' in daemon.wait_file(f"report-{number}")


def test_numprocs_0_is_a_group_without_processes(supervise: Supervise) -> None:
    daemon = supervise("[program:none]\ncommand = sleep 1000\nnumprocs = 0\n")
    assert names(daemon) == []
    assert daemon.rpc.startProcessGroup("none") == []


def test_members_of_a_group_have_left_their_own(supervise: Supervise) -> None:
    daemon = supervise(
        """
        [group:g]
        programs = b, a
        [program:a]
        command = sleep 1000
        autostart = false
        [program:b]
        command = sleep 1000
        autostart = false
        [program:c]
        command = sleep 1000
        autostart = false
        """
    )
    assert names(daemon) == ["c:c", "g:a", "g:b"]


def test_a_group_starts_in_the_order_of_its_list_and_groups_by_priority(supervise: Supervise) -> None:
    running = "command = sleep 1000\nstartsecs = 0\n"
    daemon = supervise(
        f"[group:late]\nprograms = z, y\npriority = 50\n[program:y]\n{running}[program:z]\n{running}"
        f"[program:early]\n{running}priority = 10\n"
    )
    for name in ("early", "late:y", "late:z"):
        daemon.wait_state(name, "RUNNING")
    pids = {name: daemon.info(name)["pid"] for name in ("early", "late:z", "late:y")}
    daemon.expect_log(
        [f"INFO spawned: '{name.rpartition(':')[2]}' with pid {pid}" for name, pid in pids.items()],
        only="spawned: ",
    )


def test_repeated_sections_are_merged_and_the_later_value_wins(supervise: Supervise) -> None:
    daemon = supervise(
        "[program:x]\ncommand = sleep 1\nautostart = false\n"
        "[program:x]\ncommand = sleep 1000\nstdout_logfile = %(here)s/x.log\n"
    )
    info = daemon.info("x")
    assert (info["statename"], info["stdout_logfile"]) == ("STOPPED", f"{daemon.folder}/x.log")


def test_the_many_ways_to_write_an_option(supervise: Supervise) -> None:
    daemon = supervise(
        f"""
        # a comment
        ; another
        [program:x] ; behind a section
        Command: {program("recorder", "%(here)s/report")}   ; behind a value
           one
           # between the lines of a value
           two
        AUTOSTART =  Yes
        startsecs=0
        directory = /usr  # behind a value

        """
    )
    text = daemon.wait_file("report")
    assert '"arguments": ["one", "two"]' in text
    assert '"directory": "/usr"' in text


def test_windows_line_ends_are_read(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure(f"[program:x]\n{IDLE}")
    daemon.config.write_bytes(daemon.config.read_bytes().replace(b"\n", b"\r\n"))
    daemon.start()
    assert names(daemon) == ["x:x"]


def test_two_unix_servers_and_an_inet_server(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure(f"[unix_http_server:second]\nfile = %(here)s/two.sock\n[program:x]\n{IDLE}", inet="")
    daemon.start()
    for url in (None, f"unix://{daemon.folder}/two.sock", f"http://127.0.0.1:{daemon.port}"):
        assert daemon.ctl("pid", url=url).out == f"{daemon.started_as}\n"
    assert daemon.log_lines().count("INFO RPC interface 'supervisor' initialized") == 3
    daemon.stop()
    assert daemon.sockets() == []


def test_options_of_the_daemon_may_use_here_and_env(prepare: Prepare) -> None:
    daemon = prepare()
    daemon.configure("", supervisord="identifier = %(ENV_NAME_OF_IT)s")
    text = daemon.config.read_text().replace(str(daemon.folder), "%(here)s")
    daemon.config.write_text(text)
    daemon.start(env={"NAME_OF_IT": "from outside"})
    assert daemon.rpc.getIdentification() == "from outside"
    assert daemon.log.exists()
    assert daemon.pidfile.exists()
