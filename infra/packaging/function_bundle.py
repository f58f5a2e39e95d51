"""The Lambda functions' code and layers as assets of the CDK app."""

import shutil
from pathlib import Path
from typing import cast

import jsii
from aws_cdk import AssetHashType, BundlingOptions, BundlingOutput, DockerImage, IgnoreMode, ILocalBundling
from aws_cdk import aws_lambda as lambda_

from infra.packaging.wheels import FUNCTIONS, Layer, Target, built_bundle, bundle_hash

NOT_CODE = ["requirements*", "**/__pycache__", "**/*.pyc", ".*_cache"]


def function_code() -> lambda_.AssetCode:
    """The project's own code, the same for every function."""
    return lambda_.Code.from_asset(str(FUNCTIONS), exclude=NOT_CODE, ignore_mode=IgnoreMode.GLOB)


def layer_code(layer: Layer, target: Target) -> lambda_.AssetCode:
    """The layer's zip. The asset's hash is of what goes in, so nothing is built to find out that nothing changed."""
    return lambda_.Code.from_asset(
        str(FUNCTIONS),
        asset_hash=bundle_hash(layer, target),
        asset_hash_type=AssetHashType.CUSTOM,
        bundling=BundlingOptions(
            image=DockerImage.from_registry("never-pulled"),
            # jsii hands the options over as one struct; its generated protocol spells them as keywords.
            local=cast(ILocalBundling, _WheelsOnThisMachine(layer, target)),
            output_type=BundlingOutput.ARCHIVED,
        ),
    )


@jsii.implements(ILocalBundling)
class _WheelsOnThisMachine:
    """How the CDK asks for the zip. There is no second way: a layer that cannot be built here fails the synthesis."""

    def __init__(self, layer: Layer, target: Target) -> None:
        self._layer, self._target = layer, target

    def try_bundle(self, output_dir: str, _options: BundlingOptions) -> bool:
        shutil.copyfile(built_bundle(self._layer, self._target), Path(output_dir) / "layer.zip")
        return True
