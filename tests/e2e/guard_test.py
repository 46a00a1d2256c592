#!/usr/bin/env python3
"""Whatever becomes of a test's driver, its programs end with it (guard.py)."""
import os
import select
import signal
import subprocess
import sys
import unittest

# A driver whose program leaves its session and its parent, and ends at no gentle word.
DRIVER = """
import os, signal, sys, time
sys.path.insert(0, sys.argv[1])
import dp
dp.run(sys.executable, "-c", '''
import os, signal, sys, time
reader, writer = os.pipe()
if os.fork():
    os.read(reader, 1) # the driver may end as soon as this does
    os._exit(0)
os.setsid()
os.close(1)
os.close(2)
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
if os.fork() == 0:
    os.write(int(sys.argv[1]), b"started")
    os.write(writer, b"x")
while True:
    time.sleep(1)
''', sys.argv[3], pass_fds=(int(sys.argv[3]),))
os.close(int(sys.argv[3]))
if sys.argv[2] == "end":
    sys.exit(7)
if sys.argv[2] == "die":
    os.kill(os.getpid(), signal.SIGUSR1)
while True:
    time.sleep(1)
"""
HERE = os.path.dirname(os.path.abspath(__file__))
PATIENCE = 60  # seconds until a hang is one


class Guard(unittest.TestCase):
    def begin(self, how):
        """A driver, and a pipe that ends when the last of its programs does."""
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        driver = subprocess.Popen([sys.executable, "-c", DRIVER, HERE, how, str(write)],
                                  pass_fds=(write,), start_new_session=True)
        os.close(write)
        self.assertEqual(self.read(read), b"started")
        return driver, read

    def read(self, pipe):
        self.assertTrue(select.select([pipe], [], [], PATIENCE)[0], "a program lives on")
        return os.read(pipe, 100)

    def check(self, how, end, status):
        driver, pipe = self.begin(how)
        with driver:
            end(driver.pid)
            self.assertEqual(driver.wait(PATIENCE), status)
        self.assertEqual(self.read(pipe), b"")

    def test_a_driver_that_ends(self):
        self.check("end", lambda pid: None, 7)

    def test_a_driver_that_dies(self):
        self.check("die", lambda pid: None, -signal.SIGUSR1)

    def test_it_is_killed(self):
        for killed in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
            with self.subTest(killed):
                self.check("stay", lambda pid, s=killed: os.kill(pid, s), -killed)

    def test_its_group_is_killed(self):
        for killed in (signal.SIGKILL, signal.SIGTERM):
            with self.subTest(killed):
                self.check("stay", lambda pid, s=killed: os.killpg(pid, s), -killed)


if __name__ == "__main__":
    unittest.main(verbosity=2)
