"""Translation of boto3's errors into Tollgate's own, and into advice for the user of a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoRegionError,
    ParamValidationError,
)

from tollgate.errors import UnavailableError

# Codes of an object that is not there; that there is no such bucket is another matter.
ABSENT = frozenset({"NoSuchKey", "404"})
_SIGN_IN = (
    "sign in, for example with `aws sso login` or `aws configure`, and set AWS_PROFILE if your profile has a name"
)
_NO_CREDENTIALS = frozenset(
    {
        *(
            "NoCredentialsError",
            "PartialCredentialsError",
            "CredentialRetrievalError",
            "NoAuthTokenError",
            "TokenRetrievalError",
        ),
        *("SSOError", "SSOTokenLoadError", "UnauthorizedSSOTokenError", "PendingAuthorizationExpiredError"),
        *("LoginError", "LoginRefreshRequired", "LoginTokenLoadError"),
    }
)
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_UNKNOWN_KEYS = frozenset(
    {
        *("InvalidAccessKeyId", "InvalidClientTokenId", "InvalidToken", "SignatureDoesNotMatch"),
        *("UnrecognizedClientException", "InvalidSignatureException", "AuthFailure"),
    }
)
_FORBIDDEN = frozenset({"AccessDenied", "AccessDeniedException", "403", "Forbidden", "AllAccessDisabled"})
_NOTHING_THERE = frozenset(
    {"ResourceNotFoundException", "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "NoSuchUpload"}
)
_ELSEWHERE = frozenset(
    {"PermanentRedirect", "301", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
)
_CHECK = "check the name (the outputs of the stack have it), and the account and region of your credentials"


def error_code(error: ClientError) -> str:
    """Return the code of an AWS error, such as NoSuchKey."""
    return str(error.response.get("Error", {}).get("Code", ""))


def code_behind(error: UnavailableError) -> str | None:
    """Return the code that AWS refused with, where `translated` made this error of it; None if it did not answer."""
    cause = error.__cause__
    return error_code(cause) if isinstance(cause, ClientError) else None


@contextmanager
def translated(service: str = "DynamoDB") -> Iterator[None]:
    """Turn what boto3 raises into `UnavailableError`, apart from what the caller wants to see itself."""
    try:
        yield
    except ClientError as error:
        raise UnavailableError(f"{service} answered {error_code(error)}; try again.") from error
    except BotoCoreError as error:
        raise UnavailableError(f"{service} did not answer ({type(error).__name__}); try again.") from error


def explain_aws(error: BaseException) -> str | None:
    """Return one sentence on what to do about what AWS answered; None where it is not AWS that is at fault.

    An error of Tollgate's own that was made of one of AWS's is taken for that where trying again would not help.
    """
    aws = error if isinstance(error, BotoCoreError | ClientError) else error.__cause__
    if isinstance(aws, ClientError):
        advice = _explain_answer(aws)
    elif isinstance(aws, BotoCoreError):
        advice = _explain_no_answer(aws)
    else:
        return None
    return advice or (f"AWS refused: {aws}" if aws is error else None)


def _explain_answer(error: ClientError) -> str | None:
    code, asked = error_code(error), error.operation_name
    if code in _EXPIRED | _UNKNOWN_KEYS:
        wrong = "have expired" if code in _EXPIRED else "are not known to AWS"
        return f"Your AWS credentials {wrong} ({code}); {_SIGN_IN}."
    if code == "NoSuchBucket":
        bucket = error.response.get("Error", {}).get("BucketName")
        named = f" {bucket}" if bucket else " of that name"
        return f"There is no bucket{named}; {_CHECK}."
    if code in _FORBIDDEN:
        return (
            f"AWS does not allow you {asked} ({code}): what you named is another's, or you lack the right to; {_CHECK}."
        )
    if code in _NOTHING_THERE:
        return f"AWS has nothing of the name that {asked} was asked for ({code}); {_CHECK}."
    if code in _ELSEWHERE:
        return f"The bucket is in another region ({code}); set AWS_DEFAULT_REGION to it."
    return None


def _explain_no_answer(error: BotoCoreError) -> str | None:
    name = type(error).__name__
    if name in _NO_CREDENTIALS:
        return f"There are no AWS credentials ({name}); {_SIGN_IN}."
    if name == "ProfileNotFound":
        return f"{error}; set AWS_PROFILE to one of those that `aws configure list-profiles` names."
    if isinstance(error, NoRegionError):
        return "No AWS region is set; set AWS_DEFAULT_REGION, or region in your profile."
    if isinstance(error, ParamValidationError):
        return f"A name cannot be one of AWS's: {' '.join(str(error).split())[:200]}; {_CHECK}."
    if isinstance(error, EndpointConnectionError | ConnectTimeoutError):
        return f"AWS cannot be reached ({error}); check the network, AWS_ENDPOINT_URL and the region, and try again."
    return None
