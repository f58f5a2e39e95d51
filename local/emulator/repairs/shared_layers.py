"""The functions that use a layer share one unpacked copy of it.

AWS: every function finds its layers, merged, under /opt (Lambda developer guide, "Packaging your layer content").
MiniStack: unpacks each layer anew for each process of each function, so that every module of it is compiled again at
every cold start.
Changed: a Python function's layer is unpacked once a content hash, and what the first process compiled serves all
others.
"""

import hashlib
import os
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

_LOCK = threading.Lock()


def apply() -> None:
    """Put the repair on."""
    stock = lambda_runtime.Worker._spawn

    def spawn(worker: Any) -> None:
        config = worker.config
        if config.get("Layers") and config.get("Runtime", "").startswith("python"):
            worker.config = _with_unpacked_layers(config)
        try:
            stock(worker)
        finally:
            worker.config = config

    lambda_runtime.Worker._spawn = spawn


def _with_unpacked_layers(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration with its layers as folders: the variable is the one in which MiniStack tells its workers where
    layers are.
    """
    folders = [_unpacked(data) for layer in config["Layers"] if (data := lambda_svc._resolve_layer_zip(layer))]
    variables = {
        **config.get("Environment", {}).get("Variables", {}),
        "_LAMBDA_LAYERS_DIRS": os.pathsep.join(map(str, folders)),
    }
    return {**config, "Layers": [], "Environment": {"Variables": variables}}


def _unpacked(data: bytes) -> Path:
    folder = Path(tempfile.gettempdir()) / "layers" / hashlib.sha256(data).hexdigest()[:16]
    with _LOCK:
        if not folder.exists():
            _unpack(data, folder)
    return folder


def _unpack(data: bytes, folder: Path) -> None:
    partial = folder.with_suffix(".part")
    partial.mkdir(parents=True)
    with tempfile.TemporaryFile() as archive:
        archive.write(data)
        zipfile.ZipFile(archive).extractall(partial)
    partial.rename(folder)
