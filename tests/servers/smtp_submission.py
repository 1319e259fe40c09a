"""A mail server that takes mail only over TLS and after a login, as a company's own does; by aiosmtpd, not by us.

`python -m tests.servers.smtp_submission --log FILE --certificate FILE` prints its port; `--implicit` speaks TLS from
the start, else by STARTTLS. User `sender`, password `geheim`. The log gets a line per message: our id, the envelope's
sender, the recipients. Addresses choose refusals: `refuse-550-5.1.1-…@` at RCPT, `content-…` after the content.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import ssl
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

_REFUSED = re.compile(r"(refuse|content)-(\d{3})-([\d.]+)-")
_OUR_ID = re.compile(rb"^X-Engage-Message: (\S+)", re.MULTILINE)


class Desk:
    """What the server says to each recipient and each message."""

    def __init__(self, log: Path) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:
        if refusal := self._refusal("refuse", address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        for address in envelope.rcpt_tos:
            if refusal := self._refusal("content", address):
                return refusal
        content = envelope.original_content or b""
        found = _OUR_ID.search(content.partition(b"\r\n\r\n")[0])
        line = f"{found[1].decode() if found else '-'} {envelope.mail_from} {' '.join(envelope.rcpt_tos)}\n"
        os.write(self._log, line.encode())
        return "250 2.0.0 taken"

    def _refusal(self, when: str, address: str) -> str | None:
        found = _REFUSED.match(address)
        return f"{found[2]} {found[3]} {address}: refused" if found and found[1] == when else None


def authenticate(_server: Any, _session: Any, _envelope: Any, mechanism: str, data: Any) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"sender", b"geheim")
    return AuthResult(success=known, handled=known or mechanism not in ("LOGIN", "PLAIN"))


async def serve(log: Path, certificate: Path, *, implicit: bool, port: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    desk = Desk(log)

    def made() -> SMTP:
        return SMTP(
            desk,
            tls_context=None if implicit else context,
            require_starttls=not implicit,
            authenticator=authenticate,
            auth_required=True,
            auth_require_tls=not implicit,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(made, "127.0.0.1", port, ssl=context if implicit else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--certificate", type=Path, required=True)
    parser.add_argument("--implicit", action="store_true")
    options = parser.parse_args()
    asyncio.run(serve(options.log, options.certificate, implicit=options.implicit, port=options.port))


if __name__ == "__main__":
    main()
