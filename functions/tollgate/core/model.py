"""The sealed model: ONNX in, probability of fraud out."""

from __future__ import annotations

import numpy as np
import onnxruntime

from tollgate.core.event import Floats
from tollgate.core.features import Matrix

INPUT = "features"
OUTPUT = "probability"


class Model:
    """A model that is ready to score. Safe to share between threads."""

    def __init__(self, onnx: bytes) -> None:
        options = onnxruntime.SessionOptions()
        # One event is far too little work to share; a second thread only adds waiting.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])

    def predict(self, features: Matrix) -> Floats:
        """Return the probability of fraud, shape (n,), for features of shape (n, f), float32, NaN where missing."""
        (probability,) = self._session.run([OUTPUT], {INPUT: features})
        return np.asarray(probability, dtype=np.float64).reshape(-1)
