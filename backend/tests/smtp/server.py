"""The mail server of the tests: aiosmtpd, told by its arguments how to behave.

It says `PORT n` when it listens, writes each letter it takes as a line of JSON (as Python's own `email` reads
it) into a file, and ends when its standard input is closed, so that it never outlives who started it.

    python server.py --letters FILE [--port N] [--tls starttls|implicit] [--user NAME --password WORD]
                     [--greylist ADDRESS] [--refuse ADDRESS] [--refuse-sender] [--slow SECONDS]

The certificate beside this file is for localhost and 127.0.0.1 and is signed by ca.pem, whose key is gone.
"""

import argparse
import asyncio
import email
import email.policy
import json
import pathlib
import re
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

FOLDER = pathlib.Path(__file__).resolve().parent


class Handler:
    def __init__(self, options):
        self.options = options
        self.greylisted = set(options.greylist)

    async def handle_MAIL(self, server, session, envelope, address, mail_options):
        if self.options.refuse_sender:
            return "553 5.7.1 This sender is not yours"
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address in self.greylisted:
            self.greylisted.remove(address)
            return f"451 4.7.1 <{address}>: come again later"
        if address in self.options.refuse:
            return f"550 5.1.1 <{address}>: no such mailbox"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        text = message.get_body(("plain",))
        html = message.get_body(("html",))
        words = text.get_content() if text else ""
        line = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": [[name, str(value)] for name, value in message.items()],
            "type": message.get_content_type(),
            "defects": [str(defect) for part in message.walk() for defect in part.defects],
            "subject": str(message["subject"]),
            "text": words,
            "html": html.get_content() if html else "",
            "links": re.findall(r"https?://\S+", words.split("\n-- \n")[0]),
            "ascii": envelope.content.isascii(),
            "tls": server.transport.get_extra_info("sslcontext") is not None,
            "user": session.auth_data.decode() if session.auth_data else None,
            "peer": list(session.peer),
        }
        with open(self.options.letters, "a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
        # The letter is there already: who waits no longer than this will send it again.
        await asyncio.sleep(self.options.slow)
        return "250 2.0.0 Taken"


def authenticator(options):
    def check(server, session, envelope, mechanism, data):
        if data.login.decode() == options.user and data.password.decode() == options.password:
            return AuthResult(success=True, auth_data=data.login)
        return AuthResult(success=False, handled=False)

    return check


async def serve(options):
    certificate = None
    if options.tls:
        certificate = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificate.load_cert_chain(FOLDER / "server.pem", FOLDER / "server.key")
    starttls = options.tls == "starttls"
    handler = Handler(options)

    def connection():
        return SMTP(
            handler,
            hostname="mail.epos.test",
            enable_SMTPUTF8=True,
            tls_context=certificate if starttls else None,
            require_starttls=starttls,
            authenticator=authenticator(options) if options.user else None,
            auth_required=options.user is not None,
            auth_require_tls=starttls,
        )

    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        connection, "127.0.0.1", options.port, ssl=certificate if options.tls == "implicit" else None
    )
    print("PORT", listening.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--letters", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", choices=["starttls", "implicit"])
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--greylist", action="append", default=[])
    parser.add_argument("--refuse", action="append", default=[])
    parser.add_argument("--refuse-sender", action="store_true")
    parser.add_argument("--slow", type=float, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(serve(arguments()))
