"""Proves on an account what no document settles: one step each, taken up where it was left, nothing left behind."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from application.services import Services
from cli.account import steps
from cli.account.doctor import environment_of
from cli.account.proof import Finding, Proof
from cli.account.steps import Bench
from cli.advice import in_plain_words
from cli.errors import CommandError
from gateways.account import caller_of, stack_outputs
from gateways.clients import Clients
from gateways.scratch import Scratch
from settings import settings_from_environment

COST = "about 0.10 USD, at most 1 USD; 30 minutes to some hours, most of it waiting"
STEPS: dict[str, Callable[[Bench], list[Finding]]] = {
    "converse": steps.converse,
    "heartbeat": steps.heartbeat,
    "submit": steps.submit,
    "batch": steps.batch,
    "tuning": steps.tuning,
    "deployment": steps.deployment,
    "deletion": steps.deletion,
    "evaluation": steps.evaluation,
    "events": steps.events,
}
_IN_A_CHAIN = ("submit", "tuning", "deployment", "deletion", "events")
"""Each needs what the one before made."""


def bench_of(
    clients: Clients, stack: str, folder: Path, now: datetime, *, pause: Callable[[], None], say: Callable[[str], None]
) -> Bench:
    """The bench of a deployed stack. Raises CommandError where there is none."""
    found, outputs = environment_of(clients, stack), stack_outputs(clients.client("cloudformation"), stack)
    if not found or not outputs:
        raise CommandError(f"There is no stack {stack} in {clients.region}.", "Deploy it first: npx cdk deploy")
    proof = Proof(folder, f"proof-{now:%m%d-%H%M%S}", caller_of(clients.client("sts")).account)
    clients.on_answer(proof.hear)
    settings = settings_from_environment(found)._replace(state_machine_arn=outputs["StateMachineArn"])
    services = Services(settings, clients=lambda: clients)
    return Bench(services, proof, outputs["NotificationTopicArn"], pause, say)


def prove(bench: Bench) -> list[str]:
    """Does each step that is not done yet, and cleans up, also on Ctrl-C. Gives the steps that came to nothing."""
    failed: list[str] = []
    try:
        for name, step in STEPS.items():
            if not bench.proof.is_done(name):
                bench.say(f"{name} ...")
                if trouble := _try(bench, name, step):
                    bench.say(f"  {trouble}")
                    failed.append(name)
    finally:
        clean_up(bench)
        if not all(map(bench.proof.is_done, _IN_A_CHAIN)):
            # What these steps made is gone now, so the next call begins them anew.
            bench.proof.undo(_IN_A_CHAIN)
    return failed


def _try(bench: Bench, name: str, step: Callable[[Bench], list[Finding]]) -> str:
    """What stood in the step's way, empty where it is done."""
    try:
        bench.proof.done(name, step(bench))
    except Exception as error:
        return in_plain_words(error).message
    return ""


def clean_up(bench: Bench) -> list[str]:
    """Stops and deletes what is still there, each on its own, and says what could not be."""
    services, made, left = bench.services, bench.proof.made, list[str]()
    scratch = Scratch(services.clients)
    ways: dict[str, Callable[[str], None]] = {
        "batch": services.batch_jobs.stop,
        "evaluation": services.evaluation_jobs.stop,
        "tuning": services.tuning_jobs.stop,
        "deployment": services.deployments.delete,
        "model": services.tuning_jobs.delete_model,
        "rule": scratch.remove_rule,
        "queue": scratch.remove_queue,
        "machine": scratch.remove_machine,
    }
    for what, end in ways.items():
        if what in made:
            try:
                end(made[what])
                bench.proof.gone(what)
            except Exception as error:
                left.append(f"{what} {made[what]}: {error}")
                bench.say(f"STILL THERE: {left[-1]}. Call prove again, it tries again.")
    return left
