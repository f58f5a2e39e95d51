"""The emulator listens on the port that it was given and on no other.

AWS: does not apply. MiniStack: with USE_SSL it also listens on port 443 where it may, so two instances on one machine
meet there. Changed: it does not.
"""

from ministack import app


def apply() -> None:
    """Put the repair on."""
    app._port_is_bindable = lambda host, port: False
