"""What a browser carries, encrypted, while its user is at the provider: nothing is stored for someone who never returns."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hmac import compare_digest

from authlib.common.security import generate_token
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from serverkit.clock import iso, parse_time
from serverkit.openid.errors import SignInStateError
from serverkit.secrets_box import SecretBox, SecretUnreadableError

LIFE = timedelta(minutes=10)
LETTERS = 48
LONGEST_NEXT = 1000


@dataclass(frozen=True, slots=True)
class Flow:
    """One sign-in that was begun; `again` confirms a session that is there, `next` is where the browser goes on to."""

    state: str
    nonce: str
    verifier: str
    next: str
    again: bool
    begun_at: str

    def __repr__(self) -> str:
        """Never show the secrets."""
        return f"Flow(again={self.again})"

    @classmethod
    def begin(cls, next_path: str, now: datetime, *, again: bool) -> Flow:
        """A new one."""
        fine = next_path if len(next_path) <= LONGEST_NEXT else "/"
        return cls(generate_token(LETTERS), generate_token(LETTERS), generate_token(LETTERS), fine, again, iso(now))

    @property
    def challenge(self) -> str:
        """What the provider is told of the verifier (PKCE, S256)."""
        found: str = create_s256_code_challenge(self.verifier)
        return found

    def seal(self, box: SecretBox) -> str:
        """What the browser keeps."""
        return box.encrypt(json.dumps(asdict(self)))

    @classmethod
    def open(cls, box: SecretBox, sealed: str, state: str, now: datetime) -> Flow:
        """The flow that a browser brings back with this state; SignInStateError."""
        try:
            found = cls(**json.loads(box.decrypt(sealed)))
            begun = parse_time(found.begun_at)
        except (SecretUnreadableError, ValueError, TypeError) as error:
            raise SignInStateError from error
        if not compare_digest(found.state.encode(), state.encode("utf-8", "replace")) or not (
            timedelta(0) <= now - begun <= LIFE
        ):
            raise SignInStateError
        return found
