"""Score Ladder: score-based generative models on a ladder of noise scales."""
