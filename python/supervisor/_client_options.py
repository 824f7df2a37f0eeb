"""`ClientOptions`: what the control program would run with, read by the native parser."""

from __future__ import annotations

from types import SimpleNamespace

from supervisor import _engine
from supervisor._options import Options, environment_of, file_name, file_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Any, ClassVar
    from xmlrpc.client import ServerProxy

    from supervisor._options import Factory


class ClientOptions(Options):
    """What `supervisorctl` would run with.

    After `realize` there are `serverurl`, `username`, `password`, `prompt`, `history_file`, `interactive`,
    the command in `args`, and `plugin_factories`: name, factory and arguments of each plug-in, the built-in
    commands first.
    """

    interactive: bool | int = False
    prompt = "supervisor"
    serverurl: str | None = None
    username: str | None = None
    password: str | None = None
    history_file: str | None = None
    plugins: ClassVar[list[Any]] = []
    native_options = _engine.command_line_options(False)

    def __init__(self) -> None:
        from supervisor.supervisorctl import DefaultControllerPlugin

        super().__init__(require_configfile=False)
        self.plugin_factories: list[Factory] = [("default", DefaultControllerPlugin, {})]

    def _read_arguments(self, arguments: list[str]) -> dict[str, Any]:
        said = _engine.read_client_arguments(self.progname, arguments)
        self.interactive = said.get("interactive", False)
        return said

    def read_config(self, fp: str | IO[Any] | None) -> SimpleNamespace:
        """Read a file, by its name or open, or no file; returns `configroot.supervisorctl`.

        Raises ValueError for a mistake in it.
        """
        name = None if fp is None else file_name(fp)
        environment = environment_of(self.environ_expansions)
        read = _engine.read_client_configuration(name, self._overrides, file_text(fp), environment)
        section = SimpleNamespace(**read)
        self.plugin_factories = [
            *self.plugin_factories[:1],
            *self._factories("ctlplugin:", vars(section).pop("plugins")),
        ]
        vars(self).update(vars(section))
        self.configroot.supervisorctl = section
        return section

    def getServerProxy(self) -> ServerProxy:
        """Return a proxy of the server at `serverurl`."""
        from xmlrpc.client import ServerProxy

        from supervisor._transport import SupervisorTransport

        # The address is the transport's business; a proxy accepts none but http.
        transport = SupervisorTransport(self.username, self.password, self.serverurl)
        return ServerProxy("http://127.0.0.1", transport=transport)
