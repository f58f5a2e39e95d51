"""What the product assumes of AWS and no document settles. `docs/aws-assumptions.md` explains each."""

ASSUMPTIONS = {
    "flex": "Nova Pro answers on the flex tier through Converse",
    "tier-refused": "a model without the flex tier answers a ValidationException that names the tier",
    "judge": "a judge of another family takes a greedy Converse request",
    "both-sampling-fields": "Claude refuses temperature and topP together",
    "batch-layout": "a batch of Converse bodies writes <job id>/<input>.jsonl.out and manifest.json.out",
    "batch-replies": "each record has its recordId, a Converse output and its usage",
    "batch-events": "a batch job's events name batchJobName and status",
    "evaluation-results": "an evaluation job over own answers writes *_output.jsonl with every metric's score",
    "custom-metric": "a custom metric's result is the rating's own value, 0 to 1",
    "tuning-metrics": "a customization job leaves step_wise_training_metrics.csv below training_artifacts/",
    "tuning-events": "a customization job's events name jobName and jobStatus",
    "eight-lines": "eight training lines without a validation file are enough",
    "deployment": "an on-demand deployment becomes Active and answers Converse by its ARN",
    "update-in-place": "an update keeps the ARN and says its course in updateDetails",
    "delete-at-once": "a model can be deleted right after its deployment",
    "heartbeat": "a catcher of States.HeartbeatTimeout and States.Timeout catches a silent callback task",
}
