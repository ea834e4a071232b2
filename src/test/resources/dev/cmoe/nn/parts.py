# Attention in parts in another type than that of q, k and v.

  # include attention

  def mixedIn(self: __torch__.K, q: Tensor, k: Tensor, v: Tensor, scale: float, cap: float, window: int, dtype: int) -> Tensor:
    y = (self).mixedInParts(torch.to(q, dtype), torch.to(k, dtype), torch.to(v, dtype), scale, cap, window)
    return torch.to(y, 6)
