"""The Python side of Supervisor: the original's module names, on a Rust engine.

The programs ``supervisord`` and ``supervisorctl`` are native and start no interpreter. This package is for
the code that imports it: clients of the XML-RPC interface, event listeners, and plug-ins.
"""
