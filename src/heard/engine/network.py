"""From where somebody asks, as far as a bound goes by it."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

#: A household or a newsroom has all of it, and may ask from another address each time.
HOUSEHOLD_BITS = 64


def network(address: str) -> str:
    """The address, and of IPv6 its network of 64 bits, however it is written; what is no address is as it is.

    An address of IPv4 in the form of IPv6 is that of IPv4 (RFC 4291, section 2.5.5.2).
    """
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if not isinstance(known, IPv6Address):
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return f"{int(known) >> HOUSEHOLD_BITS:x}/{HOUSEHOLD_BITS}"
