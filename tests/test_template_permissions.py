"""Permissions in template.yaml: each function may do what it needs, and no more."""

from typing import Any

from tollgate.core.detectors.sample_events import PAST_EVENTS
from tollgate.core.detectors.version import VERSION_FILES

from model_build.sealing.seal import CARD, CARD_TEXT, HISTORIES
from tests.template_parts import DOCUMENT, RESOURCES, of_type, statements


def as_list(value: Any) -> list[Any]:  # noqa: ANN401 - IAM takes one or many
    return value if isinstance(value, list) else [value]


def allowed() -> list[dict[str, Any]]:
    return [statement for statement in statements(RESOURCES) if statement["Effect"] == "Allow"]


def test_no_action_is_a_wildcard() -> None:
    assert len(allowed()) > 15
    for statement in allowed():
        for action in as_list(statement["Action"]):
            assert "*" not in action, statement


def test_no_resource_is_a_wildcard_but_behind_a_prefix_of_our_own() -> None:
    for statement in allowed():
        if statement.get("Action") == "sts:AssumeRole":
            continue  # a trust policy has no resource
        if statement.get("Sid") == "FindNetwork":  # EC2 knows no narrower resource for what describes
            assert all(action.startswith("ec2:Describe") for action in statement["Action"])
            continue
        for resource in as_list(statement["Resource"]):
            written = resource if isinstance(resource, str) else str(next(iter(resource.values())))
            assert written != "*", statement
            if "*" in written:
                ours = ("${Bucket.Arn}/", "arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:")
                assert written.startswith(ours) or ":${HttpApi}/*" in written, statement


def test_only_the_bucket_may_write_to_the_queue() -> None:
    (statement,) = statements(RESOURCES["QueuePolicy"])
    assert statement["Principal"] == {"Service": "s3.amazonaws.com"}
    assert set(statement["Condition"]) == {"StringEquals", "ArnEquals"}
    assert statement["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::Sub"].endswith(
        f":::{RESOURCES['Bucket']['Properties']['BucketName']['Fn::Sub']}"
    )


def test_every_function_has_a_role_and_logs_of_its_own() -> None:
    for name, function in of_type("AWS::Serverless::Function").items():
        door = name.removesuffix("Function")
        assert function["Role"] == {"Fn::GetAtt": [f"{door}Role", "Arn"]}
        assert function["LoggingConfig"]["LogGroup"] == {"Ref": f"{door}Logs"}
        assert function["LoggingConfig"]["LogFormat"] == "JSON"
        (logs,) = (each for each in statements(RESOURCES[f"{door}Role"]) if each.get("Sid") == "WriteLogs")
        assert logs["Resource"] == {"Fn::GetAtt": [f"{door}Logs", "Arn"]}
    assert all("RetentionInDays" in group for group in of_type("AWS::Logs::LogGroup").values())


def test_the_batch_function_deletes_nothing_but_its_own_notes_and_writes_to_no_other_queue() -> None:
    granted = {each["Sid"]: each for each in statements(RESOURCES["BatchRole"]) if "Sid" in each}
    deleting = [each for each in granted.values() if any("Delete" in a and "s3:" in a for a in as_list(each["Action"]))]
    assert [each["Resource"] for each in deleting] == [{"Fn::Sub": "${Bucket.Arn}/work/*"}]
    sending = [each for each in granted.values() if "sqs:SendMessage" in as_list(each["Action"])]
    assert [each["Resource"] for each in sending] == [{"Fn::GetAtt": ["Queue", "Arn"]}]


def test_every_call_is_signed() -> None:
    routes = of_type("AWS::ApiGatewayV2::Route")
    assert routes
    assert all(route["AuthorizationType"] == "AWS_IAM" for route in routes.values())
    assert RESOURCES["ApiFunction"]["Properties"]["FunctionUrlConfig"]["AuthType"] == "AWS_IAM"
    assert set(RESOURCES["HttpStage"]["Properties"]["DefaultRouteSettings"]) == {
        "ThrottlingRateLimit",
        "ThrottlingBurstLimit",
    }


