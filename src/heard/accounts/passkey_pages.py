"""Adding a passkey, and signing in with one: what the script of the pages asks for and sends.

Nobody types who they are, so nothing here tells whether there is an account: the passkey says it, with its signature.
"""

from __future__ import annotations

import base64
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from heard.accounts import callers, commands, factors, passkeys
from heard.accounts.factors import Passkey
from heard.accounts.own import HOUSE, NO_STORE, must_be_fresh, signed_in, site
from heard.accounts.pages import begins_at
from heard.accounts.passkeys import ALGORITHMS, Said
from heard.engine.entry import new_id
from heard.engine.errors import NotAllowed, Refused, TooLarge

#: More than any passkey says.
SENT_MAX = 64 * 1024


def routes() -> list[BaseRoute]:
    return [
        Route("/account/passkey/asked/", asked_to_add, methods=["POST"]),
        Route("/account/passkey/", add, methods=["POST"]),
        Route("/account/sign-in/asked/", asked_to_sign_in, methods=["POST"]),
        Route("/account/sign-in/", sign_in, methods=["POST"]),
    ]


async def asked_to_add(request: Request) -> Response:
    serving, caller = signed_in(request)
    must_be_fresh(request, serving, caller)
    me, journal, here = caller.account, serving.node.journal, site(request)
    return JSONResponse(
        {
            "challenge": passkeys.challenge(_secret(serving), "webauthn.create", me.id),
            "rp": {"id": here.name, "name": HOUSE},
            "user": {"id": _text(me.id.encode()), "name": me.email, "displayName": me.name or me.email},
            "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in ALGORITHMS],
            "authenticatorSelection": {"residentKey": "required", "userVerification": "required"},
            "attestation": "none",
            "excludeCredentials": [{"type": "public-key", "id": id} for id in factors.credentials_of(journal, me.id)],
        },
        headers=NO_STORE,
    )


async def add(request: Request) -> Response:
    serving, caller = signed_in(request)
    must_be_fresh(request, serving, caller)
    me, said, here = caller.account.id, await _sent(request), site(request)
    proved = passkeys.registered(_secret(serving), here, me, said)
    if factors.passkey(serving.node.journal, said.id):
        raise Refused(commands.WRONG_PASSKEY)
    factor = new_id()
    factors.keep_passkey(serving.node.journal, said.id, Passkey(me, factor, proved.key, here.name))
    try:
        added = commands.add_factor(me, factor, "passkey", said.label, proved.count, proved.challenge)
        await serving.do(added, by=me)
    except Refused:
        factors.forget(serving.node.journal, factor)
        raise
    response = JSONResponse({"to": "/account/?done=added"}, headers=NO_STORE)
    callers.let_in(request, response, serving.vault, me, factor)
    return response


async def asked_to_sign_in(request: Request) -> Response:
    serving, here = request.app.state.serving, site(request)
    asked = {
        "challenge": passkeys.challenge(_secret(serving), "webauthn.get"),
        "rpId": here.name,
        "userVerification": "required",
    }
    return JSONResponse(asked, headers=NO_STORE)


async def sign_in(request: Request) -> Response:
    serving, said, here = request.app.state.serving, await _sent(request), site(request)
    known = factors.passkey(serving.node.journal, said.id)
    if known is None or known.site != here.name:
        # An unknown one is looked at as any other, against a key that nobody has: the words and the time are the same.
        known = NOBODYS
    try:
        proved = passkeys.asserted(_secret(serving), here, known.key, known.account, said)
        entry = commands.sign_in(known.account, known.factor, proved.count, proved.challenge)
        await serving.do(entry, by=known.account)
    except Refused as refusal:
        if refusal.details.get("counted_back"):  # a copy of it is about; whoever looks at the journal should know
            await serving.do(commands.fail_factor(known.account, "passkey"), by=known.account)
        raise NotAllowed(refusal.message) from None
    response = JSONResponse({"to": begins_at(serving.tables, known.account)}, headers=NO_STORE)
    callers.let_in(request, response, serving.vault, known.account, known.factor)
    return response


def _nobodys() -> Passkey:
    """A key whose secret half was thrown away, of no account."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return Passkey("", "", key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), "")


NOBODYS = _nobodys()


async def _sent(request: Request) -> Said:
    """Raises Refused, TooLarge."""
    body = await request.body()
    if len(body) > SENT_MAX:
        raise TooLarge("This is more than any passkey says. Nothing was changed.")
    try:
        return msgspec.json.decode(body, type=Said)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused(commands.WRONG_PASSKEY) from None


def _secret(serving: Any) -> bytes:
    secret: bytes = serving.vault.secret("challenges")
    return secret


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
