"""Deployment of template.yaml into an AWS emulator, unchanged except that unsigned calls are allowed.

    python -m localstack.deployment --endpoint-url http://127.0.0.1:4566
    python -m localstack.deployment --template .aws-sam/build/template.yaml
    python -m localstack.deployment --parameter-overrides Detector=cards

For a real account use `sam build && sam deploy`; this does the same to an emulator in seconds. It packages the
functions itself, or takes what `sam build` built.
"""

import argparse
import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from localstack.emulator import CREDENTIALS, DEFAULT_PORT, HOST
from localstack.packages import (
    LAMBDA,
    THIS_MACHINE,
    Runtime,
    package_folders,
    package_functions,
    package_parquet_layer,
)
from localstack.template import (
    TEMPLATE,
    find_code,
    find_folders,
    load_template,
    open_routes,
    point_to_uploads,
    write_out_limits,
    write_out_settings,
)

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

STACK = "tollgate"
ARTIFACTS = "tollgate-artifacts"
FUNCTIONS = ("ApiFunction", "BatchFunction", "StreamFunction", "IndexFunction")
DEPLOYED_WITHIN_S = 300.0
READY_WITHIN_S = 60.0
# Free in an emulator, and it starts the API's process while the stack is created rather than at the first call.
# Nothing is saved by gathering decisions before they are indexed either.
PARAMETERS: Mapping[str, str] = {"SnapStart": "PublishedVersions", "IndexWindowSeconds": "0"}


class DeploymentError(Exception):
    """The stack was not deployed; the message says what failed first."""


@dataclass(frozen=True)
class Deployment:
    """Where a deployed Tollgate answers and keeps its data.

    `api_url` takes unsigned calls and stands in front of a path, as in `<api_url>/v1/healthz`; `function_url` takes
    signed ones only (service "lambda"), whatever they are signed with.
    """

    api_url: str
    function_url: str
    bucket: str
    history_table: str
    decisions_table: str
    queue_url: str
    dead_letter_url: str
    endpoint_url: str


class Connection(TypedDict):
    """The arguments of `boto3.client` that reach an emulator."""

    endpoint_url: str
    region_name: str
    aws_access_key_id: str
    aws_secret_access_key: str
    config: Config


def deploy(
    endpoint_url: str,
    parameters: Mapping[str, str] = PARAMETERS,
    runtime: Runtime = THIS_MACHINE,
    built: Path | None = None,
) -> Deployment:
    """Package the functions, create or update the stack at `endpoint_url`, and wait until it can answer.

    `runtime` is what runs the functions: this machine for the embedded emulator, LAMBDA where containers do. With
    `built`, the template that `sam build` wrote, what lies beside it is taken and nothing is packaged. Raises
    DeploymentError with the first reason when the stack fails, and FileNotFoundError without uv or without a build.
    """
    template = load_template(built or TEMPLATE)
    archives = package_folders(find_folders(template, built)) if built else _package(template, runtime)
    uploaded = {archive: upload(endpoint_url, archive) for archive in set(archives.values())}
    uploads = {name: uploaded[archive] for name, archive in archives.items()}
    template = write_out_settings(write_out_limits(open_routes(template), parameters), parameters)
    template = point_to_uploads(template, uploads)
    outputs = _apply(endpoint_url, template, parameters)
    _wait_for_functions(endpoint_url)
    return Deployment(
        api_url=_local_api_url(endpoint_url, outputs),
        function_url=_local_function_url(endpoint_url, outputs),
        bucket=outputs["BucketName"],
        history_table=outputs["HistoryTableName"],
        decisions_table=outputs["DecisionsTableName"],
        queue_url=outputs["QueueUrl"],
        dead_letter_url=outputs["DeadLetterUrl"],
        endpoint_url=endpoint_url,
    )


def _package(template: dict[str, Any], runtime: Runtime) -> dict[str, bytes]:
    """The archives of the template's functions, which share one package, and of its layer."""
    functions, layer = package_functions(runtime), package_parquet_layer(runtime)
    return {name: functions if where == "CodeUri" else layer for name, where in find_code(template).items()}


def connection(endpoint_url: str) -> Connection:
    """What reaches an emulator, as in `boto3.client("s3", **connection(url))`; its credentials mean nothing."""
    return Connection(
        endpoint_url=endpoint_url,
        region_name=CREDENTIALS["AWS_REGION"],
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(proxies={}, s3={"addressing_style": "path"}),
    )


def find_function(endpoint_url: str, logical_id: str) -> str:
    """The name of a function of the deployed stack."""
    cloudformation = boto3.client("cloudformation", **connection(endpoint_url))
    resource = cloudformation.describe_stack_resource(StackName=STACK, LogicalResourceId=logical_id)
    return resource["StackResourceDetail"]["PhysicalResourceId"]


def find_output(endpoint_url: str, name: str) -> str:
    """An output of the deployed stack."""
    cloudformation = boto3.client("cloudformation", **connection(endpoint_url))
    outputs = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["Outputs"]
    return next(output["OutputValue"] for output in outputs if output["OutputKey"] == name)


