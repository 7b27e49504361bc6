"""Times the train step of peer_jax.py for the wiring of ltc-ncp32, which has 64 sensory and 116 inner synapses between 32
neurons (elegans wiring auto:32,4 --inputs 8). The directory of peer_jax.py must be on PYTHONPATH.
"""
import numpy as np
import peer_jax as peer

peer.NEURONS, peer.SENSORY, peer.INNER = 32, 64, 116
peer.S_SRC, peer.S_DST = peer.rng.integers(0, peer.INPUTS, peer.SENSORY), np.sort(peer.rng.integers(12, 32, peer.SENSORY))
peer.R_SRC, peer.R_DST = peer.rng.integers(0, 32, peer.INNER), np.sort(peer.rng.integers(0, 12, peer.INNER))

xs = peer.uniform((peer.STEPS, peer.INPUTS, peer.BATCH), 0, 1)
ys = peer.uniform((peer.STEPS, 1, peer.BATCH), -1, 1)
for kind in ("segment", "onehot"):
    peer.time_train(f"ltc-ncp32 {kind:8s} recompute True", peer.ltc_loss(kind, True), peer.parameters((1,)), xs, ys)
