"""Run scripts in forks of one process that has imported what they need (see `run.py`)."""

import atexit
import ctypes
import gc
import importlib
import json
import os
import runpy
import selectors
import shutil
import signal
import socket
import sys
import threading
import traceback
from contextlib import suppress
from functools import cache, partial
from pathlib import Path

# what others wrote; what is ours may change while a run goes on
IMPORTED = (
    "snakemake.script",
    "torch",
    "safetensors.torch",
    "zuko",
    "tensorboardX",
    "pandas",
    "scipy.integrate",
    "scipy.ndimage",
    "scipy.optimize",
    "jsonschema",
    "matplotlib.style",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_pdf",
    "matplotlib.backends.backend_svg",
)
DIE_WITH_PARENT = 1
IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# seconds for a client to say what it wants
PATIENCE = 10


def close(watched: socket.socket | int) -> None:
    """Close a socket or a descriptor."""
    os.close(watched) if isinstance(watched, int) else watched.close()


@cache
def prepare() -> None:
    """Import, once there is something to do."""
    # nothing of this is garbage: to look for it takes long, here and in each fork
    gc.disable()
    for module in IMPORTED:
        importlib.import_module(module)
    gc.freeze()
    gc.enable()


class Server:
    """A loop over requests, signals and ends; of its forks, each leaves it with one request."""

    def __init__(self, listener: socket.socket, watched: int):
        self.selector = selectors.DefaultSelector()
        self.selector.register(listener, selectors.EVENT_READ, partial(self.accept, listener))
        self.selector.register(watched, selectors.EVENT_READ, partial(self.close, listener))
        self.watched = watched
        self.request: dict | None = None
        self.kernel = ctypes.CDLL(None)
        # signals to all processes are for the forks, which may have something to save
        self.inherited = {number: signal.signal(number, signal.SIG_IGN) for number in IGNORED}

    def serve(self) -> dict | None:
        """In a fork, the request that it is for; None when nobody is left to serve."""
        while not self.request and self.selector.get_map():
            # one at a time: what it does may close what the next is about
            key, _ = self.selector.select()[0]
            key.data()
        return self.request

    def close(self, listener: socket.socket) -> None:
        """Take no more requests: who started the server is gone."""
        self.forget(listener)
        self.forget(self.watched)

    def forget(self, watched: socket.socket | int) -> None:
        """Stop to look at a socket or a descriptor, and close it."""
        self.selector.unregister(watched)
        close(watched)

    def accept(self, listener: socket.socket) -> None:
        """Read a request and fork. Where that fails the client starts cold, or has gone."""
        connection, _ = listener.accept()
        connection.settimeout(PATIENCE)
        streams: list[int] = []
        try:
            size, streams, _, _ = socket.recv_fds(connection, 8, 3)
            request = json.loads(connection.makefile("rb").read(int.from_bytes(size, "big")))
            connection.settimeout(None)
            prepare()
            self.fork(request, connection, streams)
        except (OSError, ValueError, ImportError):
            connection.close()
        finally:
            if not self.request:
                for stream in streams:
                    os.close(stream)

    def fork(self, request: dict, connection: socket.socket, streams: list[int]) -> None:
        """Fork; the fork goes ahead when it is looked at, and not if the server dies before."""
        ready, ahead = os.pipe()
        signal.pthread_sigmask(signal.SIG_BLOCK, IGNORED)
        process = os.fork()
        if process == 0:
            self.become(request, connection, streams)
            os.close(ahead)
            if not os.read(ready, 1):
                os._exit(1)
            os.close(ready)
            return
        signal.pthread_sigmask(signal.SIG_UNBLOCK, IGNORED)
        os.close(ready)
        try:
            self.watch(process, connection)
            os.write(ahead, b"+")
        finally:
            os.close(ahead)

    def watch(self, process: int, connection: socket.socket) -> None:
        """Look at a fork and at whom it works for."""
        handle = os.pidfd_open(process)
        self.selector.register(
            handle, selectors.EVENT_READ, partial(self.ended, process, handle, connection)
        )
        self.selector.register(
            connection, selectors.EVENT_READ, partial(self.told, handle, connection)
        )
        with suppress(OSError):
            connection.sendall(b"+")

    def told(self, handle: int, connection: socket.socket) -> None:
        """Pass signals on; a fork whose client is gone is killed, as that was."""
        numbers = b""
        with suppress(OSError):
            numbers = connection.recv(16)
        if not numbers:
            self.forget(connection)
        for number in numbers or [signal.SIGKILL]:
            signal.pidfd_send_signal(handle, number)

    def ended(self, process: int, handle: int, connection: socket.socket) -> None:
        """Tell the client how its fork ended."""
        _, status = os.waitpid(process, 0)
        self.forget(handle)
        # it is closed where the client has gone
        if connection.fileno() >= 0:
            with suppress(OSError):
                connection.sendall(status.to_bytes(4, "big"))
            self.forget(connection)

    def become(self, request: dict, connection: socket.socket, streams: list[int]) -> None:
        """In a fork: have the streams of the client, and nothing of the server."""
        self.kernel.prctl(DIE_WITH_PARENT, signal.SIGKILL)
        for number, handler in self.inherited.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, IGNORED)
        # folders that matplotlib makes where there is no home are the server's
        atexit.unregister(shutil.rmtree)
        watched = [key.fileobj for key in self.selector.get_map().values()]
        # first, because what is unregistered here would be unregistered in the server too
        self.selector.close()
        for each in (*watched, connection):
            close(each)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        self.request = request


def run(script: str, folder: str, environment: dict[str, str]) -> int:
    """Run a script as Python does, and return the status to exit with."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [script]
    sys.path[0] = str(Path(script).parent)
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        traceback.print_exc()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def end(status: int) -> None:
    """Exit with what is due at exit, but without freeing, object by object, all that was imported.

    That would copy the pages that a fork shares with the server, and take most of a second.
    """
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def main() -> None:
    """Serve, and in a fork run what was asked for."""
    path, listener, watched = sys.argv[1:]
    request = Server(socket.socket(fileno=int(listener)), int(watched)).serve()
    if request:
        end(run(**request))
    shutil.rmtree(Path(path).parent)


if __name__ == "__main__":
    main()
