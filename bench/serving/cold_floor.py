"""Smallest handler that can serve the same model: ONNX Runtime and NumPy score a row of zeros.

With BENCH_BOTO3 in the environment it loads boto3 and makes two clients first, as whatever serves in AWS has to.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnxruntime

from bench.serving.version import version_folder

if "BENCH_BOTO3" in os.environ:
    import boto3

    boto3.client("dynamodb")
    boto3.client("s3")

_options = onnxruntime.SessionOptions()
_options.intra_op_num_threads = _options.inter_op_num_threads = 1
_session = onnxruntime.InferenceSession(version_folder() / "model.onnx", _options, providers=["CPUExecutionProvider"])


def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Answer with a probability."""
    wanted = _session.get_inputs()[0]
    event_id = json.loads(event["body"])["event"]["event_id"]
    (probability,) = _session.run(None, {wanted.name: np.zeros((1, wanted.shape[1]), dtype=np.float32)})
    body = json.dumps({"event_id": event_id, "probability": float(np.asarray(probability).reshape(-1)[0])})
    return {"statusCode": 200, "body": body, "isBase64Encoded": False}
