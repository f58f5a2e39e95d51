"""CloudWatch's retention periods by the CDK's names."""

from aws_cdk import aws_logs as logs

from infra.settings import LOG_RETENTION_DAYS

# The enumeration is in rising order, with INFINITE after the last number of days.
_BY_DAYS = dict(zip(sorted(LOG_RETENTION_DAYS), logs.RetentionDays, strict=False))


def log_retention(days: int) -> logs.RetentionDays:
    """The member for a number of days that Settings has checked."""
    return _BY_DAYS[days]
