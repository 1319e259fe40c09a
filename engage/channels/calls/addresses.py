"""Where a call may go: public addresses, and inner ones only where a setting allows them.

A name is resolved once and the call connects to the very address that was checked: a name that answers differently
the second time gains nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Addresses that carry an IPv4 address inside: what they lead to may be our own network.
_WRAPPED = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")))


class ForbiddenAddressError(Exception):
    """The name leads to where no call may go."""


class UnknownHostError(Exception):
    """The name leads nowhere at the moment."""


def networks(said: Iterable[str]) -> tuple[Network, ...]:
    """The networks of a setting; raises ValueError for what is none."""
    return tuple(ip_network(text) for text in said)


def checked_address(host: str, port: int, *, allowed: Sequence[Network]) -> str:
    """The address to connect to; raises ForbiddenAddressError when any of the host's addresses is not to be called."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnknownHostError(f"{host} cannot be found") from error
    addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    for address in addresses:
        if not may_be_called(address, allowed=allowed):
            raise ForbiddenAddressError(f"{host} leads to {address}, which is not public")
    return str(addresses[0])


def is_inner(host_address: str, *, allowed: Sequence[Network]) -> bool:
    """Whether an address is called only because a setting allows it."""
    return any(_plain(ip_address(host_address)) in network for network in allowed)


def may_be_called(address: Address, *, allowed: Sequence[Network]) -> bool:
    """Whether a call may go to this address."""
    plain = _plain(address)
    if any(plain in network for network in allowed if network.version == plain.version):
        return True
    if plain.is_multicast or any(plain in network for network in _WRAPPED if network.version == plain.version):
        return False
    return plain.is_global


def _plain(address: Address) -> Address:
    """The IPv4 address behind one that is written as IPv6."""
    return getattr(address, "ipv4_mapped", None) or address
