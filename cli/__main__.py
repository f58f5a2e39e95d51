"""Entry of `python -m cli`, and of `nova-distill`, which `make install` puts beside the interpreter."""

import os

from cli.app import app

if __name__ == "__main__":
    app(prog_name=os.environ.get("NOVA_DISTILL_COMMAND", "python -m cli"))
