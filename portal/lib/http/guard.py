"""Which addresses a call may go to: the defence against server-side request forgery.

The syntax is judged before anything is resolved; then every address of the name must be public or inside a network
that the operator has opened. The transport connects to the very address that was judged here.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from portal.lib.http.causes import CallError, Cause, Sent

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_FORBIDDEN_SIGNS = re.compile(r"[\x00-\x20\x7f\\]|[^\x00-\x7f]")
_LOCAL_NAMES = ("localhost", "internal", "local", "localdomain", "home.arpa", "onion")

# Ranges that `is_global` of the standard library calls global although no backend of a city lives there: IPv4 inside
# IPv6 in five spellings, site-local, SRv6, multicast, relays, benchmarks, reserved.
_NEVER: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"),
        *("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64"),
        *("2001::/32", "2002::/16", "5f00::/16", "fec0::/10", "ff00::/8"),
    )
)


@dataclass(frozen=True)
class NetworkPolicy:
    """What the operator has opened beyond public https."""

    allowed_networks: tuple[Network, ...] = ()
    allow_http: bool = False

    @classmethod
    def of(cls, networks: Iterable[str], *, allow_http: bool) -> NetworkPolicy:
        """Raises ValueError for a network that is none."""
        return cls(tuple(ipaddress.ip_network(text) for text in networks), allow_http)


@dataclass(frozen=True)
class Target:
    """A judged URL. `host` is lower case without brackets; `literal` is set when it is an address."""

    scheme: str
    host: str
    port: int
    path: str
    literal: Address | None

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        standard = self.port == (443 if self.scheme == "https" else 80)
        return f"{self.scheme}://{host}{'' if standard else f':{self.port}'}{self.path}"


def _refuse(detail: str, cause: Cause = Cause.FORBIDDEN_ADDRESS) -> CallError:
    return CallError(cause, Sent.NO, detail)


def _literal(host: str, *, bracketed: bool) -> Address | None:
    if bracketed:
        if "%" in host:
            raise _refuse("an address with a zone")
        try:
            return ipaddress.IPv6Address(host)
        except ValueError as error:
            raise _refuse("not an IPv6 address", Cause.CONFIG) from error
    # `getaddrinfo` reads 127.1, 2130706433, 0x7f.1 and 0177.0.0.1 as addresses: only the strict dotted quad is one here.
    if _NUMERIC.fullmatch(host.rsplit(".", 1)[-1]):
        try:
            return ipaddress.IPv4Address(host)
        except ValueError as error:
            raise _refuse("a host that ends in a number must be a plain IPv4 address") from error
    return None


def _check_name(host: str) -> None:
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise _refuse("not a host name", Cause.CONFIG)
    if host in _LOCAL_NAMES or host.endswith(tuple("." + name for name in _LOCAL_NAMES)):
        raise _refuse("a name of this machine or its private network")


def judge_url(url: str, policy: NetworkPolicy) -> Target:
    """Syntax, scheme, host and, for a literal address, the address. Raises CallError (CONFIG, FORBIDDEN_ADDRESS)."""
    if len(url) > 4000 or _FORBIDDEN_SIGNS.search(url):
        raise _refuse("an address with controls, spaces, backslashes or non-ASCII signs, or too long", Cause.CONFIG)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refuse("not an address", Cause.CONFIG) from error
    if parts.scheme not in (("https", "http") if policy.allow_http else ("https",)):
        raise _refuse("the address must start with https://", Cause.CONFIG)
    if "@" in parts.netloc or "%" in parts.netloc or parts.fragment or not parts.hostname or port == 0:
        raise _refuse("an address with user information, escapes in the host, a fragment, or no host", Cause.CONFIG)
    host = parts.hostname.lower()
    bracketed = parts.netloc.startswith("[")
    if not bracketed:
        host = host.removesuffix(".")
    literal = _literal(host, bracketed=bracketed)
    if literal is None:
        _check_name(host)
    elif not is_allowed(literal, policy):
        raise _refuse("the address is not a public one")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path, literal)


def is_allowed(address: Address, policy: NetworkPolicy) -> bool:
    """Public, or inside a network that the operator has opened."""
    if getattr(address, "scope_id", None):
        return False
    if any(address.version == network.version and address in network for network in policy.allowed_networks):
        return True
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return not any(address.version == network.version and address in network for network in _NEVER)


def judge_addresses(answers: Iterable[str], policy: NetworkPolicy) -> tuple[Address, ...]:
    """All answers of one resolution, IPv4 first; one bad address refuses the name. Raises CallError."""
    found: list[Address] = []
    for text in answers:
        try:
            address = ipaddress.ip_address(text)
        except ValueError as error:
            raise _refuse("the name resolves to something that is no address") from error
        if not is_allowed(address, policy):
            raise _refuse("the name resolves to an address that is not a public one")
        if address not in found:
            found.append(address)
    if not found:
        raise _refuse("the name has no address", Cause.DNS)
    return tuple(sorted(found, key=lambda address: address.version))
