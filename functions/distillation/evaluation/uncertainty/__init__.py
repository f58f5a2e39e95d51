"""How sure the figures are: intervals, tests of a margin, several trainings, the labels' scores."""
