"""A mail server on this machine that answers as it is told."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import SMTP


@dataclass
class Mail:
    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> Message:
        return message_from_bytes(self.raw, policy=SMTP)


@dataclass
class MailServer:
    """`replies` are given in place of 250, by the beginning of the command; `None` hangs up."""

    port: int = 0
    mails: list[Mail] = field(default_factory=list)
    replies: dict[str, str | None] = field(default_factory=dict)


@contextmanager
def mail_server() -> Iterator[MailServer]:
    told = MailServer()

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 ready")
            sender, recipients = "", []
            while line := self.rfile.readline().decode().strip():
                verb = line.upper()
                reply = self.reply_to(verb)
                if reply is None:
                    return
                if verb == "DATA" and reply.startswith("354"):
                    self.say(reply)
                    raw = self.read_data()
                    told.mails.append(Mail(sender, recipients, raw))
                    reply = told.replies.get("END", "250 taken")
                    if reply is None:
                        return
                elif verb.startswith("MAIL FROM:"):
                    sender, recipients = line[10:].split()[0], []
                elif verb.startswith("RCPT TO:") and reply.startswith("250"):
                    recipients.append(line[8:].strip("<> "))
                self.say(reply)
                if verb == "QUIT":
                    return

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def reply_to(self, verb: str) -> str | None:
            for beginning, reply in told.replies.items():
                if verb.startswith(beginning):
                    return reply
            return {"DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 fine")

        def read_data(self) -> bytes:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line)
            return b"".join(lines)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        server.daemon_threads = True
        told.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()
