"""Policies for people, to attach to roles and groups of the account: nobody needs more than what the person does."""

from collections.abc import Mapping

from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.function_grants import Grant
from infra.nag import acknowledge_wildcards


class People(Construct):
    """One managed policy each for who reads runs, uploads seeds, approves students, deploys the stack."""

    def __init__(
        self, scope: Construct, construct_id: str, *, app_name: str, grants: Mapping[str, list[Grant]]
    ) -> None:
        super().__init__(scope, construct_id)
        for person, rights in grants.items():
            policy = iam.ManagedPolicy(
                self,
                person.capitalize(),
                managed_policy_name=f"{app_name}-{person}",
                description=f"What a {person} of {app_name} may do",
                statements=[grant.statement() for grant in rights],
            )
            for grant in rights:
                if grant.why:
                    acknowledge_wildcards(policy, grant.resources, grant.why)
