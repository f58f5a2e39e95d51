"""The environment variables of the emulator's process.

Its Lambdas inherit every one of them, so nothing of the user's shell gets in.
"""

import os
from pathlib import Path

SCRATCH = "scratch"


def server_environment(*, port: int, home: Path, bedrock_url: str | None, tls: bool) -> dict[str, str]:
    """All variables that the emulator and its Lambdas see.

    `home/scratch` holds unpacked functions and is the Lambdas' HOME: no AWS configuration of the user is found there.
    """
    scratch = home / SCRATCH
    variables = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
    }
    if bedrock_url:
        variables |= {"AWS_ENDPOINT_URL_BEDROCK": bedrock_url, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": bedrock_url}
    return variables | (_tls_variables(home) if tls else {})


def _tls_variables(home: Path) -> dict[str, str]:
    folder = home / "tls"
    return {
        "AUTH": "true",
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": str(folder / "server.pem"),
        "MINISTACK_SSL_KEY": str(folder / "server.key"),
        "AWS_CA_BUNDLE": str(folder / "ca.pem"),
    }
