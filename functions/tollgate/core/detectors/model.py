"""Model of a version: ONNX in, probability of fraud out."""

from __future__ import annotations

from typing import NoReturn

import numpy as np
import onnxruntime

from tollgate.core.events.event import Floats
from tollgate.core.features.feature import Matrix
from tollgate.errors import SealError

INPUT = "features"
OUTPUT = "probability"


class Model:
    """A model that is ready to score. Safe to share between threads."""

    def __init__(self, onnx: bytes) -> None:
        """Load a model; raise `SealError` for one that ONNX Runtime cannot load."""
        options = onnxruntime.SessionOptions()
        # One event is far too little work to share; a second thread only adds waiting.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's errors have no base of their own
            raise SealError(f"The model cannot be loaded ({type(error).__name__}); publish a version anew.") from error

    def predict(self, features: Matrix) -> Floats:
        """Return the probability of fraud, shape (n,), for features of shape (n, f), float32, NaN where missing."""
        (probability,) = self._session.run([OUTPUT], {INPUT: features})
        return np.asarray(probability, dtype=np.float64).reshape(-1)


class MissingModel(Model):
    """Stands where a model could not be loaded; ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def predict(self, features: Matrix) -> NoReturn:  # noqa: ARG002 - as the model that it stands for
        """Raise `SealError`."""
        raise SealError(self.reason)
