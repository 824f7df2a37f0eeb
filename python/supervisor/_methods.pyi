"""The methods of the XML-RPC interface, for type checkers; made from the method table.

``proxy.supervisor`` of an ``xmlrpc.client.ServerProxy`` is a `SupervisorMethods`.
"""

from typing import Any, Protocol

class SupervisorMethods(Protocol):
    """The namespace `supervisor`."""

    def getAPIVersion(self) -> str:
        """Tells the version of this interface."""

    def getVersion(self) -> str:
        """Tells the version of this interface, under its old name."""

    def getSupervisorVersion(self) -> str:
        """Tells which Supervisor answers, and its version."""

    def getIdentification(self) -> str:
        """Tells the identifier that the configuration gives this daemon."""

    def getState(self) -> dict[str, Any]:
        """Tells the state of the daemon."""

    def getPID(self) -> int:
        """Tells the daemon's pid."""

    def readLog(self, offset: int, length: int) -> str:
        """Reads a part of the main log."""

    def readMainLog(self, offset: int, length: int) -> str:
        """Reads a part of the main log, under its old name."""

    def shutdown(self) -> bool:
        """Stops all processes, then the daemon."""

    def restart(self) -> bool:
        """Stops all processes, reads the configuration again and starts anew in the same process."""

    def reloadConfig(self) -> list[Any]:
        """Reads the configuration again and tells what differs from the groups in use; applies nothing."""

    def addProcessGroup(self, name: str) -> bool:
        """Takes a group of the configuration, as it was read last, into use."""

    def removeProcessGroup(self, name: str) -> bool:
        """Lets go of a group whose processes are all stopped."""

    def startProcess(self, name: str, wait: bool = True) -> bool:
        """Starts a process."""

    def startProcessGroup(self, name: str, wait: bool = True) -> list[Any]:
        """Starts all processes of a group that are not running, in the order of their priorities."""

    def startAllProcesses(self, wait: bool = True) -> list[Any]:
        """Starts all processes that are not running, in the order of their priorities."""

    def stopProcess(self, name: str, wait: bool = True) -> bool:
        """Stops a process."""

    def stopProcessGroup(self, name: str, wait: bool = True) -> list[Any]:
        """Stops all running processes of a group."""

    def stopAllProcesses(self, wait: bool = True) -> list[Any]:
        """Stops all running processes."""

    def signalProcess(self, name: str, signal: str) -> bool:
        """Sends a signal to a process."""

    def signalProcessGroup(self, name: str, signal: str) -> list[Any]:
        """Sends a signal to all processes of a group."""

    def signalAllProcesses(self, signal: str) -> list[Any]:
        """Sends a signal to all processes."""

    def getAllConfigInfo(self) -> list[Any]:
        """Tells what the configuration, as it was read last, says of every process."""

    def getProcessInfo(self, name: str) -> dict[str, Any]:
        """Tells about a process."""

    def getAllProcessInfo(self) -> list[Any]:
        """Tells about all processes, by group and name."""

    def readProcessStdoutLog(self, name: str, offset: int, length: int) -> str:
        """Reads a part of a process' standard output log."""

    def readProcessLog(self, name: str, offset: int, length: int) -> str:
        """Reads a part of a process' standard output log, under its old name."""

    def readProcessStderrLog(self, name: str, offset: int, length: int) -> str:
        """Reads a part of a process' standard error log."""

    def tailProcessStdoutLog(self, name: str, offset: int, length: int) -> list[Any]:
        """Reads the end of a process' standard output log, to be called again and again."""

    def tailProcessLog(self, name: str, offset: int, length: int) -> list[Any]:
        """Reads the end of a process' standard output log, under its old name."""

    def tailProcessStderrLog(self, name: str, offset: int, length: int) -> list[Any]:
        """Reads the end of a process' standard error log, to be called again and again."""

    def clearLog(self) -> bool:
        """Empties the main log."""

    def clearProcessLogs(self, name: str) -> bool:
        """Empties the logs of a process' output, if it runs."""

    def clearProcessLog(self, name: str) -> bool:
        """Empties the logs of a process' output, if it runs, under its old name."""

    def clearAllProcessLogs(self) -> list[Any]:
        """Empties the logs of all running processes."""

    def sendProcessStdin(self, name: str, chars: str) -> bool:
        """Writes a text, as UTF-8, to the standard input of a process."""

    def sendRemoteCommEvent(self, type: str, data: str) -> bool:
        """Sends a message to the event listeners that subscribe to REMOTE_COMMUNICATION."""

class SystemMethods(Protocol):
    """The namespace `system`."""

    def listMethods(self) -> list[Any]:
        """Lists the methods that can be called."""

    def methodHelp(self, name: str) -> str:
        """Explains a method."""

    def methodSignature(self, name: str) -> list[Any]:
        """Tells the types of a method: what it returns, then what it takes."""

    def multicall(self, calls: list[Any]) -> list[Any]:
        """Makes several calls, one after the other, each when the one before is answered."""
