"""A Choice state's own Output is what goes to its Default.

AWS: in JSONata the Output at the level of the state is used where no rule matches, a rule's Output where it does
(developer guide, "Choice workflow state").
MiniStack: passes the input to Default. Changed: Output is evaluated.
"""

from typing import Any

from ministack.services import stepfunctions


def apply() -> None:
    """Put the repair on."""
    stock = stepfunctions._execute_choice

    def execute(state: dict[str, Any], data: Any, context: Any = None) -> Any:
        if "Output" not in state or stepfunctions._state_query_language(state, context) != "JSONata":
            return stock(state, data, context)
        return stock(_with_default_as_rule(state), data, context)

    stepfunctions._execute_choice = execute


def _with_default_as_rule(state: dict[str, Any]) -> dict[str, Any]:
    """The same state with Default as a last rule that always matches and carries the state's Output and Assign."""
    fields: dict[str, Any] = {name: state[name] for name in ("Output", "Assign") if name in state}
    last = [{"Condition": True, "Next": state["Default"], **fields}] if "Default" in state else []
    return {**state, "Choices": [*state.get("Choices", []), *last]}
