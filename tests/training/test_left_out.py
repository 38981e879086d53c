"""Features that a detector file leaves out."""

from __future__ import annotations

import pytest
from tollgate.core.features.catalog import plan_features
from tollgate.core.history.plan import plan_history
from tollgate.errors import TrainingDataError

from model_build.detector_file.training import exclude_features
from tests.core.one_by_one import PAYMENT

FEATURES = plan_features(PAYMENT, plan_history(PAYMENT, (3600.0, 86_400.0)), {"channel": {"web": 1.0}})


def test_features_are_left_out_by_name_and_by_pattern() -> None:
    names = [feature.name for feature in exclude_features(FEATURES, ["amount_log", "*_pace_*", "customer_count_1[dh]"])]

    gone = {feature.name for feature in FEATURES} - set(names)
    paces = {f"{entity}_pace_1h" for entity in PAYMENT.entities}
    assert gone == {"amount_log", "customer_count_1h", "customer_count_1d", *paces}
    assert names == [feature.name for feature in FEATURES if feature.name in names], "the order stays"


def test_a_pattern_that_matches_nothing_offers_the_nearest_name() -> None:
    with pytest.raises(TrainingDataError, match=r'leave_out has "amont_log".*did you mean "amount_log"'):
        exclude_features(FEATURES, ["amont_log"])


def test_leaving_out_everything_is_refused() -> None:
    with pytest.raises(TrainingDataError, match="excludes every feature"):
        exclude_features(FEATURES, ["*"])
