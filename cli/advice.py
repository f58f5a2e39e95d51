"""AWS's errors in plain words, each with what to do next."""

from cli.errors import CommandError
from distillation.errors import DistillationError
from gateways.aws_errors import Trouble, aws_trouble

_LOG_IN = "Log in (`aws configure`, `aws sso login`), or set AWS_PROFILE or --profile."
_ADVICE: dict[Trouble, tuple[str, str]] = {
    Trouble.CREDENTIALS: ("There are no usable AWS credentials: {}.", _LOG_IN),
    Trouble.LOGIN: ("AWS did not accept the credentials: {}.", _LOG_IN),
    Trouble.PROFILE: ("{}.", "Use a profile that ~/.aws/config names, or drop --profile and unset AWS_PROFILE."),
    Trouble.CERTIFICATE: (
        "The certificate of the endpoint was not accepted: {}.",
        "AWS_CA_BUNDLE names the file of the authority that signed it.",
    ),
    Trouble.UNREACHABLE: (
        "{}",
        "Check the network and the Region. If AWS_ENDPOINT_URL is set, check that what it points at is running.",
    ),
    Trouble.SDK: ("AWS could not be called: {}", "Check the configuration of the AWS SDK on this machine."),
    Trouble.DENIED: (
        "The credentials may not do this: {}.",
        "Use a role that may read the stack, its bucket, its ledger and its state machine, and may write what the "
        "command writes.",
    ),
    Trouble.REFUSED: ("AWS refused a call: {}.", ""),
}


def in_plain_words(error: Exception) -> CommandError:
    """Raises an error of neither AWS, the application nor the file system: a defect, which keeps its traceback."""
    if isinstance(error, CommandError):
        return error
    if trouble := aws_trouble(error):
        message, advice = _ADVICE[trouble]
        return CommandError(message.format(error), advice)
    if isinstance(error, DistillationError):
        return CommandError(str(error))
    if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
        return CommandError(f"{error}", "Check the path, the rights on it and the space on the disk.")
    raise error
