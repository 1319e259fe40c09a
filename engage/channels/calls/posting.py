"""One POST to a checked address: no redirect, a few seconds, a small answer, and what it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from engage.channels.base import Accepted, NotSent, Outcome, Rejected, Unknown
from engage.channels.calls.addresses import (
    ForbiddenAddressError,
    Network,
    UnknownHostError,
    checked_address,
    is_inner,
)

SECONDS = 5.0
MOST_BYTES = 64 * 1024
PORTS = frozenset({443, 8443})
_GONE = frozenset({408, 425, 429})
_LONGEST = 3600.0


def post(url: str, body: bytes, headers: Mapping[str, str], *, allowed: Sequence[Network]) -> Outcome:
    """Posts JSON; what was not clearly taken or refused is Unknown, and the caller knows whether a double hurts."""
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = parts.hostname or ""
        address = checked_address(host, port, allowed=allowed)
    except ValueError:
        return Rejected("the URL cannot be read")
    except ForbiddenAddressError as error:
        return Rejected(str(error))
    except UnknownHostError as error:
        return NotSent(str(error))
    if not is_inner(address, allowed=allowed) and (parts.scheme != "https" or port not in PORTS):
        return Rejected(f"public addresses are called over https on {' or '.join(map(str, sorted(PORTS)))} only")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    said = {"Host": parts.netloc.rpartition("@")[2], "Content-Type": "application/json", **headers}
    return _call(_pool(parts.scheme, address, port, host), path, body, said)


def _pool(scheme: str, address: str, port: int, host: str) -> HTTPConnectionPool:
    timeout = Timeout(connect=SECONDS, read=SECONDS)
    if scheme == "https":
        return HTTPSConnectionPool(
            address, port, timeout=timeout, retries=False, server_hostname=host, assert_hostname=host
        )
    return HTTPConnectionPool(address, port, timeout=timeout, retries=False)


def _call(pool: HTTPConnectionPool, path: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
    try:
        response = pool.request("POST", path, body=body, headers=headers, redirect=False, preload_content=False)
        try:
            response.read(MOST_BYTES)
        finally:
            response.close()
        return _outcome(response)
    except (NewConnectionError, ConnectTimeoutError) as error:
        return NotSent(f"no connection ({type(error).__name__})")
    except (HTTPError, OSError) as error:
        return Unknown(f"no answer ({type(error).__name__})")
    finally:
        pool.close()


def _outcome(response: BaseHTTPResponse) -> Outcome:
    status = response.status
    if 200 <= status < 300:
        return Accepted()
    if status in _GONE:
        return NotSent(f"answered {status}", _retry_after(response))
    if 300 <= status < 500:
        return Rejected(f"answered {status}")
    return Unknown(f"answered {status}")


def _retry_after(response: BaseHTTPResponse) -> float:
    try:
        return min(max(float(response.headers.get("Retry-After", "60")), 1.0), _LONGEST)
    except ValueError:
        return 60.0
