# The small site of the cluster's tests. GET / answers with the host name. GET /write/N appends N to a file of the data volume, flushes
# it to the disk, and only then answers: an answered number must never be lost.
# Usage: lab-site.py PORT FOLDER
import os
import socket
import sys
import threading

port, folder = int(sys.argv[1]), sys.argv[2]
host = socket.gethostname()
lock = threading.Lock()
journal = os.open(os.path.join(folder, "journal"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def write(number):
    with lock:
        os.write(journal, f"{number} {host} {os.getpid()}\n".encode())
        os.fsync(journal)


def answer(connection):
    with connection:
        connection.settimeout(10)
        path = connection.recv(4096).split(b" ")[1].decode()
        if "/write/" in path:
            write(int(path.rsplit("/", 1)[1]))
        body = host.encode()
        connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def serve(connection):
    try:
        answer(connection)
    except (OSError, IndexError, ValueError):
        pass  # the client went away or spoke nonsense


listener = socket.socket(socket.AF_INET)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("", port))
listener.listen(64)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
