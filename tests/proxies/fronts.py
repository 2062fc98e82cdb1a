"""nginx, Varnish and Caddy as processes of our own: the files of docs/operating with other ports and paths."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

OPERATING = Path(__file__).parent.parent.parent / "docs" / "operating"
PROGRAMS = {"nginx": "nginx", "varnish": "varnishd", "caddy": "caddy"}
NAMES = tuple(PROGRAMS)
START_S = 60
NAME = "hearings.example.org"


class Front:
    """A proxy that runs: its address, and what it keeps its files in."""

    def __init__(self, name: str, address: str, folder: Path) -> None:
        self.name, self.address, self.folder = name, address, folder
        #: Which of the server's caches stand on the way.
        self.caches: tuple[int, ...] = ()
        self.port = int(address.rpartition(":")[2])
        # Its certificate is of its own making; what is tested is that the bytes come.
        self.reader = httpx2.Client(base_url=address, verify=False, timeout=30)

    def counted(self, figure: str) -> int:
        """One of Varnish's own figures, such as MAIN.backend_req."""
        argv = ["varnishstat", "-n", str(self.folder / "work"), "-1", "-j", "-f", figure]
        told = json.loads(subprocess.run(argv, capture_output=True, check=True, timeout=30).stdout)
        return int(told["counters"][figure]["value"])


def found(name: str) -> str | None:
    """The path of a proxy's program."""
    return shutil.which(PROGRAMS[name], path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def program(name: str) -> str:
    """The path of a proxy's program, or a skip that says what is missing."""
    path = found(name)
    if path is None:
        words = f"{name} is not on this machine (Debian: apt-get install nginx varnish varnish-modules caddy)"
        if os.environ.get("HEARD_REQUIRE_PROXIES") == "1":
            pytest.fail(f"HEARD_REQUIRE_PROXIES=1, and {words}")
        pytest.skip(words)
    return path


@contextmanager
def running(
    name: str, origin: str, folder: Path, port: int | None = None, replaced: Mapping[str, str] | None = None
) -> Iterator[Front]:
    """One proxy in front of `origin`, an address such as `http://127.0.0.1:8000`, until the block ends.

    `replaced` are pieces of its file that the test wants otherwise; for Varnish also its parameters, as `-p name`.
    """
    path = program(name)
    folder.mkdir(parents=True)
    start = _STARTS[name]
    argv, address, environment = start(path, urlsplit(origin).netloc, folder, port or free_port(), replaced or {})
    with open(folder / "said", "wb") as said:
        process = subprocess.Popen(
            argv, stdout=said, stderr=said, stdin=subprocess.DEVNULL, env={**os.environ, **environment}
        )
    try:
        _answers(process, address, folder / "said")
        front = Front(name, address, folder)
        yield front
        front.reader.close()
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(3)  # Varnish waits for its open lines
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def written(file: str, folder: Path, replaced: Mapping[str, str]) -> Path:
    """The file from docs/operating with some of it replaced; each piece must be there."""
    text = (OPERATING / file).read_text("utf-8")
    for old, new in replaced.items():
        assert old in text, f"docs/operating/{file} no longer says: {old}"
        text = text.replace(old, new)
    path = folder / file
    path.write_text(text)
    return path


def _nginx(
    program: str, origin: str, folder: Path, port: int, other: Mapping[str, str]
) -> tuple[list[str], str, dict[str, str]]:
    plain = free_port()
    certificate, key = self_signed(folder)
    site = written(
        "nginx.conf",
        folder,
        {
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "listen 443 ": f"listen 127.0.0.1:{port} ",
            f"/etc/ssl/{NAME}.pem": str(certificate),
            f"/etc/ssl/{NAME}.key": str(key),
            NAME: "localhost",
            "/var/cache/nginx": str(folder),
            "127.0.0.1:8000": origin,
            **other,
        },
    )
    scratch = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root root;\n" if os.geteuid() == 0 else ""  # or its workers could not read the test's folder
    (folder / "main.conf").write_text(
        f"{user}daemon off;\npid {folder}/pid;\nerror_log stderr;\nworker_processes 1;\n"
        f"events {{ worker_connections 4096; }}\nhttp {{\naccess_log off;\n{scratch}include {site};\n}}\n"
    )
    argv = [program, "-p", str(folder), "-e", "stderr", "-c", str(folder / "main.conf")]
    return argv, f"https://localhost:{port}", {}


def _varnish(
    program: str, origin: str, folder: Path, port: int, other: Mapping[str, str]
) -> tuple[list[str], str, dict[str, str]]:
    host, _, at = origin.rpartition(":")
    parameters = {old: new for old, new in other.items() if old.startswith("-p ")}
    replaced = {old: new for old, new in other.items() if old not in parameters}
    vcl = written(
        "varnish.vcl", folder, {'"127.0.0.1";\n    .port = "8000"': f'"{host}";\n    .port = "{at}"', **replaced}
    )
    argv = [program, "-F", "-n", str(folder / "work"), "-j", "none", "-T", "none", "-s", "malloc,64m"]
    argv += ["-a", f"127.0.0.1:{port}", "-f", str(vcl)]
    for name, value in parameters.items():
        argv += ["-p", f"{name.removeprefix('-p ')}={value}"]
    return argv, f"http://127.0.0.1:{port}", {}


def _caddy(
    program: str, origin: str, folder: Path, port: int, other: Mapping[str, str]
) -> tuple[list[str], str, dict[str, str]]:
    plain = free_port()
    file = written(
        "Caddyfile",
        folder,
        {
            "admin off": f"admin off\n\thttp_port {plain}",
            f"\n{NAME} {{": f"\nhttps://localhost:{port} {{\n\tbind 127.0.0.1",
            "127.0.0.1:8000": origin,
            **other,
        },
    )
    argv = [program, "run", "--config", str(file), "--adapter", "caddyfile"]
    kept = {name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    return argv, f"https://localhost:{port}", kept


_STARTS = {"nginx": _nginx, "varnish": _varnish, "caddy": _caddy}


def _answers(process: subprocess.Popen[bytes], address: str, said: Path) -> None:
    """Wait until a connection can be made; Caddy opens its port before it has made its certificate."""
    give_up_at = time.monotonic() + START_S
    at = urlsplit(address)
    trusting = ssl._create_unverified_context()
    while True:
        try:
            with socket.create_connection(("127.0.0.1", at.port), 1) as plain:
                if at.scheme == "https":
                    trusting.wrap_socket(plain, server_hostname="localhost").close()
            return
        except OSError:
            assert process.poll() is None, said.read_text("utf-8", "replace")
            assert time.monotonic() < give_up_at, said.read_text("utf-8", "replace")
            time.sleep(0.05)


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "certificate.pem", folder / "key.pem"
