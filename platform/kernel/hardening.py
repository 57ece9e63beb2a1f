"""What a process of ours gives up when it starts: keys and callers' words are in its memory."""

import ctypes
import os
import resource
import sys

PR_SET_DUMPABLE = 4  # linux/prctl.h


def close_to_others() -> None:
    """No core dump writes its memory to a disk, no other process of this user reads it, no file it writes is open to
    others. A program started from here has to say so again: only the limit and the mask are inherited."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
