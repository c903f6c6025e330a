"""What decides the last digits of distances, beside code and packages."""

import llvmlite.binding as llvm
import numpy as np
import scipy.linalg  # noqa: F401 - has a BLAS of its own, which is loaded by now or never
from threadpoolctl import threadpool_info


def describe_arithmetic() -> str:
    """BLAS with its kernels, vector units of numpy, and the processor that numba compiles for.

    Where two machines differ in it, their figures may.
    """
    names = ("internal_api", "version", "architecture")
    kernels = {
        " ".join(str(found.get(name)) for name in names) for found in threadpool_info() if found["user_api"] == "blas"
    }
    vectors = {str(kind["current"]) for kinds in np.lib.introspect.opt_func_info().values() for kind in kinds.values()}
    return "; ".join([*sorted(kernels), *sorted(vectors), llvm.get_host_cpu_name()])
