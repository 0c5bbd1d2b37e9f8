"""A member at a device: certificate, cookies, the form's token, and patience."""

import html
import http.client
import re
import socket
import ssl
import time
import urllib.parse

TOKEN = re.compile(r'type="hidden" name="token" value="([^"]*)"')
# What a person would not wait for; a wait of this length is a failure of the soak anyhow.
PATIENCE_S = 60
AGAIN_S = 0.05
# As long a page's own script would wait for a line that says nothing: what the box had taken when
# it was killed, nobody answers, and no TCP notices.
TRY_S = 3


class Browser:
    """`log` is told of every request how long its answer took, however many tries that were."""

    def __init__(self, task, log):
        self.task, self.log = task, log
        self.cookies, self.token, self.line = {}, "", None
        self.context = ssl.create_default_context(cafile=task["root"])
        self.context.load_cert_chain(task["chain"], task["key"])

    def beside(self):
        """The same person and session on a connection of its own."""
        other = Browser(self.task, lambda **_: None)
        other.cookies, other.token = dict(self.cookies), self.token
        return other

    def log_in(self):
        self.ask("GET", "/login")
        fields = {name: self.task[name] for name in ("facility_code", "user_id", "password")}
        status, headers, _ = self.post("/login", next="/", **fields)
        if status != 303 or headers["location"] != "/":
            raise RuntimeError(f"cannot log in: {status} {headers['location']}")

    def post(self, path, **fields):
        body = urllib.parse.urlencode({"token": self.token, **fields})
        return self.ask("POST", path, body.encode(), "application/x-www-form-urlencoded")

    def ask(self, method, path, body=None, kind=None):
        """Until there is an answer: status, headers, body."""
        began, tries, spent = time.monotonic(), 0, 0
        while True:
            tries, tried_at = tries + 1, time.monotonic()
            try:
                answer = self.try_once(method, path, body, kind)
            except (OSError, http.client.HTTPException) as problem:
                self.line = None
                # Who slept meanwhile has not lost patience.
                spent += min(time.monotonic() - tried_at, TRY_S)
                if spent > PATIENCE_S:
                    raise RuntimeError(f"{method} {path}: {problem!r}") from problem
                time.sleep(AGAIN_S)
                continue
            self.log(at=began, took=time.monotonic() - began, what=f"{method} {path}", tries=tries,
                     status=answer[0])
            return answer

    def try_once(self, method, path, body, kind):
        if not self.line:
            self.line = self.connect()
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if kind:
            headers["content-type"] = kind
        if method == "PUT":
            headers["x-form-token"] = self.token
        self.line.request(method, path, body, headers)
        answer = self.line.getresponse()
        read = answer.read()
        self.note(answer, read)
        return answer.status, answer.headers, read

    def connect(self):
        line = http.client.HTTPConnection(self.task["host"])
        plain = socket.create_connection((self.task["address"], 443), TRY_S)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.sock = self.context.wrap_socket(plain, server_hostname=self.task["host"])
        return line

    def note(self, answer, read):
        for cookie in answer.headers.get_all("set-cookie", []):
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
        if "html" in (answer.headers["content-type"] or ""):
            found = TOKEN.search(read.decode())
            if found:
                self.token = html.unescape(found[1])
        if (answer.headers["connection"] or "").lower() == "close":
            self.line = None
