# Attention in parts in another type than that of q, k and v.

  # include attention

  def mixedIn(self: __torch__.K, q: Tensor, k: Tensor, v: Tensor, scale: float, cap: float, window: int, dtype: int) -> Tensor:
    y = (self).mixedInParts(torch.to(q, dtype), torch.to(k, dtype), torch.to(v, dtype), scale, cap, window)
    return torch.to(y, 6)

  # The same by the engine's own attention, on what the type leaves of q, k and v.
  def byEngine(self: __torch__.K, q: Tensor, k: Tensor, v: Tensor, scale: float, cap: float, window: int, dtype: int) -> Tensor:
    return (self).mixedByEngine(torch.to(torch.to(q, dtype), 6), torch.to(torch.to(k, dtype), 6), torch.to(torch.to(v, dtype), 6), scale, cap, window)

  # What the one query of each head sees, q [B,heads,1,D]; signs: none, or [B,n], above 0 where a sequence sees a position.
  def oneLooked(self: __torch__.K, q: Tensor, k: Tensor, v: Tensor, signs: List[Tensor], scale: float, dtype: int) -> Tensor:
    seen = annotate(List[Tensor], [])
    if len(signs) > 0:
      seen.append(torch.reshape(torch.gt(signs[0], 0.), [torch.size(q, 0), 1, 1, torch.size(k, 2)]))
    y = (self).lookedUp(torch.to(q, dtype), torch.to(k, dtype), torch.to(v, dtype), seen, scale)
    return torch.reshape(torch.to(y, 6), [torch.numel(y) // torch.size(y, 3), torch.size(y, 3)])
