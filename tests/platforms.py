"""What a git platform does around a pipeline: programs on its PATH, and its answers to requests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import csctl

SOURCE = Path(csctl.__file__).parent.parent


def tool(name: str) -> str:
    """Return the path of a program of the test extra."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    assert found, f"{name} is not installed"
    return found


def programs(folder: Path) -> Path:
    """Make a folder with `csctl` and `python3`, as a runner has them after installing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, arguments in {"csctl": "-m csctl ", "python3": ""}.items():
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments}"$@"\n', encoding="utf-8")
        script.chmod(0o755)
    return folder


def runner(folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of a runner: the programs first on its PATH, this csctl imported."""
    path = f"{programs(folder)}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(SOURCE), "PYTHONUTF8": "1", **more}


def bash(script: str, root: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run shell text in a folder as platforms do: stop at the first thing that fails."""
    command = [tool("bash"), "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(
        command, cwd=root, env=dict(env), check=False, capture_output=True, encoding="utf-8"
    )


def write_wheel(folder: Path, version: str) -> None:
    """Write the smallest wheel that pip takes for csctl in a version."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"csctl-{version}.dist-info"
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: csctl\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"csctl-{version}-py3-none-any.whl", "w") as archive:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(name, text)


@contextmanager
def serving(answers: Mapping[str, Any], token: str) -> Iterator[str]:
    """Serve JSON answers by path to who brings the token; yield the address.

    A path that is not known is not found; an answer that is a number is that status.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answers.get(self.path.partition("?")[0], 404)
            if self.headers.get("Authorization") != f"Bearer {token}":
                answer = 401
            body = b"" if isinstance(answer, int) else json.dumps(answer).encode()
            self.send_response(answer if isinstance(answer, int) else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
