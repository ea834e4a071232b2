# Attention in parts in another type than that of q, k and v.

  # include attention

  def mixedIn(self: __torch__.K, q: Tensor, k: Tensor, v: Tensor, scale: float, cap: float, window: int, dtype: int) -> Tensor:
    y = (self).mixedInParts(torch.to(q, dtype), torch.to(k, dtype), torch.to(v, dtype), scale, cap, window)
    return torch.to(y, 6)

  # The same by the engine's own attention, on what the type leaves of q, k and v.
  def byEngine(self: __torch__.K, q: Tensor, k: Tensor, v: Tensor, scale: float, cap: float, window: int, dtype: int) -> Tensor:
    return (self).mixedByEngine(torch.to(torch.to(q, dtype), 6), torch.to(torch.to(k, dtype), 6), torch.to(torch.to(v, dtype), 6), scale, cap, window)
