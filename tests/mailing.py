"""A real mail server for tests, on a port of its own, with and without encryption."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from tests.certificates import HOST
from tests.serving import free_port


class Mailbox:
    """What the server has taken: (recipients, message as text)."""

    def __init__(self) -> None:
        self.taken: list[tuple[list[str], str]] = []
        self.refused: set[str] = set()
        self.signed_in: list[str] = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address in self.refused:
            return f"550 no such user {address}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.taken.append((envelope.rcpt_tos, envelope.content.decode()))
        return "250 OK"

    def sign_in(self, server, session, envelope, mechanism, data):
        self.signed_in.append(f"{data.login.decode()}:{data.password.decode()}")
        return AuthResult(success=data.password == b"right")


@contextmanager
def mail_server(mailbox: Mailbox, pem: Path | None = None, *, how: str = "off") -> Iterator[int]:
    """A server that fills ``mailbox``; gives its port. ``how`` as LACRIMA_SMTP_TLS says it."""
    context = None
    if pem is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)

    class Server(Controller):
        def factory(self):
            return SMTP(
                mailbox,
                tls_context=context if how == "starttls" else None,
                require_starttls=how == "starttls",
                authenticator=mailbox.sign_in,
                auth_require_tls=how == "starttls",  # it does not see that "tls" is encrypted
            )

    port = free_port()
    server = Server(
        mailbox, hostname=HOST, port=port, ssl_context=context if how == "tls" else None
    )
    server.start()
    try:
        yield port
    finally:
        server.stop()
