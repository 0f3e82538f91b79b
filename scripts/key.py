#!/usr/bin/env python3
"""key.py ID [GROUP]: makes a client's key. Prints its secret, which is kept nowhere, and its entry for the configuration."""

import hashlib
import re
import secrets
import sys

NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")  # what the configuration takes for an id and for a group


def yaml(name: str) -> str:
    """A name that YAML would take for a number or a truth value stands in quotes."""
    word = re.match(r"[A-Za-z_]", name) and name.lower() not in {"y", "yes", "n", "no", "on", "off", "true", "false", "null"}
    return name if word else f'"{name}"'


def entry(id: str, group: str, secret: str) -> str:
    named = f"id: {yaml(id)}, group: {yaml(group)}" if group else f"id: {yaml(id)}"
    return f"- {{{named}, sha256: {hashlib.sha256(secret.encode()).hexdigest()}}}"


def main() -> None:
    id, group = (sys.argv[1:] + ["", ""])[:2]
    if not id:
        sys.exit("whose key? make key ID=alice GROUP=engineers (the group may be left out)")
    for name in (id, group):
        if name and not NAME.fullmatch(name):
            sys.exit(f'found {name!r}, expected a name of letters, digits, "-", "_" and "."')
    if id == "anonymous":
        sys.exit('found "anonymous", expected another name: it stands for callers without a key')
    secret = "tg-" + secrets.token_urlsafe(32)
    print(f"""The secret of {id}. It is shown this once; the configuration holds only its hash:

{secret}

Under `keys` in the configuration of the gateway role:

{entry(id, group, secret)}""")


main()
