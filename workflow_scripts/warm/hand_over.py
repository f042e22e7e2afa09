"""Have a server run a script in a warm process: `hand_over.py SOCKET SCRIPT`.

To whoever started it this process is the script: it has its standard streams, environment and
folder, passes on what signals it gets of PASSED_ON, dies with it, and ends as it ends.
"""

import json
import os
import select
import signal
import socket
import sys
from contextlib import suppress

PASSED_ON = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGTSTP,
    signal.SIGCONT,
)


def start_cold(arguments: list[str]) -> None:
    """Become an ordinary Python."""
    os.execv(sys.executable, [sys.executable, *arguments])


def end_as(status: int) -> None:
    """End with a status of `waitpid`: by the same exit code, or by the same signal."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def pass_on(connection: socket.socket, number: int) -> None:
    """Tell the server of a signal; of Ctrl-Z, then stop here too."""
    stops = number == signal.SIGTSTP
    # in a session without a terminal it would be ignored
    told = signal.SIGSTOP if stops else number
    # where it is closed, the script has ended
    with suppress(OSError):
        connection.sendall(bytes([told]))
    if stops:
        os.kill(os.getpid(), signal.SIGSTOP)


def main() -> None:
    """Hand the script over, and wait for its end."""
    path, *arguments = sys.argv[1:]
    script = len(arguments) == 1 and arguments[0].endswith(".py")
    if not script or os.environ.get("OMP_NUM_THREADS") != "1":
        start_cold(arguments)
    request = {"script": arguments[0], "folder": os.getcwd(), "environment": dict(os.environ)}
    told = json.dumps(request).encode()
    connection = socket.socket(socket.AF_UNIX)
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    try:
        connection.connect(path)
        socket.send_fds(connection, [len(told).to_bytes(8, "big")], [0, 1, 2])
        connection.sendall(told)
        accepted = connection.recv(1)
    except OSError:
        accepted = b""
    if not accepted:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        start_cold(arguments)
    for number in PASSED_ON:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda number, _: pass_on(connection, number))
    # one that comes just before `select` ends it too
    heard, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    while connection not in select.select([connection, heard], [], [])[0]:
        os.read(heard, 16)
    status = b""
    with suppress(ConnectionResetError):
        status = connection.recv(4)
    if not status:
        sys.exit("Error: the server of warm processes died, and this job with it")
    end_as(int.from_bytes(status, "big"))


if __name__ == "__main__":
    main()
