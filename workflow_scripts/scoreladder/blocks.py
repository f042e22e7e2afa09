"""How samples are cut up; torch-free."""

# Chains that are sampled together; shards are cut between blocks of this many.
BLOCK = 500
