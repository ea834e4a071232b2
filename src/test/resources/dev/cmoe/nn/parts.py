# Attention in parts in another type than that of q, k and v.

  # include attention

  def mixedIn(self: __torch__.K, q: Tensor, k: Tensor, v: Tensor, scale: float, cap: float, window: int, dtype: int) -> Tensor:
    y = (self).mixedInParts(torch.to(q, dtype), torch.to(k, dtype), torch.to(v, dtype), scale, cap, window)
    return torch.to(y, 6)

  # The same by the engine's own attention, on what the type leaves of q, k and v.
  def byEngine(self: __torch__.K, q: Tensor, k: Tensor, v: Tensor, scale: float, cap: float, window: int, dtype: int) -> Tensor:
    return (self).mixedByEngine(torch.to(torch.to(q, dtype), 6), torch.to(torch.to(k, dtype), 6), torch.to(torch.to(v, dtype), 6), scale, cap, window)

  # What one token of a sequence sees under a soft cap, of keys and values at positions 0 to n-1; positions: none, or where it stands.
  def cappedIn(self: __torch__.K, q: Tensor, keys: Tensor, values: Tensor, positions: List[Tensor], cap: float, dtype: int) -> Tensor:
    seen = annotate(List[Tensor], [])
    if len(positions) > 0:
      seen.append((self).seen(positions[0], 0, torch.size(keys, 2), 0))
    return torch.to((self).lookedUpCapped(torch.to(q, dtype), torch.to(keys, dtype), torch.to(values, dtype), seen, 1., cap), 6)

  # What the last of `count` tokens, which all have the query q [B,1,1,D], sees by the engine's own attention: [B,D].
  def cappedByEngine(self: __torch__.K, q: Tensor, keys: Tensor, values: Tensor, count: int, cap: float, dtype: int) -> Tensor:
    k = torch.to(torch.narrow(keys, 2, 0, count), dtype)
    v = torch.to(torch.narrow(values, 2, 0, count), dtype)
    y = (self).mixedByEngine(torch.expand(torch.to(q, dtype), torch.size(k)), k, v, 1., cap, 0)
    return torch.to(torch.select(torch.select(y, 2, count - 1), 1, 0), 6)

  # A step of attention without norms or rotation, x [B,1,d]: float32 [B,d]. weights: q, k and v stacked, and o. keys and values [B,heads,n,D] are
  # copied, not written to.
  def stepped(self: __torch__.K, x: Tensor, weights: List[Tensor], keys: Tensor, values: Tensor, positions: Tensor, masked: bool, heads: int, dtype: int) -> Tensor:
    count = torch.size(keys, 2)
    w = [torch.to(weights[0], dtype), torch.to(weights[1], dtype)]
    seen = annotate(List[Tensor], [])
    if masked:
      seen.append((self).seen(positions, 0, count, 0))
    cos = torch.ones([torch.size(x, 0), 1, 1, torch.size(keys, 3)])
    k = torch.clone(torch.to(keys, dtype))
    v = torch.clone(torch.to(values, dtype))
    y = (self).step([], 1e-05, w, [], [], [], heads, heads, 1., 0., dtype, x, cos, torch.zeros_like(cos), k, v, positions, seen, 0, count)
    return torch.select(y, 1, 0)
