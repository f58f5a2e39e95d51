"""A Succeed state's JSONata Output is the execution's output.

AWS: Succeed may have Output in JSONata (Amazon States Language, "Succeed state"). MiniStack: ignores it and passes the
input through. Changed: it is evaluated.
"""

from typing import Any

from ministack.services import stepfunctions


def apply() -> None:
    """Put the repair on."""
    stock = stepfunctions._apply_output_path

    def output_path(state: dict[str, Any], data: Any, context: Any = None) -> Any:
        if state.get("Type") == "Succeed" and stepfunctions._state_query_language(state, context) == "JSONata":
            return stepfunctions._apply_jsonata_output(state, data, context, default=data)
        return stock(state, data, context)

    stepfunctions._apply_output_path = output_path