def upload(endpoint_url: str, archive: bytes) -> dict[str, str]:
    """Put an archive where CloudFormation finds it, under a key that changes with its content."""
    s3 = boto3.client("s3", **connection(endpoint_url))
    key = f"{hashlib.sha256(archive).hexdigest()[:32]}.zip"
    s3.create_bucket(Bucket=ARTIFACTS)
    s3.put_object(Bucket=ARTIFACTS, Key=key, Body=archive)
    return {"Bucket": ARTIFACTS, "Key": key}


def _apply(endpoint_url: str, template: dict[str, Any], parameters: Mapping[str, str]) -> dict[str, str]:
    cloudformation = boto3.client("cloudformation", **connection(endpoint_url))
    change = cloudformation.update_stack if _exists(cloudformation) else cloudformation.create_stack
    try:
        change(
            StackName=STACK,
            TemplateBody=json.dumps(template, default=str),
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise DeploymentError(f"The emulator refused the template: {error}") from error
    return _wait_for_stack(cloudformation)


def _exists(cloudformation: "CloudFormationClient") -> bool:
    try:
        cloudformation.describe_stacks(StackName=STACK)
    except ClientError:
        return False
    return True


def _wait_for_stack(cloudformation: "CloudFormationClient") -> dict[str, str]:
    """The stack's outputs, when nothing is in progress any more."""
    deadline = time.monotonic() + DEPLOYED_WITHIN_S
    while (stack := cloudformation.describe_stacks(StackName=STACK)["Stacks"][0])["StackStatus"].endswith("PROGRESS"):
        if time.monotonic() > deadline:
            raise DeploymentError(f"Deployment did not finish within {DEPLOYED_WITHIN_S:.0f} seconds.")
        time.sleep(0.1)
    if stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise DeploymentError(f"Deployment failed at {_first_failure(cloudformation)}")
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def _first_failure(cloudformation: "CloudFormationClient") -> str:
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    for event in sorted(events, key=lambda event: event["Timestamp"]):
        if event["ResourceStatus"].endswith("_FAILED"):
            return f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
    return "no reason given"


def _wait_for_functions(endpoint_url: str) -> None:
    """Wait until the published versions are active: a version under SnapStart loads its code first."""
    functions = boto3.client("lambda", **connection(endpoint_url))
    deadline = time.monotonic() + READY_WITHIN_S
    for logical_id in FUNCTIONS:
        name = find_function(endpoint_url, logical_id)
        while (state := functions.get_function_configuration(FunctionName=name, Qualifier="live"))[
            "State"
        ] == "Pending":
            if time.monotonic() > deadline:
                raise DeploymentError(f"{logical_id} was not ready within {READY_WITHIN_S:.0f} seconds.")
            time.sleep(0.1)
        if state["State"] == "Failed":
            raise DeploymentError(f"{logical_id} failed to load: {state.get('StateReason', 'no reason given')}")


def _local_api_url(endpoint_url: str, outputs: Mapping[str, str]) -> str:
    # the form by path: not every browser and resolver finds <id>.execute-api.localhost
    return f"{endpoint_url.rstrip('/')}/_aws/execute-api/{outputs['ApiId']}"


def _local_function_url(endpoint_url: str, outputs: Mapping[str, str]) -> str:
    host = urlsplit(outputs["FunctionUrl"]).hostname or ""
    if not host.endswith(".on.aws"):
        return outputs["FunctionUrl"].rstrip("/")  # the emulator's own, and not AWS's name for it
    return f"{endpoint_url.rstrip('/')}/_aws/lambda-url/{host.split('.')[0]}"


def _read_overrides(given: Sequence[str], template: Path) -> dict[str, str]:
    """Return the parameters of a template by their names; raise `DeploymentError` for what is none."""
    known = load_template(template)["Parameters"]
    overrides = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or name not in known:
            raise DeploymentError(f'"{one}" sets no parameter of template.yaml; write it like Detector=cards.')
        overrides[name] = value
    return overrides


def main() -> None:
    """Deploy, and print where everything is, as JSON."""
    default = os.environ.get("AWS_ENDPOINT_URL", f"http://{HOST}:{DEFAULT_PORT}")
    about = "Deploy template.yaml to an AWS emulator, and print the addresses and names of its parts as JSON."
    parser = argparse.ArgumentParser(prog="python -m localstack.deployment", description=about)
    parser.add_argument("--endpoint-url", default=default, help="address of the emulator (default: %(default)s)")
    parser.add_argument("--containers", action="store_true", help="the emulator runs functions in Lambda containers")
    parser.add_argument("--template", type=Path, help="template that `sam build` wrote (default: package the code now)")
    overrides = "parameters of the template, as for `sam deploy`, such as Detector=cards"
    parser.add_argument("--parameter-overrides", nargs="+", default=[], metavar="NAME=VALUE", help=overrides)
    asked = parser.parse_args()
    runtime = LAMBDA if asked.containers else THIS_MACHINE
    try:
        parameters = {**PARAMETERS, **_read_overrides(asked.parameter_overrides, asked.template or TEMPLATE)}
        deployment = deploy(asked.endpoint_url, parameters, runtime=runtime, built=asked.template)
    except (BotoCoreError, DeploymentError, FileNotFoundError) as error:
        raise SystemExit(f"The stack was not deployed: {error}") from None
    print(json.dumps(asdict(deployment), indent=2))


if __name__ == "__main__":
    main()
