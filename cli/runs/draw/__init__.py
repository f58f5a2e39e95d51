"""What the commands of runs show: a report, a run, the list of runs, a comparison."""
