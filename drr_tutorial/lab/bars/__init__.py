"""Today's neural recommenders as bars for the agent, all trained here: SASRec, GRU4Rec, Mult-VAE."""
