"""Which internet addresses a crew may reach: those that are plainly public, whatever notation they are written in.

An allow-list of address space, because a deny-list forgets notations. Sources: the IANA registries of special-purpose
addresses (RFC 6890), IPv6 global unicast 2000::/3 (RFC 4291), translated IPv4 (RFC 6052, RFC 8215, RFC 7915).
"""

from __future__ import annotations

import ipaddress
import socket

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_WELL_KNOWN_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NOT_PUBLIC = tuple(
    ipaddress.IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")  # protocols, documentation, 6to4
)


def is_public(host: str) -> bool:
    """False for every text that is no address of the public internet; names are not looked up."""
    try:
        return _is_public(ipaddress.ip_address(host))
    except ValueError:
        return False


def is_inside(host: str) -> bool:
    """Whether the host of an address is written as one that is not public, in the odd forms too that resolvers accept:
    127.1, 0x7f000001, 2130706433. A name is not inside: where it leads is seen when a socket connects."""
    try:
        return not _is_public(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        pass
    try:
        return not _is_public(ipaddress.ip_address(socket.inet_aton(host)))
    except (OSError, ValueError):
        return False


def is_named_inside(host: str) -> bool:
    """The same, and whether it is a name that is never one of the public internet."""
    return host == "localhost" or host.endswith((".localhost", ".internal", ".local")) or is_inside(host)


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast
    if address.ipv4_mapped:
        return _is_public(address.ipv4_mapped)
    if address in _WELL_KNOWN_NAT64:  # how an IPv6-only network reaches an IPv4 address
        return _is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    if address.scope_id or address not in _GLOBAL_UNICAST or any(address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global
