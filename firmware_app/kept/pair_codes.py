"""The codes that pair a phone: ten letters and digits, 50 random bits, shown as XXXXX-XXXXX.

The alphabet is Crockford's base 32, which has no letter that looks like a digit: https://www.crockford.com/base32.html.
A code is kept as its salted scrypt hash: guessing one from a stolen file takes longer than any code is good for.
"""

import hashlib
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10
_LOOKS_LIKE = str.maketrans("OIL", "011", "- ")
_COST = {"n": 2**12, "r": 8, "p": 1}  # 4 MB and some 10 ms on a Raspberry Pi 4


def new_code() -> str:
    """A code that was never told before."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"{letters[: LENGTH // 2]}-{letters[LENGTH // 2 :]}"


def hashed(code: str, salt: bytes) -> str:
    """The hash of a code as anybody types it. It takes the same time for what cannot be a code."""
    plain = code[:40].upper().translate(_LOOKS_LIKE)
    return hashlib.scrypt(plain.encode(errors="replace"), salt=salt, dklen=32, **_COST).hex()
