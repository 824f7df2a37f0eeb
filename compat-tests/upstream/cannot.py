"""The original's own tests that cannot pass here, each with its reason.

Whatever is not listed passes; `test_upstream.py` sees to it that the list is exact.
"""

from __future__ import annotations

HELP = "help is written anew, and the test looks for the original's words"
PRIVATE = "looks at private methods of the original's commands; they are native"
SERVER = "looks at the headers of the connection, which is the engine's"
DAEMON = "calls the method with a pretended daemon of Python; methods ask the native one, which compat-tests do with a real one"


def _tests(reason: str, group: str, names: str) -> dict[str, str]:
    """Return the tests of a class with their reason."""
    return {f"{group}.{name}": reason for name in names.split()}


#: By module: test and reason.
CANNOT: dict[str, dict[str, str]] = {
    "options.ClientOptionsTests": {
        "test_read_config_unreadable": "replaces the method that opens the file; it is opened natively",
    },
    "rpcinterfaces": {
        **_tests(
            DAEMON,
            "SupervisorNamespaceXMLRPCInterfaceTests",
            """
            test_addProcessGroup test_clearAllProcessLogs test_clearAllProcessLogs_no_processes
            test_clearAllProcessLogs_onefails test_clearLog test_clearLog_unreadable
            test_clearLog_unremoveable test_clearProcessLogAliasedTo_clearProcessLogs
            test_clearProcessLogs test_clearProcessLogs_bad_name_no_group
            test_clearProcessLogs_bad_name_no_process test_clearProcessLogs_failed
            test_getAPIVersion test_getAPIVersion_aliased_to_deprecated_getVersion
            test_getAllConfigInfo test_getAllConfigInfo_filters_types_not_compatible_with_xmlrpc
            test_getAllProcessInfo test_getIdentification test_getPID test_getProcessInfo
            test_getProcessInfo_bad_name_when_bad_process
            test_getProcessInfo_bad_name_when_no_process
            test_getProcessInfo_caps_timestamps_exceeding_xmlrpc_maxint
            test_getProcessInfo_logfile_NONE test_getProcessInfo_unknown_state test_getState
            test_getSupervisorVersion test_readLog test_readLog_aliased_to_deprecated_readMainLog
            test_readLog_badargs test_readLog_unreadable
            test_readProcessLogAliasedTo_readProcessStdoutLog test_readProcessStderrLog
            test_readProcessStderrLog_bad_name_no_process test_readProcessStderrLog_badargs
            test_readProcessStderrLog_unreadable test_readProcessStdoutLog
            test_readProcessStdoutLog_bad_name_no_process test_readProcessStdoutLog_badargs
            test_readProcessStdoutLog_unreadable test_reloadConfig
            test_reloadConfig_process_config_raises_ValueError test_removeProcessGroup
            test_removeProcessGroup_bad_name test_removeProcessGroup_still_running test_restart
            test_sendProcessStdin_raises_bad_name_when_bad_process
            test_sendProcessStdin_raises_bad_name_when_no_process
            test_sendProcessStdin_raises_incorrect_params_when_not_chars
            test_sendProcessStdin_raises_no_file_when_write_raises_epipe
            test_sendProcessStdin_raises_not_running_when_killing
            test_sendProcessStdin_raises_not_running_when_not_process_pid
            test_sendProcessStdin_reraises_other_oserrors
            test_sendProcessStdin_unicode_encoded_to_utf8
            test_sendProcessStdin_writes_chars_and_returns_true
            test_sendRemoteCommEvent_notifies_subscribers
            test_sendRemoteCommEvent_unicode_encoded_to_utf8 test_shutdown
            test_signalAllProcesses_with_signal_name test_signalAllProcesses_with_signal_number
            test_signalProcessGroup_nosuchgroup test_signalProcessGroup_with_signal_name
            test_signalProcessGroup_with_signal_number test_signalProcess_badsignal
            test_signalProcess_notrunning test_signalProcess_signal_returns_message
            test_signalProcess_stopping test_signalProcess_with_signal_name
            test_signalProcess_with_signal_number test_signalProcess_withgroup
            test_startAllProcesses test_startAllProcesses_nowait test_startProcess
            test_startProcessGroup test_startProcessGroup_badname test_startProcessGroup_nowait
            test_startProcess_abnormal_term_process_not_running test_startProcess_already_started
            test_startProcess_bad_command test_startProcess_bad_group_name
            test_startProcess_bad_process_name test_startProcess_file_not_executable
            test_startProcess_file_not_found test_startProcess_nowait test_startProcess_spawnerr
            test_startProcess_spawnerr_in_onwait test_startProcess_splat_calls_startProcessGroup
            test_startProcess_success_in_onwait test_startProcess_unknown_state
            test_stopAllProcesses test_stopAllProcesses_nowait test_stopProcess
            test_stopProcessGroup test_stopProcessGroup_badname test_stopProcessGroup_nowait
            test_stopProcess_NDY_in_onwait test_stopProcess_bad_name test_stopProcess_failed
            test_stopProcess_not_running test_stopProcess_nowait
            test_stopProcess_splat_calls_stopProcessGroup test_stopProcess_success_in_onwait
            test_tailProcessLogAliasedTo_tailProcessStdoutLog test_tailProcessStderrLog_all
            test_tailProcessStderrLog_bad_name test_tailProcessStderrLog_bad_name_no_process
            test_tailProcessStderrLog_none test_tailProcessStderrLog_overflow
            test_tailProcessStderrLog_unreadable test_tailProcessStdoutLog_all
            test_tailProcessStdoutLog_bad_name test_tailProcessStdoutLog_bad_name_no_process
            test_tailProcessStdoutLog_none test_tailProcessStdoutLog_overflow
            test_tailProcessStdoutLog_unreadable
            """,
        ),
        **_tests(
            DAEMON,
            "SystemNamespaceXMLRPCInterfaceTests",
            """
            test_multicall_nested_callback
            """,
        ),
    },
    "supervisorctl": {
        **_tests(
            HELP,
            "ControllerTests",
            """
            test_do_help_for_help
            """,
        ),
        **_tests(
            HELP,
            "TestDefaultControllerPlugin",
            """
            test_avail_help test_exit_help test_maintail_help test_quit_help test_reload_help
            test_reread_help test_shutdown_help test_update_help test_version_help
            """,
        ),
        **_tests(
            PRIVATE,
            "TestDefaultControllerPlugin",
            """
            test__formatChanges test__formatConfigInfo test_reread
            """,
        ),
    },
    "xmlrpc": {
        **_tests(
            SERVER,
            "TestDeferredXMLRPCResponse",
            """
            test_getresponse_http_10_no_keepalive test_getresponse_http_10_with_keepalive
            test_getresponse_http_11_with_close test_getresponse_http_unknown
            """,
        ),
    },
}

#: By module: tests that pass or fail by chance, and why.
EITHER: dict[str, dict[str, str]] = {
    "end_to_end": {
        "EndToEndTests.test_issue_638": (
            "waits for the line of a child's exit behind that of its output; the two are written by two threads "
            "here, in either order"
        ),
    },
}
