# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""
Where the command and the kernels are, for the scripts beside: those that are built into the
command, and those that scripts/kernels left in its cache.
"""
import glob
import json
import os
import subprocess

BUILD = os.environ.get("B", "build")
ABIDE = os.path.join(BUILD, "abide")
CACHE = os.environ.get("ABIDE_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.join(os.environ.get("HOME", "/root"), ".cache"), "abide")


def built_in():
    """release -> name"""
    r = subprocess.run([ABIDE, "kernel", "list", "--json"], capture_output=True, text=True, timeout=60, check=True)
    return {k["release"]: k["name"] for k in map(json.loads, r.stdout.splitlines()) if k["origin"] == "built in"}


def cached():
    """release -> its directory in the cache"""
    found = {}
    for package in glob.glob(os.path.join(CACHE, "kernels", "*", "package")):
        with open(package) as f:
            release = [line.split()[1] for line in f if line.startswith("release ")]
        if release:
            found[release[0]] = os.path.dirname(package)
    return found
