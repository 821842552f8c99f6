"""The port to listen on. Imports nothing slow, so an error about the port is shown before models load."""

import contextlib
import ipaddress
import socket

from personalize.errors import SettingsError

THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
"""Hosts that only this machine can reach."""


def free_port(host: str, port: int) -> int:
    """The port to listen on: `port` itself, or a free one for 0. The function tests it by binding it once.

    Raises:
        SettingsError: the port is in use, or this machine does not have the host's address.
    """
    with bound_socket(host, port) as probe:
        return int(probe.getsockname()[1])


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket at an address of this machine, which does not listen yet. At `::` it takes IPv4 too.

    Args:
        host: a name, or an address of IPv4 or IPv6, also in the brackets of a URL.
        port: 0 for a free one.

    Raises:
        SettingsError: the port is in use, or this machine does not have the host's address.
    """
    host = without_brackets(host)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
        bound = socket.socket(family, kind, protocol)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            bound.bind(address)
        except BaseException:
            bound.close()
            raise
    except (OSError, UnicodeError) as error:  # a name that no host can have is a UnicodeError
        raise SettingsError(
            f"Expected to listen on {host} port {port}, found: {getattr(error, 'strerror', '') or error}. "
            "Choose another with --port (0 takes a free one) or --host."
        ) from None
    return bound


def is_any(host: str) -> bool:
    """Whether a host means every address of this machine, such as 0.0.0.0 and `::`."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(without_brackets(host)).is_unspecified
    return False


def without_brackets(host: str) -> str:
    """An address of IPv6 without the brackets that it has in a URL."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host
