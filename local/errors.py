"""The one error of the local AWS."""


class LocalAwsError(Exception):
    """Something that the user can act on: says what happened and what to do next. Printed without a stack trace."""
