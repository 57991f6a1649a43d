"""Where the weights are: the choice of a policy, the moves it asks for, and tiles for a decode that does not fit."""
