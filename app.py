"""The CDK app: settings in, one stack out. `cdk synth` needs no network, no credentials and no git."""

import os
from pathlib import Path

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra.distillation_stack import DistillationStack
from infra.packaging.validated import remember_validation, sources_hash, was_validated
from infra.packaging.wheels import BundleFailed
from infra.settings import InvalidSettings, Settings


def main() -> None:
    """Synthesise into the folder that the CDK CLI names (`cdk.out`).

    cdk-nag always looks. CloudFormation's validation takes longer than all the rest, so it looks at sources that have
    not passed it before; CDK_VALIDATION, `true` or `false`, says otherwise.
    """
    context = App().node.get_all_context()
    sources = sources_hash(context)
    wanted = os.environ.get("CDK_VALIDATION")
    validate = wanted == "true" or (wanted != "false" and not was_validated(sources))
    app = App(builtin_cloud_formation_validation=validate)
    try:
        DistillationStack(app, Settings.from_context(context))
    except (InvalidSettings, BundleFailed) as problem:
        raise SystemExit(str(problem)) from None
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    assembly = app.synth()
    if validate:
        remember_validation(sources, Path(assembly.directory))


if __name__ == "__main__":
    main()
