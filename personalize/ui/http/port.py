"""The port to listen on, found before anything slow begins; imports nothing slow itself."""

import socket

from personalize.errors import SettingsError


def free_port(host: str, port: int) -> int:
    """The port to listen on: `port` itself, or a free one for 0. Found by binding it once.

    Raises:
        SettingsError: the port is in use, or the host is no address of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(
                f"Expected to listen on {host} port {port}, found: {error.strerror or error}. "
                "Choose another with --port (0 takes a free one) or --host."
            ) from None
        return int(probe.getsockname()[1])
