"""The demo identities of the local stack and its signed tokens."""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

AUDIENCE = "stepcrew-local"
TOKEN_SECONDS = 3600
ALGORITHM = "RS256"
SCOPE = "openid email profile"


@dataclass(frozen=True)
class Identity:
    """Someone to sign in as, by one click."""

    name: str
    description: str
    group_id: str
    groups: tuple[str, ...]
    roles: tuple[str, ...]
    """Each `<group>:<role>`."""

    @property
    def claims(self) -> dict[str, Any]:
        return {
            "sub": f"local|{self.name}",
            "name": self.name.capitalize(),
            "email": f"{self.name}@stepcrew.localhost",
            "email_verified": True,
            "group_id": self.group_id,
            "groups": list(self.groups),
            "role": list(self.roles),
        }


IDENTITIES = {
    identity.name: identity
    for identity in (
        Identity(
            "ada",
            "admin in the groups demo and research",
            "demo",
            ("demo", "research"),
            ("demo:admin", "research:admin"),
        ),
        Identity("bob", "admin in the group other, who sees nothing of Ada's", "other", ("other",), ("other:admin",)),
        Identity("mia", "member of the group demo, who runs crews and decides", "demo", ("demo",), ("demo:member",)),
        Identity("vera", "viewer in the group demo, who may only read", "demo", ("demo",), ("demo:viewer",)),
    )
}


class TokenIssuer:
    """Signs tokens with a key of its own and publishes what checks them.

    `url` is the issuer's address; tokens name it and the API accepts only it.
    """

    def __init__(self, url: str, key: RSAPrivateKey) -> None:
        self.url = url
        self._key = key
        public = key.public_key()
        encoded = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self._key_id = hashlib.sha256(encoded).hexdigest()[:16]
        described: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(public))
        self.jwks = {"keys": [{**described, "kid": self._key_id, "use": "sig", "alg": ALGORITHM}]}

    def token(
        self, identity: Identity, *, audience: str = AUDIENCE, seconds: int = TOKEN_SECONDS, **claims: Any
    ) -> str:
        """A signed token for the identity, valid from now on; `claims` add to or replace its own."""
        now = int(time.time())
        payload = {
            **identity.claims,
            "iss": self.url,
            "aud": audience,
            "iat": now,
            "nbf": now,
            "exp": now + seconds,
            "scope": SCOPE,
            **claims,
        }
        return jwt.encode(payload, self._key, ALGORITHM, headers={"kid": self._key_id})

    def claims_of(self, token: str) -> dict[str, Any]:
        """The claims, checked as API Gateway's JWT authorizer checks them: signature, issuer, audience, expiry
        (required), not before, issued at.

        Raises:
            jwt.InvalidTokenError: the token is not valid here and now.
        """
        return jwt.decode(
            token,
            self._key.public_key(),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=self.url,
            options={"require": ["exp", "iss", "aud"]},
        )


def load_or_make_key(path: Path) -> RSAPrivateKey:
    """The signing key in the file; made when there is none, so that tokens outlive a restart."""
    if path.exists():
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, RSAPrivateKey):
            raise ValueError(f"{path} does not hold an RSA key")
        return key
    key = generate_private_key(public_exponent=65537, key_size=2048)
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(encoded)
    return key
