"""The key pair whose public half the connected app holds: what a JWT bearer assertion is signed with."""

from __future__ import annotations

from functools import lru_cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@lru_cache(maxsize=1)
def _pair() -> rsa.RSAPrivateKey:
    """Made when it is first asked for, one per process: a key in the source would be a leaked one."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem() -> str:
    form, cipher = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return _pair().private_bytes(serialization.Encoding.PEM, form, cipher).decode()


def public_pem() -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return _pair().public_key().public_bytes(serialization.Encoding.PEM, form).decode()
