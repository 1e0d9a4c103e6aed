"""A sign-in provider on this machine, on Authlib's own server parts, over HTTPS; a test bends what it issues."""

from __future__ import annotations

import base64
import hmac
import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from pathlib import Path
from threading import Thread
from typing import Any

import requests
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode, UserInfo
from flask import Flask, Response, request
from joserfc import jwk, jwt
from werkzeug.serving import make_server

from tests.secure_server import LOOPBACK, certificate_files

CLIENT, SECRET = "central", "a secret of the client"
Claims = dict[str, Any]


class _Client(ClientMixin):  # type: ignore[misc]
    def __init__(self, redirect: str) -> None:
        self.redirect = redirect

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> str:
        return self.redirect

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.redirect

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return (method, endpoint) == ("client_secret_basic", "token")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


def _by_hand(header: Mapping[str, str], claims: Claims, secret: str) -> str:
    """What no library signs: nothing at all, or with a secret that both know."""
    parts = [base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in (header, claims)]
    mark = hmac.digest(secret.encode(), b".".join(parts), "sha256") if secret else b""
    return b".".join([*parts, base64.urlsafe_b64encode(mark).rstrip(b"=")]).decode()


@dataclass
class _Code:
    code: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    claims: Claims

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int | None:
        return None

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


@dataclass
class Provider:
    """What it says of the person who asks: `claims`. `bend` changes the claims of a token before it is signed, `header` its header."""

    redirect: str
    now: Callable[[], datetime]
    issuer: str = ""
    claims: Claims = field(default_factory=lambda: {"sub": "u-1", "preferred_username": "ada", "groups": ["clerks"]})
    bend: Callable[[Claims], Claims] = lambda claims: claims
    header: Mapping[str, str] = field(default_factory=dict)
    down: bool = False
    published: Claims = field(default_factory=dict)
    key: Any = field(default_factory=lambda: jwk.generate_key("EC", "P-256", {"kid": "k-1"}))
    signs: Any = None
    codes: dict[str, _Code] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)

    def rotate(self) -> None:
        """Sign with a new key and publish only that."""
        self.key = jwk.generate_key("EC", "P-256", {"kid": "k-2"})

    def sign_in(self, address: str, trust: str) -> str:
        """What the browser of its user does there: the address to come back to."""
        found = requests.post(address, verify=trust, allow_redirects=False, timeout=20)
        assert found.status_code == 302, found.text
        return str(found.headers["Location"])

    def token(self, issued: Claims) -> Claims:
        """Sign again what Authlib issued, as the test bends it."""
        at = int(self.now().timestamp())
        claims = json.loads(json.dumps(jwt.decode(issued["id_token"], self.key, algorithms=["ES256"]).claims))
        claims |= {"iat": at, "exp": at + 300, "auth_time": at}
        header = {"alg": "ES256", "kid": self.key.kid, **self.header}
        bent, algorithm = self.bend(claims), header["alg"]
        if algorithm in {"none", "HS256"}:
            issued["id_token"] = _by_hand(header, bent, SECRET if algorithm == "HS256" else "")
        else:
            issued["id_token"] = jwt.encode(header, bent, self.signs or self.key, algorithms=[algorithm])
        return issued

    def app(self) -> Flask:
        """Its addresses."""
        provider, app = self, Flask("provider")
        server = AuthorizationServer(app, query_client=self._client, save_token=lambda *_: None)

        class Grant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
            TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

            def save_authorization_code(self, code: str, asked: Any) -> None:
                data = asked.payload.data
                provider.codes[code] = _Code(
                    code, data["redirect_uri"], data["scope"], data.get("nonce", ""), data["code_challenge"],
                    data["code_challenge_method"], dict(provider.claims),
                )  # fmt: skip

            def query_authorization_code(self, code: str, client: Any) -> _Code | None:
                del client
                return provider.codes.get(code)

            def delete_authorization_code(self, authorization_code: _Code) -> None:
                del provider.codes[authorization_code.code]

            def authenticate_user(self, authorization_code: _Code) -> Claims:
                return authorization_code.claims

        class Token(OpenIDCode):  # type: ignore[misc]
            def exists_nonce(self, nonce: str, asked: Any) -> bool:
                del asked
                return any(one.nonce == nonce for one in provider.codes.values())

            def get_client_algorithm(self, client: Any) -> str:
                del client
                return "ES256"

            def get_client_claims(self, client: Any) -> Claims:
                del client
                return {"iss": provider.issuer}

            def resolve_client_private_key(self, client: Any) -> Any:
                del client
                return provider.key

            def generate_user_info(self, user: Claims, scope: str) -> UserInfo:
                del scope
                return UserInfo(**user)

        server.register_grant(Grant, [Token(require_nonce=True), CodeChallenge(required=True)])

        @app.before_request
        def _note() -> Response | None:
            provider.fetched.append(request.path)
            return Response("down", 503) if provider.down else None

        @app.get("/.well-known/openid-configuration")
        def _discovery() -> Claims:
            at = provider.issuer
            return {
                "issuer": at, "authorization_endpoint": f"{at}/authorize", "token_endpoint": f"{at}/token",
                "jwks_uri": f"{at}/keys", "end_session_endpoint": f"{at}/out", **provider.published,
            }  # fmt: skip

        @app.get("/keys")
        def _keys() -> Claims:
            return {"keys": [{**provider.key.as_dict(private=False), "use": "sig"}]}

        @app.get("/authorize")
        def _ask() -> str:
            where = escape(request.full_path)
            return f"<form method=post action='{where}'><button>Sign in as {provider.claims['sub']}</button></form>"

        @app.post("/authorize")
        def _go() -> Any:
            return server.create_authorization_response(grant_user=provider.claims, grant=server.get_consent_grant())

        @app.post("/token")
        def _token() -> Any:
            found = server.create_token_response()
            return provider.token(found.get_json()) if found.status_code == 200 else found

        @app.get("/out")
        def _out() -> str:
            return "Signed out at the provider"

        return app

    def _client(self, client_id: str) -> _Client | None:
        return _Client(self.redirect) if client_id == CLIENT else None


@contextmanager
def running(provider: Provider, folder: Path) -> Iterator[str]:
    """The provider at its address; the file of the authority to trust."""
    certificate, key = certificate_files(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = make_server(LOOPBACK, 0, provider.app(), threaded=True, ssl_context=context)
    provider.issuer = f"https://{LOOPBACK}:{server.server_port}"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield certificate
    finally:
        server.shutdown()
        server.server_close()
