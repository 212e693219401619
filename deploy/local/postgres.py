"""PostgreSQL on a loopback port, with a password, by TLS alone where it is given certificates.

Invariant: a data directory is either complete or absent (it is initialised beside its place and renamed), and the
server never runs as root: root hands it to another account, with programs and data where that account can reach them.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from deploy.local import postgres_programs
from deploy.local.certificates import Certificates
from deploy.local.postgres_programs import OUTSIDE, WHEEL
from deploy.local.process import Account, Child, LocalError, clear_stale

SUPERUSER = "postgres"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


@dataclass
class Postgres:
    """One server and its data directory."""

    directory: Path
    port: int
    fsync: bool = True
    log: Path | None = None
    certificates: Certificates | None = None
    """Where given, nobody is let in but by TLS."""
    _child: Child | None = field(default=None, init=False)

    def start(self) -> None:
        """Initialise on first use, clear what a crash left, and start the server."""
        self.directory.mkdir(parents=True, exist_ok=True)
        pid_file = self.directory / "postgres.pid"
        clear_stale(pid_file)
        account = _account(self.directory)
        programs = postgres_programs.usable_by(account, encrypting=self.certificates is not None)
        data = _place(self.directory, account)
        if not data.exists():
            self._initialise(programs, data, account)
        _clear_lock(data)
        settings = _SETTINGS | {"port": str(self.port), "fsync": "on" if self.fsync else "off"}
        if not self.fsync:
            settings |= {"synchronous_commit": "off", "full_page_writes": "off"}
        if self.certificates:
            settings |= _secured(data, self.certificates, account)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._child = Child(
            name="PostgreSQL",
            command=[str(programs / "postgres"), "-D", str(data), *options],
            log=self.log or self.directory / "postgres.log",
            pid_file=pid_file,
            account=account,
            stop_signal=signal.SIGINT,  # fast shutdown: does not wait for idle clients
            directory=data,
        )
        self.child.start()

    def wait(self) -> None:
        """Wait until it accepts connections."""
        self.child.wait_until(self._accepts, timeout=60)

    def stop(self) -> None:
        """Stop the server; the data stays. One that never started is stopped already."""
        if self._child:
            self._child.stop()

    @property
    def child(self) -> Child:
        """Its process."""
        if self._child is None:
            raise RuntimeError("PostgreSQL was not started")
        return self._child

    @property
    def url(self) -> str:
        """The superuser's URL."""
        password = (self.directory / "password").read_text().strip()
        url = f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{self.port}/postgres"
        return url + self.certificates.parameters if self.certificates else url

    @property
    def data(self) -> Path:
        """Its data directory, wherever its account can reach it."""
        return _place(self.directory, _account(self.directory))

    def _accepts(self) -> bool:
        command = [str(WHEEL / "pginstall/bin/pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(command, check=False).returncode == 0  # noqa: S603

    def _initialise(self, programs: Path, data: Path, account: Account | None) -> None:
        password = secrets.token_urlsafe(24)
        new = data.with_name("new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        if account:
            os.chown(new, account.uid, account.gid)
        reading, writing = os.pipe()  # the password is in no argument and no file initdb needs
        if account:
            os.fchown(reading, account.uid, account.gid)
        os.write(writing, password.encode())
        os.close(writing)
        command: list[Path | str] = [programs / "initdb", "-D", new, "-U", SUPERUSER, f"--pwfile=/dev/fd/{reading}"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
        command += [] if self.fsync else ["--no-sync"]
        done = postgres_programs.run(command, account, cwd=new, pass_fds=(reading,))
        os.close(reading)
        if done.returncode:
            shutil.rmtree(new, ignore_errors=True)
            raise LocalError(f"PostgreSQL could not make its data directory {new}:\n{done.stdout}{done.stderr}")
        secret = self.directory / "password"
        secret.touch(mode=0o600)
        secret.write_text(password)
        new.rename(data)


def _secured(data: Path, certificates: Certificates, account: Account | None) -> dict[str, str]:
    """Put the certificate where the server's account can read it, and return the settings that have it used."""
    server, rules = data / "server.pem", data / "pg_hba_tls.conf"
    for file in (server, rules):
        file.touch(mode=0o600)
        if account:
            os.chown(file, account.uid, account.gid)
    server.write_bytes(certificates.server.read_bytes())
    rules.write_text("hostssl all all all scram-sha-256\n")
    return {"ssl": "on", "ssl_cert_file": server.name, "ssl_key_file": server.name, "hba_file": rules.name}


def remove(directory: Path) -> None:
    """Remove a stopped server's directory and its data, wherever that is."""
    clear_stale(directory / "postgres.pid")
    shutil.rmtree(_outside(directory), ignore_errors=True)
    shutil.rmtree(directory, ignore_errors=True)


def _account(directory: Path) -> Account | None:
    """Whom to run as: nobody else, unless we are root; then the owner of the data, or `postgres`, or `nobody`."""
    if os.geteuid() != 0:
        return None
    for place in (directory / "data", _outside(directory) / "data"):
        if place.exists() and place.stat().st_uid:
            entry = pwd.getpwuid(place.stat().st_uid)
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise LocalError("PostgreSQL does not run as root and there is no account `postgres` or `nobody` to hand it to.")


def _place(directory: Path, account: Account | None) -> Path:
    """Where the data is: in `directory`, or under /var/lib where the account cannot get to `directory`."""
    if account is None or _reachable(directory, account):
        parent = directory
    else:
        parent = _outside(directory)
        parent.mkdir(parents=True, exist_ok=True)
        (directory / "data-is-in").write_text(f"{parent}\n")
    return parent / "data"


def _outside(directory: Path) -> Path:
    return OUTSIDE / hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:12]


def _reachable(directory: Path, account: Account) -> bool:
    for part in (directory, *directory.resolve().parents):
        mode = part.stat()
        shift = 6 if mode.st_uid == account.uid else 3 if mode.st_gid == account.gid else 0
        if not mode.st_mode >> shift & 1:
            return False
    return True


def _clear_lock(data: Path) -> None:
    """Remove a postmaster.pid whose process is gone or is another program now; stop a server that still runs on it."""
    lock = data / "postmaster.pid"
    try:
        process = psutil.Process(int(lock.read_text().split("\n", 1)[0]))
        if process.name() == "postgres" and str(data) in process.cmdline():
            process.send_signal(signal.SIGINT)
            process.wait(30)
    except psutil.TimeoutExpired as error:
        raise LocalError(
            f"A PostgreSQL server still runs on {data} and does not stop: end process {process.pid}."
        ) from error
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        pass
    lock.unlink(missing_ok=True)
