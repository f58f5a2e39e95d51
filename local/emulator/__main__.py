"""python -m local.emulator: MiniStack with the repairs, in the foreground, on 127.0.0.1.

To be run by the interpreter of build/local/emulator-venv.
"""

import argparse
import os
import sys
from pathlib import Path

from local.emulator.certificate import write_certificate
from local.emulator.server_environment import SCRATCH, server_environment


def main() -> None:
    """Set the environment, put the repairs on, serve until SIGTERM."""
    options = _options()
    (options.home / SCRATCH).mkdir(parents=True, exist_ok=True)
    if options.tls:
        write_certificate(options.home / "tls")
    _replace_environment(
        server_environment(port=options.port, home=options.home, bedrock_url=options.bedrock_url, tls=options.tls)
    )
    _serve(set(options.without_repair))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.emulator", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--home", type=_folder, default=_folder("build/local"), help="folder of scratch files and of the certificate"
    )
    parser.add_argument("--bedrock-url", help="where the Lambdas find Bedrock")
    parser.add_argument("--tls", action="store_true", help="serve HTTPS and enforce IAM")
    parser.add_argument(
        "--without-repair", action="append", default=[], metavar="NAME", help="leave a repair out ('all': every one)"
    )
    return parser.parse_args()


def _folder(value: str) -> Path:
    return Path(value).resolve()


def _replace_environment(variables: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(variables)


def _serve(without: set[str]) -> None:
    # MiniStack reads the environment when it is imported, so its import and the repairs' come after the variables are
    # set.
    from local.emulator.repairs import apply  # noqa: PLC0415

    apply(without)
    from ministack.app import main as serve  # noqa: PLC0415

    sys.argv = ["ministack"]
    serve()


if __name__ == "__main__":
    main()
