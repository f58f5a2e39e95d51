"""The CDK app: settings in, one stack out. `cdk synth` needs no network, no credentials and no git."""

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra.distillation_stack import DistillationStack
from infra.settings import InvalidSettings, Settings
from infra.wheels import BundleFailed


def main() -> None:
    """Synthesise into the folder that the CDK CLI names (`cdk.out`)."""
    app = App()
    try:
        DistillationStack(app, Settings.from_context(app.node.get_all_context()))
    except (InvalidSettings, BundleFailed) as problem:
        raise SystemExit(str(problem)) from None
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()


if __name__ == "__main__":
    main()
