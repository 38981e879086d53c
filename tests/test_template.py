"""template.yaml keeps its promises: nothing public, nothing unencrypted, nothing billed while idle."""

import json
import os
import subprocess
from dataclasses import MISSING, fields
from pathlib import Path

import pytest
from tollgate.services.streams.process import MARGIN_S
from tollgate.settings import Settings

from localstack.template import FUNCTIONS, TEMPLATE, load_template, open_routes, write_out_limits
from tests.template_parts import DOCUMENT, RESOURCES, of_type, statements

SAM = TEMPLATE.parent / ".tools" / "sam" / "bin" / "sam"
# Billed by use only. Alarms are billed by the month: they are there for those who ask for them.
FREE_WHILE_IDLE = {
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::DynamoDB::Table",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
    "AWS::Serverless::Function",
    "AWS::Serverless::LayerVersion",
}


@pytest.mark.skipif(not SAM.exists(), reason="the SAM command line is not installed; `make .tools/sam/ready` does it")
def test_sam_validates_and_lints_the_template(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "SAM_CLI_TELEMETRY": "0",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "HOME": str(tmp_path),
    }
    command = [str(SAM), "validate", "--lint", "--template", str(TEMPLATE)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_bucket_is_private_encrypted_and_versioned() -> None:
    bucket = RESOURCES["Bucket"]["Properties"]
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert bucket["VersioningConfiguration"]["Status"] == "Enabled"
    (statement,) = statements(RESOURCES["BucketPolicy"])
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_tables_are_encrypted_recoverable_and_expire() -> None:
    for table in of_type("AWS::DynamoDB::Table").values():
        assert table["SSESpecification"]["SSEEnabled"] is True
        assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
        assert table["TimeToLiveSpecification"] == {"AttributeName": "x", "Enabled": True}
        assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_data_outlives_the_stack() -> None:
    for name in ("Bucket", "HistoryTable", "DecisionsTable"):
        assert RESOURCES[name]["DeletionPolicy"] == RESOURCES[name]["UpdateReplacePolicy"] == "Retain"


def test_a_file_at_work_is_not_handed_out_again() -> None:
    queue, batch = RESOURCES["Queue"]["Properties"], RESOURCES["BatchFunction"]["Properties"]
    assert queue["VisibilityTimeout"] >= 6 * batch["Timeout"]
    source = batch["Events"]["Inbox"]["Properties"]
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    limit = DOCUMENT["Parameters"][source["ScalingConfig"]["MaximumConcurrency"]["Ref"]]
    assert limit["Default"] >= limit["MinValue"] >= 2


def test_a_file_that_is_given_up_is_told_why_before_it_goes_to_the_dead_letter_queue() -> None:
    receives = RESOURCES["Queue"]["Properties"]["RedrivePolicy"]["maxReceiveCount"]
    assert receives == Settings("b", "h", "d", "payments").most_tries + 1


def test_work_is_handed_on_well_before_the_function_is_ended() -> None:
    settings = Settings("b", "h", "d", "payments")
    assert 2 * settings.hand_on_s < RESOURCES["BatchFunction"]["Properties"]["Timeout"]
    assert 4 * settings.heartbeat_s < settings.lease_s < RESOURCES["Queue"]["Properties"]["VisibilityTimeout"]


def test_what_a_run_notes_outlives_its_message_in_the_dead_letter_queue() -> None:
    rules = {rule["Id"]: rule for rule in RESOURCES["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]}
    days = RESOURCES["DeadLetterQueue"]["Properties"]["MessageRetentionPeriod"] / 86_400
    assert rules["work"]["ExpirationInDays"] > days
    assert rules["leftovers"]["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] > days


def test_queues_are_encrypted_and_what_fails_is_kept_for_14_days() -> None:
    assert all(queue["SqsManagedSseEnabled"] is True for queue in of_type("AWS::SQS::Queue").values())
    queue, dead = RESOURCES["Queue"]["Properties"], RESOURCES["DeadLetterQueue"]["Properties"]
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
    # a message's age counts from its arrival in the first queue
    assert queue["MessageRetentionPeriod"] < dead["MessageRetentionPeriod"] == 14 * 86_400


def test_the_emulator_opens_the_routes_and_nothing_else() -> None:
    opened = open_routes(load_template(TEMPLATE))
    assert opened["Resources"]["HttpRoute"]["Properties"].pop("AuthorizationType") == "NONE"
    expected = load_template(TEMPLATE)
    del expected["Resources"]["HttpRoute"]["Properties"]["AuthorizationType"]
    assert opened == expected


def test_the_emulator_gets_limits_as_numbers() -> None:
    written = write_out_limits(load_template(TEMPLATE), {"FilesAtOnce": "7"})
    source = written["Resources"]["BatchFunction"]["Properties"]["Events"]["Inbox"]["Properties"]
    assert source["ScalingConfig"]["MaximumConcurrency"] == 7


def test_nothing_is_billed_while_idle_unless_it_is_asked_for() -> None:
    asked = ("HasAlarms", "HasStreamAlarms", "HasKafkaAlarms", "HasSpark")
    unasked = {resource["Type"] for resource in RESOURCES.values() if resource.get("Condition") not in asked}
    assert unasked <= FREE_WHILE_IDLE
    assert DOCUMENT["Parameters"]["SnapStart"]["Default"] == "None"
    for name in ("AlarmEmail", "StreamArn", "KafkaClusterArn", "KafkaBootstrapServers"):
        assert DOCUMENT["Parameters"][name]["Default"] == ""
    polled = [resource for resource in RESOURCES.values() if "ProvisionedPollerConfig" in resource["Properties"]]
    assert {resource["Condition"] for resource in polled} == {"HasKafkaCluster", "HasKafkaServers"}
    for function in of_type("AWS::Serverless::Function").values():
        assert "ProvisionedConcurrencyConfig" not in function


def test_functions_get_the_settings_they_read() -> None:
    given = set(DOCUMENT["Globals"]["Function"]["Environment"]["Variables"])
    for function in of_type("AWS::Serverless::Function").values():
        given |= set(function.get("Environment", {}).get("Variables", {}))
    known = {f"TOLLGATE_{setting.name}".upper() for setting in fields(Settings)}
    needed = {f"TOLLGATE_{setting.name}".upper() for setting in fields(Settings) if setting.default is MISSING}
    of_the_system = {"MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_"}
    assert of_the_system <= given
    assert needed <= given - of_the_system <= known


def test_outcomes_are_not_forced_unless_it_is_asked_for() -> None:
    assert DOCUMENT["Parameters"]["ForcedOutcomes"]["Default"] == "false"
    assert Settings("b", "h", "d", "payments").forced_outcomes is False


def test_every_stream_retries_divides_and_keeps_what_fails() -> None:
    sources = of_type("AWS::Lambda::EventSourceMapping")
    assert set(sources) == {"StreamSource", "KafkaClusterSource", "KafkaServersSource", "IndexSource"}
    for name, source in sources.items():
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert source["BisectBatchOnFunctionError"] is True
        assert source["MaximumRetryAttempts"] == 10
        assert source["StartingPosition"] == "TRIM_HORIZON"
        assert source["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
        # Lambda does none of this for Kafka without pollers of its own.
        assert ("ProvisionedPollerConfig" in source) == name.startswith("Kafka")


def test_the_index_is_fed_with_decisions_alone_and_lasts_as_long_as_they_do() -> None:
    table, source = RESOURCES["DecisionsTable"]["Properties"], RESOURCES["IndexSource"]["Properties"]
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    (chosen,) = source["FilterCriteria"]["Filters"]
    assert json.loads(chosen["Pattern"]) == {"dynamodb": {"NewImage": {"d": {"B": [{"exists": True}]}}}}
    rules = RESOURCES["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    (rule,) = (rule for rule in rules if rule.get("Prefix") == "index/")
    assert rule["ExpirationInDays"] == {"Ref": "DecisionRetentionDays"}


def test_a_lot_has_time_for_slow_storage() -> None:
    assert RESOURCES["StreamFunction"]["Properties"]["Timeout"] >= 4 * MARGIN_S


def test_alarms_watch_metrics_that_are_sent() -> None:
    page = (TEMPLATE.parent / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")
    watched = [alarm for alarm in of_type("AWS::CloudWatch::Alarm").values() if alarm["Namespace"] == "Tollgate"]
    assert len(watched) >= 4
    for alarm in watched:
        assert f"| `{alarm['MetricName']}` | `DetectorID` |" in page
        assert alarm["Dimensions"] == [{"Name": "DetectorID", "Value": {"Ref": "Detector"}}]


def test_handlers_are_there() -> None:
    for function in of_type("AWS::Serverless::Function").values():
        module, _, name = function["Handler"].rpartition(".")
        file = TEMPLATE.parent / "functions" / Path(*module.split(".")).with_suffix(".py")
        assert f"{name}" in file.read_text(encoding="utf-8")


def test_everything_that_sam_builds_by_make_has_a_recipe() -> None:
    by_make = [name for name, one in RESOURCES.items() if one.get("Metadata", {}).get("BuildMethod") == "makefile"]
    assert set(by_make) == {*of_type("AWS::Serverless::Function"), *of_type("AWS::Serverless::LayerVersion")}
    for name in by_make:
        command = ["make", "--dry-run", f"build-{name}", "ARTIFACTS_DIR=built"]
        recipe = subprocess.run(command, cwd=FUNCTIONS, capture_output=True, text=True, check=False)
        assert recipe.returncode == 0, recipe.stderr
        assert "build_package.py" in recipe.stdout, f"functions/Makefile builds nothing for {name}"


def test_spark_is_there_only_for_those_who_ask_and_takes_nothing_while_idle() -> None:
    assert DOCUMENT["Parameters"]["SparkApplication"]["Default"] == "false"
    spark = {name: one for name, one in RESOURCES.items() if "EMRServerless" in one["Type"] or "Spark" in name}
    assert set(spark) == {"Spark", "SparkJobRole"}
    assert {one["Condition"] for one in spark.values()} == {"HasSpark"}
    application = RESOURCES["Spark"]["Properties"]
    assert "InitialCapacity" not in application
    assert application["AutoStopConfiguration"] == {"Enabled": True, "IdleTimeoutMinutes": 5}
    assert application["MaximumCapacity"]["Cpu"] == {"Fn::Sub": "${SparkMaximumCpu} vCPU"}


def test_tests_run_the_spark_of_the_release_that_is_deployed() -> None:
    assert DOCUMENT["Parameters"]["SparkRelease"]["Default"] == "emr-spark-8.1.0"
    locked = (TEMPLATE.parent / "requirements" / "spark.txt").read_text(encoding="utf-8")
    assert "pyspark==4.1." in locked, "emr-spark-8.1.0 brings Spark 4.1"
