"""A headless Chromium, driven over its own pipe: no network, no package beside it.

The protocol is https://chromedevtools.github.io/devtools-protocol: JSON objects, each
ended by a NUL, on file descriptors 3 (to Chromium) and 4 (from it).
"""
import base64
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

PATIENCE = 60  # seconds: on a busy machine a browser takes its time

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe"]


def find():
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    """One page of a browser of its own."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="deep-profile-browser-")
        ours, theirs = os.pipe(), os.pipe()  # (read, write): from Chromium, to Chromium
        # Under numbers that cannot be the 3 and 4 that they become in the child.
        child_reads, child_writes = self._high(theirs[0]), self._high(ours[1])

        def in_child():
            os.dup2(child_reads, 3)
            os.dup2(child_writes, 4)

        self.process = subprocess.Popen(
            [find(), *FLAGS, f"--user-data-dir={self.profile}", "about:blank"],
            preexec_fn=in_child, close_fds=False, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(child_reads)
        os.close(child_writes)
        self.reads, self.writes = ours[0], theirs[1]
        self.number, self.received, self.answers, self.events = 0, b"", {}, []
        self.session = None
        targets = self.call("Target.getTargets")["targetInfos"]
        target = next(t["targetId"] for t in targets if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(domain + ".enable")

    @staticmethod
    def _high(descriptor):
        import fcntl
        high = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 64)
        os.close(descriptor)
        return high

    def close(self):
        for descriptor in (self.writes, self.reads):
            os.close(descriptor)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- the protocol ----

    def _receive(self, until):
        ready, _, _ = select.select([self.reads], [], [], max(0, until - time.monotonic()))
        if not ready:
            raise TimeoutError("the browser does not answer")
        data = os.read(self.reads, 1 << 20)
        if not data:
            raise ConnectionError("the browser has ended")
        self.received += data
        *messages, self.received = self.received.split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self.answers[message["id"]] = message
            else:
                self.events.append(message)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data, until = json.dumps(message).encode() + b"\0", time.monotonic() + PATIENCE
        while data:
            data = data[os.write(self.writes, data):]
        while self.number not in self.answers:
            self._receive(until)
        answer = self.answers.pop(self.number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def wait_event(self, method):
        until = time.monotonic() + PATIENCE
        while not any(event["method"] == method for event in self.events):
            self._receive(until)
        self.events = [event for event in self.events if event["method"] != method]

    # ---- pages ----

    def open(self, path):
        self.events = [e for e in self.events if e["method"] != "Page.loadEventFired"]
        self.call("Page.navigate", url="file://" + os.path.abspath(path))
        self.wait_event("Page.loadEventFired")
        self.settle()

    def run(self, expression):
        """The value of a JavaScript expression."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def settle(self):
        """Until what was asked for is painted, where nothing moves slowly."""
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def complaints(self):
        """What the page's scripts and its policy complained about, and what it asked the
        network for."""
        found = []
        for event in self.events:
            if event["method"] == "Runtime.exceptionThrown":
                found.append(json.dumps(event["params"]))
            elif event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
                found.append(json.dumps(event["params"]))
            elif event["method"] == "Network.requestWillBeSent":
                url = event["params"]["request"]["url"]
                if not url.startswith(("file:", "data:")):
                    found.append("asked for " + url)
        return found

    def screen(self, width, height, scale=1, phone=False, dark=False, calm=True):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=scale, mobile=phone)
        self.call("Emulation.setTouchEmulationEnabled", enabled=phone, maxTouchPoints=5)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if calm else "no-preference"},
            {"name": "pointer", "value": "coarse" if phone else "fine"}])
        self.settle()

    def picture(self, path):
        self.settle()
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    # ---- hands ----

    def press(self, key, text=None, modifiers=0):
        text = text if text is not None else key if len(key) == 1 else "\r" if key == "Enter" else ""
        codes = {"Enter": 13, "Escape": 27, "Backspace": 8, "ArrowLeft": 37, "ArrowUp": 38,
                 "ArrowRight": 39, "ArrowDown": 40, "Tab": 9, "Home": 36}
        common = {"key": key, "modifiers": modifiers, "windowsVirtualKeyCode": codes.get(key, 0)}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)
        self.settle()

    def type(self, text):
        for letter in text:
            self.call("Input.dispatchKeyEvent", type="keyDown", text=letter, key=letter)
            self.call("Input.dispatchKeyEvent", type="keyUp", key=letter)
        self.settle()

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def hover(self, x, y):
        self.mouse("mouseMoved", x, y)
        self.settle()

    def click(self, x, y):
        self.mouse("mouseMoved", x, y)
        self.mouse("mousePressed", x, y, button="left", clickCount=1)
        self.mouse("mouseReleased", x, y, button="left", clickCount=1)
        self.settle()

    def drag(self, x, y, to_x, to_y):
        self.mouse("mouseMoved", x, y)
        self.mouse("mousePressed", x, y, button="left", clickCount=1)
        for part in range(1, 9):
            self.mouse("mouseMoved", x + (to_x - x) * part / 8, y + (to_y - y) * part / 8,
                       button="left", buttons=1)
        self.mouse("mouseReleased", to_x, to_y, button="left", clickCount=1)
        self.settle()

    def wheel(self, x, y, across=0, down=0, modifiers=0):
        self.mouse("mouseWheel", x, y, deltaX=across, deltaY=down, modifiers=modifiers)
        self.settle()

    def touch(self, *moments):
        """Each moment: the points that touch then."""
        for i, points in enumerate(moments):
            kind = "touchStart" if i == 0 or len(points) > len(moments[i - 1]) else "touchMove"
            self.call("Input.dispatchTouchEvent", type=kind,
                      touchPoints=[{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)])
        self.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
        self.settle()
