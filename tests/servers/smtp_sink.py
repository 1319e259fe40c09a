"""A minimal SMTP server that accepts everything and keeps its own log.

`python -m tests.servers.smtp_sink --log FILE` prints its port. The log gets one line per accepted message (our message
id, the recipient and the Message-ID) before the server says 250, so that it lists what was taken over whatever the
client saw. A message to `kill…` is taken, and the process that sent it is killed before it is answered (once for each).
"""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path

from tests.servers.killing import Victims, kill_peer

MARK, ID = b"X-Engage-Message: ", b"Message-ID: "


class Sink:
    """What the server does with a message, and the faults it was asked for."""

    def __init__(self, log: Path | None, latency: float = 0.0, keep: Path | None = None) -> None:
        self.count = 0
        self.latency = latency
        self.victims = Victims()
        self._keep = keep
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if log else None

    def take(self, recipient: bytes, content: bytes) -> bytes:
        """Logs a message and says which it was."""
        self.count += 1
        head = content[: content.find(b"\r\n\r\n") + 2]
        message_id = _value(head, MARK)
        if self._log is not None:
            os.write(self._log, b" ".join([message_id, recipient, _value(head, ID)]) + b"\n")
        if self._keep is not None:
            (self._keep / f"{self.count}.eml").write_bytes(content.replace(b"\r\n..", b"\r\n."))
        return message_id


def _value(head: bytes, name: bytes) -> bytes:
    start = head.find(b"\r\n" + name) + 2
    return head[start + len(name) : head.find(b"\r\n", start)] if start > 1 else b"-"


class Connection(asyncio.Protocol):
    """One client; commands are answered in order, however many arrive together."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._buffer = bytearray()
        self._in_content = False
        self._recipient = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        replies: list[bytes] = []
        while (reply := self._next()) is not None:
            replies.append(reply)
        if not replies:
            return
        if self._sink.latency:
            asyncio.get_running_loop().call_later(self._sink.latency, self._write, b"".join(replies))
        else:
            self._write(b"".join(replies))

    def _write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    def _next(self) -> bytes | None:
        """The answer to the next whole command or message in the buffer; None when there is none yet."""
        end = self._buffer.find(b"\r\n.\r\n" if self._in_content else b"\r\n")
        if end < 0:
            return None
        chunk = bytes(self._buffer[:end])
        del self._buffer[: end + (5 if self._in_content else 2)]
        if self._in_content:
            self._in_content = False
            message_id = self._sink.take(self._recipient, chunk)
            if self._sink.victims.is_one(self._recipient.decode(), message_id.decode()):
                here, there = (self._transport.get_extra_info(end)[1] for end in ("sockname", "peername"))
                kill_peer(here, there)
            return b"250 taken\r\n"
        return self._command(chunk)

    def _command(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"EHLO":
            return b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
        if verb == b"RCPT":
            address = line[line.find(b"<") + 1 : line.rfind(b">")]
            if address.startswith(b"reject"):
                return b"550 no such user\r\n"
            if address.startswith(b"later"):
                return b"451 try again later\r\n"
            self._recipient = self._recipient or address
        elif verb == b"DATA":
            if not self._recipient:
                return b"503 no recipient\r\n"
            self._in_content = True
            return b"354 go on\r\n"
        elif verb in (b"MAIL", b"RSET"):
            self._recipient = b""
        elif verb == b"QUIT":
            self._transport.close()
            return b"221 bye\r\n"
        return b"250 ok\r\n"


async def serve(sink: Sink, port: int) -> None:
    """Serves until the process is ended; prints the port when it listens."""
    server = await asyncio.get_running_loop().create_server(lambda: Connection(sink), "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, help="file that gets one line per accepted message")
    parser.add_argument("--keep", type=Path, help="folder that gets every message as a file")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each reply")
    options = parser.parse_args()
    asyncio.run(serve(Sink(options.log, options.latency, options.keep), options.port))


if __name__ == "__main__":
    main()
