"""Usual stack for a model in Lambda: FastAPI on Mangum, a pandas frame, XGBoost from joblib, reasons from shap.

It does less than Tollgate: it is handed the values of the features instead of keeping histories, has no rules, and
writes nothing.
"""

from __future__ import annotations

from typing import Any

import joblib
import pandas as pd
import shap
from fastapi import FastAPI
from mangum import Mangum
from pydantic import BaseModel

from bench.serving.version import USUAL_MODEL, version_folder

model = joblib.load(version_folder() / USUAL_MODEL)
explainer = shap.TreeExplainer(model)
app = FastAPI()


class Request(BaseModel):
    """A payment with its features, and how many reasons are wanted."""

    event: dict[str, Any]
    reasons: str = "none"


class Answer(BaseModel):
    """What the model says of a payment."""

    event_id: str
    probability: float
    score: int
    reasons: list[dict[str, Any]] | None


@app.post("/v1/decisions")
def decide(request: Request) -> Answer:
    """Score one payment."""
    features = request.event["features"]
    frame = pd.DataFrame([features], columns=model.feature_names_in_).astype("float32")
    probability = float(model.predict_proba(frame)[0, 1])
    reasons = None
    if request.reasons == "top":
        contributions = pd.Series(explainer.shap_values(frame)[0], index=frame.columns)
        leading = contributions.abs().nlargest(3).index
        reasons = [{"name": name, "contribution": float(contributions[name])} for name in leading]
    score = round(1000 * probability)
    return Answer(event_id=request.event["event_id"], probability=probability, score=score, reasons=reasons)


handler = Mangum(app, lifespan="off")
