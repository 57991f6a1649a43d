"""What trades something for speed: regional compile, attention backend, quantisation.

Each is off unless it is asked for, and refused at start (SettingsInvalid) where it cannot do what it says.

Not offered, because it fails or does nothing on LTX-2 with diffusers 0.42.1 (measured on tiny checkpoints, by
counting calls):

- FirstBlockCache, MagCache: the blocks are not registered; registered by hand, the first skip crashes, for the hook
  expects one stream and a block has two.
- FasterCache: TypeError, it expects another layout of the guidance batch.
- SeaCache: not registered; registered by hand it skips nothing (24 of 24 calls).
- TextKVCache: accepted, and skips nothing.
- TaylorSeer: its default skips nothing that can be counted and drifts by 8 %; the lite mode drifts by 48 %.
- PyramidAttentionBroadcast: halves the attention calls of the picture for a drift of 5 %; its cross-attention range
  does nothing. No gain at the eight steps of a distilled checkpoint.
- Fused QKV projections: fail, as picture and sound differ in width.
"""
