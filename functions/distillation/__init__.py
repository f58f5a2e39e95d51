"""The domain, in the order of the bucket. Rooms stand on those below; a test holds the arrows (import-linter).

    room         what comes in -> what goes out                                            files
    run/         an input -> RunConfig, RunRecord                                          0-run
    seeds/       the user's lines -> Seed -> Prompt, and its side of the split             1-prompts
    expansion/   prompts of seeds -> more prompts (optional)                               1-prompts
    inference/   Prompt -> Request; reply -> Answer or RejectedAnswer                      2-requests to 4-answers
    dataset/     a prompt's answers -> Candidate -> training line, HoldoutItem, rejection  5-dataset
    training/    the dataset -> the customization job, the student that serves             6-model
    arms/        HoldoutItem -> Request of each compared model -> Prediction               7-evaluation
    judging/     predictions -> what a judge says of them (optional)                       7-evaluation
    evaluation/  predictions -> Scores -> Verdict                                          7-evaluation
    costs/       prompts -> Estimate; token counts -> Costs                                0-run, 8-report
    report/      Scores, accounts, costs -> page, Markdown, JSON                           8-report

Beneath them: `task` (how an answer is read), `layout` (the only builder of keys), `funnel` (what each filter kept),
`bedrock/` (facts of the service: limits, prices, names, statuses), `similarity/` (words, hashes, duplicates),
`records`, `errors`, `instructions` and `prompts/` (texts for models), `wording` (numbers in words).
"""
