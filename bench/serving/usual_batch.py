"""Usual stack for batch scoring: pandas with rolling windows, a model from joblib, `to_csv`.

    python -m bench.serving.usual_batch train PAYMENTS MODEL
    python -m bench.serving.usual_batch score PAYMENTS MODEL OUT

It does less than Tollgate: no rules, no reasons, no matured labels, and the whole file in memory.
"""

from __future__ import annotations

import sys
import time

import joblib
import numpy as np
import pandas as pd
import xgboost

from bench.serving.version import DEPTH

TREES = 200
WINDOWS = ("1h", "1D", "7D", "30D")
ENTITIES = ("customer_id", "merchant_id", "device_id", "ip")
PAIRS = (("customer_id", "device_id"), ("customer_id", "merchant_id"))


def compute_features(payments: pd.DataFrame) -> pd.DataFrame:
    """Return features of each payment from windows over the payments of its entities before it."""
    features = payments[["amount", "latitude", "longitude"]].copy()
    features["amount_log"] = np.log1p(payments["amount"].clip(lower=0))
    features["hour"] = payments["timestamp"].dt.hour
    features["weekday"] = payments["timestamp"].dt.day_of_week
    for column in ("merchant_category", "channel"):
        features = features.join(pd.get_dummies(payments[column], prefix=column, dtype="float32"))
    for entity in ENTITIES:
        grouped = payments.set_index("timestamp").groupby(entity, sort=False)["amount"]
        order = np.argsort(pd.factorize(payments[entity])[0], kind="stable")
        for window in WINDOWS:
            rolling = grouped.rolling(window, closed="left")
            for name in ("count", "mean", "std"):
                found = np.empty(len(payments))
                found[order] = getattr(rolling, name)().to_numpy()
                features[f"{entity}_{name}_{window}"] = found
        features[f"{entity}_ratio"] = payments["amount"] / (features[f"{entity}_mean_30D"] + 1.0)
    for pair in PAIRS:
        features["_".join(pair)] = payments.groupby(list(pair), sort=False).cumcount()
    return features.astype("float32")


def main() -> None:
    """Train a model, or score a file with one."""
    work, path, model_path, *out = sys.argv[1:]
    began = time.perf_counter()
    payments = pd.read_csv(path, parse_dates=["timestamp"])
    features = compute_features(payments)
    if work == "train":
        model = xgboost.XGBClassifier(n_estimators=TREES, max_depth=DEPTH, n_jobs=2)
        joblib.dump(model.fit(features, payments["is_fraud"]), model_path)
        return
    model = joblib.load(model_path)
    features = features.reindex(columns=model.feature_names_in_, fill_value=0.0)
    payments["probability"] = model.predict_proba(features)[:, 1]
    payments["score"] = (payments["probability"] * 1000).round().astype(int)
    payments["outcome"] = np.select(
        [payments["score"] >= 900, payments["score"] >= 500], ["block", "review"], "approve"
    )
    payments.to_csv(out[0], index=False)
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main()
