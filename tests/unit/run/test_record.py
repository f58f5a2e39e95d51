"""run.json: the resolved input stands in it as users write it, and comes back typed."""

import msgspec
import pytest
from pydantic import ValidationError

from distillation.records import decode_json, encode_json
from distillation.run.config import RunConfig
from distillation.run.record import RunRecord
from tests.worlds.run_records import run_record


def test_the_input_is_written_with_every_key_in_camel_case_and_read_back_typed() -> None:
    record = run_record(training={"epochCount": 3}, evaluation={"judge": {}})
    body = encode_json(record)
    assert msgspec.json.decode(body)["config"] == record.config.to_json()
    assert decode_json(body, RunRecord) == record
    assert decode_json(body, RunRecord).config.training.epoch_count == 3


def test_an_input_that_this_release_does_not_know_is_no_record() -> None:
    body = encode_json(run_record()).replace(b'"maxUsd"', b'"mostUsd"')
    with pytest.raises(msgspec.ValidationError, match="mostUsd"):
        decode_json(body, RunRecord)


def test_users_write_camel_case_alone() -> None:
    with pytest.raises(ValidationError, match="epoch_count"):
        RunConfig.from_json({"dataset": "d", "runId": "r", "training": {"epoch_count": 1}})


def test_a_managed_distillation_watches_no_validation_lines() -> None:
    given = {"split": {"holdoutShare": 0.3, "validationShare": 0.2}}
    managed = run_record(training={"method": "DISTILLATION"}, **given).config
    assert (managed.shares.holdout_share, managed.shares.validation_share) == (0.3, 0.0)
    assert run_record(**given).config.shares.validation_share == 0.2
