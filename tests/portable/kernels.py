"""Run a command with the kernels of another processor. Run: python tests/portable/kernels.py NAME COMMAND ...

torch, MKL and OpenBLAS choose their kernels by what the processor can do, and other kernels add in another order: last
digits differ, and in a training such differences grow. The variables below make this processor do as an older one
would. `own` is the processor as it is. What it cannot do is skipped, with a word.
"""

import os
import platform
import subprocess
import sys

import torch

KERNELS: dict[str, dict[str, str]] = {
    "own": {},
    "default": {"ATEN_CPU_CAPABILITY": "default", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2", "OPENBLAS_CORETYPE": "Nehalem"},
    "avx2": {"ATEN_CPU_CAPABILITY": "avx2", "MKL_ENABLE_INSTRUCTIONS": "AVX2", "OPENBLAS_CORETYPE": "Haswell"},
    "avx512": {"ATEN_CPU_CAPABILITY": "avx512", "MKL_ENABLE_INSTRUCTIONS": "AVX512", "OPENBLAS_CORETYPE": "SkylakeX"},
}
STRENGTH = {"own": 0, "default": 0, "avx2": 1, "avx512": 2}


def missing(name: str) -> str:
    """Why this processor cannot run the kernels `name`; empty when it can. Raises `ValueError` for another name."""
    if name not in KERNELS:
        raise ValueError(f"kernels must be one of {', '.join(KERNELS)}, got {name!r}")
    if name != "own" and platform.machine().lower() not in ("x86_64", "amd64"):
        return f"kernels {name} skipped: they are those of an x86-64 processor, this one is {platform.machine()}"
    capability = torch.backends.cpu.get_cpu_capability()
    strength = {"AVX2": 1, "AVX512": 2}.get(capability, 0)
    return f"kernels {name} skipped: this processor has {capability}" if STRENGTH[name] > strength else ""


def main(name: str, *command: str) -> int:
    reason = missing(name)
    if reason:
        print(reason)
        return 0
    print(f"kernels {name}: {' '.join(command)}", flush=True)
    return subprocess.run(command, env=os.environ | KERNELS[name]).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
