"""A push service on loopback, and a browser that is subscribed to it. It imports nothing of ours: what it makes of a
message it makes from the RFCs (8030, 8188, 8291, 8292).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Message:
    """What the service took: its fields, and its body, which it cannot read."""

    def __init__(self, path: str, fields: dict[str, str], body: bytes) -> None:
        self.path, self.fields, self.body, self.came_at = path, fields, body, time.time()


class PushService(ThreadingHTTPServer):
    """`status` is what it answers, with `retry_after` beside it if that is anything."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.taken: list[Message] = []
        self.asked = 0
        self.status, self.retry_after = 201, ""

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answers(BaseHTTPRequestHandler):
    server: PushService

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.asked += 1
        if self.server.status == 201:
            fields = {name.lower(): said for name, said in self.headers.items()}
            self.server.taken.append(Message(self.path, fields, body))
        self.send_response(self.server.status)
        if self.server.retry_after:
            self.send_header("Retry-After", self.server.retry_after)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


class Subscriber:
    """A browser that has an address at a service, and the keys that it made for it."""

    def __init__(self, origin: str, name: str = "a-browser") -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.public = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.auth, self.address = os.urandom(16), f"{origin}/to/{name}"

    def tells(self) -> dict[str, str]:
        """What its script tells the server."""
        return {"address": self.address, "key": packed(self.public), "auth": packed(self.auth)}

    def reads(self, message: Message) -> Any:
        return json.loads(opened(self.private, self.auth, message.body))


def opened(private: ec.EllipticCurvePrivateKey, auth: bytes, body: bytes) -> bytes:
    """RFC 8291, section 3.4, read from right to left, by HMAC alone; InvalidTag for what is for another."""
    salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
    theirs, sealed = body[21 : 21 + length], body[21 + length :]
    assert size >= 18 and len(sealed) <= size, "one record, whole"
    shared = private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
    ours = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    secret = _mac(_mac(auth, shared), b"WebPush: info\0" + ours + theirs + b"\x01")
    drawn = _mac(salt, secret)
    key = _mac(drawn, b"Content-Encoding: aes128gcm\0\x01")[:16]
    nonce = _mac(drawn, b"Content-Encoding: nonce\0\x01")[:12]
    words = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0")
    assert words.endswith(b"\x02"), "the mark of the last record"
    return words[:-1]


def signed(authorization: str) -> tuple[dict[str, Any], str]:
    """What a sender says of itself, and its public key; InvalidSignature where that is not true (RFC 8292)."""
    scheme, _, said = authorization.partition(" ")
    parts = dict(one.strip().split("=", 1) for one in said.split(","))
    assert scheme == "vapid"
    head, claims, signature = parts["t"].split(".")
    assert json.loads(unpacked(head)) == {"typ": "JWT", "alg": "ES256"}
    raw = unpacked(signature)
    assert len(raw) == 64
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unpacked(parts["k"]))
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
    found: dict[str, Any] = json.loads(unpacked(claims))
    return found, parts["k"]


def _mac(key: bytes, words: bytes) -> bytes:
    return hmac.new(key, words, hashlib.sha256).digest()


def packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
