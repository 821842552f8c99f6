"""The port to listen on. Imports nothing slow, so an error about the port is shown before models load."""

import socket

from personalize.errors import SettingsError

THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
"""Hosts that only this machine can reach."""


def free_port(host: str, port: int) -> int:
    """The port to listen on: `port` itself, or a free one for 0. The function tests it by binding it once.

    Raises:
        SettingsError: the port is in use, or this machine does not have the host's address.
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