def test_callers_may_use_the_function_url_but_not_the_function() -> None:
    granted = {statement["Action"]: statement for statement in statements(RESOURCES["CallerPolicy"])}
    assert set(granted) == {"execute-api:Invoke", "lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}
    assert granted["lambda:InvokeFunction"]["Condition"] == {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}


def test_every_function_that_decides_may_tell_one_bus_and_only_if_it_is_named() -> None:
    assert DOCUMENT["Parameters"]["EventBus"]["Default"] == ""
    telling = [statement for statement in allowed() if statement.get("Sid") == "TellOfDecisions"]
    assert len(telling) == 2
    for statement in telling:
        assert statement["Action"] == "events:PutEvents"
        assert statement["Resource"]["Fn::Sub"].endswith(":event-bus/${EventBus}")
    assert str(RESOURCES).count("'HasEventBus'") == len(telling)


def test_the_stream_function_may_do_what_its_stream_needs_and_only_if_there_is_one() -> None:
    (policy,) = RESOURCES["StreamRole"]["Properties"]["Policies"]
    granted: dict[str, str | None] = {}
    for entry in policy["PolicyDocument"]["Statement"]:
        condition, statement = (entry["Fn::If"][0], entry["Fn::If"][1]) if "Fn::If" in entry else (None, entry)
        granted[statement["Sid"]] = condition
    assert granted == {
        "WriteLogs": None,
        "KeepFailures": None,
        "ReadStream": "HasStream",
        "PutResults": "HasResultStream",
        "FindKafkaCluster": "HasKafkaCluster",
        "ReadKafkaTopic": "HasKafkaCluster",
        "ReadKafkaSecret": "HasKafkaSecret",
        "DecryptKafkaSecret": "HasKafkaSecretKey",
        "ReadKafkaRootCa": "HasKafkaRootCa",
        "FindNetwork": "ReachesKafkaInVpc",
        "OpenNetworkInterfaces": "ReachesKafkaInVpc",
    }


def test_only_the_index_function_writes_and_deletes_what_is_searched() -> None:
    index = {"Fn::Sub": "${Bucket.Arn}/index/*"}
    granted: dict[str, set[str]] = {}
    for name, role in of_type("AWS::IAM::Role").items():
        for statement in statements(role):
            if index in as_list(statement.get("Resource")):
                granted.setdefault(name, set()).update(as_list(statement["Action"]))
    assert granted == {
        "ApiRole": {"s3:GetObject"},
        "IndexRole": {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"},
    }


def test_the_api_writes_drafts_and_lists_and_no_file_of_a_version() -> None:
    written = {
        resource["Fn::Sub"]
        for statement in statements(RESOURCES["ApiRole"])
        if "s3:PutObject" in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }
    assert written == {f"${{Bucket.Arn}}/{path}" for path in ("inbox/*", "detectors/*/draft.json", "lists/*")}
    beside = {HISTORIES, PAST_EVENTS, CARD, CARD_TEXT}
    assert "draft.json" not in {*VERSION_FILES, *beside}
    others = {name for name, role in of_type("AWS::IAM::Role").items() if "draft.json" in str(role)}
    assert others == {"ApiRole"}


def test_files_of_payments_and_of_labels_are_told_of_and_can_be_read() -> None:
    told = RESOURCES["Bucket"]["Properties"]["NotificationConfiguration"]["QueueConfigurations"]
    prefixes = [rule["Value"] for one in told for rule in one["Filter"]["S3Key"]["Rules"]]
    assert prefixes == ["inbox/", "labels/"]
    (reading,) = (each for each in statements(RESOURCES["BatchRole"]) if each.get("Sid") == "ReadFilesAndDetectors")
    readable = {resource["Fn::Sub"] for resource in reading["Resource"]}
    assert {f"${{Bucket.Arn}}/{prefix}*" for prefix in prefixes} <= readable


def test_only_our_spark_application_may_use_the_jobs_role_and_only_for_its_own_files() -> None:
    trusted, *granted = statements(RESOURCES["SparkJobRole"])
    assert trusted["Principal"] == {"Service": "emr-serverless.amazonaws.com"}
    assert trusted["Condition"]["ArnEquals"] == {"aws:SourceArn": {"Fn::GetAtt": ["Spark", "Arn"]}}
    written = [one for one in granted if {"s3:PutObject", "s3:DeleteObject"} & set(as_list(one["Action"]))]
    assert [one["Resource"] for one in written] == [{"Fn::Sub": "${Bucket.Arn}/spark/*"}]
