"""A provider as this server uses it: found by discovery, its keys fetched again when they changed, its answers verified.

Nothing is called by the way of a redirect, every answer has a bound and a time-out, and no algorithm is taken from a message
that is not one of those below. What a caller is told never repeats an answer; the log names the cause.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import quote, urlencode

from authlib.common.encoding import to_native
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oidc.core.util import create_half_hash
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from serverkit.called_addresses import Network
from serverkit.clock import parse_time
from serverkit.endpoints import read_url
from serverkit.http.client import Target, call
from serverkit.http.stages import CallFailedError
from serverkit.http.texts import members_once
from serverkit.log import get_logger
from serverkit.openid.errors import ProviderAnswerError, ProviderRefusedError, ProviderUnreachableError
from serverkit.openid.flow import Flow

ALGORITHMS: Mapping[str, str] = {
    "RS256": "RSA", "RS384": "RSA", "RS512": "RSA", "PS256": "RSA", "PS384": "RSA", "PS512": "RSA",
    "ES256": "EC", "ES384": "EC", "ES512": "EC", "EdDSA": "OKP",
}  # fmt: skip
"""How an ID token may be signed, and the type of key for it: never with a shared secret, never not at all."""
KNOWN = timedelta(hours=1)
"""How long what discovery said, and the keys, are used before they are fetched again."""
MOST_BYTES, MOST_TOKEN = 256 * 1024, 32 * 1024
_WORDS = frozenset(
    {"access_denied", "login_required", "interaction_required", "consent_required", "account_selection_required",
     "temporarily_unavailable", "server_error", "invalid_scope", "unauthorized_client", "invalid_request"}
)  # fmt: skip
"""Errors of a provider that are repeated; another one is not."""


@dataclass(frozen=True, slots=True)
class Client:
    """How this server is known to a provider. `secret` is empty for a public client."""

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    redirect: str
    scopes: Sequence[str]
    skew: timedelta
    seconds: float
    ca: str | None = field(default=None, repr=False)
    allowed: Sequence[Network] = ()


class Provider:
    """One provider; what it published is kept for a while."""

    def __init__(self, client: Client) -> None:
        """Nothing is called yet."""
        self.client = client
        self._published: tuple[datetime, dict[str, Any]] | None = None
        self._keys: tuple[datetime, list[dict[str, Any]]] | None = None

    def address(self, flow: Flow, now: datetime) -> str:
        """Where the browser goes; ProviderUnreachableError."""
        published, client = self.published(now), self.client
        more = {"prompt": "login", "max_age": "0"} if flow.again else {}
        found: str = prepare_grant_uri(
            published["authorization_endpoint"], client.client_id, "code", client.redirect, " ".join(client.scopes),
            flow.state, nonce=flow.nonce, code_challenge=flow.challenge, code_challenge_method="S256", **more,
        )  # fmt: skip
        return found

    def sign_out_address(self, now: datetime, back: str) -> str | None:
        """Where the browser ends the session at the provider; None where it has no such place."""
        where = self.published(now).get("end_session_endpoint")
        if not isinstance(where, str) or not where.startswith("https://"):
            return None
        asked = {"client_id": self.client.client_id, "post_logout_redirect_uri": back}
        return f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}"

    def finish(self, flow: Flow, answer: Mapping[str, str], now: datetime) -> dict[str, Any]:
        """The verified claims of who came back; ProviderRefusedError, ProviderAnswerError, ProviderUnreachableError."""
        published = self.published(now)
        by = answer.get("iss")
        if by != self.client.issuer and (by or published.get("authorization_response_iss_parameter_supported") is True):
            _refuse("the answer comes from another issuer")
        if "error" in answer:
            word = answer["error"] if answer["error"] in _WORDS else "another error"
            get_logger().warning("provider_sign_in_refused", cause=word)
            raise ProviderRefusedError("the sign-in provider did not let you in: {word}", word=word.replace("_", " "))
        if not answer.get("code"):
            _refuse("the answer holds no code")
        tokens = self._redeem(published, flow, answer["code"])
        claims = self._verified(published, tokens["id_token"], flow.nonce, now)
        half = claims.get("at_hash")
        if half is not None and half != _half_hash(tokens, str(claims["_alg"])):
            _refuse("the ID token belongs to another access token")
        if flow.again:
            at = claims.get("auth_time")
            if not isinstance(at, int | float) or at < (parse_time(flow.begun_at) - self.client.skew).timestamp():
                _refuse("the provider did not ask again")
        return claims

    def published(self, now: datetime) -> dict[str, Any]:
        """What discovery says; ProviderUnreachableError for what is missing, not https, or of another issuer."""
        if self._published is not None and timedelta(0) <= now - self._published[0] < KNOWN:
            return self._published[1]
        found = self._get(f"{self.client.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self.client.issuer:
            _unreachable("discovery names another issuer")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not isinstance(found.get(name), str) or not found[name].startswith("https://"):
                _unreachable(f"discovery has no {name} with https")
        self._published = (now, found)
        return found

    def keys(self, published: Mapping[str, Any], now: datetime, *, fresh: bool = False) -> list[dict[str, Any]]:
        """Its public keys; ProviderUnreachableError."""
        if not fresh and self._keys is not None and timedelta(0) <= now - self._keys[0] < KNOWN:
            return self._keys[1]
        found = self._get(published["jwks_uri"]).get("keys")
        if not isinstance(found, list):
            _unreachable("the key set has no keys")
        self._keys = (now, [one for one in found if isinstance(one, dict)])
        return self._keys[1]

    def _redeem(self, published: Mapping[str, Any], flow: Flow, code: str) -> dict[str, Any]:
        client = self.client
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        more = {"code": code, "code_verifier": flow.verifier}
        methods = published.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if client.secret and "client_secret_basic" in methods:
            login = f"{quote(client.client_id, safe='')}:{quote(client.secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
        else:
            more |= {"client_id": client.client_id, **({"client_secret": client.secret} if client.secret else {})}
        body: str = prepare_token_request("authorization_code", redirect_uri=client.redirect, **more)
        status, found = self._call("POST", published["token_endpoint"], body.encode(), headers)
        if status >= 500:
            _unreachable(f"the token endpoint answered {status}")
        if status != 200 or not isinstance(found.get("id_token"), str) or len(found["id_token"]) > MOST_TOKEN:
            _refuse(f"the token endpoint answered {status}, or no ID token")
        return found

    def _verified(self, published: Mapping[str, Any], text: str, nonce: str, now: datetime) -> dict[str, Any]:
        algorithm, key_id = _header(text)
        kind = ALGORITHMS.get(algorithm)
        if kind is None:
            _refuse("the ID token is signed in a way that is not allowed")
        found = _fitting(self.keys(published, now), kind, key_id)
        if not found:  # the provider changed its keys
            found = _fitting(self.keys(published, now, fresh=True), kind, key_id)
        claims = next((one for key in found if (one := _opened(text, key, algorithm)) is not None), None)
        if claims is None:
            _refuse("no key of the provider signed the ID token")
        client = self.client
        registry = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=int(client.skew.total_seconds()),
            iss={"essential": True, "value": client.issuer},
            aud={"essential": True, "value": client.client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            registry.validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            _refuse(f"the ID token is not valid: {type(error).__name__} {getattr(error, 'claim', '') or ''}".strip())
        audience, party = claims["aud"], claims.get("azp")
        if (isinstance(audience, list) and len(audience) > 1 and party is None) or party not in {
            None,
            client.client_id,
        }:
            _refuse("the ID token is for another party")
        subject = claims["sub"]
        if not isinstance(subject, str) or not 1 <= len(subject) <= 255 or not subject.isprintable():
            _refuse("the ID token has no usable subject")
        return {**claims, "_alg": algorithm}

    def _get(self, url: str) -> dict[str, Any]:
        status, found = self._call("GET", url, b"", {})
        if status != 200:
            _unreachable(f"{url} answered {status}")
        return found

    def _call(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        try:
            where = read_url(url, {"https": 443})
            target = Target(f"https://{where.authority}", ca=self.client.ca, allowed=self.client.allowed)
            answer = call(
                target, method, where.path or "/", body, seconds=self.client.seconds, most_bytes=MOST_BYTES,
                more_headers={"Accept": "application/json", **headers},
            )  # fmt: skip
            found = json.loads(answer.body or b"{}", object_pairs_hook=members_once)
        except CallFailedError as error:
            _unreachable(str(error))
        except (ValueError, RecursionError):
            _unreachable(f"{method} at the provider brought no JSON, or its address is none")
        if not isinstance(found, dict):
            _unreachable("the provider answered no object")
        return answer.status, found


def _half_hash(tokens: Mapping[str, Any], algorithm: str) -> str:
    found = create_half_hash(str(tokens.get("access_token", "")), algorithm)
    return str(to_native(found)) if found else ""


def _header(text: str) -> tuple[str, str | None]:
    try:
        part = text.split(".", maxsplit=1)[0]
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)), object_pairs_hook=members_once)
        algorithm, key_id = header["alg"], header.get("kid")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        _refuse("the ID token has no header that can be read")
    if "crit" in header or not isinstance(algorithm, str) or not isinstance(key_id, str | None):
        _refuse("the ID token has a header that is not allowed")
    return algorithm, key_id


def _fitting(keys: Sequence[Mapping[str, Any]], kind: str, key_id: str | None) -> list[Mapping[str, Any]]:
    return [
        one
        for one in keys
        if one.get("kty") == kind and one.get("use") in {None, "sig"} and (key_id is None or one.get("kid") == key_id)
    ]


def _opened(text: str, key: Mapping[str, Any], algorithm: str) -> dict[str, Any] | None:
    try:
        found = jwt.decode(text, jwk.import_key(dict(key)), algorithms=[algorithm]).claims
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return found if isinstance(found, dict) else None


def _unreachable(cause: str) -> NoReturn:
    get_logger().warning("provider_unreachable", cause=cause[:300])
    raise ProviderUnreachableError


def _refuse(cause: str) -> NoReturn:
    get_logger().warning("provider_answer_refused", cause=cause[:300])
    raise ProviderAnswerError
