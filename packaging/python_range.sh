#!/bin/sh
# The versions of Python that the compiled libraries of this build fit: the one that built them.
/usr/bin/python3 -c 'import sys; a, b = sys.version_info[:2]; print(f"python3 (>= {a}.{b}), python3 (<< {a}.{b + 1})")'
