"""The certificate of the TLS mode: made new at every start, for 127.0.0.1 and localhost only, by a CA whose key is
thrown away.
"""

from pathlib import Path

import trustme


def write_certificate(folder: Path) -> None:
    """Write server.pem, server.key and ca.pem (what clients have to trust) to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA()
    leaf = authority.issue_cert("127.0.0.1", "localhost")
    leaf.private_key_pem.write_to_path(str(folder / "server.key"))
    for index, part in enumerate(leaf.cert_chain_pems):
        part.write_to_path(str(folder / "server.pem"), append=index > 0)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    (folder / "server.key").chmod(0o600)
